"""Whole conversations in Chromium with the real house behind: by keyboard alone, in three languages, cut off and restarted."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.test_widget import OPEN_ROOTS, violations
from tests.gateway.embedded import Embedded, embedded

pytestmark = pytest.mark.browser

PASSWORD = "korrekt paard batterij nietje"
REFERENCE = re.compile(r"PM-\d{4}-\d{6}-\d{2}")


@dataclass
class Member:
    """Somebody with the chat open on a page of the mutual, who has a keyboard and nothing else."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    @property
    def log(self):  # type: ignore[no-untyped-def]
        return self.page.frame_locator(".panel iframe").locator("#log")

    @property
    def answers(self):  # type: ignore[no-untyped-def]
        return self.log.locator(".line.bot .text")

    async def open(self) -> None:
        """Walk to the launcher by Tab and open the chat."""
        launcher = self.page.locator("button.launcher")
        await expect(launcher).to_be_visible()
        for _ in range(40):
            await self.page.keyboard.press("Tab")
            if await launcher.evaluate("button => button.getRootNode().activeElement === button"):
                break
        await self.page.keyboard.press("Enter")
        await expect(self.page.frame_locator(".panel iframe").locator("#text")).to_be_focused()

    async def say(self, text: str) -> str:
        """Type and send; return what the robot answers."""
        before = await self.answers.count()
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")
        await expect(self.answers.nth(before)).to_be_visible(timeout=20_000)
        return str(await self.answers.last.text_content())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Embedded]:
    """A house of its own, as `make run` starts it."""
    with embedded(tmp_path / "house") as one:
        await asyncio.to_thread(one.start)
        yield one


async def comes(browser: Browser, house: Embedded, language: str, **options: object) -> Member:
    """Somebody opens the demonstration page in a language and the chat on it."""
    context = await browser.new_context(**options)  # type: ignore[arg-type]  # The test says what differs.
    await context.add_init_script(OPEN_ROOTS)
    member = Member(await context.new_page(), context)
    member.page.on("pageerror", lambda error: member.complaints.append(str(error)))
    member.page.on(
        "console",
        lambda message: member.complaints.append(message.text) if "Security Policy" in message.text else None,
    )
    await member.page.goto(f"http://127.0.0.1:{house.port}/widget/demo/{language}")
    await member.open()
    return member


def told(house: Embedded, query: str) -> list[tuple[object, ...]]:
    """What the register says."""
    with closing(sqlite3.connect(house.folder / "data" / "guichet.db")) as database:
        return database.execute(query).fetchall()


STORIES = {
    "fr": (
        "Bonjour, j'ai envoyé mes attestations de kiné en septembre et je n'ai toujours rien reçu",
        "Je voudrais être remboursée",
        "Marie Dubois, marie.dubois@mail.example",
        "oui",
    ),
    "nl": (
        "Goedendag, ik kreeg vorige maand een brief met een bedrag dat ik niet begrijp en de helpdesk hangt telkens op",
        "Een uitleg en excuses",
        "Jan Peeters, 0470 00 11 03",
        "ja",
    ),
    "en": (
        "helo, i have been wating for my reimbursment since agust and nobdy anwsers my emails",
        "i want my mony back pleas",
        "Emma Clarke, emma.clarke@mail.example",
        "yes",
    ),
}


@pytest.mark.parametrize("language", sorted(STORIES))
async def test_a_member_makes_a_complaint_by_keyboard_alone(browser: Browser, house: Embedded, language: str) -> None:
    member = await comes(browser, house, language)
    answer = ""
    for line in STORIES[language]:
        assert not REFERENCE.search(answer)
        answer = await member.say(line)
    found = REFERENCE.search(answer)
    assert found, answer
    ((reference, channel, spoken, state),) = told(house, "SELECT reference, channel, language, state FROM cases")
    assert (reference, channel, spoken, state) == (found[0], "chat", language, "open")
    assert await violations(member.page) == []
    await member.page.emulate_media(color_scheme="dark")
    assert await violations(member.page) == []
    assert member.complaints == []


