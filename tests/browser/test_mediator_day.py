"""A mediator's day on a real house: mails come in and go out, and everything in between is done in a browser; once more without a
mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page

from tests.browser.journeys import PASSWORD, Arrivals, Site, arrive, chromium, mailing
from tests.gateway.embedded import OMBUDSMAN

__all__ = ["arrive", "chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEPARTMENT = "indemnites@mutual.example"
FIRST = (
    "Bonjour, j'ai déjà reçu une réponse du service des indemnités en octobre, mais je ne suis pas d'accord. Mon certificat "
    "d'incapacité est chez vous depuis le 3 novembre. Quand mes indemnités seront-elles payées ?"
)
AGAIN = (
    "Bonjour, encore moi. Votre service des indemnités ne répond pas, et mes indemnités d'incapacité de travail ne sont "
    "toujours pas payées."
)


def letter(who: str, text: str, *, subject: str = "Indemnités", to: str = OMBUDSMAN, number: int = 1) -> bytes:
    """A mail as the border server hands it on."""
    name = who.partition("@")[0].replace(".", " ").title()
    return (
        f"From: {name} <{who}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}.{who}>\r\n"
        f"Authentication-Results: mx.mutual.example; dmarc=pass header.from={who.rpartition('@')[2]}\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\r\n{name}\r\n"
    ).encode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A house with two mediators and a department that can be asked; its mails go to a sink."""
    settings = {
        "GUICHET_AUTHSERV_ID": "mx.mutual.example",
        "GUICHET_DEPARTMENT_MAIL": f"incapacity={DEPARTMENT}",
    }
    with mailing(tmp_path_factory.mktemp("house"), {"tom": "Tom Baert", "anne": "Anne Lemaire"}, **settings) as made:
        yield made


async def reference_of(site: Site, address: str, *, but: str = "PM-0000-000000-00") -> str:
    """The reference in the newest receipt of somebody that is not this one."""
    text = await site.mail(address, rf"PM-\d{{4}}-(?!{but[8:14]})\d{{6}}-\d{{2}}")
    found = [one for one in re.findall(r"PM-\d{4}-\d{6}-\d{2}", text) if one != but]
    return found[0]


async def reload_until(page: Page, text: str) -> None:
    """Look again, as people do, until something is said."""
    for _ in range(60):
        if await page.get_by_text(text).count():
            return
        await page.wait_for_timeout(300)
        await page.reload()
    pytest.fail(f"not on {page.url}: {text}; {await page.inner_text('main')}")


async def answer_of_department(site: Site, number: int) -> None:
    """The department answers the mail that it got, by its own mail."""
    asked = next(one.message for one in reversed(site.sink.to(DEPARTMENT)))
    address = str(asked["Reply-To"] or asked["From"]).rpartition("<")[2].strip("> ")
    text = "Le certificat a été encodé ce matin, le paiement part lundi."
    site.house.mail(
        letter(DEPARTMENT, text, subject="Re: question", to=address, number=number), sender=DEPARTMENT, to=address
    )


class Keyboard:
    """Somebody without a mouse: only keys are pressed, and after each it can be seen where one is."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, on a page whose scripts are there."""
        await self.page.wait_for_load_state()
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Write where one is."""
        await self.page.keyboard.type(text)

    async def at(self) -> str:
        """What has the focus, as it is called; fails when it is nowhere, or cannot be seen there."""
        found: dict[str, str | bool] = await self.page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
                const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none";
                const label = at.labels?.[0]?.textContent || at.getAttribute("aria-label") || at.textContent || at.id;
                return {
                    lost: at === document.body || !at.isConnected,
                    seen: ring && box.width > 0 && box.height > 0,
                    called: `${at.id} ${label} ${at.value ?? ""}`.replace(/\\s+/g, " ").trim(),
                };
            }"""
        )
        assert not found["lost"], f"the focus is lost on {self.page.url}"
        assert found["seen"], f"the focus cannot be seen at {found['called']} on {self.page.url}"
        return str(found["called"])

    async def to(self, wanted: str, *, most: int = 150) -> None:
        """Tab until something is there that is called so; the focus is seen at every step."""
        nowhere = "() => document.activeElement === document.body"
        for _ in range(most):
            # Behind the last thing of a page comes the browser's own bar, and then the first one.
            if not await self.page.evaluate(nowhere) and wanted in await self.at():
                return
            await self.page.keyboard.press("Tab")
        pytest.fail(f"no way to {wanted!r} by Tab on {self.page.url}")


