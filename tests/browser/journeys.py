"""People on the public site and in the console of a real house: `guichet run` on its own data, its mails in a sink."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, async_playwright

from channels.web.texts import Texts, fill, pages
from config.vocabulary import Language
from tests.browser.conftest import ARGUMENTS
from tests.channels.pictures.making import picture
from tests.gateway.embedded import Embedded, embedded
from tests.servers import process
from tests.servers.smtp import SmtpSink

PASSWORD = "a long enough password for tests"
MEDIATOR = "tom"
# What every journey leaves behind: a letter, a photo and a note, as people have them.
FILES = (
    ("brief.pdf", "application/pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
    ("foto.jpg", "image/jpeg", picture("jpeg")),
    ("nota.txt", "text/plain", "17/11 um 9 Uhr angerufen, à 14 h rappelé, geen antwoord.\n".encode()),
)
REFERENCE = re.compile(r"PM-\d{4}-\d{6}-\d{2}")
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")


@dataclass(frozen=True)
class Story:
    """What somebody writes, and how we may reach them."""

    language: Language
    text: str
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass
class Site:
    """The house, and what its mails say."""

    house: Embedded
    sink: SmtpSink
    # Each visitor comes from an address of their own, as they would; the house believes the proxy that says so.
    visitors: int = 0

    @property
    def base_url(self) -> str:
        """The address of the public site, without a slash at its end."""
        return f"http://127.0.0.1:{self.house.port}"

    def next_address(self) -> str:
        """The address of one more visitor (RFC 5737)."""
        self.visitors += 1
        return f"203.0.113.{self.visitors}"

    async def mail(self, address: str, having: str, *, seconds: float = 20) -> str:
        """The text of the newest mail to somebody in which something stands; fails when none comes."""
        until = time.monotonic() + seconds
        while True:
            for received in reversed(self.sink.to(address)):
                body = received.message.get_body(("plain",))
                text = body.get_content().replace("\r\n", "\n") if body else ""
                if re.search(having, text, re.MULTILINE):
                    return text
            assert time.monotonic() < until, f"no mail to {address} with {having!r}; {self.house.log()[-1500:]}"
            await asyncio.sleep(0.1)

    async def code(self, address: str) -> str:
        """The code that was mailed last."""
        found = re.search(r"^(\d{6})$", await self.mail(address, r"^\d{6}$"), re.MULTILINE)
        assert found
        return found.group(1)

    async def link(self, address: str, having: str = "") -> str:
        """The link to the case in the newest mail in which something else stands too."""
        text = await self.mail(address, having or "/c/")
        found = re.search(rf"{re.escape(self.base_url)}/\w\w/c/\S+", text)
        assert found, text
        return found.group(0)


@dataclass
class Visitor:
    """One person in a browser of their own; what their pages complain about is kept in `troubles`."""

    site: Site
    context: BrowserContext
    page: Page
    language: Language
    troubles: list[str] = field(default_factory=list)
    travelling: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        page = self.page
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._said)
        page.on("request", self._requested)
        page.on("requestfinished", self._arrived)
        page.on("requestfailed", self._arrived)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.text} ({urlsplit(self.page.url).path})")

    def _requested(self, request: Request) -> None:
        self.travelling.add(request)
        if not request.url.startswith((self.site.base_url, "data:", "blob:")):
            self.troubles.append(f"request to {request.url}")

    def _arrived(self, request: Request) -> None:
        self.travelling.discard(request)

    @property
    def words(self) -> Texts:
        """The words of the public pages in this person's language."""
        return pages()[self.language]

    async def go(self, path: str) -> None:
        """Open a page of the site in this person's language."""
        await self.page.goto(f"{self.site.base_url}/{self.language}/{path}")

    def button(self, key: str) -> Locator:
        """The button that people see with these words; one for the Enter key stands before it, unseen."""
        return self.page.get_by_role("button", name=self.words[key], exact=True)

    def link(self, key: str) -> Locator:
        """The link with these words."""
        return self.page.get_by_role("link", name=self.words[key], exact=True)

    def heading(self, key: str) -> Locator:
        """The heading with these words; our mails, shown on the page of the case, may say them too."""
        return self.page.get_by_role("heading", name=self.words[key], exact=True)

    def said(self, key: str, **values: str) -> Locator:
        """A sentence of ours on the page, wherever it stands."""
        return self.page.get_by_text(fill(self.words[key], values)).first

    async def add_files(self) -> None:
        """Choose three files, and wait until nothing of them is on its way any more."""
        await self.page.locator("#files").set_input_files(
            [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in FILES]
        )
        await self.settled()

    async def settled(self) -> None:
        """Wait until the page has asked for nothing in half a second."""
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 0.5:
            await asyncio.sleep(0.05)
            if self.travelling:
                quiet_since = time.monotonic()

    async def reload_until(self, wanted: Locator, seconds: float = 20) -> None:
        """Look again, as people do, until something is there."""
        until = time.monotonic() + seconds
        while not await wanted.count():
            assert time.monotonic() < until, f"not on {self.page.url}: {await self.page.inner_text('main')}"
            await asyncio.sleep(0.3)
            await self.page.reload()
        await wanted.first.wait_for()

    async def complain(self, story: Story, *, files: bool = False) -> str:
        """From the first page to the receipt; return the reference."""
        page = self.page
        await self.go("")
        assert await self.context.cookies() == []
        await self.link("landing.start").click()
        await page.locator("#text").fill(story.text)
        if files:
            await self.add_files()
        await self.button("form.go").click()
        await page.locator("#name").fill(story.name)
        await page.locator("#email").fill(story.email)
        await page.locator("#phone").fill(story.phone)
        await self.button("form.go").click()
        await page.locator(".answers").get_by_text(story.text).wait_for()
        await self.button("form.send").click()
        await page.wait_for_url("**/receipt")
        return await self.reference()

    async def reference(self) -> str:
        """The reference that the page shows."""
        shown = await self.page.locator("#reference").inner_text()
        assert REFERENCE.fullmatch(shown), shown
        return shown

    async def receipt_code(self) -> str:
        """The code that the receipt shows."""
        shown = await self.page.locator(".inset .reference-code").inner_text()
        assert CODE.fullmatch(shown), shown
        return shown

    async def to_the_case(self) -> None:
        """From the receipt to the page of the case."""
        await self.link("receipt.see_case").click()
        await self.page.wait_for_url("**/case")

    async def write(self, text: str, *, disagrees: bool = False) -> None:
        """Add a message on the page of the case."""
        await self.page.locator("#text").fill(text)
        if disagrees:
            await self.page.locator("#act").check()
        await self.button("case.send").click()
        await self.said("case.sent").wait_for()

    async def ask_for_code(self, act: str, address: str) -> None:
        """Ask for a code on the page that wants one, type it in, and press the button of the act."""
        await self.button("code.ask").click()
        await self.page.locator("#code").fill(await self.site.code(address))
        await self.button(f"code.do.{act}").click()


