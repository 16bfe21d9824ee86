"""Searching: by words of anybody, by numbers and addresses; pages, and what is never found."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from channels.reference import format_reference
from console.asked import understood
from store import cases, finding, reindex, search
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import NOW, Told, add_case

TOLD = Told(
    "Zoë Nummers",
    "zoe@mail.example",
    "Mon numéro national est 85.07.30-033-28 et mon compte BE68 5390 0754 7034, appelez-moi.",
    member_number="12 345 678-9",
)


@pytest.mark.parametrize(
    ("typed", "mistyped", "number", "addresses"),
    [
        ("PM-2026-000001-17", True, "", ()),
        ("2026 000001 17", True, "2026 000001 17", None),
        ("Marie.Dubois@Mail.example", False, "", (("email", "marie.dubois@mail.example"),)),
        ("0470 00 00 01", False, "0470 00 00 01", (("phone", "+32470000001"),)),
        ("+32 470/00.00.01", False, "+32 470/00.00.01", (("phone", "+32470000001"),)),
        ("123456789", False, "123456789", None),
        ("12345", False, "", ()),
        ("deux mots", False, "", ()),
    ],
)
def test_what_somebody_typed(typed: str, mistyped: bool, number: str, addresses: tuple[object, ...] | None) -> None:
    query = understood(typed)
    assert (query.mistyped, query.asked.number) == (mistyped, number)
    assert addresses is None or query.asked.addresses == addresses


@pytest.mark.parametrize("typed", ["réf. {}", "« {} »", "Betreft: dossier {}.", "{} - Marie"])
def test_a_reference_among_words_is_read(typed: str) -> None:
    reference = format_reference(2026, 1)
    assert understood(typed.format(reference)).reference == reference
    assert understood(f"{typed.format(reference)} {format_reference(2026, 2)}").reference == ""


async def test_a_member_is_found_by_number_and_address_however_typed(running: Running) -> None:
    await add_case(running.house, "zoe", TOLD)
    tom = await running.sign_in("tom")
    for typed in ("123456789", "12 34 56 78 9", "ZOE@mail.example", "zoe nummers"):
        assert "Zoë Nummers" in await tom.get(f"/console/search?q={typed}"), typed
    for typed in ("123456780", "23456789", "zoe@other.example"):
        assert "Nothing found" in await tom.get(f"/console/search?q={typed}"), typed


async def test_national_numbers_and_accounts_are_no_words(running: Running) -> None:
    await add_case(running.house, "zoe", TOLD)
    tom = await running.sign_in("tom")
    for typed in ("85073003328", "85.07.30-033-28", "033-28", "BE68 5390 0754 7034", "5390", "033"):
        assert "Zoë Nummers" not in await tom.get(f"/console/search?q={typed}"), typed
    assert "Zoë Nummers" in await tom.get("/console/search?q=numero+national")


async def test_own_answers_and_notes_are_found_and_those_of_sealed_cases_are_not(running: Running) -> None:
    house = running.house
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    await anne.get(running.case("marie"))
    await anne.post(f"{running.case('marie')}/reply", text="Nous avons retrouvé votre formulaire violet.")
    await anne.post(f"{running.case('marie')}/note", text="Rappeler le service des hortensias.")
    async with house.store.write() as tx:
        await cases.add_note(tx, house.cases["sealed"], None, "hortensias scellés", now=NOW)
    assert house.references["marie"] in await tom.get("/console/search?q=formulaire+violet")
    page = await anne.get("/console/search?q=HORTENSIAS")
    assert house.references["marie"] in page
    assert house.references["sealed"] not in page


async def test_a_sealed_case_is_found_by_its_member_for_the_medical_team_only(running: Running) -> None:
    house = running.house
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    async with house.store.read() as tx:
        row = await finding.found(tx, Viewer(1, "anne", "mediator", medical=True), finding.Asked("zzz"), limit=5)
        assert row == []
    async with house.store.write() as tx:
        await cases.change(tx, house.cases["marie"], actor="system", act="case.changed", now=NOW, sealed=True)
        await search.remove(tx, house.cases["marie"])
    address = "marie.dubois@mail.example"
    assert house.references["marie"] not in await tom.get(f"/console/search?q={address}")
    assert house.references["marie"] in await anne.get(f"/console/search?q={address}")


async def test_what_was_found_comes_in_pages(running: Running) -> None:
    told = Told("Member", "member0@mail.example", "Encore des tulipes.", days_ago=5, department="privacy")
    for number in range(60):
        await add_case(
            running.house,
            f"n{number}",
            replace(told, name=f"Member {number:03}", address=f"m{number}@mail.example"),
            receipt="",
        )
    tom = await running.sign_in("tom")
    page = await tom.get("/console/search?q=tulipes")
    seen = re.findall(r">(Member \d{3})<", page)
    assert len(seen) == 50
    assert seen[0] == "Member 059"
    found = re.search(r'href="(/console/search\?q=tulipes&amp;after=\d+)"', page)
    assert found is not None
    seen += re.findall(r">(Member \d{3})<", await tom.get(found.group(1).replace("&amp;", "&")))
    assert len(seen) == len(set(seen)) == 60
    for after in ("x", "-1", "9" * 40):
        await tom.get(f"/console/search?q=tulipes&after={after}")


async def test_the_index_made_anew_finds_the_same_and_forgets_what_it_should_not_hold(running: Running) -> None:
    house = running.house
    await add_case(house, "zoe", TOLD)
    async with house.store.write() as tx:
        await search.remove(tx, house.cases["marie"])
        await search.add(tx, house.cases["sealed"], "gladiolus")
        assert await search.find(tx, "gladiolus") == [house.cases["sealed"]]
    steps: list[tuple[int, int]] = []
    done = await reindex.everything(house.store, progress=lambda *step: steps.append(step))
    assert steps[-1] == (done, done)
    async with house.store.read() as tx:
        assert await search.find(tx, "gladiolus") == []
        assert house.cases["marie"] in await search.find(tx, "indemnite certif")
        viewer = Viewer(house.users["tom"], "tom", "mediator")
        assert [row.id for row in await finding.found(tx, viewer, finding.Asked(number="123456789"), limit=5)] == [
            house.cases["zoe"]
        ]
