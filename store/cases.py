"""Opening and changing cases. Every change raises the case's version and is in the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select, update

from channels.message import Attachment
from classifier.classification import Classification
from config.vocabulary import Language
from router.decision import Decision
from store import audit, rule_hits, search, texts
from store.database import Tx
from store.family import members
from store.letting_go import let_go_of
from store.schema import (
    cases,
    classifications,
    deadlines,
    decisions,
    files,
    held,
    message_files,
    messages,
    notes,
    pauses,
)
from store.sql import add, add_all, insert, new_id

SUBJECT = texts.Place("cases", "subject", line=True)
FIRST_WORDS = texts.Place("cases", "first_words", line=True)
SENDER_NAME = texts.Place("messages", "sender_name", line=True)
MESSAGE_SUBJECT = texts.Place("messages", "subject", line=True)
TEXT = texts.Place("messages", "text")
REPLY = texts.Place("messages", "reply")
HIDDEN = texts.Place("messages", "hidden")
FILE_NAME = texts.Place("message_files", "name", line=True)
CLASSIFICATION = texts.Place("classifications", "body")
DECISION = texts.Place("decisions", "body")
NOTE = texts.Place("notes", "text")

# Columns that decide who may open and have a case.
_WHO_MAY_OPEN: Final = frozenset({"queue", "sealed", "state"})


class StaleError(Exception):
    """The case has changed since the form was made; the newer state must be shown first."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a case is opened with."""

    reference: str
    kind: str
    language: Language
    channel: str
    account: str
    person_id: int | None
    contact_id: int | None
    subject: str
    first_words: str
    received_at: datetime
    due_on: date | None
    flags: Mapping[str, bool]
    abstained: bool


