"""A house on an empty store, with the real parser and the real classifier in this process, and time that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from channels.contract import Delivery as Outcome
from channels.mail.fingerprint import external_id
from channels.message import InboundMessage, OutboundMessage, RawMessage
from classifier import pipeline
from classifier.classification import Classification, Text
from config.settings import load
from gateway import classifying, reading
from gateway.delivery import Delivery
from gateway.door import Door
from gateway.house import House, build
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.room import Room

OMBUDSMAN = "ombudsman@partenamut.example"
PLAINTES = "plaintes@partenamut.example"


class DirectParsing:
    """The parser without its child process."""

    def __init__(self, house: House, authserv_id: str) -> None:
        reading._parser = reading.ParserSettings(house.own_addresses, authserv_id, 512)

    async def parse(self, raws: Sequence[reading.Unread]) -> list[InboundMessage | reading.Failed]:
        return reading.parse_all(raws)

    async def parse_beginning(self, unread: reading.Unread) -> InboundMessage | reading.Failed:
        return reading._parse_beginning(unread)


class DirectClassifying:
    """The classifier without its child process."""

    def __init__(self, model: pipeline.Classifier) -> None:
        self.model = model

    async def classify(self, texts: Sequence[Text]) -> list[Classification]:
        return self.model.classify(texts) if texts else []

    async def understand(self, lines: Sequence[classifying.Line]) -> list[classifying.Understood]:
        classifying._classifier = self.model
        return classifying.understand_all(lines)

    def follow(self, version: str) -> None:
        assert version == "shipped"


@dataclass
class Sink:
    """Takes every message; `answers` tells how for an address."""

    sent: list[OutboundMessage] = field(default_factory=list)
    answers: dict[str, Outcome] = field(default_factory=dict)

    async def send(self, message: OutboundMessage) -> Outcome:
        answer = self.answers.get(message.recipient, Outcome("sent"))
        if answer.outcome == "sent":
            self.sent.append(message)
        return answer


@dataclass
class Gateway:
    """Everything between the doors, driven by hand."""

    house: House
    door: Door
    intake: Intake
    delivery: Delivery
    sink: Sink

    async def mail(self, text: str | bytes, *, to: str = OMBUDSMAN, sender: str = "marie.dubois@mail.example") -> None:
        """Hand over a raw mail as LMTP would, and process it."""
        body = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
        plain = f"{to.partition('@')[0].partition('+')[0]}@{to.rpartition('@')[2]}"
        envelope = {"mail_from": sender, "rcpt_to": to}
        raw = RawMessage("email", plain, external_id(body), body, datetime.now(UTC), envelope)
        await self.door.submit(raw)
        await self.work()

    async def text(
        self, said: str, *, sender: str = "+32470001103", account: str = "+32460001100", sid: str = ""
    ) -> None:
        """Hand over a text message as Twilio's webhook would, and process it."""
        sid = sid or f"SM{uuid4().hex}"
        body = urlencode({"MessageSid": sid, "From": sender, "To": account, "Body": said, "NumMedia": "0"}).encode()
        envelope = {"address": sender}
        await self.door.submit(RawMessage("sms", account, sid, body, datetime.now(UTC), envelope))
        await self.work()

    async def work(self) -> None:
        """Process everything that is due, and send what is to go out."""
        while await self.intake.work_once():
            pass
        while await self.delivery._take():
            while self.delivery._under_way:
                await next(iter(self.delivery._under_way))


@pytest.fixture(scope="session")
def model() -> pipeline.Classifier:
    """The shipped classifier."""
    return pipeline.load()


# For a module whose tests run on both databases.
on_both = pytest.mark.parametrize(
    "gateway", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True
)


@pytest.fixture
async def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, model: pipeline.Classifier, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gateway]:
    """A gateway on SQLite, or where a test wants it on PostgreSQL, that believes the Authentication-Results of
    mx.partenamut.example."""
    monkeypatch.chdir(tmp_path)
    apart = getattr(request, "param", "sqlite") == "postgresql"
    settings = load(
        data=tmp_path / "data",
        authserv_id="mx.partenamut.example",
        min_free_mb=0,
        min_free_percent=0,
        database_url=request.getfixturevalue("postgres_url") if apart else "",
        redis_url="",
        allow_unsafe_database=apart,
    )
    house = build(settings, name="test")
    await house.store.open()
    metrics, sink = Metrics(), Sink()
    door = Door(house, metrics, Room(settings.data, 0, 0), patience=0)
    parsing, classifying = DirectParsing(house, settings.authserv_id), DirectClassifying(model)
    intake = Intake(house, parsing, classifying, metrics)  # type: ignore[arg-type]  # the same methods, no child
    yield Gateway(
        house,
        door,
        intake,
        Delivery(house, {"email": sink, "sms": sink, "telegram": sink, "chat": sink}, metrics),
        sink,
    )
    await house.close()
