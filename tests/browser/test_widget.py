"""The web chat in a real browser: by keyboard, off-line and back, after restarts, without sockets, on a phone, abroad."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Frame, Page, expect

from channels.message import Choice
from channels.web import texts
from channels.widget.contract import Hint
from config.vocabulary import LANGUAGES, Language
from tests.channels.widget.doors import MemoryChatDoor
from tests.channels.widget.running import Running, StartWidget, start_widget

pytestmark = pytest.mark.browser
__all__ = ["start_widget"]

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
# A shadow root that is closed keeps tests out as well; opened, everything else stays as it is.
OPEN_ROOTS = """const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (how) { return attach.call(this, { ...how, mode: "open" }); };"""
STRICT = (
    "default-src 'none'; script-src {widget}; frame-src {widget}; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'"
)
HOST_PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Host</title><script async src="{widget}/widget.js" data-lang="{lang}" {more}></script></head>
<body><main><h1>A page of the mutual</h1><p>Some words. <a href="/other">Another page</a></p></main></body></html>"""


@dataclass
class Site:
    """A site of somebody else, on an origin of its own, with the chat on its pages."""

    origin: str
    widget: str
    language: str = "en"
    more: str = ""
    complaints: list[str] = field(default_factory=list)

    async def page(self, request: web.Request) -> web.Response:
        """Any page of it, under a strict policy that names nothing but the widget."""
        del request
        html = HOST_PAGE.format(lang=self.language, widget=self.widget, more=self.more)
        headers = {"Content-Security-Policy": STRICT.format(widget=self.widget)}
        return web.Response(text=html, content_type="text/html", headers=headers)


@dataclass
class Visit:
    """Somebody on that site."""

    page: Page
    context: BrowserContext
    running: Running
    site: Site

    @property
    def launcher(self):  # type: ignore[no-untyped-def]
        return self.page.locator("button.launcher")

    @property
    def chat(self):  # type: ignore[no-untyped-def]
        return self.page.frame_locator(".panel iframe")

    @property
    def field(self):  # type: ignore[no-untyped-def]
        return self.chat.locator("#text")

    @property
    def log(self):  # type: ignore[no-untyped-def]
        return self.chat.locator("#log")

    def frame(self) -> Frame:
        """The frame itself, for scripts."""
        return next(frame for frame in self.page.frames if "/widget/frame/" in frame.url)

    async def open(self) -> None:
        """Open the chat by its button and wait until it can be written in."""
        await self.launcher.click()
        await expect(self.field).to_be_visible()

    async def write(self, text: str) -> None:
        """Write and send by Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def hears(self, text: str) -> None:
        """The log shows a line of somebody."""
        await expect(self.log.locator(".text", has_text=text).last).to_be_visible(timeout=15_000)


Come = Callable[..., Awaitable[Visit]]


@pytest.fixture
async def come(browser: Browser, start_widget: StartWidget) -> AsyncIterator[Come]:
    """Somebody comes to a page with the chat on it; keyword arguments are playwright's."""
    runners: list[web.AppRunner] = []
    sites: list[Site] = []

    async def _come(
        *,
        language: Language = "en",
        more: str = "",
        listed: bool = True,
        blocked: bool = False,
        door: MemoryChatDoor | None = None,
        script: str = "",
        **options: object,
    ) -> Visit:
        port, widget_port = unused_port(), unused_port()
        origin = f"http://127.0.0.1:{port}"
        running = await start_widget(
            door=door, hosts=(origin if listed else "https://other.example",), port=widget_port
        )
        running.blocked = blocked
        site = Site(origin, running.base_url, language, more)
        app = web.Application()
        app.router.add_get("/{path:.*}", site.page)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        runners.append(runner)
        sites.append(site)
        context = await browser.new_context(**options)  # type: ignore[arg-type]  # The test says what differs.
        await context.add_init_script(OPEN_ROOTS)
        if script:
            await context.add_init_script(script)
        page = await context.new_page()
        watch(page, site)
        await page.goto(f"{origin}/")
        await expect(page.locator("button.launcher")).to_be_visible()
        return Visit(page, context, running, site)

    yield _come
    for runner in runners:
        await runner.cleanup()
    for site in sites:
        assert site.complaints == []


