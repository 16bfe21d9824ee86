"""Pages that were open for a while: a form sent twice, sent by somebody who is shut out by then or may do less, or never sent."""

from __future__ import annotations

import asyncio

import pytest

from store import mentions, recommendations, users, views
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import NOW
from tests.console.test_actions import acts_of, messages_of, row_of

EVERYBODY = Viewer(0, "", "supervisor", medical=True)


async def notes_of(running: Running, key: str) -> list[str]:
    async with running.house.store.read() as tx:
        return [note.text for note in await views.notes_of(tx, EVERYBODY, running.house.cases[key])]


async def test_a_note_sent_twice_is_one_and_the_colleague_is_told_once(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    page = await tom.get(path)
    before = await notes_of(running, "soon")
    answers = await asyncio.gather(*(tom.send(f"{path}/note", text="@Anne, kijk eens.") for _ in range(3)))
    assert {answer.status for answer in answers} == {200}
    assert await notes_of(running, "soon") == [*before, "@Anne, kijk eens."]
    async with running.house.store.read() as tx:
        anne = Viewer(running.house.users["anne"], "Anne", "mediator", medical=True)
        assert await mentions.unseen(tx, anne) == 1
    # Written again on a page of later, it is meant.
    tom.page = page
    running.clock.forward(seconds=5)
    await tom.get(path)
    await tom.post(f"{path}/note", text="@Anne, kijk eens.")
    assert len(await notes_of(running, "soon")) == len(before) + 2


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("reply", {"text": "Beste, uw terugbetaling is vertrokken."}),
        ("ask", {"department": "reimbursements", "text": "Waar blijft dit?"}),
        ("recommend", {"department": "reimbursements", "text": "Bel terug."}),
        ("pause", {"reason": "department", "until": "2026-11-25"}),
        ("move", {"queue": "digital"}),
        ("close", {"how": "send", "outcome": "explained", "text": "Uw terugbetaling is vertrokken."}),
        ("close", {"how": "silent", "outcome": "explained"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value.get("how", ""),
)
async def test_a_form_that_is_sent_again_does_nothing_more(running: Running, act: str, fields: dict[str, str]) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(f"{path}/close" if act == "close" else path)
    opened = tom.page
    await tom.post(f"{path}/{act}", **fields)
    done = (await acts_of(running, "soon"), await messages_of(running, "soon"), await row_of(running, "soon"))
    tom.page = opened
    answer = await tom.send(f"{path}/{act}", **fields)
    page = await answer.text()
    # Either it says that the case has changed, or shows what the first one did; never a mere number.
    assert answer.status in (200, 409), page[:500]
    assert "This case has changed since you opened it." in page or "Jan Peeters" in page
    assert (await acts_of(running, "soon"), await messages_of(running, "soon"), await row_of(running, "soon")) == done
    async with running.house.store.read() as tx:
        made = await recommendations.of_case(tx, EVERYBODY, running.house.cases["soon"])
    assert len(made) == (act == "recommend")


async def test_who_is_shut_out_while_writing_sends_nothing_and_reads_why(running: Running) -> None:
    house = running.house
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    async with house.store.write() as tx:
        await users.disable(tx, house.users["tom"], actor="command", now=NOW)
    words = "Beste, uw <terugbetaling> is vertrokken."
    for act in ("reply", "note", "ask", "close"):
        page = await tom.post(f"{path}/{act}", status=401, text=words, outcome="explained")
        assert "Nothing was sent" in page
        # What they typed is theirs; nothing of the case is shown any more.
        assert "uw &lt;terugbetaling&gt; is vertrokken" in page
        assert "Jan Peeters" not in page
    answer = await tom.send(f"{path}/take")
    assert answer.url.path == "/console/sign-in"
    quiet = await tom.send(f"{path}/draft", purpose="reply", text="Begonnen.", quiet="1")
    assert quiet.status == 401
    assert [one for one in await messages_of(running, "soon") if one.direction == "out" and not one.auto] == []
    assert (await row_of(running, "soon")).state == "open"


async def test_who_may_only_read_by_then_changes_nothing(running: Running) -> None:
    house = running.house
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    rik = await running.sign_in("rik")
    rik.page = tom.page
    for act in ("reply", "ask", "close", "take", "move", "pause", "merge", "split"):
        answer = await rik.send(f"{path}/{act}", text="x", outcome="explained", queue="digital")
        assert answer.status == 403, act
    assert (await row_of(running, "soon")).version == 1
    assert house.cases["soon"]