async def test_the_whole_day(arrive: Arrivals, site: Site) -> None:
    member = "marie.dubois@mail.example"
    site.house.mail(letter(member, FIRST), sender=member)
    reference = await reference_of(site, member)
    site.house.mail(letter(member, AGAIN, subject="Toujours rien", number=2), sender=member)
    second = await reference_of(site, member, but=reference)
    # The page of the case is kept open by its member, by the link of the first receipt.
    link = await site.link(member, reference)

    tom = await arrive.colleague()
    page, keys = tom.page, Keyboard(tom.page)
    # Find it: in the list, narrowed, and by its words.
    await page.goto(f"{site.base_url}/console/queue/mediation?language=fr")
    await page.locator(f'[data-case="{reference}"]').wait_for()
    await keys.press("/")
    await keys.type("certificat novembre")
    await keys.press("Enter")
    await page.locator(".row-link").first.click()

    # Read why it is here, and correct a label: what the rules make of it now is said.
    await page.get_by_role("heading", name="Why here?").wait_for()
    await keys.press("e")
    await page.get_by_label("Kind", exact=True).select_option("complaint")
    await page.get_by_role("button", name="Correct these").click()
    await page.locator("main").get_by_text(re.compile("rules of today", re.IGNORECASE)).first.wait_for()
    assert await tom.where() == "mediation"

    # Ask the department; its answer comes into the case by mail, and not to the member.
    await keys.press("d")
    await keys.type("Le certificat du 3 novembre est-il encodé ?")
    await keys.press("Control+Enter")
    await page.get_by_text("question by Tom Baert").wait_for()
    await site.mail(DEPARTMENT, "certificat du 3 novembre")
    await answer_of_department(site, 3)
    await reload_until(page, "le paiement part lundi")
    assert not any("encodé ce matin" in str(one.message) for one in site.sink.to(member))

    # A note that names a colleague, who finds it; a rest with a reason, and its end.
    await keys.press("i")
    await keys.type("@Anne, peux-tu vérifier le montant ?")
    await keys.press("Control+Enter")
    await page.get_by_text("The note is saved.").wait_for()
    await keys.press("p")
    await page.get_by_label("We wait for the member").check()
    day = page.locator("#pause-until")
    await day.fill(str(await day.get_attribute("min")))
    await page.get_by_role("button", name="Let it rest", exact=True).click()
    await page.get_by_text(re.compile(r"^Rests until")).first.wait_for()
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_text("The case goes on.").first.wait_for()

    # Two cases of one matter become one, are told apart again, and become one for good.
    for _ in range(2):
        await page.get_by_role("link", name="Merge with another case").click()
        await page.get_by_role("link", name=second).click()
        await page.locator(f'input[name="goes_on"][value="{reference}"]').check()
        await page.get_by_role("button", name="Merge", exact=True).click()
        await page.get_by_text("The two cases are one now").wait_for()
        assert await page.get_by_text("Bonjour, encore moi").count() >= 1
        if _ == 0:
            await page.get_by_role("button", name="Take it back").click()
            await page.get_by_text("The merge is taken back").wait_for()
            await tom.open(reference)
            assert await page.get_by_text("Bonjour, encore moi").count() == 0

    # Answer: what is typed is kept, and there again; sent, taken back, and sent.
    await tom.put_in("#reply-text", "Votre certificat est encodé, vos indemnités partent lundi.")
    await page.locator("#reply [data-kept]").get_by_text("kept").wait_for()
    await tom.open(reference)
    assert "partent lundi" in await page.locator("#reply-text").input_value()
    await page.get_by_role("button", name="Send to Marie Dubois, by e-mail").click()
    await page.get_by_text("Goes to Marie Dubois in").wait_for()
    await keys.press("z")
    await page.get_by_text("Taken back: nothing was sent.").wait_for()
    assert "partent lundi" in await page.locator("#reply-text").input_value()
    await page.get_by_role("button", name="Send to Marie Dubois, by e-mail").click()
    await page.get_by_text("Goes to Marie Dubois in").wait_for()
    mail = await site.mail(member, "vos indemnités partent lundi", seconds=40)
    assert reference in mail

    # Close it, with what was behind it and a last message; its member reads how it ended.
    await page.reload()
    await keys.press("c")
    await page.get_by_label("Founded", exact=False).first.check()
    await page.get_by_label("What was behind it?").select_option("documents")
    await page.get_by_label("What was done").fill("Certificat retrouvé et encodé.")
    await tom.put_in("#closing-text", "Vous aviez raison : vos indemnités sont payées depuis lundi.")
    await page.get_by_role("button", name="Close and send to Marie Dubois, by e-mail").click()
    await page.get_by_text("The case is closed.").first.wait_for()
    await site.mail(member, "payées depuis lundi", seconds=40)
    visitor = await arrive("fr")
    await visitor.page.goto(link)
    await visitor.reload_until(visitor.said("state.closed"))
    await visitor.page.locator(".outcome", has_text="payées depuis lundi").wait_for()
    assert visitor.words["result.founded"] in await visitor.page.locator(".state").inner_text()
    assert "retrouvé et encodé" not in await visitor.page.content()

    anne = await arrive("en", width=1280, height=900)
    await anne.page.goto(f"{site.base_url}/console/mentions")
    await anne.page.get_by_label("Login").fill("anne")
    await anne.page.get_by_label("Password").fill(PASSWORD)
    await anne.page.get_by_role("button", name="Sign in").click()
    await anne.page.locator(".mentions li", has_text=reference).get_by_role("link", name="Marie Dubois").click()
    await anne.page.get_by_text("peux-tu vérifier le montant").first.wait_for()