async def test_a_cut_network_and_a_restart_lose_nothing_and_double_nothing(browser: Browser, house: Embedded) -> None:
    member = await comes(browser, house, "fr")
    story, wish, who, yes = STORIES["fr"]
    await member.say(story)
    await member.context.set_offline(True)
    await asyncio.sleep(1)
    before = await member.answers.count()
    await member.page.keyboard.type(wish)
    await member.page.keyboard.press("Enter")
    await expect(member.log.locator(".waiting")).to_have_count(1)
    await member.context.set_offline(False)
    await expect(member.answers.nth(before)).to_be_visible(timeout=30_000)
    await asyncio.to_thread(house.end)
    before = await member.answers.count()
    await member.page.keyboard.type(who)
    await member.page.keyboard.press("Enter")
    await expect(member.log.locator(".waiting")).to_have_count(1)
    await asyncio.to_thread(house.start)
    await expect(member.answers.nth(before)).to_be_visible(timeout=60_000)
    answer = await member.say(yes)
    assert REFERENCE.search(answer), answer
    await member.page.reload()
    await expect(member.page.locator("button.launcher")).to_be_visible()
    await member.open()
    await expect(member.log.locator(".line.you")).to_have_count(4)
    assert await member.log.locator(".line.you .text").all_text_contents() == [story, wish, who, yes]
    assert told(house, "SELECT count(*) FROM cases") == [(1,)]
    assert told(house, "SELECT count(*) FROM inbox WHERE fate = 'conversing'") == [(4,)]
    assert house.command("reconcile").returncode == 0
    assert member.complaints == []


async def mediator(browser: Browser, house: Embedded) -> Page:
    """Anne, signed in to the console in a browser of her own."""
    words = ("user", "add", "anne@partenamut.example", "--name", "Anne Lemaire", "--role", "mediator")
    added = house.command(*words, given=PASSWORD + "\n")
    assert added.returncode == 0, added.stdout + added.stderr
    context = await browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{house.port}/console/conversations")
    await page.get_by_label("Login").fill("anne@partenamut.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    return page


async def test_a_mediator_takes_over_and_the_robot_is_silent(browser: Browser, house: Embedded) -> None:
    member = await comes(browser, house, "fr")
    await member.say(STORIES["fr"][0])
    await member.say("je voudrais parler à une personne")
    anne = await mediator(browser, house)
    await expect(anne.get_by_role("region", name="Waiting for a person")).to_contain_text("attestations de kiné")
    await anne.get_by_role("link", name="No name yet").click()
    await anne.get_by_role("button", name="Take over").click()
    await anne.locator("#say-text").fill("Bonjour, je regarde votre dossier.")
    await anne.keyboard.press("Control+Enter")
    person = member.log.locator(".person-line .text")
    await expect(person).to_have_text("Bonjour, je regarde votre dossier.")
    robot = await member.answers.count()
    await member.page.keyboard.type("merci beaucoup madame")
    await member.page.keyboard.press("Enter")
    await anne.get_by_role("log").get_by_text("merci beaucoup madame").wait_for()
    await asyncio.sleep(2)
    assert await member.answers.count() == robot
    await anne.locator("#say-text").press_sequentially("Je")
    await expect(member.page.frame_locator(".panel iframe").get_by_text(re.compile("Anne L.*écrit"))).to_be_visible()
    await anne.locator("#say-text").fill("")
    await anne.get_by_role("button", name="Give back to the robot").click()
    await expect(member.answers.nth(robot)).to_be_visible(timeout=20_000)
    answer = ""
    for line in (*STORIES["fr"][1:3], "oui", "oui"):
        answer = await member.say(line)
        if REFERENCE.search(answer):
            break
    found = REFERENCE.search(answer)
    assert found, answer
    await anne.goto(f"http://127.0.0.1:{house.port}/console/case/{found[0]}")
    for words in (STORIES["fr"][0], "Bonjour, je regarde votre dossier.", "merci beaucoup madame"):
        await expect(anne.get_by_text(words).first).to_be_visible()
    assert member.complaints == []


async def test_a_picture_of_a_paper_goes_with_the_complaint(browser: Browser, house: Embedded) -> None:
    member = await comes(browser, house, "fr")
    chat = member.page.frame_locator(".panel iframe")
    await member.say(STORIES["fr"][0])
    before = await member.answers.count()
    await chat.locator("#pick").set_input_files(
        {"name": "attestation.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    await expect(chat.locator("#files li")).to_contain_text("attestation.jpg")
    await chat.locator("#send").click()
    await expect(member.answers.nth(before)).to_be_visible(timeout=20_000)
    await chat.locator("#text").focus()
    answer = ""
    for line in STORIES["fr"][1:]:
        answer = await member.say(line)
    assert REFERENCE.search(answer), answer
    query = (
        "SELECT count(*) FROM message_files JOIN messages ON messages.id = message_files.message_id"
        " JOIN cases ON cases.id = messages.case_id WHERE message_files.type = 'image/jpeg'"
    )
    assert told(house, query) == [(1,)]
    assert member.complaints == []


def picture() -> bytes:
    """A photo of next to nothing."""
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "JPEG")
    return drawn.getvalue()
