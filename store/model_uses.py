"""Which version of the model reads messages: one for all processes, told by the last row; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, text

from store import audit
from store.database import Tx
from store.schema import model_uses, users
from store.sql import new_id

# The model that came with this version of the code; in use as long as nobody has said otherwise.
SHIPPED: Final = "shipped"
_LATEST: Final = select(model_uses.c.version).order_by(model_uses.c.id.desc()).limit(1)


class NoWayBackError(Exception):
    """No other version was in use before this one."""


@dataclass(frozen=True, slots=True)
class Use:
    """A version was put in use."""

    version: str
    author: str
    at: datetime


async def in_use(tx: Tx) -> str:
    """The version that reads now."""
    found: str | None = (await tx.run(_LATEST, {})).scalar()
    return found or SHIPPED


async def use(tx: Tx, version: str, *, author_id: int | None, now: datetime) -> bool:
    """Let a version read from now on; False when it does already."""
    latest = await _last_alone(tx)
    if version == (latest.version if latest else SHIPPED):
        return False
    await _put(tx, version, latest.id if latest else None, author_id, now)
    return True


async def back(tx: Tx, *, author_id: int | None, now: datetime, leaving: str = "") -> str:
    """Let the version read that the present one replaced, and so on at each call; with `leaving` only if that is the present
    one. Returns the one that reads then. Raises `NoWayBackError`."""
    latest = await _last_alone(tx)
    reads = str(latest.version) if latest is not None else SHIPPED
    if leaving and reads != leaving:
        return reads
    if latest is None or (latest.before_id is None and latest.version == SHIPPED):
        raise NoWayBackError
    before = None
    if latest.before_id is not None:
        before = (await tx.conn.execute(select(model_uses).where(model_uses.c.id == latest.before_id))).one()
    version = str(before.version) if before is not None else SHIPPED
    await _put(tx, version, before.before_id if before is not None else None, author_id, now)
    return version


async def history(tx: Tx) -> list[Use]:
    """Every change, the latest first."""
    query = select(model_uses.c.version, users.c.name, model_uses.c.at)
    query = query.outerjoin(users, users.c.id == model_uses.c.author_id).order_by(model_uses.c.id.desc())
    return [Use(row.version, row.name or "", row.at) for row in await tx.conn.execute(query)]


async def _last_alone(tx: Tx) -> Row[Any] | None:
    """The last use. Until the transaction ends nobody else adds one: two clicks take turns."""
    if not tx.is_sqlite:
        await tx.conn.execute(text("LOCK TABLE model_uses IN SHARE ROW EXCLUSIVE MODE"))
    rows = await tx.conn.execute(select(model_uses).order_by(model_uses.c.id.desc()).limit(1))
    return rows.one_or_none()


async def _put(tx: Tx, version: str, before_id: int | None, author_id: int | None, now: datetime) -> None:
    await new_id(tx, model_uses, version=version, before_id=before_id, author_id=author_id, at=now)
    actor = f"user:{author_id}" if author_id else "command"
    await audit.write(tx, actor=actor, act="model.used", at=now, detail={"version": version})
