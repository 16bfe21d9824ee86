"""A colleague answers from the case by text message; the member's reply comes back to the case, and the robot stays out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from classifier import pipeline
from console.contract import LONGEST, NoWayBackError, TooLongError
from gateway.desk import HouseDesk
from gateway.house import House
from gateway.reading import ParserSettings, Parsing
from store import schema, users
from store.viewer import Viewer
from tests.gateway.providers import STORY, Joined, joined
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import Twilio


@pytest.fixture
async def house(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> AsyncIterator[Joined]:
    async with joined(tmp_path / "data", model, twilio, telegram) as found:
        yield found


@pytest.fixture
async def anne(house: Joined) -> Viewer:
    async with house.house.store.write() as tx:
        now = house.house.now()
        user_id = await users.add(
            tx, login="anne", name="Anne", role="mediator", medical=False, password="x", actor="command", now=now
        )
    return Viewer(user_id, "Anne", "mediator", medical=False)


def desk(house: Joined) -> HouseDesk:
    return HouseDesk(house.house, Parsing(ParserSettings(frozenset(), "", 512), seconds=5))


async def without_mail(house: Joined, *, whatsapp: bool = False) -> None:
    """A case of somebody who has a telephone and nothing else."""
    for said in (STORY, "Je veux être remboursée", "Marie Dubois", "oui", "non merci"):
        await house.text(said, whatsapp=whatsapp)


async def answered(house: Joined, anne: Viewer, text: str) -> None:
    (case,) = await house.rows(schema.cases)
    now = house.house.now()
    async with house.house.store.write() as tx:
        await desk(house).reply(tx, anne, case.id, text, now=now, version=case.version)


def later(monkeypatch: pytest.MonkeyPatch, house: Joined, passed: timedelta) -> None:
    at = house.house.now() + passed
    monkeypatch.setattr(House, "now", lambda _: at)
    monkeypatch.setattr(house.gateway.delivery.channels["sms"], "_clock", lambda: at)


async def test_an_answer_goes_by_text_and_the_reply_comes_back_to_the_case(
    house: Joined, anne: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await without_mail(house)
    await answered(house, anne, "Votre remboursement part demain. Est-ce bien le compte qui finit par 42 ?")
    later(monkeypatch, house, timedelta(minutes=1))
    await house.work()
    (case,) = await house.rows(schema.cases)
    assert house.texts()[-1] == (
        f"Votre remboursement part demain. Est-ce bien le compte qui finit par 42 ?\n\n{case.reference}"
    )
    sent = len(house.twilio.sent)
    await house.text("oui")
    assert len(house.twilio.sent) == sent
    (case,) = await house.rows(schema.cases)
    assert case.unread
    last = (await house.rows(schema.messages))[-1]
    assert (last.direction, last.case_id) == ("in", case.id)
    assert (await house.rows(schema.inbox))[-1].fate == "joined"
    later(monkeypatch, house, timedelta(days=15))
    await house.text("Bonjour, votre agence de Namur était fermée hier.")
    assert len(house.twilio.sent) == sent + 1


async def test_an_answer_on_whatsapp(house: Joined, anne: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    await without_mail(house, whatsapp=True)
    await answered(house, anne, "Votre remboursement part demain.")
    later(monkeypatch, house, timedelta(minutes=1))
    await house.work()
    assert house.twilio.sent[-1]["To"].startswith("whatsapp:")
    assert "part demain" in house.texts()[-1]


async def test_what_no_text_message_takes_and_who_said_stop(house: Joined, anne: Viewer) -> None:
    await without_mail(house)
    with pytest.raises(TooLongError):
        await answered(house, anne, "a" * (LONGEST["phone"] + 1))
    await house.text("STOP")
    with pytest.raises(NoWayBackError):
        await answered(house, anne, "Votre remboursement part demain.")
