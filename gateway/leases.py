"""Who of several processes does what only one may do: a row in the register, which ends when its owner is silent."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import Final

from channels.contract import StoreUnavailableError
from gateway.house import House
from store import operations

# Who owns something says so this often, in seconds; another process takes over once it was silent three times.
EVERY: Final = 10.0
LIFE: Final = timedelta(seconds=35)


async def hold(house: House, name: str) -> bool:
    """Take a lease for this process or prolong it; False while another process has it."""
    try:
        async with house.store.write() as tx:
            owner = f"{socket.gethostname()}-{os.getpid()}"
            return await operations.hold_lease(tx, f"owner-of-{name}", owner, now=house.now(), life=LIFE)
    except StoreUnavailableError:
        # Nobody else can take it over either; what is fetched is confirmed only once the store is back.
        return True
