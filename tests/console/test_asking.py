"""Asking a department from the case: shown as theirs, waiting said in working days, taken back like an answer."""

from __future__ import annotations

from store import questions
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.test_actions import acts_of, messages_of, written

VIEWER = Viewer(1, "Test", "supervisor", medical=True)


async def test_a_question_is_shown_as_with_the_department_and_waits(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    assert "Ask a department" in page
    page = await tom.post(f"{path}/ask", department="reimbursements", text="Wat is er <gebeurd>?")
    assert "Goes to Refunds of care in 10 seconds." in page or "in 10 seconds." in page
    assert "the member does not see this" in page
    assert "Wat is er &lt;gebeurd&gt;?" in page
    sent = (await messages_of(running, "soon"))[-1]
    assert (sent.direction, sent.situation) == ("ask", "reimbursements")
    assert running.house.references["soon"] in sent.subject
    assert "Jan Peeters" not in sent.subject + sent.text
    running.clock.forward(days=3)
    tom = await running.sign_in("tom")
    page = await tom.get(path)
    assert "no answer for 3 working days" in page
    assert "has no answer yet" in await tom.get(f"{path}/close")


async def test_a_question_can_be_taken_back_and_its_words_stay(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/ask", department="incapacity", text="Te vroeg gevraagd.")
    running.clock.forward(seconds=1)
    await tom.get(path)
    await tom.post(f"{path}/draft", purpose="question", text="En nog iets.")
    sent = (await messages_of(running, "soon"))[-1]
    page = await tom.post(f"{path}/undo", outbox=str(sent.outbox_id))
    assert "nothing was sent" in page
    assert written(page, "ask-text") == "Te vroeg gevraagd.\n\nEn nog iets."
    assert "the member does not see this" not in page
    assert (await acts_of(running, "soon"))[-1] == "case.question_undone"
    async with running.house.store.read() as tx:
        assert await questions.of_case(tx, VIEWER, running.house.cases["soon"]) == []


async def test_what_cannot_be_asked_by_mail_says_so_and_keeps_the_text(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    path = running.case("soon")
    await tom.get(path)
    page = await tom.post(f"{path}/ask", status=422, department="digital", text="Mijn vraag.")
    assert "No address of this department is known" in page
    assert written(page, "ask-text") == "Mijn vraag."
    sealed = running.case("sealed")
    page = await anne.post(f"{sealed}/open", reason="handling")
    assert "This case is sealed, and mail is not" in page
    await anne.post(f"{sealed}/ask", status=422, department="incapacity", text="x")
    assert running.desk.woken == []
