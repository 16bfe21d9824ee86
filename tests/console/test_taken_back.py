"""What was taken back before it left was said to nobody: it stands in no list of what was said, and nothing finds it."""

from __future__ import annotations

from tests.console.access_steps import asking, begin
from tests.console.conftest import Browser, Running
from tests.console.test_actions import messages_of
from tests.console.test_case_papers import typeset

__all__ = ["asking", "typeset"]

_ANSWER = "Voici des nouvelles : votre paiement part par zibeline."
_QUESTION = "Qu'est devenue la martre ?"


async def _taken_back(running: Running, colleague: Browser, key: str) -> list[str]:
    """An answer and a question, each taken back in time; the fields by which a form would choose them."""
    path = running.case(key)
    names = []
    for act, fields in (("reply", {"text": _ANSWER}), ("ask", {"text": _QUESTION, "department": "incapacity"})):
        await colleague.get(path)
        await colleague.post(f"{path}/{act}", **fields)
        (waiting,) = [one for one in await messages_of(running, key) if one.delivery == "waiting" and not one.auto]
        assert "took" in await colleague.post(f"{path}/undo", outbox=str(waiting.outbox_id))
        names.append(f"message-{waiting.id}")
    return names


async def test_it_is_no_message_to_split_off(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    answer, question = await _taken_back(running, tom, "marie")
    page = await tom.get(f"{path}/split")
    assert "zibeline" not in page
    assert answer not in page
    page = await tom.post(f"{path}/split", status=422, queue="privacy", **{answer: "1", question: "1"})
    assert "Choose at least one message" in page


async def test_search_does_not_find_it(running: Running) -> None:
    tom = await running.sign_in("tom")
    path, reference = running.case("marie"), running.house.references["marie"]
    await tom.get(path)
    await tom.post(f"{path}/reply", text=_ANSWER)
    assert reference in await tom.get("/console/search?q=zibeline")
    (waiting,) = [one for one in await messages_of(running, "marie") if one.delivery == "waiting" and not one.auto]
    await tom.get(path)
    await tom.post(f"{path}/undo", outbox=str(waiting.outbox_id))
    await _taken_back(running, tom, "marie")
    for word in ("zibeline", "martre"):
        assert reference not in (await tom.get(f"/console/search?q={word}")).partition("<main")[2], word
    # Where the case is found by something else, no line quotes it.
    page = (await tom.get("/console/search?q=indemnit%C3%A9")).partition("<main")[2]
    assert reference in page
    assert "zibeline" not in page


async def test_it_is_on_no_paper(running: Running, typeset: list[str]) -> None:
    tom = await running.sign_in("tom")
    await _taken_back(running, tom, "marie")
    for paper in ("file", "copy"):
        assert (await tom.client.get(f"{running.case('marie')}/paper/{paper}")).status == 200
        assert "zibeline" not in typeset[-1]
        assert "martre" not in typeset[-1]


async def test_it_is_in_no_answer_to_a_request_for_access(asking: Running) -> None:
    anne = await asking.sign_in("anne")
    await _taken_back(asking, anne, "marie")
    await begin(anne, asking)
    assert "écrit deux fois" in anne.page
    assert "zibeline" not in anne.page
    assert "martre" not in anne.page
