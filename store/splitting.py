"""Messages that are a matter of their own become a case of their own, with a reference and clocks of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import select

from config.vocabulary import Language
from router.decision import Decision
from store import cases as register
from store import outbox, people, references, reindex, texts, views
from store.carrying import move_messages
from store.database import Tx
from store.schema import case_contacts, contacts, messages
from store.viewer import Viewer

_FIRST_WORDS: Final = 200


class NothingToSplitError(Exception):
    """No message of a member was chosen that may leave the case."""


@dataclass(frozen=True, slots=True)
class Split:
    """A case that was split off, and since when its matter waits."""

    case_id: int
    reference: str
    received_at: datetime


async def split(
    tx: Tx, viewer: Viewer, row: Any, message_ids: Sequence[int], *, queue: str, now: datetime, version: int
) -> Split:
    """Open a case with these messages of a case, a views.Row that the viewer may open. The caller starts its clocks.

    The message that opened the case stays. Raises NothingToSplitError, StaleError.
    """
    chosen = await _chosen(tx, row.id, message_ids)
    first = next((message for message in chosen if message.direction == "in"), None)
    if first is None:
        raise NothingToSplitError
    actor = f"user:{viewer.user_id}"
    reference = await references.next_reference(tx, now.year)
    await register.change(
        tx,
        row.id,
        actor=actor,
        act="case.split",
        now=now,
        version=version,
        detail={"into": reference, "messages": len(chosen)},
    )
    decision = _decision(row, queue)
    case_id = await register.open_case(tx, await _new(tx, row, first, reference), decision, now=now)
    await register.add_decision(tx, first.id, case_id, decision, now=now)
    await register.change(tx, case_id, actor=actor, act="case.split_off", now=now, detail={"from": row.reference})
    await move_messages(tx, case_id, chosen)
    known = {message.contact_id for message in chosen if message.contact_id is not None}
    for contact_id in known or await _contacts(tx, row.id):
        await people.know_on_case(tx, case_id, contact_id, now=now)
    await reindex.case(tx, case_id)
    await reindex.case(tx, row.id)
    return Split(case_id, reference, first.at)


async def movable(tx: Tx, viewer: Viewer, case_id: int) -> set[int]:
    """The messages that may leave a case: its own, but for the one that opened it and what belongs to a conversation."""
    if await views.case(tx, viewer, case_id) is None:
        return set()
    return {row.id for row in await _own(tx, case_id)}


async def _own(tx: Tx, case_id: int) -> Sequence[Any]:
    rows = (
        await tx.conn.execute(
            select(messages)
            .where(messages.c.case_id == case_id, ~outbox.TAKEN_BACK)
            .order_by(messages.c.at, messages.c.id)
        )
    ).all()
    opening = next((row.id for row in rows if row.direction == "in"), None)
    # What is asked of a department, and answered by it, stays with the question's case.
    spoken = [row for row in rows if row.direction in ("in", "out") and row.conversation_id is None]
    return [row for row in spoken if row.id != opening]


async def _chosen(tx: Tx, case_id: int, message_ids: Sequence[int]) -> Sequence[Any]:
    return [row for row in await _own(tx, case_id) if row.id in message_ids]


def _decision(row: Any, queue: str) -> Decision:
    return Decision(
        queue=queue,
        department=row.department,
        priority="normal",
        situation=row.situation if row.situation in ("mediation", "department", "medical") else "triage",
        acknowledge=False,
        refused="",
        sealed=row.sealed,
        notify=(),
        decided_by="split",
        rules_version="by hand",
        trace=(),
        language=cast(Language, row.language),
    )


async def _new(tx: Tx, row: Any, first: Any, reference: str) -> register.NewCase:
    words = texts.read(first.reply, register.REPLY) or texts.read(first.text, register.TEXT)
    person_id = row.person_id
    if first.contact_id is not None:
        person_id = (
            await tx.conn.execute(select(contacts.c.person_id).where(contacts.c.id == first.contact_id))
        ).scalar_one()
    return register.NewCase(
        reference=reference,
        kind=row.kind,
        language=cast(Language, row.language),
        channel=first.channel,
        account=first.account,
        person_id=person_id,
        contact_id=first.contact_id,
        subject=texts.read(first.subject, register.MESSAGE_SUBJECT),
        first_words=" ".join(words[:2_000].split())[:_FIRST_WORDS],
        received_at=first.at,
        due_on=None,
        flags=dict.fromkeys(row.flags, False) | {"doctor": bool(row.flags.get("doctor"))},
        abstained=False,
    )


async def _contacts(tx: Tx, case_id: int) -> Sequence[int]:
    known = select(case_contacts.c.contact_id).where(case_contacts.c.case_id == case_id)
    return list(await tx.conn.scalars(known))
