"""Addresses that want nothing from us any more, because their member sent STOP; START takes that back.

Only a hash of each is kept: it is enough to keep to it, and the list tells nobody whose numbers these are.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select

from config.vocabulary import AddressKind, Channel
from store.database import Tx
from store.schema import opted_out
from store.sql import insert_or_leave

# STOP is said by a telephone number, whichever way it was sent.
_KIND_OF: Final[dict[Channel, AddressKind]] = {"sms": "phone", "whatsapp": "phone"}
# Asked for every turn, so built once (see store.sql). Kind and hash are the key: at most one row.
_FIND: Final = select(opted_out.c.at).where(
    opted_out.c.kind == bindparam("of_kind"), opted_out.c.address_hash == bindparam("wanted")
)


async def add(tx: Tx, channel: Channel, address: str, *, now: datetime) -> bool:
    """Note that an address wants nothing more by this kind of channel. True when that is new."""
    if channel not in _KIND_OF:
        return False
    values = {"kind": _KIND_OF[channel], "address_hash": _hashed(address), "at": now}
    done = await tx.run(insert_or_leave(opted_out, is_sqlite=tx.is_sqlite), values)
    return bool(done.rowcount == 1)


async def remove(tx: Tx, channel: Channel, address: str) -> None:
    """The member wants to hear from us again."""
    await tx.conn.execute(
        delete(opted_out).where(opted_out.c.kind == _KIND_OF.get(channel), opted_out.c.address_hash == _hashed(address))
    )


async def has(tx: Tx, channel: Channel, address: str) -> bool:
    """Whether nothing may go to this address by this channel."""
    if channel not in _KIND_OF:
        return False
    found = await tx.run(_FIND, {"of_kind": _KIND_OF[channel], "wanted": _hashed(address)})
    return found.one_or_none() is not None


def _hashed(address: str) -> str:
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()
