"""Writing an answer: ready texts, drafts, what is asked about before it leaves, and two clicks on one button."""

from __future__ import annotations

import asyncio
import re

import pytest

from config.ready_texts import BLANK, load_ready_texts, ready_texts
from config.vocabulary import KINDS, LANGUAGES, ROBOT
from console.answer_checks import Member, Read, doubts, own_words
from console.closing_page import OUTCOMES
from console.placing import with_ready_words
from tests.console.conftest import Browser, Running
from tests.console.test_actions import messages_of, row_of, written

WORDS = "Beste Jan Peeters,\n\nWe hebben uw terugbetaling nagekeken en ze is vandaag vertrokken.\n\nTom"


async def test_a_ready_text_is_put_where_the_answer_goes(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    assert "We are looking into it" in page
    page = await tom.post(f"{path}/ready", ready="looking_into_it", text=written(page))
    text = written(page)
    assert text.startswith("Beste Jan Peeters,\n\nIk heb uw bericht van dinsdag 10 november 2026 goed gelezen.")
    assert running.house.references["soon"] in text
    assert text.index("goed gelezen") < text.index("Tom Baert")
    # A second one stands below what is written, above the signature; an unknown one changes nothing.
    page = await tom.post(f"{path}/ready", ready="ask_papers", text=text)
    assert written(page).index("goed gelezen") < written(page).index(BLANK) < written(page).index("Tom Baert")
    page = await tom.post(f"{path}/ready", ready="nothing", text="Mijn <tekst>.")
    assert written(page) == "Mijn <tekst>."


async def test_names_never_become_instructions(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("markup"))
    assert '<script>document.title="owned"' not in page
    found = ready_texts("answers").find("looking_into_it")
    assert found
    text = found.words("en", {"reference": "{me}", "received_on": "[due: x]", "me": "{name}"}, set())
    assert "{me}" in text
    assert "[due: x]" in text


@pytest.mark.parametrize("use", ["answers", "closings"])
def test_ready_texts_are_complete(use: str) -> None:
    found = load_ready_texts(use).root  # type: ignore[arg-type]  # the two uses, spelled by the decorator
    for one in found:
        for language in LANGUAGES:
            assert one.words(language, {}, {"due", "courts"}).strip()
    if use == "answers":
        assert all(any(not one.kinds or kind in one.kinds for one in found) for kind in KINDS)
    else:
        assert {outcome for one in found for outcome in one.outcomes} == {*OUTCOMES} - {ROBOT}


async def test_a_draft_is_there_again_in_another_browser_and_gone_after_sending(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    answer = await tom.send(f"{path}/draft", purpose="reply", text=WORDS, quiet="1")
    assert answer.status == 204
    elsewhere = await running.sign_in("tom")
    page = await elsewhere.get(path)
    assert written(page) == WORDS
    assert "Your draft of 10:00" in page
    luc = await running.sign_in("luc")
    assert "vandaag vertrokken" not in await luc.get(path)
    running.clock.forward(seconds=5)
    page = await elsewhere.post(f"{path}/reply", text=WORDS)
    assert "Goes to Jan Peeters" in page
    assert "vandaag vertrokken" not in written(page)
    # What a page from before the sending still keeps comes too late.
    answer = await tom.send(f"{path}/draft", purpose="reply", text=WORDS, quiet="1")
    assert answer.status == 204
    assert "Your draft" not in await tom.get(path)


async def test_a_draft_is_kept_and_thrown_away_without_a_script(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = running.case("soon")
    await fatima.get(path)
    page = await fatima.post(f"{path}/draft", purpose="note", text="Nog <na> te kijken.")
    assert "Kept. Only you see it." in page
    assert written(page, "note-text") == "Nog <na> te kijken."
    page = await fatima.post(f"{path}/draft", purpose="note", text="  ")
    assert "thrown away" in page
    assert written(page, "note-text") == ""
    await fatima.post(f"{path}/draft", status=422, purpose="poem", text="x")


async def test_a_draft_on_a_sealed_case_is_behind_its_fence(running: Running) -> None:
    tom = await running.sign_in("tom")
    answer = await tom.send(f"{running.case('sealed')}/draft", purpose="note", text="x", quiet="1")
    assert answer.status == 403


async def test_an_answer_in_another_language_is_asked_about_once(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    running.desk.speaks = "fr"
    await tom.get(path)
    text = "Bonjour,\n\nNous avons vérifié votre remboursement, il part aujourd'hui. Voir en annexe ____"
    page = await tom.post(f"{path}/reply", status=422, text=text)
    assert "not seem to be in Dutch" in page
    assert "is not filled in" in page
    assert "carries no files" in page
    assert written(page) == text
    assert "Send it as it is to Jan Peeters" in page
    assert running.desk.woken == []
    # Sure of one thing is not sure of all.
    await tom.post(f"{path}/reply", status=422, text=text, sure="language")
    page = await tom.post(f"{path}/reply", text=text, sure="language blank attachment")
    assert "Goes to Jan Peeters" in page


def test_only_the_own_words_are_looked_over() -> None:
    opening = "Beste Jan,\n\n\n\nTom Baert\nDienst Bemiddeling, Partenamut"
    text = with_ready_words(opening, "Voilà.", opening)
    assert own_words(text, opening).strip() == "Voilà."
    assert with_ready_words("", "A", opening) == "Beste Jan,\n\nA\n\nTom Baert\nDienst Bemiddeling, Partenamut"
    assert with_ready_words("Alleen dit", "A", opening) == "Alleen dit\n\nA"
    member = Member("Jan", "nl", "email", "", frozenset())
    assert doubts("tout va bien", member, Read()) == ()
    assert doubts("tout va bien", member, Read(spoken="nl")) == ()


async def _press(browser: Browser, path: str) -> int:
    return (await browser.send(f"{path}/reply", text=WORDS)).status


async def test_two_clicks_on_send_are_one_answer(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    assert await asyncio.gather(_press(tom, path), _press(tom, path)) == [200, 200]
    sent = [one for one in await messages_of(running, "soon") if one.direction == "out" and not one.auto]
    assert [one.reply for one in sent] == [WORDS]


async def test_a_colleague_who_answered_first_is_shown_and_the_text_is_kept(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(path)
    await luc.get(path)
    running.clock.forward(seconds=10)
    await luc.post(f"{path}/reply", text="Van Luc, die eerst was.")
    page = await tom.post(f"{path}/reply", status=409, text=WORDS)
    assert "This case has changed since you opened it" in page
    assert "an answer to the member" in page
    assert written(page) == WORDS


async def test_a_closing_is_read_as_the_member_reads_it_before_it_leaves(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = running.case("marie")
    page = await anne.get(f"{path}/close")
    page = await anne.post(
        f"{path}/close/look",
        outcome="not_ours",
        passed_to="fsmi",
        ready="passed_on",
        text=written(page, "closing-text"),
    )
    text = written(page, "closing-text")
    assert "Qui peut vous aider" in text
    assert 'value="not_ours" required checked' in page
    page = await anne.post(f"{path}/close/look", how="preview", outcome="not_ours", text="Bonjour <b>Marie</b>.")
    assert "Marie Dubois will read this" in page
    assert "Bonjour &lt;b&gt;Marie&lt;/b&gt;." in page
    assert (await row_of(running, "marie")).state == "open"
    await anne.post(f"{path}/draft", purpose="closing", text="Begonnen.")
    assert written(await anne.get(f"{path}/close"), "closing-text") == "Begonnen."


async def test_the_body_that_a_member_is_sent_to_is_said_on_the_case(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("unsure")
    page = await tom.get(f"{path}/close")
    body = re.search(
        r'<select id="passed-to".*?<option value="(\w+)">([^<]+)</option>',
        page.replace('<option value="">', "<x>"),
        re.S,
    )
    assert body
    page = await tom.post(f"{path}/close", how="silent", outcome="not_handled_off_scope", passed_to=body.group(1))
    assert body.group(2) in page
    assert (await row_of(running, "unsure")).outcome == "not_handled_off_scope"
