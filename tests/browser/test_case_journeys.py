"""What people do with a case once it is sent, on a real house: say who they are, object, withdraw, come back, rate."""

from __future__ import annotations

import zipfile

import pytest

from config.vocabulary import Language
from console.contract import UNDO
from tests.browser.journeys import FILES, Arrivals, Site, Story, arrive, chromium, site

__all__ = ["arrive", "chromium", "site"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DUNNED = (
    "Ik kreeg een aanmaning voor bijdragen die ik al in juli betaald heb. Aan de telefoon zegt iedereen iets anders. "
    "Het bewijs van de bank heb ik al twee keer bezorgd."
)
COUNTER = "Aan de balie lachte een medewerkster mij uit toen ik naar mijn terugbetaling vroeg. Niemand greep in."
DISPUTED = (
    "J’ai déjà reçu une réponse du service des indemnités en octobre, mais je ne suis pas d’accord. Je demande au "
    "service de médiation de revoir mon dossier : on me réclame 412 euros que je ne dois pas."
)
HOSPITAL = (
    "Je veux porter plainte contre l’hôpital Sainte-Anne. L’infirmière de l’hôpital a été grossière, le chirurgien m’a "
    "fait attendre six heures aux urgences et l’hôpital refuse de me donner mon dossier."
)
ADVISER = (
    "Le médecin-conseil de Partenamut m’a traitée de menteuse pendant l’examen. Je veux porter plainte contre ce "
    "médecin-conseil."
)


def story(language: Language, text: str, who: str) -> Story:
    """What somebody with a name writes, and their address."""
    return Story(language, text, who, f"{who.lower().replace(' ', '.')}@mail.example")


@pytest.mark.parametrize("email", ["", "zonder.naam@mail.example"], ids=["no-address", "an-address"])
async def test_nameless_then_named_is_one_case_that_goes_on(arrive: Arrivals, site: Site, email: str) -> None:
    # Who can be told is refused; who cannot waits with a person (test_refusals). Both read that a name is missing.
    first = await arrive("nl")
    reference = await first.complain(Story("nl", DUNNED if email else COUNTER, email=email))
    await first.reload_until(first.heading("situation.anonymous.title"))
    if email:
        kept = await site.link(email, reference)
    else:
        assert await first.said("receipt.keep").is_visible()
        kept = await first.page.get_by_role("link", name=f"{site.base_url}/nl/c/").inner_text()

    # The link is opened on another day, in another browser.
    visitor = await arrive("nl")
    page = visitor.page
    await page.goto(kept)
    assert await visitor.said("state.refused").count() == bool(email)
    await page.locator("#name").fill("Bart Claes")
    await visitor.button("case.send").click()
    await visitor.said("case.sent").wait_for()
    await visitor.reload_until(visitor.said("event.you_wrote"))
    assert await visitor.said("state.received").is_visible()
    assert await visitor.heading("situation.anonymous.title").count() == 0
    assert await page.locator("#name").count() == 0

    tom = await arrive.colleague()
    await tom.open(reference)
    assert await tom.page.get_by_role("heading", level=1).inner_text() == "Bart Claes"
    assert await tom.where() == "triage"
    # One case: its writer has no other.
    await tom.page.goto(f"{site.base_url}/console/search?q={'aanmaning' if email else 'balie'}")
    assert await tom.page.locator(".row-link").count() == 1


async def test_somebody_elses_hospital_and_a_misunderstanding(arrive: Arrivals, site: Site) -> None:
    member = story("fr", HOSPITAL, "Nadia Charlier")
    visitor = await arrive("fr")
    reference = await visitor.complain(member)
    await visitor.reload_until(visitor.heading("situation.off_scope.title"))
    await visitor.to_the_case()
    assert await visitor.said("state.refused").is_visible()
    # Who can help, by name.
    await visitor.page.get_by_text("Droits du patient").first.wait_for()

    await visitor.write("Il s’agit de votre remboursement de la chambre, pas de l’hôpital.", disagrees=True)
    await visitor.reload_until(visitor.said("event.reopened"))
    assert await visitor.said("state.received").is_visible()
    assert await visitor.heading("situation.off_scope.title").count() == 0
    tom = await arrive.colleague()
    await tom.open(reference)
    assert await tom.where() == "triage"
    assert await tom.page.get_by_text("pas de l’hôpital").count() > 0


async def test_withdrawn_and_taken_back(arrive: Arrivals, site: Site) -> None:
    member = story("nl", DUNNED, "Lies Wouters")
    visitor = await arrive("nl")
    reference = await visitor.complain(member)
    await visitor.to_the_case()
    await visitor.reload_until(visitor.link("case.withdraw"))
    await visitor.link("case.withdraw").click()
    await visitor.ask_for_code("withdraw", member.email)
    await visitor.said("case.withdrawn").wait_for()
    assert await visitor.said("state.closed").is_visible()

    tom = await arrive.colleague()
    await tom.open(reference)
    await tom.page.get_by_text("Withdrawn").first.wait_for()

    await visitor.write("Ik heb mij bedacht. Gaat u alstublieft verder met mijn dossier.")
    await visitor.reload_until(visitor.said("event.reopened"))
    assert await visitor.said("state.closed").count() == 0
    await tom.open(reference)
    assert await tom.page.locator("#reply").count() == 1
    assert await tom.page.get_by_text("Ik heb mij bedacht.").count() > 0


async def test_answered_disputed_closed_and_rated(arrive: Arrivals, site: Site) -> None:
    member = story("nl", DUNNED, "Tine Goossens")
    visitor = await arrive("nl")
    page = visitor.page
    reference = await visitor.complain(member)
    await visitor.to_the_case()
    await visitor.reload_until(visitor.said("state.in_department"))

    tom = await arrive.colleague()
    await tom.open(reference)
    await tom.put_in("#reply-text", "De aanmaning klopt volgens onze boekhouding.")
    await tom.page.get_by_role("button", name="Send to Tine Goossens, by e-mail").click()
    await tom.page.get_by_text("Goes to Tine Goossens in").wait_for()
    # It leaves once it can no longer be taken back; only then is it an answer to her.
    await visitor.reload_until(visitor.said("state.answered"), seconds=UNDO.total_seconds() + 20)
    await page.locator(".outcome", has_text="volgens onze boekhouding").wait_for()
    elsewhere = await arrive("nl")
    await elsewhere.page.goto(await site.link(member.email, "volgens onze boekhouding"))
    await elsewhere.page.locator(".outcome", has_text="volgens onze boekhouding").wait_for()

    # Not agreeing needs no words; those that follow stay with Mediation.
    await elsewhere.page.locator("#act").check()
    await elsewhere.button("case.send").click()
    await elsewhere.said("case.sent").wait_for()
    await elsewhere.reload_until(elsewhere.said("state.in_mediation"))
    assert await elsewhere.said("event.you_disagreed").is_visible()
    await elsewhere.write("Mijn bank bevestigt de betaling van 8 juli.")
    await elsewhere.reload_until(elsewhere.page.locator(".timeline", has_text="betaling van 8 juli"))
    assert await elsewhere.said("state.in_mediation").is_visible()

    await tom.open(reference)
    assert await tom.where() == "mediation"
    await tom.page.get_by_text("betaling van 8 juli").first.wait_for()
    await tom.page.get_by_role("link", name="Close the case").click()
    await tom.page.get_by_label("Partly founded").check()
    await tom.page.locator("#cause").select_option("delay")
    # Without a word of the courts the house would ask once more before it sends.
    courts = "De termijnen bij de rechtbank lopen door."
    await tom.put_in("#closing-text", f"De betaling is teruggevonden. Er blijft nog 18 euro te betalen. {courts}")
    await tom.page.get_by_role("button", name="Close and send to Tine Goossens, by e-mail").click()
    await tom.page.get_by_text("The case is closed").first.wait_for()

    last_words = page.locator(".outcome", has_text="Er blijft nog 18 euro te betalen.")
    await visitor.reload_until(last_words, seconds=UNDO.total_seconds() + 20)
    assert visitor.words["result.partly_founded"] in await page.locator(".state").inner_text()
    await page.get_by_label(visitor.words["rate.4"], exact=True).check()
    await page.locator("#comment").fill("Sneller, de volgende keer.")
    await visitor.button("rate.send").click()
    await visitor.said("rate.done").wait_for()
    await tom.open(reference)
    await tom.page.get_by_text("4 of 5").wait_for()
    await tom.page.get_by_text("Sneller, de volgende keer.").wait_for()


async def test_found_again_by_mail_and_by_receipt(arrive: Arrivals, site: Site) -> None:
    member = story("nl", DUNNED, "Wim Peeters")
    visitor = await arrive("nl")
    page = visitor.page
    reference = await visitor.complain(member)
    code = await visitor.receipt_code()
    await visitor.to_the_case()
    await visitor.reload_until(visitor.said("state.in_department"))

    for proof in (code, member.email):
        await visitor.context.clear_cookies()
        await visitor.go("")
        await visitor.link("landing.find").click()
        await page.locator("#reference").fill(reference)
        await page.locator("#proof").fill(proof)
        await visitor.button("find.send").click()
        if proof == code:
            await page.wait_for_url("**/case")
        else:
            await visitor.said("find.sent.text").wait_for()
            # Its acknowledgement came before; this one says nothing of the case but its reference.
            await page.goto(await site.link(member.email, "nieuwe link"))
        assert await visitor.reference() == reference
        await page.get_by_text(DUNNED).first.wait_for()


async def test_a_copy_of_everything(arrive: Arrivals, site: Site) -> None:
    member = story("fr", DISPUTED, "Rachid Benali")
    visitor = await arrive("fr")
    page = visitor.page
    reference = await visitor.complain(member, files=True)
    await visitor.to_the_case()
    await visitor.reload_until(visitor.link("case.copy_all"))
    await visitor.link("case.copy_all").click()
    async with page.expect_download() as saving:
        await visitor.ask_for_code("copy", member.email)
    path = await (await saving.value).path()
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert names == [f"{reference}.html", *(f"0{n}-{name}" for n, (name, _, _) in enumerate(FILES, 1))]
        assert DISPUTED in archive.read(names[0]).decode()
        assert [archive.read(name) for name in names[1:]] == [content for _, _, content in FILES]


async def test_a_sealed_case_opens_to_its_code_alone(arrive: Arrivals, site: Site) -> None:
    member = story("fr", ADVISER, "Francoise Delvaux")
    visitor = await arrive("fr")
    reference = await visitor.complain(member)
    link = await site.link(member.email, reference)

    # Whoever reads her mail has the link, and not the code.
    elsewhere = await arrive("fr")
    page = elsewhere.page
    await page.goto(link)
    await page.get_by_role("heading", name=elsewhere.words["code.title.open"]).wait_for()
    assert "médecin" not in await page.inner_text("main")
    await elsewhere.ask_for_code("open", member.email)
    await page.get_by_text(ADVISER).first.wait_for()
    async with page.expect_download() as saving:
        await elsewhere.link("case.letter").click()
    letter = await saving.value
    assert letter.suggested_filename == f"{reference}.pdf"
    assert (await letter.path()).read_bytes().startswith(b"%PDF-")