async def test_the_same_by_keyboard_alone(arrive: Arrivals, site: Site) -> None:
    member = "karim.haddad@mail.example"
    site.house.mail(letter(member, FIRST), sender=member)
    reference = await reference_of(site, member)
    visitor = await arrive("en", width=1280, height=900)
    page, keys = visitor.page, Keyboard(visitor.page)
    await page.goto(f"{site.base_url}/console/")
    await keys.to("Login")
    await keys.type("tom")
    await keys.to("Password")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await page.get_by_role("heading", name="All cases").wait_for()

    await keys.press("/")
    assert await keys.at()
    await keys.type(reference)
    await keys.press("Enter")
    await page.get_by_role("heading", name="Karim Haddad").wait_for()
    # The words behind the first finding, and the story unfolded.
    await keys.press("1", "f")
    await keys.press("a")
    await page.get_by_text("The case is yours.").wait_for()

    await keys.press("d")
    await keys.type("Le certificat du 3 novembre est-il là ?")
    assert "ask-text" in await keys.at()
    await keys.press("Control+Enter")
    await page.get_by_text("question by Tom Baert").wait_for()
    await site.mail(DEPARTMENT, "est-il là")
    await answer_of_department(site, 9)
    await reload_until(page, "le paiement part lundi")

    await keys.press("i")
    await keys.type("Rappeler mardi.")
    await keys.press("Control+Enter")
    await page.get_by_text("The note is saved.").wait_for()

    await keys.press("p")
    # The address of the page changes first, and the focus follows.
    await page.wait_for_function("() => document.activeElement.name === 'reason'")
    await keys.press("Space")
    await keys.to("pause-until")
    day = str(await page.locator("#pause-until").get_attribute("min"))
    await keys.type(f"{day[5:7]}{day[8:]}{day[:4]}")
    assert await page.locator("#pause-until").input_value() == day
    await keys.press("Enter")
    await page.get_by_text(re.compile(r"^Rests until")).first.wait_for()
    await keys.to("Go on")
    await keys.press("Enter")
    await page.get_by_text("The case goes on.").first.wait_for()

    await keys.press("r")
    assert "reply-text" in await keys.at()
    await keys.type("Votre certificat est encodé, vos indemnités partent lundi.")
    await keys.press("Escape")
    assert "Reply to the member" in await keys.at()
    await keys.press("r")
    await keys.press("Control+Enter")
    await page.get_by_text("Goes to Karim Haddad in").wait_for()
    await keys.press("z")
    await page.get_by_text("Taken back: nothing was sent.").wait_for()
    await keys.press("r", "Control+Enter")
    await page.get_by_text("Goes to Karim Haddad in").wait_for()
    await site.mail(member, "vos indemnités partent lundi", seconds=40)

    await page.reload()
    await keys.press("c")
    await page.get_by_role("heading", name="Close the case of Karim Haddad").wait_for()
    await keys.to("FoundedThe member was right")
    await keys.press("Space")
    await keys.to("cause")
    await keys.type("It took")
    await keys.to("measures")
    await keys.type("Encodé.")
    await keys.to("closing-text")
    await keys.press("Control+Home", "ArrowDown", "ArrowDown")
    await keys.type("Vous aviez raison : vos indemnités sont payées.")
    await keys.press("Control+Enter")
    await page.get_by_text("The case is closed.").first.wait_for()
    await site.mail(member, "indemnités sont payées", seconds=40)
