"""The supervisors' day with the rules in a real browser: drafted, tried on the past, judged, read, live, and back; and what
new messages meet meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import select

from channels.message import RawMessage
from classifier import pipeline
from config.mailboxes import load_mailboxes
from gateway.intake import Intake
from gateway.metrics import Metrics
from store import schema
from tests.browser.test_console import Watched, chromium
from tests.browser.test_talks import found
from tests.console.conftest import Running, furnished, running
from tests.console.example_house import PASSWORD, Told, add_case
from tests.gateway.conftest import DirectClassifying, DirectParsing, model

# The fixtures of other tests serve here too.
__all__ = ["chromium", "furnished", "model", "running"]

pytestmark = pytest.mark.browser
DRAFT = "/console/rules/draft"
MAIL = """From: {name} <{address}>
To: plaintes@partenamut.example
Subject: Mon indemnité
Message-ID: <{address}>

Bonjour, mon indemnité d'incapacité du mois d'octobre n'est pas arrivée et je dois payer mon loyer. C'est inadmissible, je me
plains de votre lenteur. {name}
"""


@dataclass
class House:
    """The house where messages come in, and its pages."""

    running: Running
    chromium: Browser
    intake: Intake
    pages: list[Watched]

    async def arrives(self, name: str) -> tuple[str, str]:
        """A mail about rent comes in; the queue where it goes, and the rules that sent it there."""
        address = f"{name.lower().replace(' ', '.')}@mail.example"
        body = MAIL.format(name=name, address=address).replace("\n", "\r\n").encode()
        envelope = {"mail_from": address, "rcpt_to": "plaintes@partenamut.example"}
        raw = RawMessage("email", "plaintes@partenamut.example", address, body, self.running.clock(), envelope)
        await self.running.entries.door.submit(raw)
        while await self.intake.work_once():
            pass
        query = (
            select(schema.cases.c.queue, schema.decisions.c.rules_version)
            .join(schema.decisions, schema.decisions.c.case_id == schema.cases.c.id)
            .order_by(schema.cases.c.id.desc())
            .limit(1)
        )
        async with self.running.house.store.read() as tx:
            row = (await tx.conn.execute(query)).one()
        return row.queue, row.rules_version

    async def signed_in(self, login: str) -> Page:
        """A supervisor at a browser of their own."""
        context = await self.chromium.new_context(locale="en", viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        self.pages.append(Watched(page, self.running.base_url))
        await page.goto(f"{self.running.base_url}/console/sign-in")
        await page.get_by_label("Login").fill(login)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", level=1).wait_for()
        return page

    async def go(self, page: Page, path: str) -> None:
        """Open a page of the console."""
        await page.goto(self.running.base_url + path)


@pytest.fixture
async def house(running: Running, chromium: Browser, model: pipeline.Classifier) -> AsyncIterator[House]:
    """The example house with two more past cases, and a worker."""
    gateway = running.talks.house
    object.__setattr__(gateway, "now", running.clock)
    # The example house went by department whatever the mailbox, and so must the past that is tried.
    boxes = load_mailboxes(gateway.settings.mailboxes)
    object.__setattr__(gateway, "mailboxes", tuple(box for box in boxes if box.queue == "department"))
    for days, name in ((20, "Lucie Renard"), (50, "Omar Benali")):
        told = Told(
            name=name,
            address=f"{name.split()[0].lower()}@mail.example",
            text="Je suis sans indemnité depuis un mois. Je ne sais plus payer mon loyer.",
            days_ago=days,
        )
        await add_case(running.house, name, told)
    intake = Intake(gateway, DirectParsing(gateway, ""), DirectClassifying(model), Metrics())  # type: ignore[arg-type]  # the same methods, no child
    made = House(running, chromium, intake, [])
    yield made
    for watched in made.pages:
        await watched.page.context.close()


async def drafted(house: House, page: Page) -> None:
    """Luc makes a rule for those who cannot pay their rent, puts it before the departments, and sees what it would take."""
    await house.go(page, "/console/rules")
    await page.get_by_role("link", name="Draft of new rules").click()
    await page.get_by_role("button", name="Make a draft").click()
    await page.get_by_role("button", name="Add a rule").click()
    await page.get_by_label("Name", exact=True).fill("Rent goes to the social service")
    await page.locator("#add-all").select_option("text")
    await page.get_by_role("group", name="All of").get_by_role("button", name="Add").click()
    await page.locator("#all-0-value").fill("loyer")
    await page.locator("#queue").select_option("social_service")
    await page.locator("#situation").select_option("department")
    await page.get_by_label("stop here").check()
    await page.get_by_role("button", name="Keep").click()
    # The new one stands before the last; by keys it goes before the rules that send complaints to their department.
    for number in (19, 18, 17):
        await page.locator("#rule-new_rule:focus").wait_for()
        await page.keyboard.press("Alt+ArrowUp")
        await page.get_by_text(f"“Rent goes to the social service” is number {number} of 21 now.").wait_for()
    assert "cases of the last 90 days: decides 2, takes part in 2" in await page.locator("#rule-new_rule").inner_text()
    await page.get_by_text("Nothing is wrong.").wait_for()


async def rehearsed(house: House, page: Page) -> None:
    """He tries it on three months, sees who moves and why, and judges by keys."""
    await page.get_by_role("button", name="Rehearse").click()
    await page.get_by_text("It is done.").first.wait_for()
    moves = page.locator(".moves")
    assert (await moves.locator("tbody").inner_text()).split("\n")[0] == "Sickness benefits\t2"
    await moves.get_by_role("link").click()
    rows = page.locator(".change")
    assert await rows.count() == 2
    words = await rows.first.inner_text()
    assert "Je ne sais plus payer mon loyer." in words or "sans indemnité" in words
    assert "Sickness benefits by “Complaint to the department”" in words
    assert "Social service by “Rent goes to the social service” (text: “loyer”)" in words
    assert await found(page) == []
    await page.keyboard.press("j")
    await page.keyboard.press("1")
    await page.keyboard.press("2")
    await page.get_by_text("1 better, 1 the same, 0 worse, 0 not judged yet.").first.wait_for()


async def test_from_a_draft_to_live_rules_and_back(house: House) -> None:
    before, version = await house.arrives("Alice Martin")
    assert (before, version) != ("social_service", "1")
    luc = await house.signed_in("luc")
    await drafted(house, luc)
    await rehearsed(house, luc)
    await luc.get_by_role("link", name="Back to the draft").click()
    await luc.get_by_label("What changes, and why").fill("The social service sees who cannot pay their rent")
    await luc.get_by_role("button", name="Ask a colleague to read it").click()
    await luc.get_by_text("Another supervisor can read it now").wait_for()
    # Until another one has read it, the rules of before decide.
    assert await house.arrives("Bart Claes") == (before, "1")

    sofie = await house.signed_in("sofie")
    await house.go(sofie, DRAFT)
    await sofie.get_by_text("Luc Simon says that it is ready.").wait_for()
    house.running.clock.forward(minutes=6)
    await sofie.get_by_role("button", name="Publish now").click()
    # The password was given too long ago for that.
    await sofie.get_by_label("Password").fill(PASSWORD)
    await sofie.keyboard.press("Enter")
    await sofie.get_by_text("The social service sees who cannot pay their rent").wait_for()
    await sofie.get_by_text("by Luc Simon, read by Sofie Claes").wait_for()
    await sofie.get_by_text("What decided before, version 1, is one click back.").wait_for()
    queue, live = await house.arrives("Carla Bruno")
    assert queue == "social_service"
    assert live != "1"

    house.running.clock.forward(minutes=1)
    await sofie.get_by_role("button", name="Go back to this Version 1").first.click()
    # What decided until just now needs nobody's yes.
    await sofie.get_by_text("live again since").wait_for()
    await sofie.get_by_text("Done: version 1 decides again from now on.").wait_for()
    assert await house.arrives("Dirk Maes") == (before, "1")

    # To undo that in turn takes another supervisor.
    await sofie.get_by_role("button", name="Go back to this").first.click()
    await sofie.get_by_text("It waits for another supervisor now").wait_for()
    assert await house.arrives("Eva Peeters") == (before, "1")
    await house.go(luc, "/console/rules")
    await luc.get_by_role("link", name="Look at it").click()
    await luc.get_by_text("Rent goes to the social service").first.wait_for()
    assert await found(luc) == []
    await luc.get_by_role("button", name="Confirm: go back to version").click()
    await luc.get_by_label("Password").fill(PASSWORD)
    await luc.keyboard.press("Enter")
    await luc.get_by_text("live again since").first.wait_for()
    assert await house.arrives("Frank Wouters") == ("social_service", live)
    for watched in house.pages:
        # A page that asks for the password, and one that says what is missing, are no successes to a browser.
        assert [one for one in watched.troubles if "403" not in one] == []


async def test_every_page_of_it_is_accessible(house: House) -> None:
    luc = await house.signed_in("luc")
    await drafted(house, luc)
    for path in (DRAFT, f"{DRAFT}/rule/new_rule", f"{DRAFT}/examples", "/console/rules", "/console/rules/version/1"):
        await house.go(luc, path)
        assert await found(luc) == []
