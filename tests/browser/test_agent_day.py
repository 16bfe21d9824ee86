"""An agent's day in a real browser, by keyboard alone: a call, a counter, a letter, a lost line; and what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page
from pydantic import SecretStr
from sqlalchemy import select

from classifier import pipeline
from config.mailboxes import load_mailboxes
from gateway.delivery import Delivery
from gateway.intake import Intake
from gateway.metrics import Metrics
from store import schema
from tests.browser.test_console import Watched, chromium
from tests.browser.test_talks import found
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD
from tests.gateway.conftest import DirectClassifying, DirectParsing, Sink, model

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "model", "running"]

pytestmark = pytest.mark.browser
STORY = "Mes indemnités d'octobre ne sont pas arrivées et personne ne me rappelle."


class Suggesting(DirectClassifying):
    """The shipped classifier, which is there from the start."""

    ready = True


@dataclass
class Desk:
    """The agent's browser, and the house behind it."""

    watched: Watched
    running: Running
    sink: Sink
    intake: Intake
    delivery: Delivery
    # One at a time: the worker of the background, and who waits until it has nothing left.
    turn: asyncio.Lock

    async def drained(self) -> None:
        """Work until nothing is left to read or to send."""
        async with self.turn:
            while await self.intake.work_once():
                pass
            while await self.delivery._take():
                while self.delivery._under_way:
                    await next(iter(self.delivery._under_way))

    @property
    def page(self) -> Page:
        """The agent's page."""
        return self.watched.page

    async def new(self) -> None:
        """An empty entry, by its key: once the page is there with its scripts, which hear it."""
        await self.page.wait_for_load_state()
        await self.page.keyboard.press("n")
        await self.page.get_by_role("heading", name="New entry").wait_for()

    async def keys(self, *pressed: str) -> None:
        """Press keys; what is longer than the name of a key is typed."""
        for one in pressed:
            if one in ("Tab", "Enter", "Space", "ArrowRight", "ArrowLeft") or "+" in one:
                await self.page.keyboard.press(one)
            else:
                await self.page.keyboard.type(one)

    async def case(self) -> tuple[str, str, str]:
        """Reference, channel and day of the newest case."""
        async with self.running.house.store.read() as tx:
            row = (await tx.conn.execute(select(schema.cases).order_by(schema.cases.c.id.desc()).limit(1))).one()
        return row.reference, row.channel, row.received_at.date().isoformat()

    async def acts(self, reference: str) -> list[str]:
        """What was done to a case."""
        acts = select(schema.audit.c.act).join(schema.cases, schema.cases.c.id == schema.audit.c.case_id)
        async with self.running.house.store.read() as tx:
            return list(await tx.conn.scalars(acts.where(schema.cases.c.reference == reference)))

    async def count(self) -> int:
        """How many cases there are."""
        async with self.running.house.store.read() as tx:
            return len((await tx.conn.execute(select(schema.cases.c.id))).all())


@pytest.fixture
async def desk(running: Running, chromium: Browser, model: pipeline.Classifier) -> AsyncIterator[Desk]:
    """Fatima at her desk, signed in; workers work, and what goes out is kept."""
    house, sink, metrics = running.talks.house, Sink(), Metrics()
    object.__setattr__(house, "now", running.clock)
    object.__setattr__(house, "mailboxes", load_mailboxes(house.settings.mailboxes))
    object.__setattr__(house.settings, "sms_number", "+32460001100")
    object.__setattr__(house.settings, "twilio_auth_token", SecretStr("t" * 32))
    classifying = Suggesting(model)
    object.__setattr__(running.entries, "classifying", classifying)
    object.__setattr__(running.entries.door, "patience", 20)
    intake = Intake(house, DirectParsing(house, ""), classifying, metrics)  # type: ignore[arg-type]  # the same methods
    delivery = Delivery(house, {"email": sink, "sms": sink}, metrics)

    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    watched = Watched(page, running.base_url)
    await page.goto(f"{running.base_url}/console/sign-in")
    await page.locator("#login:focus").wait_for()
    await page.keyboard.type("fatima")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="All cases").wait_for()
    desk = Desk(watched, running, sink, intake, delivery, asyncio.Lock())

    async def work() -> None:
        while True:
            await desk.drained()
            await asyncio.sleep(0.05)

    working = asyncio.create_task(work())
    yield desk
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    await context.close()