def watch(page: Page, site: Site) -> None:
    """Keep what a page complains about: errors, violations of policies, requests to strangers."""
    ours = (site.origin, site.widget, site.widget.replace("http", "ws"), "blob:")
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: site.complaints.append(message.text) if "Security Policy" in message.text else None,
    )
    page.on("request", lambda made: None if made.url.startswith(ours) else site.complaints.append(made.url))


async def violations(page: Page) -> list[str]:
    """What axe objects to on a page and in its frames."""
    results = await Axe().run(page)
    return [f"{one['id']}: {node['html'][:120]}" for one in results.response["violations"] for node in one["nodes"]]


async def focused(frame: Frame) -> str:
    """The id, or the words, of what has the focus."""
    return str(await frame.evaluate("document.activeElement.id || document.activeElement.textContent"))


async def test_a_conversation_by_keyboard_alone(come: Come) -> None:
    door = MemoryChatDoor(
        {"My refund has not come": ("When did you send it?", (Choice("now", "This month"), Choice("old", "Earlier")))}
    )
    visit = await come(door=door)
    assert len(visit.page.frames) == 1
    await visit.page.keyboard.press("Tab")
    await visit.page.keyboard.press("Tab")
    await visit.page.keyboard.press("Enter")
    await expect(visit.field).to_be_focused()
    await visit.page.keyboard.type("My refund")
    await visit.page.keyboard.press("Shift+Enter")
    assert door.said == []
    await visit.page.keyboard.press("Backspace")
    await visit.page.keyboard.type(" has not come")
    await visit.page.keyboard.press("Enter")
    await visit.hears("When did you send it?")
    await expect(visit.field).to_be_focused()
    group = visit.chat.locator(".choices")
    await expect(group).to_have_role("group")
    await expect(group).to_have_accessible_name("Choose an answer or type it")
    await expect(group.get_by_role("button")).to_have_count(2)
    while await focused(visit.frame()) != "Earlier":
        await visit.page.keyboard.press("Shift+Tab")
    await visit.page.keyboard.press("Enter")
    await visit.hears("You said: Earlier")
    await expect(visit.field).to_be_focused()
    await expect(group).to_have_count(0)
    assert [(text, choice) for _, text, choice in door.said] == [("My refund has not come", ""), ("Earlier", "old")]
    assert await visit.log.locator(".who b").all_text_contents() == ["You", "Robot", "You", "Robot"]
    await visit.page.keyboard.press("Escape")
    await expect(visit.launcher).to_be_focused()
    await expect(visit.page.locator(".panel")).to_be_hidden()
    assert await visit.context.cookies() == []


async def test_a_person_is_always_to_be_had(come: Come) -> None:
    visit = await come(language="nl")
    await visit.open()
    await visit.chat.get_by_role("button", name="Praten met een persoon").click()
    await visit.hears("You said: Praten met een persoon")
    assert visit.running.door.said == [("c1", "Praten met een persoon", "person")]
    await expect(visit.chat.get_by_role("link", name="Bel 112")).to_have_attribute("href", "tel:112")


async def test_nothing_is_told_or_kept_before_the_first_message(come: Come) -> None:
    visit = await come()
    await visit.open()
    await asyncio.sleep(0.5)
    assert visit.running.door.begun == 0
    assert await visit.frame().evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert await visit.page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


