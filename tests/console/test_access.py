"""Requests for access (GDPR, article 15; rule E4): what a member fetches is theirs, approved by another, and behind a code."""

from __future__ import annotations

import hashlib
import json
import re

from channels.form.case_contract import CodeOutcome, Package
from gateway.case_door import CaseDoor
from store import access_requests, links
from tests.console.access_steps import (
    BROWSER,
    EVERYBODY,
    approved,
    archive_of,
    asking,
    begin,
    code_of,
    door,
    drawn,
    entries,
    fetched,
    handed_over,
    kept,
    leave_the_rest,
    told,
    unpacked,
)
from tests.console.conftest import Running
from tests.console.example_access import ADDRESS, THIRD, THIRD_MAIL, THIRD_NUMBER, THIRD_PHONE, ZEBRA
from tests.console.example_house import Told, add_case
from tests.console.test_merged import merge

__all__ = ["asking", "door"]


async def test_prepared_read_by_another_and_fetched_behind_a_code(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    assert "Somebody else reads and approves it" in anne.page
    await approved(sofie, path)
    assert "The member gets a message that something waits" in sofie.page
    token = await told(asking, "access-")
    content = await fetched(asking, door, token)
    (one,) = await kept(asking)
    assert hashlib.sha256(content).hexdigest() == one.archive_hash
    assert one.fetched == 1
    page, data = unpacked(content)
    # Her own words and ours to her, who received it, and how it was decided.
    assert "je vous ai déjà écrit deux fois" in page
    assert "certificat.pdf" in page
    assert "Nous avons bien reçu votre message" in page
    assert "A l’air honnête." in page
    assert "La machine a dit : une plainte" in page
    assert re.search(r"La règle qui a décidé\s*: Une deuxième plainte va à la Médiation", page)
    assert data["name"] == "Marie Dubois"
    references = {case["reference"] for case in data["cases"]}
    assert {asking.house.references[key] for key in ("marie", "neighbour")} <= references
    assert asking.house.references["husband"] not in references
    events = await anne.get(asking.case("marie"))
    assert "Sofie Claes approved the answer to a request for access." in events
    assert "The member fetched the answer to a request for access." in events
    assert "Recorded: access" not in events
    acts = [entry.act for entry in await entries(asking, "marie")]
    order = ["access.begun", "access.collected", "access.sent", "access.approved", "access.fetched"]
    assert [act for act in acts if act in order] == order


async def test_two_people_who_share_an_address_each_get_only_their_own(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    await approved(sofie, path)
    hers = unpacked(await fetched(asking, door, await told(asking, "access-")))
    assert ZEBRA not in hers[0] + json.dumps(hers[1], ensure_ascii=False)
    assert asking.house.references["husband"] not in hers[0]
    # The same with him, on his own case.
    path = await begin(anne, asking, "husband", name="Paul Dubois")
    await leave_the_rest(anne, path)
    await anne.post(f"{path}/send")
    await approved(sofie, path)
    his_token = await told(asking, "access-")
    his = unpacked(await fetched(asking, door, his_token))
    assert ZEBRA in his[0]
    assert "indemnité" not in his[0]
    assert "1234567" not in his[0]
    assert [case["reference"] for case in his[1]["cases"]] == [asking.house.references["husband"]]


async def test_nothing_of_a_third_person_is_in_the_archive(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    await approved(sofie, path)
    page, data = unpacked(await fetched(asking, door, await told(asking, "access-")))
    whole = page + json.dumps(data, ensure_ascii=False)
    for secret in (
        *THIRD.split(),
        THIRD_MAIL,
        THIRD_PHONE,
        THIRD_NUMBER,
        "475 11 22",
        "850730",
        "Tom Baert",
        "Anne Lemaire",
    ):
        assert secret not in whole, secret
    assert "[nom de quelqu’un d’autre]" in page
    # Her own address stays.
    assert ADDRESS in page


async def test_what_was_approved_does_not_change_with_the_register(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    await anne.get(asking.case("marie"))
    await anne.post(f"{asking.case('marie')}/note", text="Nach dem Lesen geschrieben.")
    await approved(sofie, path)
    (one,) = await kept(asking)
    before = await archive_of(asking, one.id)
    await anne.post(f"{asking.case('marie')}/note", text="Nach der Freigabe geschrieben.")
    content = await fetched(asking, door, await told(asking, "access-"))
    assert content == before
    assert "geschrieben" not in unpacked(content)[0]


async def test_a_change_after_the_approval_wants_a_new_one(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    await approved(sofie, path)
    token = await told(asking, "access-")
    await anne.get(path)
    await anne.post(f"{path}/again")
    assert "It is a draft again" in anne.page
    # Neither is a code sent for it, nor does one fetch it.
    assert await door.send_code(token, "access", BROWSER) == "none"
    (one,) = await kept(asking)
    assert (one.state, one.archive_hash) == ("draft", "")
    assert await archive_of(asking, one.id) == b""


async def test_a_code_for_one_case_fetches_nothing_of_another(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    await approved(sofie, await handed_over(asking, anne))
    token = await told(asking, "access-")
    wrong: Package | CodeOutcome = await door.fetch_access(token, BROWSER, "000000")
    assert wrong == "over"
    code = await code_of(asking, door, token)
    assert await door.fetch_access(token, "another browser", code) == "over"
    async with asking.house.store.write() as tx:
        contact = (await access_requests.of_case(tx, EVERYBODY, asking.house.cases["marie"]))[0].contact_id
        await links.add(
            tx, "a-link-of-the-husband", now=asking.clock(), case_id=asking.house.cases["husband"], contact_id=contact
        )
    assert await door.send_code("a-link-of-the-husband", "access", BROWSER) == "none"


async def test_it_is_fetched_for_sixty_days_and_then_dropped(asking: Running, door: CaseDoor) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    await approved(sofie, await handed_over(asking, anne))
    token = await told(asking, "access-")
    asking.clock.forward(days=59)
    assert await fetched(asking, door, token)
    async with asking.house.store.write() as tx:
        assert await access_requests.forget_old(tx, now=asking.clock()) == 0
    asking.clock.forward(days=2)
    assert await door.send_code(token, "access", BROWSER) == "none"
    async with asking.house.store.write() as tx:
        assert await access_requests.forget_old(tx, now=asking.clock()) == 1
    (one,) = await kept(asking)
    assert await archive_of(asking, one.id) == b""
    assert one.archive_hash


async def test_after_a_merge_of_two_members_each_gets_what_is_theirs(running: Running, door: CaseDoor) -> None:
    house = running.house
    await add_case(
        house,
        "walter",
        Told("Walter Nagel", "walter@mail.example", "Mein Brief vom Nashorn.", days_ago=8, language="de"),
    )
    await merge(house, "walter", "marie")
    anne, sofie = await running.sign_in("anne"), await running.sign_in("sofie")
    path = await begin(anne, running)
    assert "Nashorn" not in drawn(anne.page)
    assert "1 message of somebody else in this case is not shown at all" in anne.page
    await anne.post(f"{path}/send")
    await approved(sofie, path)
    page, data = unpacked(await fetched(running, door, await told(running, "access-")))
    whole = page + json.dumps(data, ensure_ascii=False)
    for secret in ("Nashorn", "Walter", "Nagel", "walter@mail.example"):
        assert secret not in whole
    assert "indemnité" in page


async def test_a_case_that_is_merged_meanwhile_is_asked_about_again(running: Running, door: CaseDoor) -> None:
    house = running.house
    told_by = Told("Walter Nagel", "walter@mail.example", "Mein Brief vom Nashorn.", days_ago=8, language="de")
    await add_case(house, "walter", told_by)
    anne, sofie = await running.sign_in("anne"), await running.sign_in("sofie")
    path = await begin(anne, running, "walter", name="Walter Nagel")
    await merge(house, "walter", "marie")
    await anne.get(path)
    assert "To be decided" in anne.page
    await anne.post(f"{path}/send", status=422)
    await anne.get(path)
    await anne.post(f"{path}/case", case=str(house.cases["marie"]), do="take")
    assert "Nashorn" in drawn(anne.page)
    assert "indemnité" not in drawn(anne.page)
    await anne.post(f"{path}/send")
    await approved(sofie, path)
    page, data = unpacked(await fetched(running, door, await told(running, "access-")))
    assert "Nashorn" in page
    assert [case["reference"] for case in data["cases"]] == [house.references["walter"]]
    for secret in ("Marie", "Dubois", "indemnité", house.references["marie"]):
        assert secret not in page + json.dumps(data, ensure_ascii=False), secret
    # It stands on the page of the case that goes on, for who may open that.
    assert path in await anne.get(running.case("marie"))
