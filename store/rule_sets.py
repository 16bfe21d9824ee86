"""Published rule sets: every version that ever decided a case, with who published it and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from store import audit
from store.database import Tx
from store.schema import audit as audit_table
from store.schema import rule_sets, users
from store.sql import insert


@dataclass(frozen=True, slots=True)
class Published:
    """One version. `body` is the rule file as it was."""

    version: str
    body: str
    comment: str
    published_at: datetime
    active: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """One time that a version became the one that decides. `author` and `reader` are names, "" for none; `again`: it had
    been live before, and `comment` says why it is again; `rehearsed` the sums of its rehearsal, `harm` why harm was accepted.
    """

    version: str
    at: datetime
    author: str
    reader: str
    again: bool
    comment: str
    rehearsed: Mapping[str, int]
    harm: str


_ACTIVE_VERSION: Final = select(rule_sets.c.version).where(rule_sets.c.active.is_(True))


class VersionTakenError(Exception):
    """This version was published before with other content."""


async def publish(
    tx: Tx,
    *,
    version: str,
    body: str,
    comment: str,
    author_id: int | None,
    now: datetime,
    reader_id: int | None = None,
    rehearsed: Mapping[str, int] | None = None,
    harm: str = "",
) -> bool:
    """Make a version the one that decides; False when this version was published before (it only becomes active again).

    Who read it besides, the sums of its rehearsal and why harm was accepted go into the audit, unless it decides already:
    then nothing is done. Raises VersionTakenError.
    """
    before = (await tx.conn.execute(select(rule_sets.c.body).where(rule_sets.c.version == version))).scalar()
    if before is not None and before != body:
        raise VersionTakenError(version)
    await alone(tx)
    if await active_version(tx) == version:
        return False
    await tx.conn.execute(update(rule_sets).where(rule_sets.c.active.is_(True)).values(active=False))
    statement = insert(tx, rule_sets).values(
        version=version, body=body, comment=comment, author_id=author_id, published_at=now, active=True
    )
    new = (await tx.conn.execute(statement.on_conflict_do_nothing())).rowcount == 1
    if not new:
        await tx.conn.execute(update(rule_sets).where(rule_sets.c.version == version).values(active=True))
    actor = f"user:{author_id}" if author_id else "system"
    detail: dict[str, Any] = {"version": version}
    detail |= {"reader": reader_id} if reader_id else {}
    detail |= {"rehearsed": dict(rehearsed)} if rehearsed is not None else {}
    detail |= {"harm_accepted": harm} if harm else {}
    # The version keeps the reason it was first published for; why it came back stands here.
    detail |= {"why_again": comment} if comment and not new else {}
    await audit.write(tx, actor=actor, act="rules.published", at=now, detail=detail)
    return new


async def alone(tx: Tx) -> None:
    """Until the transaction ends nobody else changes which version decides, or which is wanted back: two clicks take turns."""
    if not tx.is_sqlite:
        await tx.conn.execute(select(rule_sets.c.id).where(rule_sets.c.active.is_(True)).with_for_update())


async def active(tx: Tx) -> Published | None:
    """The version that decides now; None before the first was published."""
    row = (await tx.conn.execute(select(rule_sets).where(rule_sets.c.active.is_(True)))).one_or_none()
    return Published(row.version, row.body, row.comment, row.published_at, row.active) if row else None


async def active_version(tx: Tx) -> str | None:
    """The version that decides now, without its rules."""
    version: str | None = (await tx.run(_ACTIVE_VERSION, {})).scalar()
    return version


async def history(tx: Tx) -> list[Published]:
    """Every version, the newest first."""
    rows = await tx.conn.execute(select(rule_sets).order_by(rule_sets.c.id.desc()))
    return [Published(row.version, row.body, row.comment, row.published_at, row.active) for row in rows]


async def publications(tx: Tx) -> list[Publication]:
    """Every time that a version became the one that decides, the latest first."""
    names = {f"user:{row[0]}": row[1] for row in await tx.conn.execute(select(users.c.id, users.c.name))}
    rows = await tx.conn.execute(
        select(audit_table.c.at, audit_table.c.actor, audit_table.c.detail)
        .where(audit_table.c.act == "rules.published")
        .order_by(audit_table.c.id)
    )
    seen: set[str] = set()
    found = []
    for at, actor, detail in rows:
        version = str(detail.get("version", ""))
        found.append(
            Publication(
                version=version,
                at=at,
                author=names.get(actor, ""),
                reader=names.get(f"user:{detail.get('reader', '')}", ""),
                again=version in seen,
                comment=detail.get("why_again", ""),
                rehearsed=detail.get("rehearsed", {}),
                harm=detail.get("harm_accepted", ""),
            )
        )
        seen.add(version)
    return found[::-1]


async def of_version(tx: Tx, version: str) -> Published | None:
    """One version; None when there is none of this name."""
    row = (await tx.conn.execute(select(rule_sets).where(rule_sets.c.version == version))).one_or_none()
    return Published(row.version, row.body, row.comment, row.published_at, row.active) if row else None
