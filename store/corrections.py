"""Corrections: what people say about the classifier's labels of a message. Both stay, what was said and what is right.

A correction of the message that opened a case also changes the case's own kind, flags and department. The queue stays:
where a case goes is for the rules and the mediator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update

from config.vocabulary import FLAGS
from store import cases as register
from store import label_counts, labels, search, texts
from store.cases import change
from store.database import Tx
from store.schema import cases, classifications, corrections, messages, users
from store.sql import new_id
from store.viewer import Viewer

REASON = texts.Place("corrections", "reason")
_LONGEST_REASON: Final = 500
# Of what was said, what says how sure the classifier was; its evidence are the member's words and stay where they are.
_HOW_SURE: Final = ("departments", "probabilities", "abstained_on")


class NothingToCorrectError(Exception):
    """The labels stand as wanted already, or nothing was classified, or the correction was undone before."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction. `said` are the labels and probabilities of `model`, `wanted` only what was changed, `before` what stood
    in its place until then: the word of the classifier, or of whoever corrected it earlier."""

    id: int
    case_id: int
    reference: str
    message_id: int
    model: str
    said: Mapping[str, Any]
    wanted: Mapping[str, Any]
    before: Mapping[str, Any]
    reason: str
    author: str
    at: datetime
    undone_at: datetime | None
    undone_by: str


async def correct(
    tx: Tx,
    viewer: Viewer,
    case_id: int,
    wanted: labels.Labels,
    *,
    now: datetime,
    message_id: int | None = None,
    version: int | None = None,
    reason: str = "",
) -> int:
    """Correct labels of a message of a case (the one that opened it by default). Returns the correction's id.

    A message that is about the medical adviser after all seals its case, as it would have on its way in, and takes it off
    the hands of somebody who may not open it then.
    `viewer` must be allowed to see the case; user 0 is the command, which has no name. Raises `labels.WrongLabelsError`,
    `NothingToCorrectError`, `store.cases.StaleError` when the case is no longer at `version`.
    """
    case = await _case(tx, viewer, case_id)
    classified = await _classified(tx, case_id)
    target = next((row for row in classified if message_id in (None, row.message_id)), None)
    if target is None:
        raise NothingToCorrectError(case_id)
    body = texts.read_json(target.body, register.CLASSIFICATION)
    before = labels.standing(labels.said(body), await _standing(tx, target.message_id))
    opening = target.message_id == classified[0].message_id
    of_case = _of_case(case)
    # A case may say something else than the labels of its message: who sees it there and corrects it is right.
    full = labels.changed(before, wanted) | (labels.changed(of_case, wanted) if opening else {})
    if not full:
        raise NothingToCorrectError(case_id)
    correction_id = await new_id(
        tx,
        corrections,
        case_id=case_id,
        message_id=target.message_id,
        model=target.model,
        said=labels.said(body) | {name: body[name] for name in _HOW_SURE},
        wanted=full,
        case_before={label: of_case.get(label) for label in full} if opening else {},
        reason=texts.keep(reason.strip()[:_LONGEST_REASON], REASON),
        author_id=viewer.user_id or None,
        at=now,
    )
    await change(
        tx,
        case_id,
        actor=_actor(viewer),
        act="case.department" if set(full) == {"department"} else "case.corrected",
        now=now,
        version=case.version if version is None else version,
        detail=_detail(correction_id, before, full),
        **(_columns(case.flags, full) if opening else {}),
        **({"unread": False} if viewer.user_id else {}),
        **({"sealed": True} if full.get("doctor") else {}),
    )
    if full.get("doctor"):
        await search.remove(tx, case_id)
    await label_counts.add(tx, [(target.model, "corrected", label, 1) for label in full])
    return correction_id


async def undo(tx: Tx, viewer: Viewer, correction_id: int, *, now: datetime) -> None:
    """Take a correction back; it stays, with who took it back. Raises `NothingToCorrectError`.

    The case gets back what stood before, where no later correction and no other change has said otherwise since. A seal
    stays: what somebody took for a medical matter is opened to others by nobody's second click.
    """
    row = await _one(tx, viewer, correction_id)
    done = await tx.conn.execute(
        update(corrections)
        .where(corrections.c.id == correction_id, corrections.c.undone_at.is_(None))
        .values(undone_at=now, undone_by=viewer.user_id or None)
    )
    if done.rowcount != 1:
        raise NothingToCorrectError(correction_id)
    case = await _case(tx, viewer, row.case_id)
    of_case = _of_case(case)
    rows = await _rows_of(tx, row.message_id)
    back: dict[str, Any] = {}
    for label in row.case_before:
        of_label = [other for other in rows if label in other.wanted]
        others = [other for other in of_label if other.undone_at is None]
        if any(other.id > row.id for other in others) or of_case.get(label) != row.wanted[label]:
            continue
        first = next(other.case_before[label] for other in of_label if label in other.case_before)
        # Without another one that stands, what the case said before anybody corrected it: what it said before this one
        # may be the word of a correction that was undone since.
        back[label] = others[-1].wanted[label] if others else first
    await change(
        tx,
        row.case_id,
        actor=_actor(viewer),
        act="case.correction_undone",
        now=now,
        version=case.version,
        detail=_detail(correction_id, row.wanted, back),
        **_columns(case.flags, back),
    )


async def listing(tx: Tx, viewer: Viewer, *, case_id: int | None = None) -> list[Correction]:
    """Corrections, the latest first: who changed what, undone ones too. Those of cases the viewer may not see are left out."""
    by, undoer = users.alias("by"), users.alias("undoer")
    query = (
        select(
            corrections,
            cases.c.reference,
            by.c.name.label("author"),
            undoer.c.name.label("undoer"),
        )
        .join(cases, cases.c.id == corrections.c.case_id)
        .outerjoin(by, by.c.id == corrections.c.author_id)
        .outerjoin(undoer, undoer.c.id == corrections.c.undone_by)
        .where(viewer.may_see())
        .order_by(corrections.c.id.desc())
    )
    if case_id is not None:
        query = query.where(corrections.c.case_id == case_id)
    return [
        Correction(
            id=row.id,
            case_id=row.case_id,
            reference=row.reference,
            message_id=row.message_id,
            model=row.model,
            said=row.said,
            wanted=row.wanted,
            before={label: row.case_before.get(label, row.said.get(label)) for label in row.wanted},
            reason=texts.read(row.reason, REASON),
            author=row.author or "",
            at=row.at,
            undone_at=row.undone_at,
            undone_by=row.undoer or "",
        )
        for row in await tx.conn.execute(query)
    ]


async def hidden(tx: Tx, viewer: Viewer) -> int:
    """How many corrections of sealed cases there are that this viewer may not see: that they exist is no secret."""
    seen = select(func.count()).select_from(corrections.join(cases, cases.c.id == corrections.c.case_id))
    everything = (await tx.conn.execute(seen.where(viewer.may_list()))).scalar_one()
    return int(everything - (await tx.conn.execute(seen.where(viewer.may_see()))).scalar_one())


async def _case(tx: Tx, viewer: Viewer, case_id: int) -> Any:
    columns = (cases.c.version, cases.c.kind, cases.c.flags, cases.c.department)
    query = select(*columns).where(cases.c.id == case_id)
    row = (await tx.conn.execute(query.where(viewer.may_see()))).one_or_none()
    if row is None:
        raise NothingToCorrectError(case_id)
    return row


async def _one(tx: Tx, viewer: Viewer, correction_id: int) -> Any:
    query = select(corrections).join(cases, cases.c.id == corrections.c.case_id)
    row = (await tx.conn.execute(query.where(corrections.c.id == correction_id, viewer.may_see()))).one_or_none()
    if row is None:
        raise NothingToCorrectError(correction_id)
    return row


async def _classified(tx: Tx, case_id: int) -> Sequence[Any]:
    query = select(classifications.c.message_id, classifications.c.model, classifications.c.body)
    query = query.join(messages, messages.c.id == classifications.c.message_id)
    return (await tx.conn.execute(query.where(messages.c.case_id == case_id).order_by(classifications.c.id))).all()


async def _rows_of(tx: Tx, message_id: int) -> Sequence[Any]:
    """The corrections of a message, undone ones too, the first first."""
    columns = (corrections.c.id, corrections.c.wanted, corrections.c.case_before, corrections.c.undone_at)
    query = select(*columns).where(corrections.c.message_id == message_id)
    return (await tx.conn.execute(query.order_by(corrections.c.id))).all()


async def _standing(tx: Tx, message_id: int) -> list[labels.Labels]:
    return [row.wanted for row in await _rows_of(tx, message_id) if row.undone_at is None]


def _of_case(case: Any) -> dict[str, Any]:
    flags: dict[str, bool] = {flag: bool(case.flags.get(flag)) for flag in FLAGS}
    return {"kind": case.kind, **flags, "department": case.department}


def _columns(flags: Mapping[str, bool], values: labels.Labels) -> dict[str, Any]:
    """The columns of a case that labels change."""
    columns = {name: values[name] for name in ("kind", "department") if name in values}
    if changed := {flag: values[flag] for flag in FLAGS if flag in values}:
        columns["flags"] = {**flags, **changed}
    return columns


def _detail(correction_id: int, before: labels.Labels, after: labels.Labels) -> dict[str, Any]:
    """For the audit: {label: [from, to]}, and the department's as the console tells it."""
    pairs = {label: [before.get(label), value] for label, value in after.items()}
    told = {"from": pairs["department"][0] or "", "to": pairs["department"][1] or ""} if "department" in pairs else {}
    return {"correction": correction_id, "labels": pairs} | told


def _actor(viewer: Viewer) -> str:
    return f"user:{viewer.user_id}" if viewer.user_id else "command"