async def test_a_call_from_the_first_word_to_the_printed_slip(desk: Desk) -> None:
    page = desk.page
    await desk.new()
    # The channel stands before the story, which has the focus: back to it, one on, and forth again.
    await desk.keys("Shift+Tab", "ArrowRight", "Tab", STORY)
    seems = page.locator("#seems")
    await seems.get_by_text("complaint").wait_for()
    await seems.get_by_text("Sickness benefits").wait_for()
    await page.get_by_text("if you do not record it").wait_for()
    # Nobody chose a language: the words did.
    assert await page.get_by_label("Français").is_checked()
    await desk.keys("Tab", "Nadine Colson", "Tab", "Tab", "0470 00 99 88", "Control+Enter")
    await page.get_by_role("heading", name="It is recorded").wait_for()
    reference, channel, _ = await desk.case()
    assert channel == "phone"
    _, _, number, check = reference.split("-")
    aloud = await page.locator(".read-aloud").inner_text()
    assert f"Votre numéro est le 2026, {number}, {check}." in aloud
    assert "Vous recevez le résultat" in aloud
    assert await found(page) == []
    assert await page.evaluate("document.activeElement.textContent") == "Print the slip"
    # On paper the slip stands alone.
    await page.emulate_media(media="print")
    shown = await page.evaluate("document.body.innerText")
    assert reference in shown
    assert "Votre code" in shown
    for other in ("Read aloud", "Print the slip", "All cases", "Fatima", "was printed"):
        assert other not in shown
    assert (await page.pdf(format="A5"))[:5] == b"%PDF-"
    await page.emulate_media(media="screen")
    # Whichever way it was printed, the case says so, once, and nothing more is asked of anybody.
    await page.get_by_text("The case tells that the slip was printed.").wait_for()
    await desk.keys("Enter")
    assert (await desk.acts(reference)).count("case.slip_printed") == 1
    await desk.keys("Alt+n")
    await page.get_by_role("heading", name="New entry").wait_for()
    assert await page.evaluate("document.activeElement.id") == "text"
    # The workplace is one for calls from now on.
    assert await page.get_by_label("Phone").first.is_checked()
    assert desk.watched.troubles == []
    assert desk.watched.dialogs == []


async def test_the_receipt_is_in_the_outbox_by_mail_or_as_a_text_message(desk: Desk) -> None:
    page = desk.page
    for way, steps in (("email", 1), ("sms", 2)):
        await desk.new()
        await desk.keys(f"{STORY} {way}", "Tab", "Nadine Colson", "Tab", "Tab", "0470 00 99 88", "Tab")
        await desk.keys("nadine@mail.example", "Tab", "Tab", *["ArrowRight"] * steps, "Control+Enter")
        await page.get_by_role("heading", name="It is recorded").wait_for()
        reference, _, _ = await desk.case()
        await desk.drained()
        (sent,) = (sent for sent in desk.sink.sent if reference in sent.text)
        assert (sent.channel, sent.recipient) == (way, {"email": "nadine@mail.example", "sms": "+32470009988"}[way])
    assert desk.watched.troubles == []


async def test_who_speaks_another_language_than_the_colleague_writes_is_answered_in_theirs(desk: Desk) -> None:
    page = desk.page
    await desk.new()
    # Three times on from the name to the mail, and once to the languages: from French, which the words are in, to Dutch.
    await desk.keys(STORY)
    await page.locator("#seems").get_by_text("complaint").wait_for()
    await desk.keys("Tab", "Lien Maes", "Tab", "Tab", "Tab", "lien@mail.example", "Tab", "ArrowRight", "Control+Enter")
    await page.get_by_role("heading", name="It is recorded").wait_for()
    assert "Uw nummer is" in await page.locator(".read-aloud").inner_text()
    await desk.drained()
    (sent,) = desk.sink.sent
    assert sent.language == "nl"


