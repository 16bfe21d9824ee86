"""A colleague answers from the case by text message; the member's reply comes back to the case, and the robot stays out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from channels.message import Sender
from classifier import pipeline
from console.contract import LONGEST, NoWayBackError, TooLongError
from console.reach_contract import Wanted
from gateway.desk import HouseDesk
from gateway.house import House
from gateway.member_page import of_link
from gateway.reaching import HouseReach
from gateway.reading import ParserSettings, Parsing
from store import cases, links, schema, users
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
    # Not a word of it in the text message, which lies open on a screen: only that it is there, and where it is read.
    told, _, url = house.texts()[-1].rpartition(" ")
    assert told == f"Partenamut : nous vous avons répondu, référence {case.reference}. Lisez la réponse ici :"
    async with house.house.store.read() as tx:
        opened = await links.opened(tx, url.rpartition("/")[2], now=house.house.now())
        assert opened is not None
        page = await of_link(tx, opened, "", now=house.house.now(), saturdays=False)
    assert page is not None
    assert page.messages[-1].text == "Votre remboursement part demain. Est-ce bien le compte qui finit par 42 ?"
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


async def test_what_whatsapp_does_not_take(house: Joined, anne: Viewer) -> None:
    await without_mail(house, whatsapp=True)
    with pytest.raises(TooLongError):
        await answered(house, anne, "a" * (LONGEST["whatsapp"] + 1))


async def test_who_wrote_by_whatsapp_is_told_by_text_where_that_is_closed(
    house: Joined, anne: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await without_mail(house, whatsapp=True)
    house.house.settings.__dict__["whatsapp_number"] = ""
    await answered(house, anne, "Votre remboursement part demain.")
    later(monkeypatch, house, timedelta(minutes=1))
    await house.work()
    assert not house.twilio.sent[-1]["To"].startswith("whatsapp:")
    assert "nous vous avons répondu" in house.texts()[-1]


async def test_of_a_sealed_case_not_even_that_there_is_an_answer_goes_by_text(house: Joined, anne: Viewer) -> None:
    await without_mail(house)
    (case,) = await house.rows(schema.cases)
    async with house.house.store.write() as tx:
        assert [one.way for one in await desk(house).recipients(tx, case.id)] == ["phone"]
        await cases.change(tx, case.id, actor="system", act="case.corrected", now=house.house.now(), sealed=True)
        assert await desk(house).recipients(tx, case.id) == []
    with pytest.raises(NoWayBackError):
        await answered(house, anne, "Votre remboursement part demain.")


async def test_who_said_stop_is_not_written_to(house: Joined, anne: Viewer) -> None:
    await without_mail(house)
    await house.text("STOP")
    with pytest.raises(NoWayBackError):
        await answered(house, anne, "Votre remboursement part demain.")


async def test_a_number_in_the_place_of_one_that_wrote_by_whatsapp_gets_text_messages(
    house: Joined, anne: Viewer
) -> None:
    await without_mail(house, whatsapp=True)
    (case,) = await house.rows(schema.cases)
    new = Sender("phone", "+32470001199")
    wanted = Wanted("replace", "phone", "Questions posées.", contact_id=case.contact_id, sender=new)
    async with house.house.store.write() as tx:
        assert [one.way for one in await desk(house).recipients(tx, case.id)] == ["whatsapp"]
        now = house.house.now()
        await HouseReach(house.house).change(tx, anne, case.id, wanted, now=now, version=case.version)
        found = [(one.way, one.address) for one in await desk(house).recipients(tx, case.id)]
    assert found == [("phone", new.address)]
