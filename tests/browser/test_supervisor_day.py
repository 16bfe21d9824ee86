"""A supervisor's day in a real browser, over a house that works behind it: a text changed and given back, a mail out of the
quarantine, doors, deadlines, the audit, the classifier taught, and the report written, approved and taken along."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import sys
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page
from sqlalchemy import update

from channels.message import InboundMessage
from classifier import pipeline
from config.announcements import stand
from config.wording import use
from gateway.reading import Failed, Unread
from gateway.wording_in_use import WordingInUse
from report import figures
from router.deadlines import received_day
from store import audit, model_uses
from store.schema import cases
from store.viewer import Viewer
from tests.browser.test_console import Watched, chromium
from tests.gateway.conftest import Gateway, model
from tests.gateway.test_refusals import HOSPITAL, SurelyNotOurs
from tests.gateway.whole_house import PASSWORD, Whole, whole_house

# The fixtures of other tests serve here too.
__all__ = ["chromium", "model"]

pytestmark = pytest.mark.browser
SUPERVISOR = Viewer(1, "Test", "supervisor", medical=True)
COMPLAINT = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Remboursements
Message-ID: <m{number}@mail.example>

Bonjour, mes remboursements de kiné n'arrivent pas depuis trois mois ({number}) et personne ne répond. Marie Dubois
"""
BROKEN = COMPLAINT.replace("Bonjour", "Bonjour, charset-de-travers")
NEW = "Nous en avons pris note."
# What stands for half an hour of training: it tells its steps, and keeps the shipped model under the name of what it holds.
TRAINS = """
import shutil, sys
from pathlib import Path
from classifier import heads
from classifier.pipeline import MODEL
from gateway.versions import About, Versions
print("reading the corpus", flush=True)
versions = Versions(Path(sys.argv[1]) / "models")
made = versions.begin()
shutil.copytree(MODEL, made, dirs_exist_ok=True)
version = f"guichet-1-{heads.from_disk(MODEL / 'guichet_heads').digest[:8]}"
line = {"name": "kind, macro F1", "old": 0.91, "new": 0.93, "low": 0.0, "high": 0.04}
compared = [{"part": "corrections", "messages": 4, "headlines": [line]}]
versions.settle(made, About(version, "2026-11-24T10:00:00+00:00", "sofie", 1, 4, "shipped", compared, ("kind gets better",)))
versions.keep(made, version)
print(f"Kept as {version}; let it read")
"""


class Stumbling:
    """A parser with a fault that somebody mends later."""

    def __init__(self, gateway: Gateway) -> None:
        self.sound = gateway.intake.parsing
        self.mended = False

    async def parse(self, raws: Sequence[Unread]) -> list[InboundMessage | Failed]:
        found = await self.sound.parse(raws)
        if self.mended:
            return found
        return [
            Failed("The charset x-user is not known.")
            if isinstance(one, InboundMessage) and "charset-de-travers" in one.text
            else one
            for one in found
        ]

    async def parse_beginning(self, unread: Unread) -> InboundMessage | Failed:
        return await self.sound.parse_beginning(unread)


@pytest.fixture
async def house(tmp_path: Path, model: pipeline.Classifier) -> AsyncIterator[Whole]:
    trains = (sys.executable, "-c", TRAINS, str(tmp_path / "data"))
    async with whole_house(tmp_path / "data", model, trains=trains) as found:
        yield found
    use({})
    stand(())


@asynccontextmanager
async def signed_in(house: Whole, chromium: Browser, login: str) -> AsyncIterator[tuple[Page, Watched]]:
    context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = await context.new_page()
    watched = Watched(page, house.base_url)
    await page.goto(f"{house.base_url}/console/sign-in")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/console/")
    yield page, watched
    assert watched.troubles == []
    await context.close()


async def _open(house: Whole, page: Page, path: str) -> None:
    """Open a page as a supervisor does, and see that axe has nothing to say of it."""
    await page.goto(f"{house.base_url}/console/{path}")
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"]] == [], path


async def _downloaded(page: Page, button: str) -> bytes:
    async with page.expect_download() as saving:
        await (
            page.get_by_role("link", name=button, exact=True)
            .or_(page.get_by_role("button", name=button, exact=True))
            .click()
        )
    saved = await (await saving.value).path()
    return await asyncio.to_thread(Path(saved).read_bytes)


def _inflated(pdf: bytes) -> Iterator[bytes]:
    """What the compressed streams of a PDF hold."""
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(found.group(1))
        except zlib.error:
            continue