async def open_case(tx: Tx, new: NewCase, decision: Decision, *, now: datetime) -> int:
    """Register a case as routed. A refused one is closed at once, with the reason as outcome; it still counts."""
    case_id = await new_id(
        tx,
        cases,
        reference=new.reference,
        kind=new.kind,
        queue=decision.queue,
        department=decision.department,
        priority=decision.priority,
        situation=decision.situation,
        state="closed" if decision.refused else "open",
        refused=decision.refused,
        outcome=f"not_handled_{decision.refused}" if decision.refused else None,
        sealed=decision.sealed,
        flags=dict(new.flags),
        abstained=new.abstained,
        language=new.language,
        channel=new.channel,
        account=new.account,
        person_id=new.person_id,
        contact_id=new.contact_id,
        subject=texts.keep(new.subject, SUBJECT),
        first_words=texts.keep(new.first_words, FIRST_WORDS),
        received_at=new.received_at,
        due_on=new.due_on,
        closed_at=now if decision.refused else None,
        unread=True,
        version=1,
    )
    detail = {"queue": decision.queue, "rule": decision.decided_by, "rules": decision.rules_version}
    await audit.write(tx, actor="system", act="case.opened", at=now, case_id=case_id, detail=detail)
    return case_id


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be kept on a case, or held apart (`case_id` None)."""

    case_id: int | None
    direction: str
    channel: str
    account: str
    subject: str
    text: str
    reply: str
    at: datetime
    contact_id: int | None = None
    author_id: int | None = None
    inbox_id: int | None = None
    auto: bool = False
    situation: str = ""
    sender_name: str = ""
    rfc_message_id: str = ""
    verified: bool = True
    defects: tuple[str, ...] = ()
    hidden: str = ""
    conversation_id: int | None = None
    choices: tuple[tuple[str, str], ...] = ()


async def add_message(tx: Tx, new: NewMessage, attachments: Sequence[Attachment] = ()) -> int:
    """Keep a message and its files; the files are on disk before the rows that name them."""
    message_id = await new_id(
        tx,
        messages,
        case_id=new.case_id,
        direction=new.direction,
        channel=new.channel,
        account=new.account,
        contact_id=new.contact_id,
        author_id=new.author_id,
        inbox_id=new.inbox_id,
        auto=new.auto,
        situation=new.situation,
        sender_name=texts.keep(new.sender_name, SENDER_NAME),
        subject=texts.keep(new.subject, MESSAGE_SUBJECT),
        text=texts.keep(new.text, TEXT),
        reply=texts.keep(new.reply, REPLY),
        hidden=texts.keep(new.hidden, HIDDEN),
        rfc_message_id=new.rfc_message_id[:998] or None,
        verified=new.verified,
        defects=list(new.defects),
        at=new.at,
        conversation_id=new.conversation_id,
        choices=[list(choice) for choice in new.choices] or None,
    )
    for attachment in attachments:
        await add_file(tx, message_id, attachment, new.at)
    if new.direction == "out" and not new.auto and new.case_id is not None:
        # What members write is made findable where their words are read; what we write, here.
        await search.add_unless_sealed(tx, new.case_id, f"{new.reply or new.text} {search.names_of(attachments)}")
    return message_id


async def add_file(tx: Tx, message_id: int, attachment: Attachment, at: datetime) -> None:
    """Keep a file of a message; it is on disk before the rows that name it."""
    name = await asyncio.to_thread(tx.files.write, attachment.content)
    statement = insert(tx, files).values(hash=name, size=attachment.size, stored_at=at)
    await tx.conn.execute(statement.on_conflict_do_nothing())
    await tx.conn.execute(
        message_files.insert().values(
            message_id=message_id,
            hash=name,
            name=texts.keep(attachment.name, FILE_NAME),
            type=attachment.type[:120],
            size=attachment.size,
            inline=attachment.inline,
        )
    )


async def add_classification(
    tx: Tx, message_id: int, case_id: int | None, classification: Classification, *, now: datetime
) -> None:
    """Keep what the classifier said of a message, evidence included."""
    await add(
        tx,
        classifications,
        message_id=message_id,
        case_id=case_id,
        model=classification.model[:40],
        body=texts.keep_json(classification.as_json(), CLASSIFICATION),
        at=now,
    )


async def add_decision(tx: Tx, message_id: int, case_id: int, decision: Decision, *, now: datetime) -> None:
    """Keep why the case went where it went: the rule that decided and all that nearly did."""
    await add(
        tx,
        decisions,
        case_id=case_id,
        message_id=message_id,
        rules_version=decision.rules_version[:40],
        decided_by=decision.decided_by[:60],
        hits=rule_hits.marked(rule_hits.took_part(decision)),
        near=rule_hits.marked(rule_hits.nearly_did(decision)),
        body=texts.keep_json(decision.as_json(), DECISION),
        at=now,
    )


async def add_deadlines(tx: Tx, case_id: int, clocks: Sequence[tuple[str, date, str]], *, running: bool) -> None:
    """Start the clocks of a case: (id, due date, source) each. Those of a refused case are kept as met."""
    rows = [
        {
            "case_id": case_id,
            "clock": clock,
            "due_on": due_on,
            "source": source,
            "state": "running" if running else "met",
            "reminders": 0,
        }
        for clock, due_on, source in clocks
    ]
    await add_all(tx, deadlines, rows)


async def hold(tx: Tx, *, message_id: int, inbox_id: int, case_id: int, why: str, sealed: bool, now: datetime) -> int:
    """Put a message aside for a mediator: it names a case, but its sender is not proven to belong to it."""
    return await new_id(
        tx,
        held,
        message_id=message_id,
        inbox_id=inbox_id,
        case_id=case_id,
        why=why[:120],
        sealed=sealed,
        state="waiting",
        at=now,
    )


async def add_note(tx: Tx, case_id: int, author_id: int | None, text: str, *, now: datetime, about: str = "") -> int:
    """An internal note; the member never sees it. `about` is "closing" when it says what was done."""
    note_id = await new_id(
        tx, notes, case_id=case_id, author_id=author_id, text=texts.keep(text, NOTE), at=now, about=about
    )
    await search.add_unless_sealed(tx, case_id, text)
    actor = f"user:{author_id}" if author_id else "system"
    await audit.write(tx, actor=actor, act="case.note", at=now, case_id=case_id)
    return note_id


async def noted_since(tx: Tx, case_id: int, author_id: int | None, text: str, *, since: datetime) -> bool:
    """Whether somebody wrote this very note on the case since then, or on what was merged into it."""
    written = await tx.conn.scalars(
        select(notes.c.text).where(
            notes.c.case_id.in_(await members(tx, case_id)), notes.c.author_id == author_id, notes.c.at >= since
        )
    )
    return any(texts.read(one, NOTE) == text for one in written)


async def change(
    tx: Tx,
    case_id: int,
    *,
    actor: str,
    act: str,
    now: datetime,
    version: int | None = None,
    detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> int:
    """Change columns of a case and say so in the audit. Returns the new version.

    With `version`, only if the case is still at it; otherwise raises StaleError and nothing is changed. In another queue,
    sealed or opened again it leaves the hands of who may not open it there.
    """
    statement = update(cases).where(cases.c.id == case_id).values(version=cases.c.version + 1, **values)
    if version is not None:
        statement = statement.where(cases.c.version == version)
    found = (await tx.conn.execute(statement.returning(cases.c.version))).scalar()
    if found is None:
        raise StaleError(case_id)
    if values.get("sealed"):
        # What was merged into it is the same matter, and is read by itself here and there: in a rehearsal, say.
        await tx.conn.execute(update(cases).where(cases.c.id.in_(await members(tx, case_id))).values(sealed=True))
    await audit.write(tx, actor=actor, act=act, at=now, case_id=case_id, detail=detail)
    if values.keys() & _WHO_MAY_OPEN:
        await let_go_of(tx, case_id, now=now)
    return int(found)


async def close(
    tx: Tx,
    case_id: int,
    *,
    outcome: str,
    actor: str,
    now: datetime,
    version: int | None = None,
    act: str = "case.closed",
    passed_to: str = "",
    cause: str = "",
) -> int:
    """Close a case with its outcome and stop its clocks. `act` is how the audit calls it, `passed_to` the id of the house
    in the directory that the member was sent to, `cause` the id of what was behind it (`config.causes`)."""
    more = {"body": passed_to, "cause": cause}
    number = await change(
        tx,
        case_id,
        actor=actor,
        act=act,
        now=now,
        version=version,
        detail={"outcome": outcome} | {name: value for name, value in more.items() if value},
        state="closed",
        outcome=outcome,
        cause=cause,
        closed_at=now,
        unread=False,
        paused_until=None,
        paused_for="",
    )
    await tx.conn.execute(
        update(pauses).where(pauses.c.case_id == case_id, pauses.c.ended_at.is_(None)).values(ended_at=now)
    )
    await end_clocks(tx, case_id, now=now)
    return number


async def reopen(
    tx: Tx, case_id: int, *, actor: str, now: datetime, queue: str | None = None, version: int | None = None
) -> None:
    """Open a closed case again, because its member wrote again; a refused one goes to people, in `queue`.

    Raises StaleError when the case is past `version`.
    """
    values: dict[str, Any] = {
        "state": "open",
        "outcome": None,
        "cause": "",
        "closed_at": None,
        "refused": "",
        "unread": True,
    }
    if queue:
        values["queue"] = queue
    await change(
        tx, case_id, actor=actor, act="case.reopened", now=now, version=version, detail={"queue": queue}, **values
    )
    await tx.conn.execute(
        update(deadlines)
        .where(deadlines.c.case_id == case_id, deadlines.c.clock != "acknowledgement")
        .values(state="running", ended_at=None)
    )
    await refresh_due(tx, case_id)


async def end_clocks(tx: Tx, case_id: int, *, now: datetime, clock: str | None = None) -> None:
    """Stop the clocks of a case that run or wait, or one of them."""
    # A receipt is sent for the case that it was promised to, also when that goes on in another one by then.
    ending = ("running", "paused", "merged") if clock else ("running", "paused")
    statement = update(deadlines).where(deadlines.c.case_id == case_id, deadlines.c.state.in_(ending))
    if clock:
        statement = statement.where(deadlines.c.clock == clock)
    await tx.conn.execute(statement.values(state="met", ended_at=now))


async def refresh_due(tx: Tx, case_id: int) -> None:
    """Let the earliest running clock (the acknowledgement aside) drive the queue again."""
    earliest = (
        select(func.min(deadlines.c.due_on))
        .where(deadlines.c.case_id == case_id, deadlines.c.state == "running", deadlines.c.clock != "acknowledgement")
        .scalar_subquery()
    )
    await tx.conn.execute(
        update(cases).where(cases.c.id == case_id).values(due_on=func.coalesce(earliest, cases.c.due_on))
    )
