"""What becomes of everything that hangs on a case when it goes on in another one, and when that is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from router import deadlines
from store import (
    cases,
    correspondence,
    drafts,
    lists,
    mentions,
    merging,
    pauses,
    recommendations,
    reporting,
    views,
)
from store.clocks import promised
from store.schema import cases as case_table
from store.schema import held as held_table
from store.viewer import Viewer
from store.views import Row
from tests.console.conftest import Running, on_both
from tests.console.example_house import NOW, House, Told, add_case, add_held, add_more
from tests.console.test_actions import acts_of, messages_of, row_of

pytestmark = on_both
MOVED = deadlines.after_pause
PAUL = Told("Paul Dubois", "paul@mail.example", "J'écris pour ma femme, avec un zèbre.", days_ago=9)


def viewer(house: House, login: str = "tom") -> Viewer:
    return Viewer(house.users[login], login, "mediator")


async def merge(house: House, gone: str, into: str) -> None:
    async with house.store.write() as tx:
        one, other = [await views.case(tx, viewer(house), house.cases[key]) for key in (gone, into)]
        assert one is not None
        assert other is not None
        versions = (one.version, other.version)
        await merging.merge(tx, viewer(house), one, other, moved=MOVED, now=NOW, versions=versions)


async def unmerge(house: House, gone: str, into: str, *, now: timedelta = timedelta()) -> None:
    async with house.store.write() as tx:
        one, other = [await views.case(tx, viewer(house), house.cases[key]) for key in (gone, into)]
        assert one is not None
        assert other is not None
        await merging.unmerge(tx, viewer(house), one, other, now=NOW + now, version=other.version)


async def rest(house: House, key: str, reason: pauses.Reason, *, days_ago: int) -> None:
    began = NOW - timedelta(days=days_ago)
    until = (NOW + timedelta(days=3)).date()
    async with house.store.write() as tx:
        await cases.change(
            tx, house.cases[key], actor="system", act="case.paused", now=began, paused_until=until, paused_for=reason
        )
        waiting = deadlines.pausable() if reason == "member" else ()
        await pauses.begin(
            tx,
            house.cases[key],
            reason=reason,
            until=until,
            waiting=waiting,
            author_id=None,
            today=began.date(),
            now=began,
        )


async def clocks(house: House, key: str) -> dict[str, tuple[date, str]]:
    async with house.store.read() as tx:
        return {one.clock: (one.due_on, one.state) for one in await promised(tx, house.cases[key])}


def same(before: Row, after: Row) -> bool:
    return replace(after, version=before.version, unread=before.unread) == before


async def test_a_question_of_the_case_that_is_gone_is_still_open_where_it_goes_on(running: Running) -> None:
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/ask", department="reimbursements", text="Waar blijft dit?")
    await merge(running.house, "soon", "late")
    page = await tom.get(running.case("late"))
    assert "Waar blijft dit?" in page
    assert "has no answer yet" in await tom.get(f"{running.case('late')}/close")


async def test_drafts_go_along_and_come_back(running: Running) -> None:
    house = running.house
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/draft", purpose="note", text="Nog te bellen.")
    await tom.post(f"{running.case('soon')}/draft", purpose="question", text="Vraag van soon.")
    await tom.post(f"{running.case('late')}/draft", purpose="question", text="Question de late.")
    await merge(house, "soon", "late")
    page = await tom.get(running.case("late"))
    assert "Nog te bellen." in page
    # Two texts for one place: both are there, and which is whose can be seen.
    rest_of_page = page.partition("Question de late.")[2]
    assert rest_of_page.index(house.references["soon"]) < rest_of_page.index("Vraag van soon.")
    await unmerge(house, "soon", "late")
    async with house.store.read() as tx:
        back = await drafts.of_case(tx, viewer(house), house.cases["soon"])
        left = await drafts.of_case(tx, viewer(house), house.cases["late"])
    assert {purpose: draft.text for purpose, draft in back.items()} == {"note": "Nog te bellen."}
    assert set(left) == {"question"}


async def test_who_was_mentioned_is_led_to_the_case_that_goes_on_and_has_seen_it_there(running: Running) -> None:
    house = running.house
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/note", text="@Anne, kijk eens.")
    await merge(house, "soon", "late")
    page = await anne.get("/console/mentions")
    assert house.references["late"] in page
    async with house.store.read() as tx:
        assert await mentions.unseen(tx, viewer(house, "anne")) == 1
    await anne.get(running.case("late"))
    await anne.post(f"{running.case('late')}/note", text="Gezien.")
    async with house.store.read() as tx:
        assert await mentions.unseen(tx, viewer(house, "anne")) == 0


async def test_a_mention_goes_back_with_its_case(running: Running) -> None:
    house = running.house
    async with house.store.write() as tx:
        await mentions.add(tx, house.cases["soon"], house.users["anne"], "note", author_id=None, now=NOW)
    await merge(house, "soon", "late")
    await unmerge(house, "soon", "late")
    async with house.store.read() as tx:
        (one,) = await mentions.of(tx, viewer(house, "anne"))
    assert one.reference == house.references["soon"]


async def test_a_recommendation_is_followed_from_the_case_that_goes_on(running: Running) -> None:
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/recommend", department="reimbursements", text="Bel altijd terug.")
    await merge(running.house, "soon", "late")
    await tom.get(running.case("late"))
    page = await tom.post(f"{running.case('late')}/follow", recommendation="1", state="done", remark="Sinds mei.")
    assert "Sinds mei." in page
    async with running.house.store.read() as tx:
        (one,) = await recommendations.of_case(tx, viewer(running.house), running.house.cases["late"])
    assert one.state == "done"


async def test_a_promise_that_waited_for_the_member_goes_on_in_the_other_case(running: Running) -> None:
    house = running.house
    await rest(house, "week", "member", days_ago=2)
    before, paused = await row_of(running, "week"), await clocks(house, "week")
    await merge(house, "week", "soon")
    waited = {name: due_on for name, (due_on, state) in paused.items() if state == "paused"}
    assert waited
    now = await clocks(house, "soon")
    for name, due_on in waited.items():
        assert now[name][1] == "running"
        assert now[name][0] <= deadlines.after_pause(due_on, NOW - timedelta(days=2), NOW)
    # Taken back, it rests as it did.
    await unmerge(house, "week", "soon")
    assert same(before, await row_of(running, "week"))
    assert await clocks(house, "week") == paused


async def test_the_case_that_goes_on_rests_no_longer(running: Running) -> None:
    house = running.house
    await rest(house, "soon", "member", days_ago=2)
    await merge(house, "late", "soon")
    row = await row_of(running, "soon")
    assert (row.paused_until, row.paused_for) == (None, "")
    assert {state for _, state in (await clocks(house, "soon")).values()} <= {"running", "met"}
    assert "case.woken" in await acts_of(running, "soon")


async def test_an_answer_that_can_be_taken_back_is_taken_back_from_the_other_case(running: Running) -> None:
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/reply", text="Beste, we kijken het na.")
    await merge(running.house, "soon", "late")
    page = await tom.get(running.case("late"))
    assert "in 10 seconds" in page
    sent = next(one for one in await messages_of(running, "late") if one.reply == "Beste, we kijken het na.")
    page = await tom.post(f"{running.case('late')}/undo", outbox=str(sent.outbox_id))
    assert "nothing was sent" in page
    assert "we kijken het na" in page
    assert (await row_of(running, "soon")).state == "closed"


async def test_a_held_message_is_decided_in_the_case_that_goes_on(running: Running) -> None:
    house = running.house
    await add_held(house, "soon", Told("Ria", "ria.x@mail.example", "Over mijn buurman, met een giraf."))
    await merge(house, "soon", "late")
    tom = await running.sign_in("tom")
    assert "met een giraf" in await tom.get(running.case("late"))
    page = await tom.get("/console/held")
    assert page.count(house.references["late"]) >= 1
    async with house.store.read() as tx:
        query = select(held_table.c.id).where(held_table.c.case_id == house.cases["late"])
        held_id = (await tx.conn.execute(query)).scalar_one()
    page = await tom.post(f"/console/held/{held_id}/join")
    assert "joins this case in a moment" in page
    assert house.references["late"] in page


async def test_what_the_other_member_wrote_since_goes_back_with_their_case(running: Running) -> None:
    house = running.house
    await add_case(house, "paul", PAUL)
    await merge(house, "paul", "marie")
    # His mail finds the case that goes on, as intake records it.
    later = replace(PAUL, text="Et encore un zèbre, hier.", days_ago=-1)
    await add_more(house, "marie", later)
    await unmerge(house, "paul", "marie", now=timedelta(days=2))
    words = {key: [one.reply for one in await messages_of(running, key)] for key in ("paul", "marie")}
    assert "Et encore un zèbre, hier." in words["paul"]
    assert "Et encore un zèbre, hier." not in words["marie"]
    async with house.store.read() as tx:
        row = (await tx.conn.execute(select(case_table).where(case_table.c.id == house.cases["paul"]))).one()
        seen = await correspondence.messages_for_member(tx, house.cases["paul"], row.contact_id)
    assert "Et encore un zèbre, hier." in [one.reply for one in seen]


async def test_a_closed_case_whose_member_wrote_meanwhile_is_open_after_the_unmerge(running: Running) -> None:
    house = running.house
    await add_case(house, "paul", PAUL)
    async with house.store.write() as tx:
        await cases.close(tx, house.cases["paul"], outcome="explained", actor="system", now=NOW)
    await merge(house, "paul", "marie")
    await add_more(house, "marie", replace(PAUL, text="Ce n'est pas réglé.", days_ago=-1))
    await unmerge(house, "paul", "marie", now=timedelta(days=2))
    assert (await row_of(running, "paul")).state == "open"


async def test_what_is_sealed_later_is_sealed_with_all_that_goes_on_in_it(running: Running) -> None:
    house = running.house
    await merge(house, "soon", "late")
    async with house.store.write() as tx:
        await cases.change(tx, house.cases["late"], actor="system", act="case.corrected", now=NOW, sealed=True)
        locked = await views.case(tx, viewer(house), house.cases["soon"])
    assert locked is not None
    assert locked.locked
    assert locked.first_words == ""


async def test_both_count_once_in_lists_and_in_the_report(running: Running) -> None:
    house = running.house
    everybody = Viewer(0, "", "supervisor", medical=True)
    span = (NOW - timedelta(days=90), NOW + timedelta(days=1))
    async with house.store.read() as tx:
        before = await reporting.received(tx, everybody, *span)
        open_before = sum((await views.counts(tx, everybody)).values())
    await merge(house, "soon", "late")
    async with house.store.read() as tx:
        assert await reporting.received(tx, everybody, *span) == before - 1
        assert await reporting.merged(tx, everybody, *span) == 1
        assert sum((await views.counts(tx, everybody)).values()) == open_before - 1
        listed = await lists.listing(tx, everybody, lists.Filter(), limit=100)
    assert house.cases["soon"] not in {row.id for row in listed}


async def test_every_post_to_a_case_that_is_gone_says_where_it_goes_on(running: Running) -> None:
    house = running.house
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await merge(house, "soon", "late")
    before = await messages_of(running, "late")
    for act, fields in {
        "take": {}, "assign": {"assignee": "1"}, "pause": {"reason": "day", "until": "2026-12-01"}, "wake": {},
        "move": {"queue": "digital"}, "department": {"department": "digital"}, "correct": {"kind": "question"},
        "reopen": {}, "undo": {"outbox": "1"}, "unmerge": {"gone": house.references["marie"]},
        "close": {"how": "silent", "outcome": "explained"}, "follow": {"recommendation": "1", "state": "done"},
    }.items():  # fmt: skip
        page = await tom.post(f"{running.case('soon')}/{act}", **fields)
        assert f"{house.references['soon']} goes on here, as {house.references['late']}" in page, act
    for act in ("reply", "note", "ask", "recommend", "close"):
        page = await tom.post(f"{running.case('soon')}/{act}", status=409, text=f"Woorden van {act}.")
        assert "The case was merged meanwhile. Nothing was sent." in page
        assert f"Woorden van {act}." in page
        assert house.references["late"] in page
    assert await messages_of(running, "late") == before
    assert (await row_of(running, "late")).state == "open"


async def test_an_answer_says_which_of_two_members_it_goes_to(running: Running) -> None:
    house = running.house
    await add_case(house, "paul", PAUL)
    await merge(house, "paul", "marie")
    anne = await running.sign_in("anne")
    path, paul = running.case("marie"), str(house.cases["paul"])
    page = await anne.get(path)
    assert "Who gets it?" in page
    for name, address in (("Marie Dubois", "marie.dubois@mail.example"), ("Paul Dubois", "paul@mail.example")):
        assert f"{name}, {address}" in page
    assert "Send to Marie Dubois, by e-mail" in page
    # Without script: the page for him, with his greeting.
    page = await anne.get(f"{path}?to={paul}")
    assert "Send to Paul Dubois, by e-mail" in page
    assert "Bonjour Paul Dubois," in page
    # Words for her that would go to him are asked about.
    page = await anne.post(f"{path}/reply", status=422, to=paul, text="Bonjour Marie Dubois,\n\nle zèbre est payé.")
    assert "“Marie Dubois” is named, and this goes to Paul Dubois." in page
    page = await anne.post(f"{path}/reply", to=paul, text="Bonjour Paul Dubois,\n\nle zèbre est payé.")
    assert "Goes to Paul Dubois in 10 seconds." in page
    sent = next(one for one in await messages_of(running, "marie") if "le zèbre est payé" in one.reply)
    assert (sent.address, sent.case_id) == ("paul@mail.example", house.cases["paul"])
    # Nobody whom the case does not know can be named.
    page = await anne.post(f"{path}/reply", to=str(house.cases["soon"]), text="Votre certificat est arrivé.")
    assert "Goes to Marie Dubois in 10 seconds." in page


async def test_a_closing_tells_that_two_members_have_the_case(running: Running) -> None:
    house = running.house
    await add_case(house, "paul", PAUL)
    await merge(house, "paul", "marie")
    anne = await running.sign_in("anne")
    path = running.case("marie")
    page = await anne.get(f"{path}/close")
    assert "Two members have one case here." in page
    await anne.post(
        f"{path}/close", how="send", outcome="explained", to=str(house.cases["paul"]), text="Le zèbre est payé."
    )
    sent = next(one for one in await messages_of(running, "marie") if one.reply == "Le zèbre est payé.")
    assert sent.address == "paul@mail.example"


async def test_whom_nothing_reaches_gets_nothing_meant_for_them_by_the_other(running: Running) -> None:
    """A counter's member without any address, and a merged case of somebody who has one: the answer is not sent to that one
    as if it were the first."""
    house = running.house
    counter = Told("Rosa Peters", "+32470001188", "Ma carte.", days_ago=2, channel="sms", contact="phone")
    await add_case(house, "rosa", counter)
    await add_case(house, "paul", PAUL)
    await merge(house, "paul", "rosa")
    tom = await running.sign_in("tom")
    page = await tom.get(running.case("rosa"))
    assert "Send to Paul Dubois, by e-mail" in page
    assert "Bonjour Paul Dubois," in page
    assert "Send to Rosa" not in page
