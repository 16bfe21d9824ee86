"""Telling members of a door in trouble: put up by a supervisor, read by members, ended by hand or by time, recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from chatbot.dialogue import step
from chatbot.events import Opened
from chatbot.replies import render
from chatbot.state import begin
from config.announcements import LONGEST, announcements, stand, standing
from config.vocabulary import CHANNELS, LANGUAGES
from gateway.conversing import Known, staffed
from gateway.house import House
from gateway.wording_in_use import WordingInUse
from store import audit
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import NOW, PASSWORD

SUPERVISOR = Viewer(1, "Test", "supervisor", medical=True)
PAGE = "/console/channels/announce"


@pytest.fixture(autouse=True)
def nothing_stands_afterwards() -> Iterator[None]:
    """What stands is the same for the whole process."""
    yield
    stand(())


def _typed(page: str) -> dict[str, str]:
    """What the page's form would send."""
    texts = re.findall(r'<textarea id="(text-\w\w)"[^>]*>([^<]*)</textarea>', page)
    until = re.search(r'name="until"[^>]* value="([^"]*)"', page)
    assert until
    return {"until": until.group(1)} | {name: unescape(text) for name, text in texts}


async def _members_read(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """What every process does each few seconds, by the clock of the test."""
    with monkeypatch.context() as patched:
        patched.setattr(House, "now", lambda _: running.clock())
        await WordingInUse(running.talks.house).look()


async def _put_up(browser: Browser, door: str, **changed: str) -> str:
    page = await browser.get(f"{PAGE}?door={door}")
    return await browser.post(PAGE, door=door, **{**_typed(page), **changed})


def test_every_ready_sentence_fits_and_offers_only_what_works() -> None:
    ready = announcements()
    for name in ready.ready:
        for door in CHANNELS:
            filled = ready.filled(name, door, ("email",))
            assert set(filled) == set(LANGUAGES)
            for language, sentence in filled.items():
                assert len(sentence) <= LONGEST
                assert "{" not in sentence
                other = ready.doors["email"][language]
                assert (other in sentence) == (door == "email"), sentence
    everything = ready.filled("down", "whatsapp", CHANNELS)
    assert "by telephone" in everything["en"]


async def test_a_ready_sentence_is_changed_and_read_by_members(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get(f"{PAGE}?door=whatsapp&ready=late")
    assert "We answer more slowly on WhatsApp than usual" in page
    page = await luc.get(f"{PAGE}?door=whatsapp&ready=<script>")
    assert "<script>" not in page
    page = await _put_up(
        luc, "whatsapp", **{"text-fr": "WhatsApp est  en panne.\nPassez par <b>le formulaire</b> {works}."}
    )
    assert "Members read it within a few seconds." in page
    assert "What members read now" in page
    assert standing() == {}
    await _members_read(running, monkeypatch)
    assert standing()["fr"] == ("WhatsApp est en panne. Passez par <b>le formulaire</b> {works}.",)
    async with running.house.store.read() as tx:
        (line,) = await audit.search(tx, SUPERVISOR, audit.Asked(act="announcement.put_up"))
    assert line.detail["door"] == "whatsapp"
    assert "panne" not in str(line.detail)
    assert "Members told of trouble" in await luc.get("/console/audit?act=announcement.put_up")


async def test_the_robot_says_it_once_at_the_beginning(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    luc = await running.sign_in("luc")
    await _put_up(luc, "sms")
    await _members_read(running, monkeypatch)
    (sentence,) = standing()["nl"]
    house = staffed(NOW)
    for shape in ("chat", "sms"):
        out = step(begin(shape, "nl"), Opened(), Known(), house, NOW)  # type: ignore[arg-type]  # Two of the shapes.
        assert [reply.key for reply in out.replies][:2] == ["greet", "announced"]
        told = "\n".join(message.text for message in render(out.replies, shape, "nl"))  # type: ignore[arg-type]  # As above.
        assert told.count(sentence) == 1
        assert not [
            reply for reply in step(out.state, Opened(), Known(), house, NOW).replies if reply.key == "announced"
        ]


async def test_it_ends_by_itself(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    luc = await running.sign_in("luc")
    await _put_up(luc, "telegram")
    await _members_read(running, monkeypatch)
    assert len(standing()["de"]) == 1
    running.clock.forward(hours=5)
    await _members_read(running, monkeypatch)
    assert standing() == {}
    assert "What members read now" not in await luc.get("/console/channels")


async def test_it_is_taken_off_by_hand_and_twice_does_no_harm(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    luc = await running.sign_in("luc")
    page = await _put_up(luc, "email")
    number = re.search(r'name="number" value="(\d+)"', page)
    assert number
    page = await luc.post(f"{PAGE}/end", number=number.group(1))
    assert "do not read it any more" in page
    assert "What members read now" not in page
    await luc.post(f"{PAGE}/end", number=number.group(1))
    await luc.post(f"{PAGE}/end", number="'--", status=404)
    await _members_read(running, monkeypatch)
    assert standing() == {}
    async with running.house.store.read() as tx:
        assert len(await audit.search(tx, SUPERVISOR, audit.Asked(act="announcement.taken_off"))) == 1


async def test_a_new_sentence_about_a_door_takes_the_old_ones_place(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    luc = await running.sign_in("luc")
    await _put_up(luc, "sms")
    await _put_up(luc, "chat")
    page = await luc.get(f"{PAGE}?door=sms")
    assert "stands already" in page
    await _put_up(luc, "sms", **{"text-en": "Text messages are back tomorrow."})
    await _members_read(running, monkeypatch)
    assert len(standing()["en"]) == 2
    assert "Text messages are back tomorrow." in standing()["en"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"text-de": "  "}, "in all four languages"),
        ({"text-nl": "x" * (LONGEST + 1)}, "at most 280 characters"),
        ({"until": "2020-01-01T10:00"}, "must lie ahead"),
        ({"until": "2200-01-01T10:00"}, "must lie ahead"),
        ({"until": "soon"}, "must lie ahead"),
    ],
)
async def test_what_is_not_whole_is_given_back_as_it_was_typed(
    running: Running, changed: dict[str, str], told: str
) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get(f"{PAGE}?door=sms")
    page = await luc.post(PAGE, door="sms", status=422, **{**_typed(page), "text-fr": "Gardez <ceci>.", **changed})
    assert told in page
    assert "Gardez &lt;ceci&gt;." in page
    assert "What members read now" not in await luc.get("/console/channels")


async def test_a_door_that_does_not_exist_has_no_page(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get(f"{PAGE}?door=carrier-pigeon", status=404)


async def test_it_asks_for_the_password_again_and_loses_nothing(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get(f"{PAGE}?door=sms")
    running.clock.forward(minutes=6)
    await luc.post(PAGE, door="sms", status=403, **_typed(page))
    page = await luc.post(PAGE, door="sms", proof=PASSWORD, **_typed(page))
    assert "What members read now" in page
