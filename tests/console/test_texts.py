"""The texts for members: checked whole, published with a comment and, for a refusal, by a second person (rules R1, S10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from config.vocabulary import LANGUAGES
from config.wording import shipped, use, wording
from console.door_contract import OpenDoor
from console.text_cells import differences, shipped_body
from console.words import LANGUAGES as CONSOLE_LANGUAGES
from console.words import ConsoleLanguage, catalogue
from gateway.wording_in_use import WordingInUse
from router.text_check import PARTS, checked, combinations
from router.texts import FLAGS, NAMES
from store import audit as log
from store import outbox
from store.schema import audit, published_texts, users
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import NOW, PASSWORD

SUPERVISOR = Viewer(1, "Test", "supervisor")


@pytest.fixture(autouse=True)
def _as_shipped() -> Iterator[None]:
    """Whatever a test publishes, the next one begins with the shipped texts."""
    yield
    use({})


def _fields(situation: str, **changed: str) -> dict[str, str]:
    """The fields of the editor as they stand, with some changed ("long_fr")."""
    body = shipped_body(situation)
    fields = {f"{part}-{language}": body[language][part] for language in LANGUAGES for part in PARTS}
    return fields | {name.replace("_", "-"): value for name, value in changed.items()}


async def _published(browser: Browser, situation: str, status: int = 200, comment: str = "Plus court") -> str:
    """Publish the draft that the page shows, with the password when it is asked for."""
    await browser.get(f"/console/texts/{situation}")
    return await browser.post(f"/console/texts/{situation}/publish", status, text=comment, proof=PASSWORD)


def test_every_shipped_text_passes_the_look_at_it() -> None:
    for language, words in shipped().items():
        for situation, text in words.situations.items():
            found = checked(situation, language, text.subject, text.long, text.short)
            assert found.problems == (), (language, situation)
            assert 1 <= found.sms <= 3


@pytest.mark.parametrize(
    ("part", "change", "key"),
    [
        ("subject", lambda _: " ", "missing"),
        ("long", lambda text: text.replace("{reference}", "1"), "lost_name"),
        ("long", lambda text: text.replace("{due_on}", "demain"), "lost_name"),
        ("long", lambda text: text.replace("tribunaux", "x"), "no_courts"),
        ("long", lambda text: text + " {secret}", "no_name"),
        ("long", lambda text: text + " {name.__class__}", "no_name"),
        ("long", lambda text: text + " {{ 7*7 }}", "stray"),
        ("long", lambda text: text + " [unknown: x]", "no_condition"),
        ("long", lambda text: text + "x" * 6000, "long"),
        ("short", lambda text: "{name} " + text, "name_in_the_open"),
        ("short", lambda text: text + " a" * 200, "sms_long"),
        ("long", lambda text: text + "\n\n[due: x]  .", "gap"),
    ],
)
def test_what_would_harm_a_member_is_found(part: str, change: object, key: str) -> None:
    given = dict(shipped_body("mediation")["fr"])
    given[part] = change(given[part])  # type: ignore[operator]  # Each of them takes and gives a text.
    found = checked("mediation", "fr", given["subject"], given["long"], given["short"])
    assert key in {problem.key for problem in found.problems}


def test_conditions_that_exclude_each_other_never_hold_together() -> None:
    every = list(combinations(frozenset({"due", "no_due", "weekdays", "saturdays", "to_open", "to_copy"})))
    assert len(every) == len(set(every)) == 2 * 2 * 6
    assert all(("due" in flags) != ("no_due" in flags) for flags in every)


def test_differences_are_told_word_by_word() -> None:
    before, after = shipped_body("code"), shipped_body("code")
    after["fr"]["short"] = before["fr"]["short"] + " Merci."
    ((language, part, pieces),) = differences(before, after)
    assert (language, part) == ("fr", "short")
    assert [kind for kind, _ in pieces] == ["same", "new"]
    assert "".join(words for kind, words in pieces if kind != "gone") == after["fr"]["short"]


async def test_the_grid_shows_every_situation_in_every_language(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/texts")
    assert page.count("<tbody>") == len(shipped()["fr"].situations)
    assert page.count("✓ ok") == len(shipped()["fr"].situations) * 8 + 0
    page = await tom.get("/console/texts/mediation")
    assert "Publish" not in page
    assert "readonly" in page


async def test_a_text_is_drafted_published_taken_over_and_taken_back(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/texts/compliment")
    new = shipped_body("compliment")["fr"]["long"] + "\n\nBelle journée."
    page = await luc.post("/console/texts/compliment/draft", **_fields("compliment", long_fr=new))
    assert "The draft is saved" in page
    assert "<ins>" in page
    assert wording()["fr"].situations["compliment"] == shipped()["fr"].situations["compliment"]
    page = await _published(luc, "compliment")
    assert "within seconds" in page
    assert page.count("OLD</span>") == 6
    taking_over = WordingInUse(running.talks.house)
    assert await taking_over.look()
    assert not await taking_over.look()
    assert wording()["fr"].situations["compliment"].long == new
    async with running.house.store.read() as tx:
        acts = (await tx.conn.execute(select(audit.c.act, audit.c.detail).order_by(audit.c.id.desc()).limit(1))).one()
    assert acts.act == "texts.published"
    assert "Belle journée" not in str(acts.detail)
    page = await luc.get("/console/texts/compliment")
    assert "Plus court" in page
    page = await luc.post("/console/texts/compliment/return", number="0")
    assert "earlier text again" in page
    assert await taking_over.look()
    assert wording()["fr"].situations["compliment"] == shipped()["fr"].situations["compliment"]


async def test_a_language_that_was_read_again_is_not_old(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/texts/suggestion")
    french = shipped_body("suggestion")["fr"]["long"] + "\n\nMerci encore."
    dutch = shipped_body("suggestion")["nl"]["long"] + "\n\nNogmaals dank."
    fields = _fields("suggestion", long_fr=french, long_nl=dutch) | {"again-de": "on"}
    await luc.post("/console/texts/suggestion/draft", **fields)
    page = await _published(luc, "suggestion")
    assert page.count("OLD</span>") == 2


async def test_a_text_that_lacks_what_a_member_needs_is_not_published(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/texts/mediation")
    page = await luc.post("/console/texts/mediation/draft", **_fields("mediation", short_de=""))
    alert = page[page.index('role="alert"') : page.index('id="draft"')]
    assert '<a href="#short-de">Deutsch, Short (SMS, chat)</a>: Nothing is written here.' in alert
    # Where the browser goes after saving: to the top, and to the preview only of a sound text.
    answer = await luc.send("/console/texts/mediation/draft", **_fields("mediation", short_de=""))
    assert answer.history[0].headers["Location"].endswith("done=saved&as=email")
    await luc.get("/console/texts/mediation")
    answer = await luc.send("/console/texts/mediation/draft", **_fields("mediation"))
    assert answer.history[0].headers["Location"].endswith("#preview")
    await luc.get("/console/texts/mediation")
    await luc.post("/console/texts/mediation/draft", **_fields("mediation", short_de=""))
    page = await _published(luc, "mediation", 409)
    assert "not published" in page
    grid = await luc.get("/console/texts")
    assert "-- missing" in grid
    assert "draft, Luc Simon" in grid
    async with running.house.store.read() as tx:
        assert (await tx.conn.execute(select(published_texts))).all() == []


async def test_a_refusal_is_published_by_another_than_who_wrote_it(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.get("/console/texts/anonymous")
    new = shipped_body("anonymous")["fr"]["long"] + "\n\nMerci."
    page = await luc.post("/console/texts/anonymous/draft", **_fields("anonymous", long_fr=new))
    assert "another supervisor reads it here" in page
    page = await luc.post("/console/texts/anonymous/publish", 409, text="x", version="1", proof=PASSWORD)
    assert "You wrote this draft" in page
    # She finds on her pages that it waits for her; he is not told of his own.
    page = await sofie.get("/console/texts")
    assert "Luc Simon wrote a refusal that another supervisor reads and publishes" in page
    assert "1 waits for you" in page
    assert "waits for you" not in await luc.get("/console/texts")
    await _published(sofie, "anonymous")
    assert "waits for you" not in await sofie.get("/console/texts")
    page = await luc.get("/console/texts/anonymous")
    assert "read by Sofie Claes" in page


async def test_publishing_asks_for_the_password_and_for_a_reason(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/texts/compliment")
    new = shipped_body("compliment")["fr"]["long"] + "\n\nMerci."
    await luc.post("/console/texts/compliment/draft", **_fields("compliment", long_fr=new))
    running.clock.forward(minutes=6)
    answer = await luc.send("/console/texts/compliment/publish", text="Plus clair", version="1")
    assert answer.status == 403
    assert 'name="proof"' in await answer.text()
    page = await luc.post("/console/texts/compliment/publish", 409, text=" ", version="1", proof=PASSWORD)
    assert "Say in a few words" in page


async def test_two_people_on_one_draft_see_each_other(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    mine, theirs = (shipped_body("code")["fr"]["long"] + f"\n\n{word}" for word in ("Un.", "Deux."))
    await luc.get("/console/texts/code")
    await sofie.get("/console/texts/code")
    await luc.post("/console/texts/code/draft", **_fields("code", long_fr=theirs))
    page = await sofie.post("/console/texts/code/draft", 409, **_fields("code", long_fr=mine))
    assert "Somebody changed this draft meanwhile" in page
    assert "Un." in re.sub(r"<[^>]+>", "", page[page.index("side-by-side") :])
    assert "Deux." in page


async def test_previews_show_each_channel_and_hide_who_a_past_case_is_of(running: Running) -> None:
    tom = await running.sign_in("tom")
    for way in ("email", "sms", "chat", "letter"):
        page = unescape(await tom.get(f"/console/texts/mediation?as={way}"))
        assert "PM-2026-004217-75" in page
    page = unescape(await tom.get("/console/texts/mediation?as=email&past"))
    told = page[page.index('id="preview"') : page.index('id="history-title"')]
    assert "PM-2026-••••••-••" in told
    assert "Dubois" not in told
    assert "Peeters" not in told


async def test_markup_in_a_text_is_shown_as_words(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/texts/compliment")
    evil = shipped_body("compliment")["fr"]["long"] + " <script>alert(1)</script>"
    page = await luc.post("/console/texts/compliment/draft", **_fields("compliment", long_fr=evil))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_an_unknown_situation_or_number_is_not_there(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/texts/nothing", 404)
    await luc.get("/console/texts/code")
    for number in ("99", "x", "9" * 30):
        await luc.post("/console/texts/code/return", 404, number=number, proof=PASSWORD)


async def _login(running: Running, login: str, new: str) -> None:
    async with running.house.store.write() as tx:
        await tx.conn.execute(update(users).where(users.c.login == login).values(login=new))


async def test_a_text_is_sent_to_who_writes_it_by_the_real_way_out(running: Running) -> None:
    await _login(running, "luc", "luc@partenamut.example")
    running.looks.open = [OpenDoor("sms", "+3225550122", "+32470001199")]
    luc = await running.sign_in("luc@partenamut.example")
    await luc.get("/console/texts/compliment")
    new = shipped_body("compliment")["nl"]["long"] + "\n\nFijne dag, {{ 7*7 }} <b>."
    await luc.post("/console/texts/compliment/draft", **_fields("compliment", long_nl=new.replace("{{ 7*7 }} ", "")))
    page = await luc.post("/console/texts/compliment/try", way="email", language="nl")
    assert "on its way to you" in page
    await luc.post("/console/texts/compliment/try", way="sms", language="fr")
    async with running.house.store.write() as tx:
        going = [one.message for one in await outbox.claim(tx, limit=20, now=NOW, lease=timedelta(minutes=1))]
        acts = await log.search(tx, SUPERVISOR, log.Asked(act="texts.tried"))
    mail, text = [message for message in going if message.key.startswith("try-")]
    assert (mail.recipient, mail.language, mail.auto) == ("luc@partenamut.example", "nl", True)
    assert mail.subject.startswith("[Test] ")
    assert "Fijne dag, <b>." in mail.text
    assert "PM-2026-004217-75" in mail.text
    assert (text.channel, text.recipient, text.account) == ("sms", "+32470001199", "+3225550122")
    assert sorted(running.desk.woken)
    assert [line.detail["channel"] for line in acts] == ["sms", "email"]


async def test_a_text_goes_to_nobody_else_and_not_broken(running: Running) -> None:
    luc = await running.sign_in("luc")
    page = await luc.get("/console/texts/compliment")
    assert "if your login were a mail address" in page
    for fields in ({"way": "email", "language": "fr"}, {"way": "sms", "language": "fr"}, {"way": "x"}):
        await luc.post("/console/texts/compliment/try", 404, **fields)
    running.looks.open = [OpenDoor("sms", "+3225550122", "+32470001199")]
    await luc.get("/console/texts/compliment")
    await luc.post("/console/texts/compliment/draft", **_fields("compliment", short_fr="{nothing"))
    page = await luc.post("/console/texts/compliment/try", 409, way="sms", language="fr")
    assert "cannot be sent" in page
    async with running.house.store.write() as tx:
        going = await outbox.claim(tx, limit=20, now=NOW, lease=timedelta(minutes=1))
    assert not [one for one in going if one.message.key.startswith("try-")]


async def test_who_writes_a_text_is_named_to_who_opens_it_and_who_read_it_last_to_all(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.get("/console/texts/code")
    new = shipped_body("code")["fr"]["long"] + "\n\nUn."
    await luc.post("/console/texts/code/draft", **_fields("code", long_fr=new))
    assert "Luc Simon is writing this text" in await sofie.get("/console/texts/code")
    assert "is writing this text" not in await luc.get("/console/texts/code")
    page = await sofie.post("/console/texts/code/draft", 409, version="0", **_fields("code", long_fr=new + " Deux."))
    assert page.count("Luc Simon wrote here meanwhile") == 1
    running.clock.forward(minutes=16)
    assert "is writing this text" not in await sofie.get("/console/texts/code")
    await _published(sofie, "code")
    grid = await luc.get("/console/texts")
    assert grid.count("last read by Sofie Claes") == 1
    # Who publishes their own words has been read by nobody.
    await luc.get("/console/texts/link")
    await luc.post(
        "/console/texts/link/draft", **_fields("link", long_fr=shipped_body("link")["fr"]["long"] + "\n\nUn.")
    )
    await _published(luc, "link")
    grid = await luc.get("/console/texts")
    assert grid.count("last published by Luc Simon") == 1
    assert "last read by Luc Simon" not in grid
    assert grid.count("as delivered, never changed") == len(shipped()["fr"].situations) - 2


@pytest.mark.parametrize("language", CONSOLE_LANGUAGES)
def test_each_name_and_condition_of_texts_is_explained(language: ConsoleLanguage) -> None:
    words = catalogue()[language]
    for group, names in (("name", NAMES), ("condition", FLAGS)):
        assert {name for name in names if f"texts.{group}.{name}" not in words} == set()
