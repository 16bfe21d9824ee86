"""Doors that fell silent: an account on which nothing has come for much longer than usual is an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from store import deliveries, operations
from store.database import Tx

# An account is silent once so many messages would usually have come.
SILENCE: Final = 3.0
# Under which name the clock leaves a sign of it, before the account.
SIGN: Final = "silence:"


@dataclass(frozen=True, slots=True)
class Silence:
    """An account on which nothing has come for much longer than usual."""

    account: str
    since: datetime


async def silences(tx: Tx, *, now: datetime) -> Sequence[Silence]:
    """The accounts that are silent now: three messages would usually have come since the last."""
    found = []
    for account in await deliveries.accounts(tx, since=now - timedelta(weeks=5)):
        last = await operations.last_received(tx, account=account)
        if last is not None and await deliveries.usual(tx, account, last, now) >= SILENCE:
            found.append(Silence(account, last))
    return found
