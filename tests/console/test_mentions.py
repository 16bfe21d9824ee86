"""A colleague who is named in a note, or given a case, finds it; nobody else does, and no mail says anything of it."""

from __future__ import annotations

from console.mentioning import named_in
from store.users import User
from tests.console.conftest import Running
from tests.console.example_house import CANARY
from tests.console.test_actions import row_of


def user(number: int, name: str, login: str = "") -> User:
    """A colleague."""
    return User(
        number, login or name.partition(" ")[0].lower(), name, "mediator", medical=False, password="", disabled=False
    )


def test_names_are_found_as_people_write_them() -> None:
    anne, marc, anna = user(1, "Anne Lemaire"), user(2, "Marc Janssens"), user(3, "Anna Vos", "a.vos@house.example")
    people = [anne, marc, anna]
    assert named_in("@Anne Lemaire et @marc, voyez ceci", people) == [anne, marc]
    assert named_in("@a.vos?", people) == [anna]
    assert named_in("mail@anne.example et Marc sans signe", people) == []
    # Two with one first name: only the whole name tells.
    second = user(4, "Anne Peeters", "ap@house.example")
    both = [user(1, "Anne Lemaire", "al@house.example"), second]
    assert named_in("@Anne", both) == []
    assert named_in("@Anne Peeters", both) == [second]


async def test_who_is_named_finds_it_until_seen(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(
        f"{path}/note", text="@Luc Simon, kun jij dit nakijken?\n\nHet <gaat> om" + " veel" * 30 + " lange noot"
    )
    page = await luc.get("/console/mentions")
    assert "Tom Baert named you in a note." in page
    assert running.house.references["soon"] in page
    assert "Jan Peeters</a>" in page
    assert '<blockquote class="soft">@Luc Simon, kun jij dit nakijken? Het &lt;gaat&gt; om' in page
    assert "lange noot" not in page
    assert "Mentions" not in await tom.get("/console/mine")
    assert running.desk.told == []
    page = await luc.post("/console/mentions/1/seen")
    assert "Seen<" not in page
    # Somebody else's mention is not theirs to see off.
    await tom.get(path)
    await tom.post(f"{path}/note", text="Nog eens.", tell=str(running.house.users["luc"]))
    await tom.post("/console/mentions/2/seen")
    assert "Seen<" in await luc.get("/console/mentions")
    # Who answers with a note has seen it.
    await luc.get(path)
    await luc.post(f"{path}/note", text="Gedaan.")
    assert "Seen<" not in await luc.get("/console/mentions")


async def test_who_is_given_a_case_is_told(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/assign", assignee=str(running.house.users["luc"]))
    assert "Tom Baert gave you this case." in await luc.get("/console/mentions")
    await luc.post("/console/mentions/seen")
    assert "Seen<" not in await luc.get("/console/mentions")
    await luc.get(path)
    await luc.post(f"{path}/assign", assignee=str(running.house.users["luc"]))
    assert "Seen<" not in await luc.get("/console/mentions")


async def test_nobody_is_told_of_a_case_that_they_may_not_open(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    path = running.case("sealed")
    await anne.post(f"{path}/open", reason="handling")
    await anne.post(f"{path}/note", text="@Tom Baert", tell=str(running.house.users["tom"]))
    assert running.house.references["sealed"] not in await tom.get("/console/mentions")


async def test_a_sealed_case_is_named_without_its_member_and_its_words(running: Running) -> None:
    anne, sofie = await running.sign_in("anne"), await running.sign_in("sofie")
    path = running.case("sealed")
    await anne.post(f"{path}/open", reason="handling")
    await anne.get(path)
    await anne.post(f"{path}/note", text=f"Voyez {CANARY}", tell=str(running.house.users["sofie"]))
    page = await sofie.get("/console/mentions")
    assert running.house.references["sealed"] in page
    assert CANARY not in page
    row = await row_of(running, "sealed")
    assert row.person
    assert row.person not in page


async def test_the_people_of_the_new_queue_are_told_that_a_case_waits(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/move", queue="digital")
    await tom.post(f"{path}/move", queue="medical_coordinator")
    reference = running.house.references["soon"]
    assert running.desk.told == [("digital", reference, False), ("medical_coordinator", reference, True)]
