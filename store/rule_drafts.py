"""The one draft of new rules that supervisors share. Every change carries the version it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, cast, delete, literal, select, update

from store import audit
from store.database import Tx
from store.schema import audit as audit_table
from store.schema import rule_drafts, users
from store.sql import new_id
from store.users import stands_for_rules

_BEGUN: Final = "rules.drafted"


class StaleDraftError(Exception):
    """The draft was changed, published or thrown away since the page was made."""


@dataclass(frozen=True, slots=True)
class SentBack:
    """What a second reader wants changed: who, to whose id, and their word."""

    by: str
    to: int
    word: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft: `body` is a rule set as JSON, `base` the version it was made from, `proposed_by` who says it is ready, as
    long as they may stand for rules, with their comment and why harm is right. `sent_back` stands until it is ready again.
    """

    base: str
    body: str
    version: int
    changed_by: str
    changed_at: datetime
    proposed_by: int | None
    proposed_name: str
    comment: str
    harm: str
    sent_back: SentBack | None


async def current(tx: Tx) -> Draft | None:
    """The draft; None when there is none."""
    proposer, reader = users.alias("proposer"), users.alias("reader")
    names = (proposer.c.id.label("proposer_id"), proposer.c.name.label("proposer"), reader.c.name.label("reader"))
    found = await tx.conn.execute(
        select(rule_drafts, users.c.name, *names)
        .join(users, users.c.id == rule_drafts.c.changed_by)
        .outerjoin(proposer, (proposer.c.id == rule_drafts.c.proposed_by) & stands_for_rules(proposer))
        .outerjoin(reader, reader.c.id == rule_drafts.c.sent_back_by)
        .order_by(rule_drafts.c.id)
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Draft(
        row.base,
        row.body,
        row.version,
        row.name,
        row.changed_at,
        row.proposer_id,
        row.proposer or "",
        row.comment,
        row.harm,
        SentBack(row.reader, row.sent_back_to, row.sent_back_word) if row.reader else None,
    )


async def begun(tx: Tx) -> tuple[str, datetime] | None:
    """Who began the draft that stands, and when, as the audit has it."""
    found = await tx.conn.execute(
        select(users.c.name, audit_table.c.at)
        .join(users, audit_table.c.actor == literal("user:") + cast(users.c.id, String))
        .where(audit_table.c.act == _BEGUN)
        .order_by(audit_table.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return (row.name, row.at) if row else None


async def begin(tx: Tx, *, base: str, body: str, user_id: int, now: datetime) -> None:
    """Make the draft, unless there is one."""
    if await current(tx) is None:
        await new_id(
            tx,
            rule_drafts,
            base=base,
            body=body,
            version=1,
            changed_by=user_id,
            changed_at=now,
            comment="",
            harm="",
            sent_back_word="",
        )
        await audit.write(tx, actor=f"user:{user_id}", act=_BEGUN, at=now, detail={"from": base})


async def save(tx: Tx, *, body: str, version: int, user_id: int, now: datetime) -> None:
    """Keep a change. Whoever said that the draft was ready meant another one. Raises StaleDraftError."""
    await _change(
        tx,
        version,
        body=body,
        version_=version + 1,
        changed_by=user_id,
        changed_at=now,
        proposed_by=None,
        comment="",
        harm="",
    )
    await audit.write(tx, actor=f"user:{user_id}", act="rules.draft_changed", at=now, detail={"version": version + 1})


async def propose(tx: Tx, *, version: int, user_id: int, comment: str, harm: str, now: datetime) -> None:
    """Say that the draft is ready to be read by somebody else. Raises StaleDraftError."""
    nothing_left = {"sent_back_by": None, "sent_back_to": None, "sent_back_word": ""}
    await _change(tx, version, version_=version + 1, proposed_by=user_id, comment=comment, harm=harm, **nothing_left)
    await audit.write(tx, actor=f"user:{user_id}", act="rules.proposed", at=now, detail={"version": version + 1})


async def send_back(tx: Tx, *, version: int, user_id: int, word: str, now: datetime) -> None:
    """Give a draft that is ready back to whoever said so, as their second reader, with what to change about it; what they said
    of it is kept. Raises StaleDraftError, for a draft that waits for nobody too."""
    proposer = rule_drafts.c.proposed_by
    sent = await tx.conn.execute(
        update(rule_drafts)
        .where(rule_drafts.c.version == version, proposer.is_not(None), proposer != user_id)
        .values(version=version + 1, proposed_by=None, sent_back_by=user_id, sent_back_to=proposer, sent_back_word=word)
    )
    if not sent.rowcount:
        raise StaleDraftError
    await audit.write(tx, actor=f"user:{user_id}", act="rules.sent_back", at=now, detail={"version": version + 1})


async def throw_away(tx: Tx, *, version: int, user_id: int, now: datetime, published: bool = False) -> None:
    """End the draft: it was published, or nobody wants it. Raises StaleDraftError."""
    gone = await tx.conn.execute(delete(rule_drafts).where(rule_drafts.c.version == version))
    if not gone.rowcount:
        raise StaleDraftError
    if not published:
        await audit.write(tx, actor=f"user:{user_id}", act="rules.draft_dropped", at=now, detail={"version": version})


async def _change(tx: Tx, version: int, *, version_: int, **values: Any) -> None:
    changed = await tx.conn.execute(
        update(rule_drafts).where(rule_drafts.c.version == version).values(version=version_, **values)
    )
    if not changed.rowcount:
        raise StaleDraftError
