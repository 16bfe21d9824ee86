"""Everything that the house serves, on its own public address on loopback, with two supervisors who may sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiohttp.test_utils import TestServer, unused_port

from channels.web.limits import MemoryLimiter
from classifier import pipeline
from config.settings import load
from console.passwords import hash_password
from gateway.delivery import Delivery
from gateway.door import Door
from gateway.door_checks import HouseDoorChecks
from gateway.health import Health
from gateway.house import active_rules, build
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.reading import ParserSettings, Parsing
from gateway.room import Room
from gateway.sending import sending
from gateway.training import HouseTrainer
from gateway.web import application
from store import users
from tests.gateway.conftest import DirectClassifying, DirectParsing, Gateway, Sink

PASSWORD = "a long password of the tests"
SUPERVISORS = ("luc", "sofie")


@dataclass
class Whole:
    """`gateway` is driven by hand; the pages are served at `base_url` by themselves."""

    gateway: Gateway
    base_url: str
    checks: HouseDoorChecks


@asynccontextmanager
async def whole_house(
    data: Path, model: pipeline.Classifier, *, trains: Sequence[str] = (), **given: Any
) -> AsyncIterator[Whole]:
    """A house on an empty register; `given` are its settings, `trains` the command that stands for a training."""
    port = unused_port()
    settings = load(**{"data": data, "port": port, "min_free_mb": 0, "min_free_percent": 0, **given})
    house = build(settings, name="test")
    await house.store.open()
    await active_rules(house)
    hashed = hash_password(PASSWORD)
    async with house.store.write() as tx:
        for login in SUPERVISORS:
            await users.add(
                tx,
                login=login,
                name=login.title(),
                role="supervisor",
                medical=login == "sofie",
                password=hashed,
                actor="system",
                now=house.now(),
            )
    metrics, room = Metrics(), Room(data, 0, 0)
    door = Door(house, metrics, room, patience=0)
    parsing = Parsing(ParserSettings(house.own_addresses, "", 512, 20), seconds=20)
    with patch("gateway.web.HouseTrainer", partial(HouseTrainer, **({"command": trains} if trains else {}))):
        app = application(house, door, metrics, Health(house, metrics, room), MemoryLimiter(), parsing)
    server = TestServer(app, port=port)
    await server.start_server()
    intake = Intake(house, DirectParsing(house, ""), DirectClassifying(model), metrics)  # type: ignore[arg-type]  # the same methods, no child
    try:
        async with sending(house) as senders:
            intake.pressed = senders.pressed
            sink = Sink()
            delivery = Delivery(house, {**senders.by_channel, "email": sink}, metrics)
            base_url = settings.base_url
            checks = HouseDoorChecks(house, door, base_url)
            yield Whole(Gateway(house, door, intake, delivery, sink), base_url, checks)
    finally:
        await server.close()
        await parsing.close()
        await house.close()
