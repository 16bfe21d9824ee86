"""Requests for access (GDPR, article 15; rule E4): prepared by some, read by another, by those alone who may see the cases."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest
from sqlalchemy import delete, update

from store.schema import case_contacts, cases, messages
from tests.console.access_steps import (
    approved,
    asking,
    begin,
    decide,
    drawn,
    entries,
    handed_over,
    kept,
    leave_the_rest,
    unpacked,
)
from tests.console.conftest import Running
from tests.console.example_access import HUMILIATED, THIRD, THIRD_PHONE, furnish_access, furnish_sealed, joined_by
from tests.console.example_house import PASSWORD, Told, add_case

__all__ = ["asking"]


async def test_what_was_found_wrongly_is_shown_and_more_words_are_masked(asking: Running) -> None:
    anne = await asking.sign_in("anne")
    path = await begin(anne, asking)
    await decide(anne, path, asking, "neighbour", "take")
    number = str(asking.house.cases["neighbour"])
    assert THIRD in anne.page
    await anne.post(f"{path}/mask", **{"case": number, "also": "la même  lettre\nhonnête", "show-1": THIRD_PHONE})
    assert "la même lettre" not in drawn(anne.page)
    assert "honnête" not in drawn(anne.page)
    assert THIRD_PHONE in drawn(anne.page)
    assert THIRD not in drawn(anne.page)


async def test_a_note_is_left_out_with_a_reason_only(asking: Running) -> None:
    anne = await asking.sign_in("anne")
    path = await begin(anne, asking)
    await decide(anne, path, asking, "neighbour", "take")
    assert "honnête" in drawn(anne.page)
    of_case = anne.page.partition(f'id="case-{asking.house.references["neighbour"]}"')[2]
    case = str(asking.house.cases["neighbour"])
    note = re.search(r'value="note"><input type="hidden" name="item" value="(\d+)"', of_case)
    assert note
    await anne.post(f"{path}/item", status=422, case=case, kind="note", item=note.group(1), do="leave", reason=" ")
    assert "Say why it is left out" in anne.page
    await anne.post(
        f"{path}/item", case=case, kind="note", item=note.group(1), do="leave", reason="about the neighbour"
    )
    assert "honnête" not in drawn(anne.page)
    assert "about the neighbour" in anne.page


async def test_nobody_approves_what_they_prepared_themselves(asking: Running) -> None:
    anne, again = await asking.sign_in("anne"), await asking.sign_in("anne")
    path = await handed_over(asking, anne)
    (one,) = await kept(asking)
    for browser in (anne, again):
        await browser.get(path)
        assert "/approve" not in browser.page
        fields = {"hash": one.body_hash, "version": str(one.version), "proof": PASSWORD}
        await browser.post(f"{path}/approve", status=403, **fields)
        assert "You prepared part of this answer." in browser.page
    assert [request.state for request in await kept(asking)] == ["reading"]


async def test_who_only_masked_a_word_is_no_second_reader_either(asking: Running) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await begin(anne, asking)
    for key, do in (("marie", "take"), ("neighbour", "take"), ("husband", "leave")):
        await decide(anne, path, asking, key, do)
    await sofie.get(path)
    await sofie.post(f"{path}/mask", case=str(asking.house.cases["marie"]), also="certificat")
    await anne.get(path)
    await anne.post(f"{path}/send")
    (one,) = await kept(asking)
    await sofie.get(path)
    await sofie.post(f"{path}/approve", status=403, hash=one.body_hash, version=str(one.version), proof=PASSWORD)


async def test_approving_asks_for_the_password(asking: Running) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    (one,) = await kept(asking)
    asking.clock.forward(minutes=6)
    await sofie.get(path)
    await sofie.post(f"{path}/approve", status=403, hash=one.body_hash, version=str(one.version))
    assert 'name="proof"' in sofie.page
    assert [request.state for request in await kept(asking)] == ["reading"]


def _shown(page: str) -> str:
    """What stands on a page beside the rail, without what differs from one request to the next."""
    main = page.partition('<main id="main"')[2].partition("</main>")[0]
    return re.sub(r'name="csrf" value="[^"]*"', "", main)


def _numberless(shown: str) -> str:
    """The same, whatever version the answer has come to."""
    return re.sub(r'name="version" value="\d+"', "", shown)


async def test_a_sealed_case_is_put_in_by_somebody_with_the_right(asking: Running) -> None:
    tom, anne, sofie, luc = [await asking.sign_in(login) for login in ("tom", "anne", "sofie", "luc")]
    path = await begin(tom, asking)
    for key, do in (("marie", "take"), ("neighbour", "take"), ("husband", "leave")):
        await decide(tom, path, asking, key, do)
    before = _shown(await tom.get(path))
    await furnish_sealed(asking.house)
    sealed = asking.house.references["humiliated"]
    # Whether there is a case which is kept from them, nobody learns here.
    assert _shown(await tom.get(path)) == before
    assert "hands it over" in before
    assert sealed not in before
    await tom.post(f"{path}/send", status=422)
    # Anne may see medical matters; she says why, as on every sealed case.
    await anne.get(path)
    assert HUMILIATED not in anne.page
    await anne.post(f"{path}/case", status=422, case=str(asking.house.cases["humiliated"]), do="take")
    await anne.get(asking.case("humiliated"), status=403)
    await anne.post(f"{asking.case('humiliated')}/open", reason="handling")
    await decide(anne, path, asking, "humiliated", "take")
    assert "médecin-conseil" in drawn(anne.page)
    assert _numberless(_shown(await tom.get(path))) == _numberless(before)
    await tom.post(f"{path}/send", status=422)
    await anne.get(path)
    await anne.post(f"{path}/send")
    # Who may not see it reads nothing of the answer, and approves nothing.
    (one,) = await kept(asking)
    for browser in (tom, luc):
        await browser.get(path)
        assert "humili" not in browser.page
        assert "Only those who may open every queue and medical matters read the answer here" in browser.page
    fields = {"hash": one.body_hash, "version": str(one.version), "proof": PASSWORD}
    await luc.post(f"{path}/approve", status=422, **fields)
    await sofie.get(path)
    assert "humili" not in sofie.page
    await sofie.get(asking.case("humiliated"), status=403)
    await sofie.post(f"{asking.case('humiliated')}/open", reason="supervision")
    await approved(sofie, path)
    assert "Approved by Sofie Claes" in sofie.page
    looks = [entry for entry in await entries(asking, "humiliated") if entry.act == "case.viewed"]
    assert {"access"} <= {entry.detail["what"] for entry in looks}


async def test_what_a_second_person_wrote_in_the_case_is_left_out_whole(running: Running) -> None:
    await furnish_access(running.house)
    await joined_by(running.house, "marie", "Paul Dubois", "Moi aussi, et j’ai vu un zèbre.")
    anne = await running.sign_in("anne")
    path = await begin(anne, running)
    await decide(anne, path, running, "marie", "take")
    assert "indemnité" in drawn(anne.page)
    assert "zèbre" not in drawn(anne.page)


async def test_the_second_reader_returns_it_with_a_comment(asking: Running) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await handed_over(asking, anne)
    await sofie.get(path)
    await sofie.post(f"{path}/return", status=422, text=" ")
    await sofie.post(f"{path}/return", text="Line 3 names the <neighbour>.")
    assert "Returned with your comment" in sofie.page
    await anne.get(path)
    assert "Line 3 names the &lt;neighbour&gt;." in anne.page
    await anne.post(f"{path}/send")
    await approved(sofie, path)
    assert "Approved by Sofie Claes" in sofie.page


async def test_a_draft_that_somebody_changed_meanwhile_is_not_handed_over(asking: Running) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await begin(anne, asking)
    for key, do in (("marie", "take"), ("neighbour", "take"), ("husband", "leave")):
        await decide(anne, path, asking, key, do)
    await sofie.get(path)
    await sofie.post(f"{path}/mask", case=str(asking.house.cases["marie"]), also="certificat")
    answer = await anne.send(f"{path}/send")
    assert answer.status == 409
    assert [request.state for request in await kept(asking)] == ["draft"]


async def test_what_was_typed_into_a_form_that_came_too_late_is_given_back(asking: Running) -> None:
    anne, sofie = await asking.sign_in("anne"), await asking.sign_in("sofie")
    path = await begin(anne, asking)
    case = str(asking.house.cases["marie"])
    await sofie.get(path)
    await anne.get(path)
    await sofie.post(f"{path}/mask", case=case, also="girafe")
    page = await anne.post(f"{path}/mask", status=409, case=case, also="<b>hippopotame</b>\nzèbre")
    assert "&lt;b&gt;hippopotame&lt;/b&gt;\nzèbre" in page
    await anne.get(path)
    await leave_the_rest(anne, path)
    await anne.post(f"{path}/send")
    luc = await asking.sign_in("sofie")
    await luc.get(path)
    await anne.post(f"{path}/again")
    page = await luc.post(f"{path}/return", status=409, text="The second name stands in it still.")
    assert "The second name stands in it still." in page


async def test_the_list_says_what_to_do_and_when(asking: Running) -> None:
    anne = await asking.sign_in("anne")
    assert "No member has asked for their data." in await anne.get("/console/access")
    await begin(anne, asking, asked_on="2026-11-20")
    page = await anne.get("/console/access")
    assert "Marie Dubois" in page
    # 20 December 2026 is a Sunday.
    assert 'datetime="2026-12-21"' in page
    (one,) = await kept(asking)
    assert (one.asked_on, one.due_on) == (date(2026, 11, 20), date(2026, 12, 21))
    # On one case one answer is open at a time.
    assert await begin(anne, asking) == f"/console/access/{one.id}"


@pytest.mark.parametrize(
    "fields", [{"asked_on": "2026-11-25"}, {"asked_on": "1999-01-01"}, {"identity": "guess"}, {"name": " "}]
)
async def test_what_is_missing_is_said_and_nothing_begins(asking: Running, fields: dict[str, str]) -> None:
    anne = await asking.sign_in("anne")
    await anne.get(asking.case("marie"))
    given = {"name": "Marie Dubois", "identity": "address", "asked_on": "2026-11-24", **fields}
    await anne.post(f"{asking.case('marie')}/access", status=422, **given)
    assert await kept(asking) == []


async def test_an_answer_of_a_case_that_one_may_not_see_is_not_there(asking: Running) -> None:
    await furnish_sealed(asking.house)
    anne, tom = await asking.sign_in("anne"), await asking.sign_in("tom")
    await anne.get(asking.case("humiliated"), status=403)
    await anne.post(f"{asking.case('humiliated')}/open", reason="handling")
    path = await begin(anne, asking, "humiliated")
    await tom.get(path, status=404)
    assert "humili" not in await tom.get("/console/access")


async def test_who_has_no_mail_address_gets_it_in_person(running: Running) -> None:
    """A case from the telephone: no code can be sent, so the approved answer is saved, which is an export (rules S10, E5)."""
    told = Told("Nadia Rossi", "+32470998877", "Ma girafe est perdue.", channel="phone", contact="phone", days_ago=3)
    await add_case(running.house, "nadia", told)
    anne, sofie = await running.sign_in("anne"), await running.sign_in("sofie")
    path = await begin(anne, running, "nadia", name="Nadia Rossi", identity="paper")
    assert "We have no e-mail address that reaches this member" in anne.page
    await sofie.get(f"{path}/archive", status=404)
    await anne.post(f"{path}/send")
    await approved(sofie, path)
    assert f"{path}/archive" in sofie.page
    running.clock.forward(minutes=6)
    assert 'name="proof"' in await sofie.get(f"{path}/archive", status=403)
    await sofie.send("/console/proof", next=f"{path}/archive", proof=PASSWORD)
    content = await (await sofie.client.get(f"{path}/archive")).read()
    (one,) = await kept(running)
    assert hashlib.sha256(content).hexdigest() == one.archive_hash
    page, data = unpacked(content)
    assert "girafe" in page
    assert data["contacts"] == [["phone", "+32470998877"]]
    exported = [entry for entry in await entries(running, "nadia") if entry.act == "access.exported"]
    assert [entry.detail["bytes"] for entry in exported] == [len(content), len(content)]


async def test_what_was_typed_in_under_a_misspelt_name_without_an_address_can_be_put_in(running: Running) -> None:
    """Whose it is, nothing but the name says: where that is not quite theirs, people decide, as where two share an address."""
    told = Told("Nadia Rosi", "+32470998877", "Ma girafe est perdue.", channel="letter", contact="phone", days_ago=3)
    await add_case(running.house, "nadia", told)
    case_id = running.house.cases["nadia"]
    async with running.house.store.write() as tx:
        await tx.conn.execute(update(messages).where(messages.c.case_id == case_id).values(contact_id=None))
        await tx.conn.execute(update(cases).where(cases.c.id == case_id).values(contact_id=None))
        await tx.conn.execute(delete(case_contacts).where(case_contacts.c.case_id == case_id))
    anne = await running.sign_in("anne")
    path = await begin(anne, running, "nadia", name="Nadia Rossi", identity="paper")
    page = await decide(anne, path, running, "nadia", "take")
    assert "girafe" in page
    found = re.search(r'name="kind" value="message"><input type="hidden" name="item" value="([0-9]+)"', page)
    assert found, page
    page = await anne.post(f"{path}/item", case=str(case_id), kind="message", item=found.group(1), do="take")
    await anne.post(f"{path}/send")
    assert "Handed over" in anne.page
    assert "girafe" in anne.page


async def test_who_it_is_stands_on_the_page_and_not_in_its_title(asking: Running) -> None:
    """A title is kept in the browser's history and shown in the bar of the machine."""
    anne = await asking.sign_in("anne")
    page = await anne.get(await begin(anne, asking))
    title = re.search("<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert asking.house.references["marie"] in title.group(1)
    assert "Dubois" not in title.group(1)
    assert "Marie Dubois" in page


async def test_a_request_that_nobody_answers_any_more_is_given_up_with_a_reason(asking: Running) -> None:
    anne = await asking.sign_in("anne")
    path = await begin(anne, asking)
    await anne.post(f"{path}/end", status=422, text=" ")
    assert "Say why there is no answer" in anne.page
    await anne.post(f"{path}/end", text="She called: <no need>.")
    assert "She called: &lt;no need&gt;." in anne.page
    assert (await anne.send(f"{path}/again")).status == 409
    page = await anne.get("/console/access")
    assert "Ended without an answer" in page
    assert "To be answered" not in page
    # Another one can be begun.
    assert await begin(anne, asking) != path