async def test_a_refusal_is_reworded_read_by_a_second_person_and_given_back(house: Whole, chromium: Browser) -> None:
    gateway = house.gateway
    gateway.intake.classifying = SurelyNotOurs()  # type: ignore[assignment]  # the one method that is used
    taking_over = WordingInUse(gateway.house)
    async with signed_in(house, chromium, "luc") as (page, _):
        await _open(house, page, "texts")
        await page.get_by_role("link", name="Refusal: not about us").click()
        french = page.locator("#long-fr")
        await french.fill(await french.input_value() + f"\n\n{NEW}")
        await page.get_by_role("button", name="Save the draft").click()
        await page.get_by_text("The draft is saved").wait_for()
        previews = page.locator("#preview article")
        assert await previews.count() == 4
        assert NEW in await previews.nth(0).inner_text()
        for way in ("SMS", "Chat", "Letter"):
            await page.locator("#preview").get_by_role("link", name=way, exact=True).click()
            assert await previews.count() == 4
        await page.get_by_text("another supervisor reads it here").wait_for()
    async with signed_in(house, chromium, "sofie") as (page, _):
        await _open(house, page, "texts/off_scope")
        await page.get_by_text("Luc is writing this text").wait_for()
        assert (await page.locator("ins").inner_text()).strip() == NEW
        await page.get_by_label("Why does it change?").fill("Plus poli")
        await page.get_by_role("button", name="Publish for members").click()
        await page.get_by_text("Members get the new text within seconds").wait_for()
        assert await page.get_by_text("OLD", exact=True).count() >= 3
        await taking_over.look()
        await gateway.mail(HOSPITAL.format(number=1), to="plaintes@partenamut.example")
        assert NEW in gateway.sink.sent[-1].text
        await page.get_by_role("link", name="Refusal: not about us").click()
        await page.get_by_role("button", name="Go back to this").last.click()
        await page.get_by_text("Members get the earlier text again").wait_for()
        await taking_over.look()
        await gateway.mail(HOSPITAL.format(number=2), to="plaintes@partenamut.example")
        assert len(gateway.sink.sent) == 2
        assert NEW not in gateway.sink.sent[-1].text


async def test_a_broken_mail_is_looked_at_and_becomes_a_case_after_the_mend(house: Whole, chromium: Browser) -> None:
    gateway = house.gateway
    parser = Stumbling(gateway)
    gateway.intake.parsing = parser  # type: ignore[assignment]  # the methods that intake uses
    await gateway.mail(BROKEN.format(number=1))
    async with signed_in(house, chromium, "sofie") as (page, _):
        await _open(house, page, "quarantine")
        await page.get_by_text("The charset x-user is not known.").first.wait_for(state="attached")
        await page.get_by_role("link", name="Open").first.click()
        assert "charset-de-travers" in await page.locator("pre.raw").inner_text()
        await page.get_by_role("button", name="Try again").click()
        await page.get_by_text("being read again").wait_for()
        await gateway.work()
        await page.goto(f"{house.base_url}/console/quarantine")
        await page.get_by_text("The charset x-user is not known.").first.wait_for(state="attached")
        parser.mended = True
        await page.get_by_role("button", name="Try again").click()
        await gateway.work()
        await page.get_by_role("link", name="Look again").click()
        await page.get_by_text("New case, PM-").wait_for()
        await page.get_by_text("Nothing is kept here.").wait_for()
        await page.goto(f"{house.base_url}/console/")
        await page.get_by_role("link", name="Marie Dubois").click()
        await page.get_by_text("charset-de-travers").first.wait_for()
        await _open(house, page, "fates")
        await page.get_by_text("1 message came in").wait_for()


async def test_doors_deadlines_and_the_audit(house: Whole, chromium: Browser) -> None:
    gateway = house.gateway
    await gateway.mail(COMPLAINT.format(number=1))
    async with signed_in(house, chromium, "sofie") as (page, _):
        await _open(house, page, "channels")
        await page.get_by_role("button", name="Look whether it works form").click()
        await page.get_by_text(re.compile("Looked at .*: it works")).wait_for()
        await page.get_by_role("button", name="Send a test message").click()
        await page.get_by_text("A test message is on its way").wait_for()
        await gateway.work()
        assert gateway.sink.sent[-1].recipient == "ombudsman@partenamut.example"
        await page.goto(f"{house.base_url}/console/channels")
        await page.get_by_text(re.compile("Test of .*: sent")).wait_for()
        due_on = await _due_on(gateway)
        await _open(house, page, f"deadlines?month={due_on:%Y-%m}")
        await page.locator(f'a[href*="day={due_on}"]').click()
        await page.locator("#day .reference").first.wait_for()
        await _open(house, page, "audit")
        await page.get_by_label("What").select_option(label="Test message sent")
        await page.get_by_role("button", name="Look", exact=True).click()
        assert await page.locator("table.audit tbody tr").count() == 2
        content = await _downloaded(page, "Save as CSV")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row[4] for row in rows[1:]] == ["channel.tried", "channel.tried"]
    async with gateway.house.store.read() as tx:
        (line,) = await audit.search(tx, SUPERVISOR, audit.Asked(act="audit.exported"))
    assert line.detail == {"rows": 2, "filter": {"act": "channel.tried"}}


