"""A member asks which data we hold of them: one mediator prepares the answer, another reads it, the member fetches it with a
code; axe and the phone's width are looked at on every page on the way."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator

import pytest
from playwright.async_api import Page

from tests.browser.journeys import PASSWORD, Arrivals, Site, Story, arrive, chromium, mailing
from tests.browser.test_every_page import looked_at

__all__ = ["arrive", "chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ADDRESS = "jan.peeters@mail.example"
TEXT = (
    "Sinds augustus wacht ik op de terugbetaling van mijn kinesist. Mijn buurvrouw mevrouw Sofie Daems (0475 11 22 33) kreeg "
    "de hare wel. Welke gegevens hebt u over mij?"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A house with two mediators; its mails go to a sink."""
    people = {"tom": "Tom Baert", "anne": "Anne Lemaire"}
    with mailing(tmp_path_factory.mktemp("house"), people, medical=True, GUICHET_FORM_LEAST_SECONDS="0") as made:
        yield made


async def colleague(arrive: Arrivals, login: str) -> Page:
    """Somebody of the house, signed in by hand."""
    visitor = await arrive("en", width=1280, height=900)
    page = visitor.page
    await page.goto(f"{visitor.site.base_url}/console/access")
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1, name="Requests for access").wait_for()
    return page


async def test_asked_prepared_read_and_fetched(arrive: Arrivals, site: Site) -> None:
    jan = await arrive("nl")
    reference = await jan.complain(Story("nl", TEXT, "Jan Peeters", ADDRESS))
    await site.link(ADDRESS, reference)

    tom = await colleague(arrive, "tom")
    assert await tom.get_by_text("No member has asked for their data.").count() == 1
    assert await looked_at(tom) == []
    await tom.goto(f"{site.base_url}/console/case/{reference}")
    await tom.get_by_text("Answer a request for access").click()
    assert await tom.get_by_label("Whose data? First and last name").input_value() == "Jan Peeters"
    await tom.get_by_role("button", name="Begin the answer").click()
    read = tom.locator(".access-read")
    await read.wait_for()
    assert "Sinds augustus wacht ik" in await read.inner_text()
    assert "Daems" not in await read.inner_text()
    await tom.get_by_text("passages are masked").click()
    await tom.get_by_label("Mask these words too").fill("buurvrouw")
    assert await looked_at(tom) == []
    await tom.get_by_role("button", name="Mask and show the result").click()
    await tom.get_by_text("Masked anew.").wait_for()
    assert "buurvrouw" not in await read.inner_text()
    await tom.get_by_role("button", name="Hand to a second reader").click()
    await tom.get_by_text("Somebody else reads and approves it.").wait_for()
    assert await looked_at(tom) == []

    anne = await colleague(arrive, "anne")
    await anne.get_by_role("link", name="Jan Peeters").click()
    await anne.get_by_text("Handed over by Tom Baert.").wait_for()
    assert "[naam van iemand anders]" in await anne.locator(".access-read").inner_text()
    assert await looked_at(anne) == []
    await anne.get_by_role("button", name="Approve and tell the member").click()
    await anne.get_by_text("The member has not fetched it yet.").wait_for()
    assert await looked_at(anne) == []

    # Another day, another browser: the mail says nothing but where it is.
    mail = await site.mail(ADDRESS, "Daar vraagt u een code")
    assert "kinesist" not in mail
    visitor = await arrive("nl")
    page = visitor.page
    await page.goto(await site.link(ADDRESS, "Daar vraagt u een code"))
    await page.get_by_role("link", name="De gegevens krijgen die u vroeg").click()
    assert await looked_at(page) == []
    await page.set_viewport_size({"width": 390, "height": 800})
    async with page.expect_download() as coming:
        await visitor.ask_for_code("access", ADDRESS)
    download = await coming.value
    with zipfile.ZipFile(await download.path()) as archive:
        names = sorted(archive.namelist())
        whole = "".join(archive.read(name).decode() for name in names)
        data = json.loads(archive.read(names[1]))
    assert names == [f"{reference}-data.html", f"{reference}-data.json"]
    assert data["cases"][0]["reference"] == reference
    assert "Sinds augustus wacht ik" in whole
    for secret in ("Daems", "0475", "buurvrouw"):
        assert secret not in whole
    await anne.reload()
    assert await anne.get_by_text("Fetched once.").count() == 1
