"""What a colleague has begun and not finished: a refused form brings nothing twice, blanks are asked about wherever words leave
the house, and no promise of a past day is offered."""

from __future__ import annotations

import re
from html import unescape

import pytest

from config.ready_texts import BLANK
from console.words import ConsoleLanguage, in_house
from tests.console.conftest import Running
from tests.console.example_house import Told, add_case
from tests.console.test_actions import messages_of, row_of, written


def offered(page: str, select: str) -> dict[str, str]:
    """The ready texts that a page offers, by their id."""
    part = page[page.index(f'<select id="{select}"') :].partition("</select>")[0]
    return {one[0]: unescape(one[1]) for one in re.findall(r'value="(\w+)" data-text="([^"]*)"', part)}


async def test_a_refused_closing_brings_its_ready_text_once(running: Running) -> None:
    anne = await running.sign_in("anne")
    path = running.case("marie")
    page = await anne.get(f"{path}/close")
    letter = {"ready": "founded", "outcome": "founded", "how": "send"}
    page = await anne.post(f"{path}/close/look", ready="founded", outcome="founded", text=written(page, "closing-text"))
    text = written(page, "closing-text")
    assert text.count("Vous aviez raison") == 1
    # The list still says which one was put in: the cause is missing, and the letter stays as it is.
    page = await anne.post(f"{path}/close", status=422, text=text, **letter)
    assert "Say what was behind it" in page
    assert written(page, "closing-text") == text
    page = await anne.post(f"{path}/close", status=422, text=text, cause="documents", **letter)
    assert 'id="doubts"' in page
    assert written(page, "closing-text") == text
    # Nor by the same press twice.
    page = await anne.post(f"{path}/close/look", ready="founded", outcome="founded", text=text)
    assert written(page, "closing-text") == text


