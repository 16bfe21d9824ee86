"""The chain of the audit: each entry gets one link, which holds SHA-256 over the digest before it and all that the entry says.

Who writes the audit waits for nobody: a trigger notes in `audit_unlinked` that an entry has no link yet, in the transaction that
writes it, and one process at a time makes the links afterwards. An entry that is committed late is therefore linked late, and
none is passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, text

from store.database import Store, Tx
from store.schema import audit, audit_chain, audit_unlinked

# What the first link follows.
BEGINNING: Final = bytes(32)
# Under this name the signs of life keep when the audit was last verified, and what came of it.
VERIFIED: Final = "audit"
# So many links are made in one transaction: on SQLite nobody else writes meanwhile.
_AT_ONCE: Final = 500
_LOWEST: Final = -(2**63)
_LOCK: Final = 7_140_022  # Any number that nothing else in this database locks.

# Entries as they are kept, whatever somebody put there: what is no text where one belongs, what no reader could read, too.
_SQLITE: Final = (
    "CASE typeof(audit.{0}) WHEN 'null' THEN NULL WHEN 'text' THEN CAST(audit.{0} AS BLOB) "
    "ELSE typeof(audit.{0}) || ' ' || hex(audit.{0}) END"
)
_SQLITE_NUMBER: Final = (
    "CASE typeof({0}) WHEN 'null' THEN NULL WHEN 'integer' THEN {0} ELSE typeof({0}) || ' ' || hex({0}) END"
)
# As SQLite keeps a moment. A year before Christ would otherwise be the same as one after.
_MOMENT: Final = "replace(to_char(audit.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US AD'), ' AD', '')"


def _columns(*, is_sqlite: bool) -> str:
    if is_sqlite:
        at, actor, act, detail = (_SQLITE.format(name) for name in ("at", "actor", "act", "detail"))
        return ", ".join(("audit.id", at, actor, act, _SQLITE_NUMBER.format("audit.case_id"), detail))
    at, actor, act, detail = (
        f"convert_to({value}, 'UTF8')" for value in (_MOMENT, "audit.actor", "audit.act", "audit.detail::text")
    )
    return ", ".join(("audit.id", at, actor, act, "audit.case_id", detail))


def _waiting(*, is_sqlite: bool) -> Any:
    return text(
        f"SELECT {_columns(is_sqlite=is_sqlite)} FROM audit_unlinked JOIN audit ON audit.id = audit_unlinked.audit_id "  # noqa: S608 (constants)
        "ORDER BY audit.id LIMIT :most"
    )


def _walked(*, is_sqlite: bool) -> Any:
    number, digest = "audit_chain.audit_id", "audit_chain.digest"
    if is_sqlite:
        number, digest = _SQLITE_NUMBER.format(number), "CAST(audit_chain.digest AS BLOB)"
    return text(
        f"SELECT audit_chain.position, {number}, {digest}, {_columns(is_sqlite=is_sqlite)} "  # noqa: S608 (constants)
        "FROM audit_chain LEFT JOIN audit ON audit.id = audit_chain.audit_id "
        "WHERE audit_chain.position > :after ORDER BY audit_chain.position LIMIT :most"
    )


_WAITING: Final = {kind: _waiting(is_sqlite=kind) for kind in (True, False)}
_WALKED: Final = {kind: _walked(is_sqlite=kind) for kind in (True, False)}
_LAST: Final = select(audit_chain.c.position, audit_chain.c.digest).order_by(audit_chain.c.position.desc()).limit(1)
_LINKED: Final = delete(audit_unlinked).where(audit_unlinked.c.audit_id == bindparam("one"))


@dataclass(frozen=True, slots=True)
class End:
    """Where the chain ends: how many links it has, and the digest of the last, which stands for all of them."""

    position: int = 0
    digest: bytes = BEGINNING


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it is kept, and the entry that it names; None when there is no such entry."""

    position: int
    audit_id: Any
    digest: Any
    entry: tuple[Any, ...] | None


def digest_of(before: bytes, entry: Sequence[Any]) -> bytes:
    """The digest of a link. Each value is written with its kind and its length, so that no two entries are written alike."""
    return sha256(before + b"".join([_written(value) for value in entry])).digest()


def _written(value: Any) -> bytes:
    if isinstance(value, bytes):
        return b"t%d:%b" % (len(value), value)
    if value is None:
        return b"-"
    if isinstance(value, int):
        return b"i%d;" % value
    content = str(value).encode()
    return b"o%d:%b" % (len(content), content)


