"""What operators are told of a mailbox that is not fetched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.health import SILENT, Health
from gateway.metrics import Metrics
from store import operations
from tests.gateway.conftest import Gateway

ADDRESS = "ombudsman@partenamut.example"
HOUR = timedelta(hours=1)


def fetched(gateway: Gateway) -> None:
    """Let the first mailbox be one that is fetched."""
    boxes = gateway.house.mailboxes
    first = boxes[0].model_copy(update={"imap_host": "imap.example", "imap_user": "o", "address": ADDRESS})
    object.__setattr__(gateway.house, "mailboxes", (first, *boxes[1:]))


async def told(gateway: Gateway) -> list[Any]:
    health = Health(gateway.house, Metrics(), gateway.door.room)
    return [reason["number"] for reason in await health.reasons() if reason["what"] == "mailbox"]


async def beat(gateway: Gateway, state: str = "watching", *, ago: timedelta = timedelta(0), of: str = ADDRESS) -> None:
    async with gateway.house.store.write() as tx:
        await operations.beat(tx, f"mailbox:{of}", state, {"number": 0}, now=gateway.house.now() - ago)


async def test_readiness_asks_for_each_mailbox_that_the_settings_name(gateway: Gateway) -> None:
    # One that is not in the settings any more left a sign long ago: nobody has to be told.
    await beat(gateway, "refused", ago=30 * HOUR, of="old@partenamut.example")
    assert await told(gateway) == []
    fetched(gateway)
    # Nobody ever watched it.
    assert await told(gateway) == [0]
    await beat(gateway)
    assert await told(gateway) == []
    await beat(gateway, "unreachable")
    assert await told(gateway) == [0]
    await beat(gateway, ago=2 * SILENT)
    assert await told(gateway) == [0]