async def test_members_are_told_of_a_door_in_trouble(house: Whole, chromium: Browser) -> None:
    following = WordingInUse(house.gateway.house)
    async with signed_in(house, chromium, "sofie") as (page, _):
        await _open(house, page, "channels/announce?door=sms")
        await page.get_by_role("link", name="We are slower").click()
        await page.get_by_label("English").fill("Text messages are <b>late</b> today.")
        await page.get_by_role("button", name="Put it before members").click()
        await page.get_by_role("heading", name="What members read now").wait_for()
        await following.look()
        for path in ("en/", "en/complaint"):
            await page.goto(f"{house.base_url}/{path}")
            await page.get_by_text("Text messages are <b>late</b> today.").wait_for()
        await _open(house, page, "channels")
        await page.get_by_role("button", name="Take it off").click()
        await page.get_by_text("do not read it any more").wait_for()
        await following.look()
        await page.goto(f"{house.base_url}/en/")
        assert await page.get_by_text("Text messages are").count() == 0


async def test_the_classifier_is_corrected_taught_compared_and_switched(house: Whole, chromium: Browser) -> None:
    gateway = house.gateway
    await gateway.mail(COMPLAINT.format(number=1))
    async with signed_in(house, chromium, "sofie") as (page, _):
        await page.goto(f"{house.base_url}/console/")
        await page.get_by_role("link", name="Marie Dubois").click()
        await page.get_by_label("Kind").select_option(label="question")
        await page.get_by_role("button", name="Correct these").click()
        await page.get_by_text("The classifier can learn from it").wait_for()
        await _open(house, page, "quality")
        await page.get_by_role("button", name="Teach it").click()
        await page.get_by_text("The training has begun").wait_for()
        # The page follows by itself.
        await page.get_by_text("The last training made a version.").wait_for(timeout=60_000)
        await page.get_by_text("What was compared").click()
        await page.get_by_text("+0.040").wait_for()
        await page.get_by_role("button", name=re.compile("Let it read guichet-1-")).click()
        await page.get_by_text("That version reads from the next message on.").wait_for()
        async with gateway.house.store.read() as tx:
            assert (await model_uses.in_use(tx)).startswith("guichet-1-")
        await page.get_by_role("button", name="Go back to the version before").click()
        await page.get_by_text("The version before reads again.").wait_for()


async def test_the_report_is_written_approved_and_taken_along(house: Whole, chromium: Browser) -> None:
    gateway = house.gateway
    month = figures.earlier(received_day(gateway.house.now()).replace(day=1), 1)
    await _complaints(gateway, month, 6)
    async with signed_in(house, chromium, "sofie") as (page, _):
        await _open(house, page, "report")
        await page.get_by_role("heading", name="6 cases received").wait_for()
        await page.locator('a[href*="by=channel"]').first.click()
        assert await page.locator("li.row").count() == 6
        await page.go_back()
        await page.get_by_label("Two sentences").fill("Les remboursements attendent. Nous renforçons l’équipe.")
        await page.get_by_role("button", name="Save the sentences").click()
        await page.get_by_text("The sentences are saved.").wait_for()
        await page.get_by_role("button", name="Approve the report").click()
        await page.get_by_text("The report is approved.").wait_for()
        pdf, xlsx, table = [await _downloaded(page, name) for name in ("PDF to print", "XLSX", "CSV")]
    assert pdf.startswith(b"%PDF-")
    assert any(b"/Page" in part for part in (pdf, *_inflated(pdf)))
    book = zipfile.ZipFile(io.BytesIO(xlsx))
    assert book.testzip() is None
    for name in book.namelist():
        ElementTree.fromstring(book.read(name))
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert [f"{month:%Y-%m}", "channel", "e-mail", "Received", "6"] in rows
    async with gateway.house.store.read() as tx:
        lines = await audit.search(tx, SUPERVISOR, audit.Asked(act="report.exported"))
    assert sorted(line.detail["format"] for line in lines) == ["csv", "pdf", "xlsx"]
    assert all(line.detail["rows"] > 10 for line in lines)


async def _due_on(gateway: Gateway) -> date:
    async with gateway.house.store.read() as tx:
        found: date = (await tx.conn.execute(cases.select())).one().due_on
        return found


async def _complaints(gateway: Gateway, month: date, number: int) -> None:
    """So many complaints, received on a day of a month that is over."""
    for one in range(number):
        text = COMPLAINT.format(number=one).replace("marie.dubois@", f"marie{one}@")
        await gateway.mail(text, sender=f"marie{one}@mail.example")
    at = figures.bounds(month)[0] + timedelta(days=9, hours=9)
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(cases).values(received_at=at))