async def test_what_is_written_without_a_connection_is_sent_once_when_it_is_back(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    await visit.context.set_offline(True)
    await expect(visit.chat.locator("#state")).to_contain_text("No connection")
    await visit.write("two")
    await visit.write("three")
    await expect(visit.log.locator(".sign.late")).to_have_count(2)
    assert await violations(visit.page) == []
    await visit.context.set_offline(False)
    await visit.hears("You said: three")
    await expect(visit.chat.locator("#state")).to_contain_text("back")
    await expect(visit.log.locator(".waiting")).to_have_count(0)
    assert [text for _, text, _ in visit.running.door.said] == ["one", "two", "three"]
    assert await visit.log.locator(".line.you .text").all_text_contents() == ["one", "two", "three"]


async def test_the_house_starts_again_in_mid_conversation(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    await visit.running.stop()
    await visit.write("two")
    await expect(visit.log.locator(".sign.late")).to_have_count(1)
    await visit.running.start()
    await visit.hears("You said: two")
    assert [text for _, text, _ in visit.running.door.said] == ["one", "two"]
    assert visit.running.door.begun == 1


async def test_a_message_whose_receipt_was_lost_is_one_message(come: Come) -> None:
    visit = await come(door=MemoryChatDoor(kept_after=1.5))
    await visit.open()
    await visit.field.fill("one")
    await visit.field.press("Enter")
    await asyncio.sleep(1)
    await visit.context.set_offline(True)
    await asyncio.sleep(1.5)
    await visit.context.set_offline(False)
    await visit.hears("You said: one")
    await expect(visit.log.locator(".waiting")).to_have_count(0)
    assert len(visit.running.door.said) == 1
    await expect(visit.log.locator(".line.you")).to_have_count(1)


@pytest.mark.parametrize("way", ["refused", "missing"])
async def test_where_no_socket_gets_through_plain_requests_do(come: Come, way: str) -> None:
    missing = "delete window.WebSocket;" if way == "missing" else ""
    visit = await come(blocked=way == "refused", script=missing)
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    visit.running.door.person("I am Anne.")
    await visit.hears("I am Anne.")
    await visit.running.stop()
    await visit.write("two")
    await asyncio.sleep(1)
    await visit.running.start()
    await visit.hears("You said: two")
    assert [text for _, text, _ in visit.running.door.said] == ["one", "two"]


async def test_the_conversation_goes_on_after_a_reload_and_on_another_page(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    await visit.field.fill("half a sen")
    await visit.page.reload()
    await visit.open()
    await visit.hears("You said: one")
    await expect(visit.field).to_have_value("half a sen")
    await visit.page.get_by_role("link", name="Another page").click()
    await visit.open()
    await visit.write("two")
    await visit.hears("You said: two")
    assert visit.running.door.begun == 1
    await expect(visit.log.locator(".line")).to_have_count(4)


async def test_what_was_not_sent_before_a_reload_is_sent_after_it(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.context.set_offline(True)
    await expect(visit.chat.locator("#state")).to_contain_text("No connection")
    await visit.write("kept for later")
    await visit.context.set_offline(False)
    await visit.page.reload()
    await visit.open()
    await visit.hears("You said: kept for later")
    assert len(visit.running.door.said) == 1


async def test_a_key_that_ended_begins_a_new_conversation_and_nothing_is_lost(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    visit.running.door.keys.clear()
    await visit.write("two")
    await visit.hears("You said: two")
    await expect(visit.chat.locator("#state")).to_contain_text("ended")
    assert [name for name, _, _ in visit.running.door.said] == ["c1", "c2"]


async def test_news_are_words_on_the_button_when_the_chat_is_closed(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    await visit.field.press("Escape")
    visit.running.door.person("I am Anne.")
    await expect(visit.launcher).to_contain_text("1 new")
    visit.running.door.person("Can you tell me more?")
    await expect(visit.launcher).to_contain_text("2 new")
    assert await violations(visit.page) == []
    await visit.open()
    await expect(visit.launcher).not_to_contain_text("new")
    await expect(visit.log.locator(".who b").last).to_have_text("Anne L., Mediation")


async def test_a_person_writes_and_reads(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    await expect(visit.log.locator(".sign")).to_have_text("Received")
    visit.running.door.hint(Hint("typing", name="Anne L."))
    await expect(visit.chat.locator("#typing")).to_have_text("Anne L. is writing")
    visit.running.door.hint(Hint("read", last=1))
    await expect(visit.log.locator(".sign")).to_have_text("Read")
    await visit.field.press_sequentially("more")
    await asyncio.sleep(0.5)
    assert visit.running.door.typed == ["c1"]


async def test_files_are_chosen_dropped_pasted_and_taken_off(come: Come) -> None:
    visit = await come()
    await visit.open()
    rows = visit.chat.locator("#files li")
    await visit.chat.locator("#pick").set_input_files(
        [
            {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": PDF},
            {"name": "setup.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"},
        ]
    )
    await expect(rows.first).to_contain_text("Added")
    await expect(rows.nth(1)).to_contain_text("We cannot read files like setup.exe")
    assert await violations(visit.page) == []
    await rows.nth(1).get_by_role("button", name=re.compile("Take off|Remove")).click()
    await expect(rows).to_have_count(1)
    bring = """name => {
        const data = new DataTransfer();
        data.items.add(new File(["%PDF-1.7 %%EOF"], name + ".pdf", { type: "application/pdf" }));
        const field = document.getElementById("text");
        field.dispatchEvent(name === "dropped"
            ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }"""
    for name in ("dropped", "pasted"):
        await visit.frame().evaluate(bring, name)
        await expect(rows.filter(has_text=name)).to_contain_text("Added")
    await visit.field.press("Enter")
    await expect(visit.log.locator(".with")).to_contain_text("letter.pdf")
    await expect(rows).to_have_count(0)
    lines = visit.running.door.told["c1"].lines
    assert [file.name for file in lines[0].files] == ["letter.pdf", "dropped.pdf", "pasted.pdf"]


async def test_a_very_long_text_goes_as_one_message(come: Come) -> None:
    visit = await come()
    await visit.open()
    story = "é" * 15_000
    await visit.write(story)
    await expect(visit.log.locator(".line.bot")).to_have_count(1, timeout=15_000)
    assert visit.running.door.said[0][1] == story


async def test_a_long_conversation_begins_at_its_end(come: Come) -> None:
    visit = await come(door=MemoryChatDoor(silent=True))
    await visit.open()
    await visit.write("one")
    await expect(visit.log.locator(".sign")).to_have_text("Received")
    for number in range(150):
        visit.running.door.person(f"line {number}")
    await visit.page.reload()
    await visit.open()
    await visit.hears("line 149")
    assert await visit.log.locator(".line:not([hidden])").count() == 60
    await visit.chat.get_by_role("button", name="Earlier messages").click()
    assert await visit.log.locator(".line:not([hidden])").count() == 120


async def test_the_conversation_can_be_saved_and_deleted_here(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("My <b>secret</b>")
    await visit.hears("You said: My <b>secret</b>")
    await visit.chat.get_by_text("More", exact=True).click()
    assert await violations(visit.page) == []
    async with visit.page.expect_download() as download:
        await visit.chat.get_by_role("button", name="Save the conversation").click()
    saved = (await (await download.value).path()).read_text(encoding="utf-8")
    assert "You:\nMy <b>secret</b>" in saved
    assert "Robot:\nYou said: My <b>secret</b>" in saved
    await visit.chat.get_by_text("More", exact=True).click()
    await visit.chat.get_by_role("button", name="Delete it on this device").click()
    await expect(visit.log.locator(".line")).to_have_count(0)
    assert await visit.frame().evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


async def test_markup_is_words_and_links_are_links(come: Come) -> None:
    bad = '<img src=x onerror="alert(1)"><script>alert(2)</script> https://ours.example/fr/c/abc. Call 112 or 02 444 41 11.'
    door = MemoryChatDoor({"hello": (bad, (Choice("x", "<b>bold</b>"),))})
    visit = await come(door=door)
    visit.page.on("dialog", lambda dialog: visit.site.complaints.append(dialog.message))
    await visit.open()
    await visit.write("hello")
    await expect(visit.log.locator(".bot .text")).to_have_text(bad)
    await expect(visit.chat.get_by_role("button", name="<b>bold</b>")).to_be_visible()
    links = await visit.log.locator(".bot a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == ["https://ours.example/fr/c/abc", "tel:112", "tel:+3224444111"]


async def test_help_lines_can_be_called_and_a_reference_does_not_break(come: Come) -> None:
    said = "Zelfmoordlijn, 1813. Télé-Accueil, 107, or 106, or 0800 32 123. Not 1070 or 18130. PM-2026-004217-75."
    visit = await come(door=MemoryChatDoor({"hello": (said, ())}))
    await visit.open()
    await visit.write("hello")
    await expect(visit.log.locator(".bot .text")).to_have_text(said)
    links = await visit.log.locator(".bot a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == ["tel:1813", "tel:107", "tel:106", "tel:+3280032123"]
    reference = visit.log.locator(".bot .whole", has_text="PM-")
    assert await reference.evaluate("one => getComputedStyle(one).whiteSpace") == "nowrap"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_axe_finds_nothing(come: Come, language: Language, scheme: str) -> None:
    choices = (Choice("a", "Ja"), Choice("b", "Nee"))
    visit = await come(language=language, color_scheme=scheme, door=MemoryChatDoor({"hello": ("?", choices)}))
    assert await violations(visit.page) == []
    await visit.open()
    assert await violations(visit.page) == []
    await visit.write("hello")
    await expect(visit.chat.locator(".choices")).to_be_visible()
    visit.running.door.person("Hier ben ik.")
    await visit.hears("Hier ben ik.")
    assert await violations(visit.page) == []
    await visit.page.goto(f"{visit.running.base_url}/widget/demo/{language}")
    assert await violations(visit.page) == []


async def test_the_example_page_works_under_its_own_policy(come: Come) -> None:
    visit = await come()
    await visit.page.goto(f"{visit.running.base_url}/widget/demo/fr")
    await visit.open()
    await visit.write("Bonjour")
    await visit.hears("You said: Bonjour")


async def test_without_constructed_style_sheets_the_sheet_is_loaded(come: Come) -> None:
    visit = await come(script="delete window.CSSStyleSheet.prototype.replaceSync;")
    # Its host page would have to let in our styles; this strict one does not, and the chat works all the same.
    visit.site.complaints.clear()
    await visit.page.goto(f"{visit.running.base_url}/widget/demo/en")
    assert await visit.page.locator("button.launcher").evaluate("one => getComputedStyle(one).borderRadius") == "26px"
    visit.site.complaints.clear()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_on_the_smallest_phone_everything_fits(come: Come, language: Language) -> None:
    choices = tuple(Choice(f"c{number}", f"Antwort Nummer {number} mit Worten") for number in range(4))
    visit = await come(
        language=language,
        viewport={"width": 320, "height": 568},
        has_touch=True,
        is_mobile=True,
        door=MemoryChatDoor({"hello": ("x" * 200, choices)}),
    )
    await visit.launcher.tap()
    await expect(visit.field).to_be_visible()
    box = await visit.page.locator(".panel").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 320, 568)
    await visit.write("hello")
    await expect(visit.chat.locator(".choices")).to_be_visible()
    frame = visit.frame()
    wide = (
        "document.documentElement.scrollWidth > innerWidth || document.querySelector('#log').scrollWidth > innerWidth"
    )
    small = """[...document.querySelectorAll('button, a, summary')].filter(one => one.checkVisibility())
        .filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML.slice(0, 90))"""
    assert not await frame.evaluate(wide)
    assert await frame.evaluate(small) == []
    # With the keyboard open there is so little room; the field and the last words stay in sight.
    await visit.page.set_viewport_size({"width": 320, "height": 300})
    await expect(visit.field).to_be_in_viewport(ratio=1)
    assert await visit.log.evaluate("one => one.clientHeight") >= 60
    assert await violations(visit.page) == []
    await visit.chat.locator("#close").tap()
    await expect(visit.launcher).to_be_focused()


async def test_the_colours_of_the_page_around_are_taken(come: Come) -> None:
    visit = await come(more='data-scheme="dark" data-accent="#ffcc00" data-side="left"')
    await visit.open()
    header = visit.chat.locator("header")
    assert await header.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(255, 204, 0)"
    assert await header.evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"
    assert (await visit.launcher.bounding_box())["x"] < 40
    assert await violations(visit.page) == []


async def test_forced_colours_and_reduced_motion(come: Come) -> None:
    visit = await come(forced_colors="active", reduced_motion="reduce")
    await visit.open()
    await visit.write("hello")
    await visit.hears("You said: hello")
    moving = "document.getAnimations().length"
    assert await visit.frame().evaluate(moving) == 0
    edge = "one => getComputedStyle(one).borderTopStyle"
    assert await visit.log.locator(".line.you .text").evaluate(edge) == "solid"


async def test_without_script_the_form_is_one_link_away(come: Come) -> None:
    visit = await come()
    context = await visit.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = await context.new_page()
    await page.goto(f"{visit.running.base_url}/widget/frame/fr")
    link = page.get_by_role("link", name=texts.pages()["fr"]["landing.start"])
    await expect(link).to_have_attribute("href", "/fr/complaint")
    await expect(page.locator("form")).to_be_hidden()
    await page.goto(f"{visit.running.base_url}/widget/demo/fr")
    await expect(page.locator("noscript a")).to_have_attribute("href", f"{visit.running.base_url}/fr/complaint")


async def test_a_page_that_is_not_listed_gets_no_chat(come: Come) -> None:
    visit = await come(listed=False)
    await visit.launcher.click()
    await asyncio.sleep(1)
    assert visit.site.complaints != []
    assert all("frame-ancestors" in line for line in visit.site.complaints)
    visit.site.complaints.clear()
    assert visit.running.door.begun == 0
    assert not any("/widget/frame/" in frame.url for frame in visit.page.frames)


async def test_words_of_another_shape_or_origin_do_nothing(come: Come) -> None:
    visit = await come()
    await visit.open()
    frame = visit.frame()
    for bad in ("'close'", "null", "{guichet: 'unread', count: '<b>'}", "{guichet: 'unread', count: -1}", "{close: 1}"):
        await frame.evaluate(f"parent.postMessage({bad}, '*')")
        await visit.page.evaluate(f"postMessage({bad}, '*')")
    await visit.page.evaluate("postMessage({guichet: 'close'}, '*')")
    await visit.page.evaluate("postMessage({guichet: 'unread', count: 3}, '*')")
    for bad in ("{guichet: 'say', text: 'x'}", "{guichet: 'open', accent: 'red;}', scheme: {}}", "'open'"):
        await visit.page.evaluate(
            f"document.querySelector('div').shadowRoot.querySelector('iframe').contentWindow.postMessage({bad}, '*')"
        )
    await asyncio.sleep(0.5)
    await expect(visit.page.locator(".panel")).to_be_visible()
    await expect(visit.launcher).not_to_contain_text("new")
    assert await frame.evaluate("document.documentElement.getAttribute('style')") is None
    assert visit.running.door.said == []
    assert await visit.page.evaluate("Object.keys(window).filter(name => /guichet/i.test(name))") == ["guichet"]


async def test_two_pages_of_one_site_share_a_conversation(come: Come) -> None:
    visit = await come()
    await visit.open()
    await visit.write("one")
    await visit.hears("You said: one")
    other = await visit.context.new_page()
    watch(other, visit.site)
    await other.goto(f"{visit.site.origin}/second")
    second = Visit(other, visit.context, visit.running, visit.site)
    await second.open()
    await second.hears("You said: one")
    await second.write("two")
    await visit.hears("You said: two")
    assert visit.running.door.begun == 1