async def test_words_are_added_to_the_open_case_of_the_same_person(desk: Desk) -> None:
    page, before = desk.page, await desk.count()
    await desk.new()
    await desk.keys("Elle a reçu hier un rappel de son propriétaire.", "Tab", "Marie Dubois", "Tab", "1234567")
    case = page.locator("#seems").get_by_text(desk.running.house.references["marie"]).first
    await case.wait_for()
    await desk.keys("Alt+1")
    await page.get_by_role("heading", name="It is added to the case").wait_for()
    assert await page.locator(".big-reference").inner_text() == desk.running.house.references["marie"]
    assert await desk.count() == before
    await page.get_by_role("link", name="See the case").focus()
    await desk.keys("Enter")
    await page.get_by_text("rappel de son propriétaire").last.wait_for()
    assert desk.watched.troubles == []


async def test_a_letter_begins_on_the_day_it_arrived_and_bears_its_scan(desk: Desk) -> None:
    page = desk.page
    await desk.new()
    await desk.keys("Shift+Tab", "ArrowRight", "ArrowRight")
    await page.get_by_label("The letter arrived on").focus()
    # As a Belgian date is typed: the field takes its parts one after the other.
    await page.get_by_label("The letter arrived on").fill("2026-11-20")
    await page.locator("#text").focus()
    await desk.keys(STORY, "Tab", "Nadine Colson")
    await page.get_by_text("Scan, papers").focus()
    await desk.keys("Enter")
    scan = {"name": "lettre.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%%EOF"}
    await page.get_by_label("Scan or photos").set_input_files([scan])  # type: ignore[list-item]  # as playwright takes it
    await desk.keys("Control+Enter")
    await page.get_by_role("heading", name="It is recorded").wait_for()
    _, channel, day = await desk.case()
    assert (channel, day) == ("letter", "2026-11-20")
    assert "20 novembre 2026" in await page.locator(".slip").inner_text()
    await page.get_by_role("link", name="See the case").click()
    assert await page.get_by_text("lettre.pdf").first.is_visible()
    assert desk.watched.troubles == []


async def test_without_a_connection_entries_wait_and_are_sent_once_it_is_back(desk: Desk) -> None:
    page, before = desk.page, await desk.count()
    await desk.new()
    await desk.keys(STORY, "Tab", "Marie Dubois", "Tab", "1234567")
    await page.locator("#seems").get_by_text("Alt 1").wait_for()
    await page.context.set_offline(True)
    await desk.keys("Control+Enter")
    await page.get_by_text("The connection is lost").wait_for()
    # The next member meets an empty page: nothing of the one before, whose cases no key leads to any more.
    assert await page.locator("#text").input_value() == ""
    assert await page.locator("#seems [data-alt]").count() == 0
    assert await page.evaluate("document.activeElement.id") == "text"
    await desk.keys("Ma carte ne marche plus à la pharmacie.", "Tab", "Karim Aziz", "Control+Enter")
    await page.locator("#waiting li").nth(1).wait_for()
    assert await desk.count() == before
    await page.context.set_offline(False)
    await page.get_by_text("Everything that waited is recorded now.").wait_for()
    assert await page.locator("#waiting a").count() == 2
    await desk.drained()
    assert await desk.count() == before + 2
    assert await found(page) == []
    # Chromium says on its console that the line was cut.
    assert [trouble for trouble in desk.watched.troubles if "ERR_INTERNET_DISCONNECTED" not in trouble] == []