@dataclass
class Colleague:
    """Somebody of Mediation, signed in to the console."""

    site: Site
    page: Page

    async def open(self, reference: str) -> None:
        """Open a case by its reference."""
        await self.page.goto(f"{self.site.base_url}/console/case/{reference}")
        await self.page.get_by_text(reference).first.wait_for()

    async def where(self) -> str:
        """The queue of the case that is open."""
        return await self.page.locator("#queue").input_value()

    async def put_in(self, field_id: str, text: str) -> None:
        """Write after the greeting that stands there."""
        area = self.page.locator(field_id)
        greeting = await area.input_value()
        await area.fill(greeting.replace("\n\n\n", f"\n\n{text}\n\n", 1) if "\n\n\n" in greeting else greeting + text)


@contextmanager
def mailing(folder: Path, people: Mapping[str, str], *, medical: bool = False, **settings: str) -> Iterator[Site]:
    """A house whose mails go to a sink, with mediators: their names by their logins. `medical`: they may open sealed cases."""
    sink = SmtpSink()
    sink.start()
    out = {
        "GUICHET_SMTP_HOST": sink.host,
        "GUICHET_SMTP_PORT": str(sink.port),
        "GUICHET_SMTP_TLS": "none",
        "GUICHET_TRUSTED_PROXIES": "127.0.0.1",
    }
    with embedded(folder, **out, **settings) as house:
        house.start()
        for login, name in people.items():
            words = ["--role", "mediator", "--name", name, *(["--medical"] if medical else [])]
            added = house.command("user", "add", login, *words, given=f"{PASSWORD}\n")
            assert added.returncode == 0, added.stderr
        yield Site(house, sink)
    sink.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A house that takes mail out to a sink, with a mediator; it ends with the module."""
    with mailing(tmp_path_factory.mktemp("house"), {MEDIATOR: "Tom"}, GUICHET_FORM_LEAST_SECONDS="0") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all journeys of a module; each has a context of its own."""
    binary = process.find_binary("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(binary), args=ARGUMENTS)
        yield browser
        await browser.close()


class Arrivals:
    """Lets people in: each with a context, cookies and an address of their own."""

    def __init__(self, site: Site, chromium: Browser) -> None:
        self.site = site
        self.visitors: list[Visitor] = []
        self._chromium = chromium

    async def __call__(
        self, language: Language, *, width: int = 360, height: int = 740, script: bool = True
    ) -> Visitor:
        """One more visitor, with an empty page."""
        context = await self._chromium.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=script,
            locale=language,
            extra_http_headers={"X-Forwarded-For": self.site.next_address()},
        )
        context.set_default_timeout(20_000)
        visitor = Visitor(self.site, context, await context.new_page(), language)
        self.visitors.append(visitor)
        return visitor

    async def colleague(self) -> Colleague:
        """The mediator, signed in by hand."""
        visitor = await self("en", width=1280, height=900)
        page = visitor.page
        await page.goto(f"{self.site.base_url}/console/")
        await page.get_by_label("Login").fill(MEDIATOR)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", level=1).wait_for()
        return Colleague(self.site, page)


@pytest_asyncio.fixture(loop_scope="module")
async def arrive(site: Site, chromium: Browser) -> AsyncIterator[Arrivals]:
    """Let people in; at the end none of their pages may have complained, or asked another host for anything."""
    arrivals = Arrivals(site, chromium)
    yield arrivals
    for visitor in arrivals.visitors:
        await visitor.context.close()
    assert [trouble for visitor in arrivals.visitors for trouble in visitor.troubles] == []