async def end(tx: Tx) -> End:
    """Where the chain ends now."""
    row = (await tx.conn.execute(_LAST)).one_or_none()
    return End(row.position, bytes(row.digest)) if row else End()


async def linked_until(tx: Tx) -> datetime | None:
    """When the entry of the last link was written; None while there is none."""
    query = select(audit.c.at).join(audit_chain, audit_chain.c.audit_id == audit.c.id)
    return (await tx.conn.execute(query.order_by(audit_chain.c.position.desc()).limit(1))).scalar()


async def waits(tx: Tx) -> bool:
    """Whether an entry has no link yet."""
    return (await tx.conn.execute(select(audit_unlinked.c.audit_id).limit(1))).scalar() is not None


async def extend(store: Store) -> int:
    """Link the next entries that wait, the oldest first; how many they were. One process at a time does it."""
    async with store.read() as tx:
        if not await waits(tx):
            return 0
    async with store.write() as tx:
        if not tx.is_sqlite:
            await tx.conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        entries = (await tx.conn.execute(_WAITING[tx.is_sqlite], {"most": _AT_ONCE})).all()
        if not entries:
            return 0
        links = await asyncio.to_thread(_links, await end(tx), entries)
        await tx.conn.execute(audit_chain.insert(), links)
        await tx.conn.execute(_LINKED, [{"one": entry[0]} for entry in entries])
    return len(links)


def _links(last: End, entries: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    digest, found = last.digest, []
    for position, entry in enumerate(entries, last.position + 1):
        digest = digest_of(digest, entry)
        found.append({"position": position, "audit_id": entry[0], "digest": digest})
    return found


async def walk(tx: Tx, *, after: int, most: int) -> list[Link]:
    """Links in their order, from behind a place."""
    rows = await tx.conn.execute(_WALKED[tx.is_sqlite], {"after": after, "most": most})
    return [Link(row[0], row[1], row[2], None if row[3] is None else tuple(row[3:])) for row in rows]


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Entries without a link. `forgotten`: those of which no note says that they want one, so that nobody will make it."""

    seen: int = 0
    last: int = _LOWEST
    count: int = 0
    forgotten: int = 0
    oldest: datetime | None = None

    def beside(self, other: Unlinked) -> Unlinked:
        """Both counted together, the other one being of later entries."""
        moments = [one for one in (self.oldest, other.oldest) if one is not None]
        return Unlinked(
            self.seen + other.seen,
            other.last,
            self.count + other.count,
            self.forgotten + other.forgotten,
            min(moments, default=None),
        )


def _without_link(*, is_sqlite: bool) -> Any:
    moment = "CAST(batch.at AS BLOB)" if is_sqlite else _MOMENT.replace("audit.at", "batch.at")
    return text(
        "SELECT count(*), max(batch.id), count(*) FILTER (WHERE audit_chain.position IS NULL), "  # noqa: S608 (constants)
        "count(*) FILTER (WHERE audit_chain.position IS NULL AND audit_unlinked.audit_id IS NULL), "
        f"min({moment}) FILTER (WHERE audit_chain.position IS NULL) "
        "FROM (SELECT id, at FROM audit WHERE id > :after ORDER BY id LIMIT :most) AS batch "
        "LEFT JOIN audit_chain ON audit_chain.audit_id = batch.id "
        "LEFT JOIN audit_unlinked ON audit_unlinked.audit_id = batch.id"
    )


_WITHOUT_LINK: Final = {kind: _without_link(is_sqlite=kind) for kind in (True, False)}


async def unlinked(tx: Tx, *, after: int, most: int) -> Unlinked:
    """Which of the next entries have no link; `seen` of the last ones is 0."""
    values = {"after": after, "most": most}
    seen, last, count, forgotten, oldest = (await tx.conn.execute(_WITHOUT_LINK[tx.is_sqlite], values)).one()
    return Unlinked(seen, after if last is None else last, count, forgotten, _moment(oldest))


def _moment(kept: bytes | str | None) -> datetime | None:
    """The moment as it is kept; what cannot be read is as old as can be, so that somebody looks at it."""
    if kept is None:
        return None
    try:
        said = kept.decode("ascii") if isinstance(kept, bytes) else kept
        return datetime.fromisoformat(said).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


async def gone_before(tx: Tx) -> int:
    """How many entries went before they had a link."""
    is_there = select(audit.c.id).where(audit.c.id == audit_unlinked.c.audit_id).exists()
    return int((await tx.conn.execute(select(func.count()).select_from(audit_unlinked).where(~is_there))).scalar_one())