async def test_whoever_was_signed_out_signs_in_elsewhere_and_loses_no_entry(desk: Desk) -> None:
    page, before = desk.page, await desk.count()
    await desk.new()
    await desk.keys(STORY, "Tab", "Nadine Colson")
    desk.running.clock.forward(minutes=40)
    await desk.keys("Control+Enter")
    await page.get_by_text("You are signed out").wait_for()
    assert await desk.count() == before
    other = await page.context.new_page()
    await other.goto(f"{desk.running.base_url}/console/sign-in")
    await other.get_by_label("Login").fill("fatima")
    await other.get_by_label("Password").fill(PASSWORD)
    await other.keyboard.press("Enter")
    await other.get_by_role("heading", name="All cases").wait_for()
    await page.get_by_text("Everything that waited is recorded now.").wait_for()
    await desk.drained()
    assert await desk.count() == before + 1
    assert [trouble for trouble in desk.watched.troubles if "40" not in trouble] == []


async def test_what_was_refused_while_it_waited_is_looked_at_again(desk: Desk) -> None:
    page = desk.page
    await desk.new()
    await desk.keys(STORY, "Tab", "Nadine Colson", "Tab", "Tab", "12")
    await page.context.set_offline(True)
    await desk.keys("Control+Enter")
    await page.get_by_text("The connection is lost").wait_for()
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Look at it").click()
    await page.get_by_role("heading", name="There is something to check").wait_for()
    assert await page.locator("#text").input_value() == STORY
    assert await page.get_by_label("First and last name").input_value() == "Nadine Colson"
    await page.locator("#phone").fill("0470 00 99 88")
    await desk.keys("Control+Enter")
    await page.get_by_role("heading", name="It is recorded").wait_for()


async def test_an_entry_is_left_and_gone_on_with(desk: Desk) -> None:
    page = desk.page
    await desk.new()
    await desk.keys(STORY, "Tab", "Nadine Colson")
    await page.get_by_text("if you do not record it").wait_for()
    # The phone rings: the server has it, so that nobody asks whether it may be lost.
    await page.get_by_role("link", name="Mine").first.click()
    await page.get_by_role("heading", name="Mine", level=1).wait_for()
    await desk.new()
    await page.get_by_text("1 not recorded yet").wait_for()
    assert await page.get_by_text("kept until 25 November").is_visible()
    await page.get_by_role("link", name="Nadine Colson").focus()
    await desk.keys("Enter")
    await page.wait_for_url("**/console/entry/*")
    assert await page.locator("#text").input_value() == STORY
    await desk.keys("Control+Enter")
    await page.get_by_role("heading", name="It is recorded").wait_for()
    assert desk.watched.dialogs == []
    assert desk.watched.troubles == []


async def test_what_cannot_be_read_is_typed_in_beside_it_and_both_lead_to_one_case(
    desk: Desk, chromium: Browser
) -> None:
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
    page, base_url = await context.new_page(), desk.running.base_url
    await page.goto(f"{base_url}/console/sign-in")
    await page.get_by_label("Login").fill("sofie")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="All cases").wait_for()
    item = desk.running.house.items["kept1"]
    await page.goto(f"{base_url}/console/quarantine/{item}")
    await page.get_by_role("link", name="Type it in by hand").focus()
    await page.keyboard.press("Enter")
    # The raw text stands beside the story, harmless.
    await page.locator("pre.raw").get_by_text("<script>alert(1)</script>").wait_for()
    assert await found(page) == []
    await page.keyboard.type(STORY)
    await page.keyboard.press("Tab")
    await page.keyboard.type("Nadine Colson")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("heading", name="It is recorded").wait_for()
    await desk.drained()
    reference, _, _ = await desk.case()
    assert await page.locator(".big-reference").inner_text() == reference
    async with desk.running.house.store.read() as tx:
        rows = await tx.conn.execute(select(schema.inbox.c.fate, schema.inbox.c.case_id).order_by(schema.inbox.c.id))
        fates = [tuple(row) for row in rows]
    (typed,) = (case for fate, case in fates if fate == "typed")
    assert fates[-1] == ("opened", typed)
    await page.goto(f"{base_url}/console/quarantine/{item}")
    assert await page.get_by_role("link", name="Type it in by hand").count() == 0
    await context.close()