async def test_a_blank_in_a_question_is_asked_about_once(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    page = await tom.post(f"{path}/ready", purpose="question", ready="what_happened", department="incapacity", text="")
    text = written(page, "ask-text")
    assert BLANK in text
    assert '<option value="incapacity" selected>' in page
    question = {"department": "incapacity", "text": text}
    page = await tom.post(f"{path}/ask", status=422, **question)
    assert "is not filled in" in page
    assert "Send the question as it is" in page
    # What is asked about stands in its own form; the answer to the member is not meant.
    assert page.index('id="ask-text"') < page.index('id="doubts"') < page.index("Send the question as it is")
    assert "Send it as it is to" not in page
    assert written(page, "ask-text") == text
    assert running.desk.woken == []
    await tom.post(f"{path}/ask", sure="blank", **question)
    assert (await messages_of(running, "soon"))[-1].direction == "ask"


@pytest.mark.parametrize("unfinished", ["Wat is {due_on}?", "Zie de brief in bijlage."])
async def test_what_is_not_filled_in_or_not_there_is_asked_about(running: Running, unfinished: str) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/ask", status=422, department="incapacity", text=unfinished)
    page = await tom.post(
        f"{path}/recommend", status=422, department="digital", text=unfinished, due_on="2026-12-10", mail="1"
    )
    assert "Recommend it as it is" in page
    assert 'value="2026-12-10"' in page
    assert '<option value="digital" selected>' in page[page.index('id="recommend-department"') :]
    assert unescape(written(page, "recommend-text")) == unfinished
    assert running.desk.woken == []


async def test_a_blank_in_a_recommendation_at_the_end_is_asked_about_apart(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(f"{path}/close")
    wish = {"recommend_department": "digital", "recommend_text": f"Antwoord binnen {BLANK} dagen."}
    page = await tom.post(f"{path}/close", status=422, how="silent", outcome="explained", **wish)
    assert "The recommendation has a blank" in page
    # To be sure of a blank in the letter says nothing of one in the recommendation.
    await tom.post(f"{path}/close", status=422, how="silent", outcome="explained", sure="blank", **wish)
    assert (await row_of(running, "soon")).state == "open"
    await tom.post(f"{path}/close", how="silent", outcome="explained", sure="wish_blank", **wish)
    assert (await row_of(running, "soon")).state == "closed"


async def test_no_promise_of_a_past_day_is_offered(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("soon"))
    assert "We hebben een antwoord beloofd tegen" in offered(page, "ready-question")["what_happened"]
    assert "uiterlijk op" in offered(page, "ready")["looking_into_it"]
    assert "beloofd, en we zijn te laat" in offered(page, "ready")["late"]
    late = await tom.get(running.case("late"))
    assert "promis" not in offered(late, "ready-question")["what_happened"]
    assert "au plus tard" not in offered(late, "ready")["looking_into_it"]
    # The one that says that we are late names the day.
    assert re.search(r"promis une réponse pour le \w+ \d+ \w+ 2026, et nous", offered(late, "ready")["late"])


@pytest.mark.parametrize(
    ("spoken", "own", "asked_in"),
    [("nl", "en", "nl"), ("fr", "nl", "fr"), ("de", "nl", "nl"), ("de", "en", "fr"), ("en", "fr", "fr")],
)
def test_a_department_is_asked_in_the_language_of_the_case(
    spoken: str, own: ConsoleLanguage, asked_in: ConsoleLanguage
) -> None:
    assert in_house(spoken, own) == asked_in


async def test_the_whole_mail_to_a_department_is_in_one_language(running: Running) -> None:
    """The console of who asks speaks English, the member wrote in Dutch."""
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    assert "write in Dutch" in page
    await tom.post(f"{path}/ask", department="incapacity", text="Wat is er gebeurd?")
    sent = (await messages_of(running, "soon"))[-1]
    assert "een vraag over een dossier" in sent.subject
    assert "Antwoord op deze e-mail" in sent.text
    assert "Reply" not in sent.text
    await tom.get(path)
    await tom.post(f"{path}/recommend", department="incapacity", text="Bel terug.", mail="1")
    assert "aanbeveling" in (await messages_of(running, "soon"))[-1].subject


async def test_what_was_sent_is_in_view_and_no_second_one_is_begun(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    assert re.search(r'id="reply" class="write-reply" open', page)
    sent = await tom.client.post(
        f"{path}/reply",
        data={"csrf": tom.csrf, "version": str((await row_of(running, "soon")).version), "text": "Morgen, beloofd."},
        allow_redirects=False,
    )
    message = (await messages_of(running, "soon"))[-1]
    assert sent.headers["Location"].endswith(f"{path}?done=sent#message-{message.id}")
    page = await tom.get(f"{path}?done=sent")
    assert not re.search(r'id="reply" class="write-reply" open', page)


async def test_what_is_odd_about_an_answer_stands_at_the_button(running: Running) -> None:
    running.desk.speaks = "fr"
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    page = await tom.post(
        f"{path}/reply", status=422, text="Nous avons vérifié votre remboursement, tout est en ordre."
    )
    assert page.index('id="reply-text"') < page.index('id="doubts"') < page.index("Send it as it is to")
    assert page.index('href="#doubts"') < page.index('id="reply-text"')
    page = await tom.post(f"{path}/close", status=422, how="send", outcome="explained", text="Voir ____ ci-joint.")
    assert page.index('id="closing-text"') < page.index('id="doubts"') < page.index("Close and send it as it is to")


async def test_what_the_member_wrote_is_read_beside_the_last_message(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.get(f"{running.case('marie')}/close")
    folded = page[page.index("What the member wrote: 2 messages") : page.index('id="closing-text"')]
    assert "un rappel de mon propriétaire" in folded
    assert "Olivier Renard" not in folded
    one = await anne.get(f"{running.case('soon')}/close")
    assert "What the member wrote<" in one


@pytest.mark.parametrize(
    ("unsure", "leads_to"),
    [
        ((), "department"),
        (("department",), "department"),
        (("urgent", "kind"), "kind"),
        (("off_scope",), "flag-off_scope"),
    ],
)
async def test_correcting_leads_to_what_is_doubted(running: Running, unsure: tuple[str, ...], leads_to: str) -> None:
    doubtful = Told("Nora Lambert", "nora.l@mail.example", "Rien ne va.", unsure=unsure)
    await add_case(running.house, "doubtful", doubtful)
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("doubtful"))
    assert f'href="#{leads_to}" data-key="e"' in page
    card = page[page.index('<section class="card" id="correct">') :].partition("</section>")[0]
    assert f'id="{leads_to}"' in card
