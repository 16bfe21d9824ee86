"""Lists, paging and search."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from channels.reference import format_reference
from console.urgency import span, urgency
from store import cases, lists
from store.lists import Filter
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import NOW, Told, add_case

TUESDAY = date(2026, 11, 24)
ANYBODY = Viewer(0, "", "mediator")


@pytest.mark.parametrize(
    ("due_on", "name"),
    [
        (None, "none"),
        (date(2026, 11, 23), "late"),
        (date(2026, 11, 24), "soon"),
        (date(2026, 11, 25), "soon"),
        (date(2026, 11, 26), "week"),
        (date(2026, 11, 29), "week"),
        (date(2026, 11, 30), "later"),
    ],
)
def test_urgency_in_words(due_on: date | None, name: str) -> None:
    assert urgency(due_on, TUESDAY) == name


def test_on_a_sunday_monday_is_soon() -> None:
    assert urgency(date(2026, 11, 30), date(2026, 11, 29)) == "soon"
    assert urgency(date(2026, 12, 1), date(2026, 11, 29)) == "later"


def test_from_friday_on_what_is_due_on_monday_is_soon() -> None:
    for today in (date(2026, 11, 27), date(2026, 11, 28)):
        assert urgency(date(2026, 11, 30), today) == "soon"
        assert urgency(date(2026, 12, 1), today) == "later"
    # Christmas is on a Friday: on the day before, the next working day is Monday.
    assert urgency(date(2026, 12, 28), date(2026, 12, 24)) == "soon"


async def test_cases_stand_by_urgency_and_distress_comes_first(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.get("/console/")
    order = ["Sabine Wouters", "Karim Haddad", "Jan Peeters", "Lucie Martin", "Marie Dubois", "Nora Lambert"]
    places = [page.index(name) for name in order]
    assert places == sorted(places)
    headings = [
        "Read these first",
        "Late",
        "Today or the next working day",
        "This week",
        "Later",
        "No date is promised",
    ]
    assert all(heading in page for heading in headings)
    assert "2 working days late" in page
    assert 'title="Friday 20 November 2026"' in page


async def test_filters_stand_in_the_address(running: Running) -> None:
    tom = await running.sign_in("tom")
    mine = await tom.get("/console/mine")
    assert "Karim Haddad" in mine
    assert "Jan Peeters" not in mine
    unassigned = await tom.get("/console/?show=unassigned")
    assert "Jan Peeters" in unassigned
    assert "Karim Haddad" not in unassigned
    closed = await tom.get("/console/?show=closed")
    assert "Explained" in closed
    assert "Jan Peeters" not in closed
    queue = await tom.get("/console/queue/branches")
    assert "Lucie Martin" in queue
    assert "Jan Peeters" not in queue
    assert "No case is waiting here" in await tom.get("/console/queue/privacy")
    await tom.get("/console/queue/nowhere", status=404)


async def test_paging_shows_every_case_once(running: Running) -> None:
    told = Told("Member", "member0@mail.example", "Encore moi.", days_ago=5, department="privacy")
    for number in range(60):
        await add_case(
            running.house,
            f"n{number}",
            replace(told, name=f"Member {number:03}", address=f"m{number}@mail.example"),
            receipt="",
        )
    tom = await running.sign_in("tom")
    seen: list[str] = []
    path = "/console/queue/privacy"
    for _ in range(3):
        page = await tom.get(path)
        seen += re.findall(r">(Member \d{3})<", page)
        found = re.search(r'href="([^"]*after=[^"]*)"', page)
        if found is None:
            break
        path = found.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize(
    "after", ["x", "2026-13-45.1", "9999999999999999999999.1", "2026-11-24.999999999999999999999", ".", "a.b"]
)
async def test_a_broken_cursor_is_the_first_page(running: Running, after: str) -> None:
    tom = await running.sign_in("tom")
    await tom.get(f"/console/?after={after}")
    await tom.get(f"/console/?show=closed&after={after}")


async def test_a_reference_goes_straight_to_its_case_however_it_is_typed(running: Running) -> None:
    tom = await running.sign_in("tom")
    reference = running.house.references["marie"]
    digits = re.sub(r"\D", "", reference)
    for typed in (reference, reference.lower(), f"pm {digits}", f"  {digits[:4]} {digits[4:10]} {digits[10:]}"):
        answer = await tom.client.get("/console/search", params={"q": typed}, allow_redirects=False)
        assert answer.headers["Location"].endswith(f"/console/case/{reference}"), typed


async def test_wrong_check_digits_are_named(running: Running) -> None:
    tom = await running.sign_in("tom")
    assert "check digits are wrong" in await tom.get("/console/search?q=PM-2026-000001-17")
    assert "There is no case" in await tom.get(f"/console/search?q={format_reference(2026, 999999)}")


async def test_words_are_found_without_accents_and_explained_when_not(running: Running) -> None:
    tom = await running.sign_in("tom")
    assert "Marie Dubois" in await tom.get("/console/search?q=INDEMNITE+certif")
    assert "Nothing found for “zzz &lt;b&gt;”" in await tom.get("/console/search?q=zzz+<b>")
    await tom.get("/console/search")
    await tom.get("/console/search?q=%22%27*+AND+NEAR(")


async def test_a_due_date_names_its_weekday(running: Running) -> None:
    tom = await running.sign_in("tom")
    assert re.search(
        r"<span>in \d+ working days.{0,60}(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ [A-Z][a-z]{2}<", await tom.get("/console/")
    )


async def test_a_page_that_does_not_exist_leaves_a_way_on(running: Running) -> None:
    tom = await running.sign_in("tom")
    for path in ("/console/case/PM-2026-999999-99", "/console/queue/nothing", "/console/robots/1"):
        page = await tom.get(path, status=404)
        assert "This is not here (any more)" in page
        assert 'action="/console/search"' in page


async def test_what_narrows_a_list_stands_in_its_address_and_can_be_taken_away(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/?language=nl")
    assert "Jan Peeters" in page
    assert "Karim Haddad" not in page
    assert 'href="/console/"' in page[page.index("chips") :]
    assert 'href="/console/?show=unassigned&amp;language=nl"' in page
    page = await tom.get("/console/?language=nl&kind=compliment")
    assert "No case matches what you chose" in page
    assert 'href="/console/?language=nl"' in page
    assert "Karim Haddad" in await tom.get(f"/console/?assignee={running.house.users['tom']}")
    # What nobody could have chosen is as if it were not there.
    assert "Karim Haddad" in await tom.get("/console/?language=xx&kind=%27&assignee=-1&due=never&flag=1%3B")


@pytest.mark.parametrize(
    ("due", "there", "away"),
    [
        ("late", "Karim Haddad", "Jan Peeters"),
        ("soon", "Jan Peeters", "Karim Haddad"),
        ("later", "Marie Dubois", "Jan Peeters"),
        ("none", "Nora Lambert", "Marie Dubois"),
    ],
)
async def test_a_list_is_narrowed_by_when_its_cases_are_due(running: Running, due: str, there: str, away: str) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(f"/console/?due={due}")
    assert there in page
    assert away not in page


async def test_a_sealed_case_is_not_found_by_what_it_is_about(running: Running) -> None:
    """Its kind, department and flags are its content; that it waits, and since when, is not."""
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    for asked in ("flag=doctor", "kind=complaint", "department=incapacity"):
        assert "opens for the medical team only" not in await tom.get(f"/console/queue/medical_coordinator?{asked}"), (
            asked
        )
    assert "opens for the medical team only" in await tom.get("/console/queue/medical_coordinator?channel=email")
    assert running.house.references["sealed"] in await anne.get("/console/queue/medical_coordinator?flag=doctor")


async def test_pages_keep_what_was_chosen_and_dated_cases_come_before_undated_ones(running: Running) -> None:
    told = Told("Member", "member0@mail.example", "Encore moi.", days_ago=5, department="privacy", language="de")
    for number in range(60):
        kind = "complaint" if number % 2 else "suggestion"
        await add_case(
            running.house,
            f"n{number}",
            replace(told, name=f"Member {number:03}", address=f"m{number}@mail.example", kind=kind),
            receipt="",
        )
    tom = await running.sign_in("tom")
    page = await tom.get("/console/?language=de")
    seen = re.findall(r">(Member \d{3})<", page)
    found = re.search(r'href="(/console/\?[^"]*after=[^"]*)"', page)
    assert found is not None
    assert "language=de" in found.group(1)
    seen += re.findall(r">(Member \d{3})<", await tom.get(found.group(1).replace("&amp;", "&")))
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize("today", [date(2026, 11, 24), date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)])
def test_the_days_of_an_urgency_are_those_that_are_called_so(today: date) -> None:
    for offset in range(-3, 12):
        day = today + timedelta(days=offset)
        for name in ("late", "soon", "week", "later"):
            first, last = span(name, today)
            within = (first is None or first <= day) and (last is None or day <= last)
            assert within == (urgency(day, today) == name), (day, name)


async def test_what_rests_stands_apart_until_it_comes_back(running: Running) -> None:
    tom = await running.sign_in("tom")
    for key, reason in (("marie", "member"), ("unsure", "day")):
        await tom.get(running.case(key))
        await tom.post(f"{running.case(key)}/pause", reason=reason, until="2026-12-01")
    page = await tom.get("/console/")
    waiting, resting = page.index("Waiting for the member (clock paused)"), page.index("Resting until a day")
    assert page.index("Jan Peeters") < waiting < page.index("Marie Dubois") < resting
    assert "rests until Tue 1 Dec: We wait for the member" in page[waiting:]
    page = await tom.get("/console/?show=resting")
    assert "Marie Dubois" in page
    assert "Jan Peeters" not in page
    assert "No case rests here." in await tom.get("/console/queue/privacy?show=resting")
    # The list that is open knows them too, and does not say that they have gone.
    answer = await tom.client.get("/console/events")
    first = b"".join([await answer.content.readuntil(b"\n\n") for _ in range(2)])
    answer.close()
    assert running.house.references["marie"].encode() in first


async def test_that_a_sealed_case_rests_is_for_the_medical_team(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    path = running.case("sealed")
    await anne.post(f"{path}/open", reason="handling")
    await anne.get(path)
    await anne.post(f"{path}/pause", reason="member", until="2026-12-01")
    reference = running.house.references["sealed"]
    assert reference in await anne.get("/console/?show=resting")
    assert reference not in await tom.get("/console/?show=resting")
    page = await tom.get("/console/queue/medical_coordinator")
    assert reference in page
    assert "Waiting for the member" not in page


async def test_resting_cases_come_in_pages(running: Running) -> None:
    told = Told("Member", "member0@mail.example", "Encore moi.", days_ago=1, department="privacy")
    async with running.house.store.write() as tx:
        before = await lists.resting(tx, ANYBODY, Filter(queue="privacy"))
    assert before == []
    for number in range(60):
        key = f"n{number}"
        await add_case(
            running.house,
            key,
            replace(told, name=f"Member {number:03}", address=f"m{number}@mail.example"),
            receipt="",
        )
        async with running.house.store.write() as tx:
            until = TUESDAY + timedelta(days=1 + number % 7)
            await cases.change(
                tx,
                running.house.cases[key],
                actor="system",
                act="case.paused",
                now=NOW,
                paused_until=until,
                paused_for="day",
            )
    tom = await running.sign_in("tom")
    assert "See all resting cases" in await tom.get("/console/queue/privacy")
    page = await tom.get("/console/queue/privacy?show=resting")
    seen = re.findall(r">(Member \d{3})<", page)
    assert seen[:9] == [f"Member {number:03}" for number in range(0, 60, 7)]
    found = re.search(r'href="([^"]*after=[^"]*)"', page)
    assert found is not None
    seen += re.findall(r">(Member \d{3})<", await tom.get(found.group(1).replace("&amp;", "&")))
    assert len(seen) == len(set(seen)) == 60


async def test_what_is_rare_among_closed_cases_is_looked_for_step_by_step(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.list_rows._LOOKED_AT", 10)
    told = Told("Member", "member0@mail.example", "Encore moi.", days_ago=5, department="privacy")
    for number in range(25):
        key, kind = f"n{number}", "suggestion" if number in (0, 24) else "complaint"
        named = replace(told, name=f"Member {number:03}", address=f"m{number}@mail.example", kind=kind)
        await add_case(running.house, key, named, receipt="")
        async with running.house.store.write() as tx:
            at = NOW + timedelta(minutes=number)
            await cases.close(tx, running.house.cases[key], outcome="explained", actor="system", now=at)
    tom = await running.sign_in("tom")
    path, seen, pages = "/console/queue/privacy?show=closed&kind=suggestion", [], 0
    while path:
        page = await tom.get(path)
        pages += 1
        seen += re.findall(r">(Member \d{3})<", page)
        found = re.search(r'href="([^"]*after=[^"]*)">Look further back', page)
        assert ("Looked through the cases that were closed since Tuesday 24 November 2026" in page) == bool(found)
        path = found.group(1).replace("&amp;", "&") if found else ""
    assert seen == ["Member 024", "Member 000"]
    assert pages == 3
    # Without a filter nothing is left to look for.
    assert "Look further back" not in await tom.get("/console/queue/privacy?show=closed")
