"""Searching: by words of anybody, by numbers and addresses; pages, and what is never found."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from channels.message import Attachment
from channels.reference import format_reference
from console import snippets
from console.asked import understood
from store import cases, finding, hits, reindex, schema, search
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import CANARY, NOW, Told, add_case

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
        page = await tom.get(f"/console/search?q={typed}")
        assert "Zoë Nummers" in re.sub(r"</?mark>", "", page), typed
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


def _rows(page: str) -> dict[str, str]:
    """What each row of a page of results shows, by the reference of its case, in order."""
    parts = re.split(r'<li class="row[^"]*" data-case="([\w-]+)">', page)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


async def test_a_row_shows_the_reference_and_the_words_where_they_stand(running: Running) -> None:
    told = Told(
        "Zoë Hortensia", "zoe@mail.example", f"Bonjour. {'Rien. ' * 60}Ma FACTURE <b>Salée</b> n’est pas payée."
    )
    await add_case(running.house, "zoe", told)
    tom = await running.sign_in("tom")
    reference = running.house.references["zoe"]
    row = _rows(await tom.get("/console/search?q=facture+salee"))[reference]
    assert f">{reference}</code>" in row
    # As it was written, whatever its accents, and harmless; what stands far before it is left out.
    assert "Ma <mark>FACTURE</mark> &lt;b&gt;<mark>Salée</mark>&lt;/b&gt;" in row
    assert "Message: " in row
    assert "Bonjour" not in row
    # The last word counts as a beginning, and the whole of it is marked; a name is marked where it stands.
    row = _rows(await tom.get("/console/search?q=zoe+horten"))[reference]
    assert "<mark>Zoë</mark> <mark>Hortensia</mark></a>" in row


@pytest.mark.parametrize("login", ["anne", "luc", "rik", "fatima"])
async def test_words_are_shown_from_where_they_were_found(running: Running, login: str) -> None:
    house, anne = running.house, await running.sign_in("anne")
    await anne.get(running.case("marie"))
    await anne.post(f"{running.case('marie')}/reply", text="Nous avons retrouvé votre formulaire violet.")
    await anne.post(f"{running.case('marie')}/note", text="Rappeler le service des hortensias.")
    async with house.store.write() as tx:
        inbound = select(schema.messages.c.id).where(
            schema.messages.c.case_id == house.cases["marie"], schema.messages.c.direction == "in"
        )
        message_id = (await tx.conn.scalars(inbound)).first()
        for name, inline in (("attestation d’épargne.pdf", False), ("logo-épargne.png", True)):
            file = Attachment(name, "application/pdf", b"x", inline=inline)
            await cases.add_file(tx, message_id or 0, file, NOW)
        await reindex.case(tx, house.cases["marie"])
    browser = await running.sign_in(login)
    reference = house.references["marie"]
    for typed, shown in (
        ("formulaire", 'Our answer: <span lang="fr">Marie, nous'),
        ("hortensias", "Internal note: <span>Rappeler le service des <mark>hortensias</mark>"),
        ("epargne", "File: <span>attestation d’<mark>épargne</mark>.pdf"),
    ):
        row = _rows(await browser.get(f"/console/search?q={typed}"))[reference]
        assert shown.partition("<span")[0] in row, row
        assert "<mark>" in row
        if typed != "formulaire":
            assert shown in row


async def test_nothing_of_a_sealed_case_is_shown_by_the_way(running: Running) -> None:
    house = running.house
    anne = await running.sign_in("anne")
    async with house.store.write() as tx:
        await cases.add_note(tx, house.cases["marie"], None, "indemnité scellée", now=NOW)
        await cases.change(tx, house.cases["marie"], actor="system", act="case.changed", now=NOW, sealed=True)
    # She may open it, with a reason; a list of results is none. The words are no way to it, the address of its member is.
    async with house.store.read() as tx:
        viewer = Viewer(house.users["anne"], "anne", "mediator", medical=True)
        assert await hits.pieces(tx, viewer, [house.cases["marie"], house.cases["sealed"]]) == []
    page = await anne.get("/console/search?q=marie.dubois@mail.example")
    assert "<mark>" not in _rows(page)[house.references["marie"]]
    assert CANARY not in page


async def test_texts_of_other_queues_are_given_to_nobody(running: Running) -> None:
    house = running.house
    async with house.store.read() as tx:
        every = Viewer(1, "tom", "mediator")
        ids = [house.cases["marie"], house.cases["unsure"]]
        assert {piece.case_id for piece in await hits.pieces(tx, every, ids)} == set(ids)
        limited = replace(every, queues=frozenset({"triage"}))
        assert {piece.case_id for piece in await hits.pieces(tx, limited, ids)} == {house.cases["unsure"]}
        assert await hits.pieces(tx, Viewer(2, "admin", "administrator"), ids) == []


async def test_what_was_merged_is_read_with_the_case_that_goes_on_and_long_cases_to_a_bound(running: Running) -> None:
    house = running.house
    async with house.store.write() as tx:
        merged = schema.cases.update().where(schema.cases.c.id == house.cases["unsure"])
        await tx.conn.execute(merged.values(merged_into=house.cases["marie"]))
        for number in range(40):
            new = cases.NewMessage(
                house.cases["marie"], "in", "email", "form", "", "x" * 3_000, f"number {number} {'x' * 3_000}", NOW
            )
            await cases.add_message(tx, new)
    async with house.store.read() as tx:
        viewer = Viewer(1, "tom", "mediator")
        found = await hits.pieces(tx, viewer, [house.cases["marie"]])
        assert found[0].text.startswith("number 39 ")
        assert sum(len(piece.text) for piece in found) < 50_000
        assert len(await hits.pieces(tx, viewer, [house.cases["unsure"]])) >= 1


@pytest.mark.parametrize(
    ("text", "asked", "shown"),
    [
        ("Mon œuvre au cœur", "oeuvre coeur", "Mon [œuvre] au [cœur]"),
        ("Straße und STRASSE", "strasse", "[Straße] und [STRASSE]"),
        ("e\u0301le\u0300ve", "eleve", "[e\u0301le\u0300ve]"),
        ("remboursement remboursements", "remboursement x", "[remboursement] remboursements"),
        ("remboursement remboursements", "rembours", "[remboursement] [remboursements]"),
        ("préremboursement", "rembours", ""),
        ("n°12 et 123", "12", "n°[12] et 123"),
        ("a\n\n  b", "b", "a [b]"),
        ("Ελλάδα", "ΕΛΛΆΔΑ", "[Ελλάδα]"),
        ("rien", "autre", ""),
        ("[.*] (a|b)", ".*", ""),
    ],
)
def test_words_are_marked_as_they_are_found(text: str, asked: str, shown: str) -> None:
    found = snippets.hits(asked, {1: ""}, [hits.Piece(1, "in", text)]).get(1, snippets.Hit())
    assert "".join(f"[{part}]" if is_word else part for part, is_word in found.line) == shown


def test_a_line_is_short_even_of_one_long_word() -> None:
    text = f"{'a' * 5_000} facture {'b' * 5_000}"
    line = "".join(part for part, _ in snippets.hits("facture", {1: ""}, [hits.Piece(1, "in", text)])[1].line)
    assert "facture" in line
    assert len(line) < 250
    (found,) = snippets.hits("b" * 60, {1: ""}, [hits.Piece(1, "in", text)]).values()
    assert sum(len(part) for part, _ in found.line) < 250


@pytest.mark.parametrize("typed", ["2026-1", "pm 2026 1", "PM-2026-000001", "1", "PM 2026-1 {check}", "pm 1"])
async def test_the_case_of_a_short_reference_comes_first(running: Running, typed: str) -> None:
    tom = await running.sign_in("tom")
    first = format_reference(2026, 1)
    page = await tom.get(f"/console/search?q={typed.format(check=first[-2:])}")
    assert next(iter(_rows(page))) == first
    assert len(set(_rows(page))) == page.count("data-case=")


async def test_several_references_are_a_list_and_one_with_wrong_digits_is_none(running: Running) -> None:
    tom = await running.sign_in("tom")
    one, two = running.house.references["marie"], running.house.references["unsure"]
    assert list(_rows(await tom.get(f"/console/search?q={one}+et+{two}")))[:2] == [one, two]
    first = format_reference(2026, 1)
    assert first not in _rows(await tom.get(f"/console/search?q=PM-2026-1-{(int(first[-2:]) + 1) % 97:02}"))


async def test_a_short_reference_finds_no_case_that_is_not_theirs(running: Running) -> None:
    house = running.house
    tom = await running.sign_in("tom")
    number = int(house.references["sealed"].split("-")[2])
    assert house.references["sealed"] not in await tom.get(f"/console/search?q=2026-{number}")
