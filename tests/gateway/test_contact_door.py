"""A member changes how they are reached, on the real register: what a link can do, and what two codes do (rules C1, C3 to C6)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from channels.form.contact_contract import NewContact
from channels.message import OutboundMessage, Sender
from gateway.case_door import CaseDoor
from gateway.contact_door import HouseContactDoor
from gateway.house import House
from store import contact_changes, people, receipts
from store.schema import cases as case_table
from store.schema import codes as codes_table
from store.schema import contacts
from tests.gateway.conftest import Gateway
from tests.gateway.test_asking import COMPLAINT
from tests.gateway.test_case_door import BROWSER, acts, asked, code_in, everything, medical, submitted
from tests.gateway.test_merged_house import OTHER, ids, merge
from tests.gateway.test_reaching import addresses

OLD, NEW = "jan.peeters@mail.example", "jan.nieuw@mail.example"


@pytest.fixture
def door(gateway: Gateway) -> HouseContactDoor:
    return HouseContactDoor(gateway.house)


def texting(gateway: Gateway) -> HouseContactDoor:
    """The same house, as one that sends text messages."""
    values = {"twilio_auth_token": SecretStr("token"), "sms_number": "+32460001100"}
    return HouseContactDoor(replace(gateway.house, settings=gateway.house.settings.model_copy(update=values)))


async def mailed_link(gateway: Gateway) -> str:
    """The link in the acknowledgement of a case that came by the form."""
    await submitted(gateway)
    return gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]


async def instead(door: HouseContactDoor, token: str, address: str = NEW) -> NewContact:
    """The change of a member's first address."""
    (first, *_) = await door.mine(token)
    return NewContact(Sender("email", address), first.id)


async def last(gateway: Gateway, recipient: str) -> OutboundMessage:
    """What went out last, to this address."""
    await gateway.work()
    message = gateway.sink.sent[-1]
    assert message.recipient == recipient
    return message


async def proven(gateway: Gateway, door: HouseContactDoor, token: str, wanted: NewContact, old: str = OLD) -> None:
    """The first code, from the address on file."""
    assert await door.ask(token, BROWSER, wanted) == "sent"
    code = code_in((await last(gateway, old)).text)
    assert await door.prove(token, BROWSER, wanted, code) == "sent"


async def changed(gateway: Gateway, door: HouseContactDoor, token: str, wanted: NewContact, old: str = OLD) -> str:
    """Both codes; the token with which the browser goes on."""
    await proven(gateway, door, token, wanted, old)
    code = code_in((await last(gateway, wanted.sender.address)).text)
    found = await door.confirm(token, BROWSER, wanted, code)
    assert found not in ("wrong", "over")
    await gateway.work()
    return found


async def test_the_link_alone_changes_nothing(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await mailed_link(gateway)
    wanted = await instead(door, token)
    sent = len(gateway.sink.sent)
    for code in ("", "000000", "123456"):
        assert await door.prove(token, BROWSER, wanted, code) == "over"
        assert await door.confirm(token, BROWSER, wanted, code) == "over"
    await gateway.work()
    assert len(gateway.sink.sent) == sent
    assert await addresses(gateway, (await ids(gateway))[0]) == [OLD]


async def test_two_codes_change_it_the_old_link_dies_and_the_old_address_is_told_once(
    gateway: Gateway, door: HouseContactDoor
) -> None:
    token = await mailed_link(gateway)
    found = await changed(gateway, door, token, await instead(door, token))
    (case_id,) = await ids(gateway)
    assert await addresses(gateway, case_id) == [NEW]
    assert await gateway.door.case_view(token) is None
    view = await gateway.door.case_view(found)
    assert view is not None
    assert view.messages
    assert view.mail_sent_to == "j•••@mail.example"
    told = [one for one in gateway.sink.sent if "02\u00a0444" in one.text and "code" not in one.subject.lower()]
    told = [one for one in told if one.recipient == OLD and one.message_tag and "gewijzigd" in one.subject]
    assert len(told) == 1
    assert NEW not in told[0].text
    assert "contact.confirmed" in await acts(gateway)
    # No code is kept, and no address stands in the audit.
    kept = await everything(gateway)
    assert code_in(next(one.text for one in gateway.sink.sent if one.recipient == NEW)) not in kept


async def test_the_receipts_code_goes_with_the_link_that_it_is_made_from(
    gateway: Gateway, door: HouseContactDoor
) -> None:
    token, reference = await submitted(gateway)
    receipt = await gateway.door.case_view(token)
    assert receipt is not None
    assert await CaseDoor(gateway.house).open_by_receipt(reference, receipt.receipt_code) is not None
    await changed(gateway, door, token, await instead(door, token))
    assert await CaseDoor(gateway.house).open_by_receipt(reference, receipt.receipt_code) is None


async def test_a_receipt_is_no_proof_where_mail_comes_back(gateway: Gateway, door: HouseContactDoor) -> None:
    token, reference = await submitted(gateway)
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(contacts).values(unreachable=True))
    receipt = await gateway.door.case_view(token)
    assert receipt is not None
    assert receipt.came_back
    assert receipt.proof == "receipt"
    assert "contact" not in receipt.can
    wanted = await instead(door, token)
    assert await door.ask(token, BROWSER, wanted) == "none"
    assert await door.prove(token, BROWSER, wanted, receipt.receipt_code) == "over"
    opened = await CaseDoor(gateway.house).open_by_receipt(reference, receipt.receipt_code)
    assert opened is not None
    assert await door.ask(opened, BROWSER, wanted) == "none"


async def test_a_code_of_another_purpose_case_browser_or_address_is_none(
    gateway: Gateway, door: HouseContactDoor
) -> None:
    token = await mailed_link(gateway)
    wanted = await instead(door, token)
    case_door = CaseDoor(gateway.house)
    assert await case_door.send_code(token, "withdraw", BROWSER) == "sent"
    for_withdrawal = code_in((await last(gateway, OLD)).text)
    assert await door.prove(token, BROWSER, wanted, for_withdrawal) == "over"
    assert await door.ask(token, BROWSER, wanted) == "sent"
    code = code_in((await last(gateway, OLD)).text)
    assert await door.prove(token, "another browser", wanted, code) == "over"
    assert await door.prove(
        token, BROWSER, NewContact(Sender("email", "thief@mail.example"), wanted.instead_of), code
    ) == ("wrong")
    assert await door.prove(token, BROWSER, NewContact(wanted.sender), code) == "wrong"
    assert await case_door.withdraw(token, BROWSER, code) != "right"
    assert await door.confirm(token, BROWSER, wanted, code) == "over"
    # Another case of somebody else, whose link this browser holds too.
    await submitted(gateway, email="an@mail.example", name="An Maes")
    other = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    assert await door.prove(other, BROWSER, wanted, code) == "over"
    assert await door.prove(token, BROWSER, wanted, code) == "sent"
    # The second code went to the new address, and the first is used up.
    assert await door.confirm(token, BROWSER, wanted, code) == "wrong"


async def test_guesses_in_parallel_count_one_by_one(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await mailed_link(gateway)
    wanted = await instead(door, token)
    await proven(gateway, door, token, wanted)
    code = code_in((await last(gateway, NEW)).text)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    outcomes = await asyncio.gather(*(door.confirm(token, BROWSER, wanted, wrong) for _ in range(8)))
    assert outcomes.count("wrong") <= 4
    assert await door.confirm(token, BROWSER, wanted, code) == "over"
    assert await addresses(gateway, (await ids(gateway))[0]) == [OLD]


async def test_two_presses_are_one_change(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await mailed_link(gateway)
    wanted = await instead(door, token)
    await proven(gateway, door, token, wanted)
    code = code_in((await last(gateway, NEW)).text)
    outcomes = await asyncio.gather(*(door.confirm(token, BROWSER, wanted, code) for _ in range(3)))
    assert sorted(outcome == "over" for outcome in outcomes) == [False, True, True]
    assert (await acts(gateway)).count("contact.confirmed") == 1


async def test_codes_are_counted_and_the_new_address_has_its_own(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await mailed_link(gateway)
    wanted = await instead(door, token)
    assert await door.ask(token, BROWSER, wanted) == "sent"
    assert await door.ask(token, BROWSER, wanted) == "sent"
    assert await door.ask(token, BROWSER, wanted) == "sent"
    assert await door.ask(token, BROWSER, wanted) == "too_many"
    code = code_in((await last(gateway, OLD)).text)
    assert await door.prove(token, BROWSER, wanted, code) == "sent"
    assert (await last(gateway, NEW)).reply_tag == ""


async def test_a_code_ends_after_ten_minutes(
    gateway: Gateway, door: HouseContactDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await mailed_link(gateway)
    wanted = await instead(door, token)
    await proven(gateway, door, token, wanted)
    code = code_in((await last(gateway, NEW)).text)
    later = gateway.house.now() + timedelta(minutes=11)
    monkeypatch.setattr(House, "now", lambda _: later)
    assert await door.confirm(token, BROWSER, wanted, code) == "over"


async def test_an_address_that_is_not_confirmed_is_nobodys(gateway: Gateway, door: HouseContactDoor) -> None:
    """A typing error sends a code to a stranger; what they write to us is theirs alone."""
    token = await mailed_link(gateway)
    wanted = await instead(door, token, "stranger@mail.example")
    await proven(gateway, door, token, wanted)
    async with gateway.house.store.read() as tx:
        assert await people.find_contact(tx, wanted.sender) is None


async def test_an_address_of_another_member_is_taken_as_any(gateway: Gateway, door: HouseContactDoor) -> None:
    await submitted(gateway, email="an@mail.example", name="An Maes")
    token = await mailed_link(gateway)
    wanted = await instead(door, token, "an@mail.example")
    found = await changed(gateway, door, token, wanted)
    an, jan = await ids(gateway)
    assert await addresses(gateway, jan) == ["an@mail.example"]
    assert await addresses(gateway, an) == ["an@mail.example"]
    view = await gateway.door.case_view(found)
    assert view is not None
    assert len([message for message in view.messages if not message.ours]) == 1


async def test_what_cannot_be_is_refused_before_any_code_goes(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await mailed_link(gateway)
    sent = len(gateway.sink.sent)
    wanted = await instead(door, token)
    assert await door.ask(token, BROWSER, NewContact(Sender("email", OLD), wanted.instead_of)) == "known"
    ours = gateway.house.mailboxes[0].address
    assert await door.ask(token, BROWSER, NewContact(Sender("email", ours), wanted.instead_of)) == "ours"
    assert await door.ask(token, BROWSER, NewContact(Sender("phone", "+32470001103"))) == "no_texts"
    door = texting(gateway)
    phone = NewContact(Sender("phone", "+32470001103"), wanted.instead_of)
    assert await door.ask(token, BROWSER, phone) == "mail"
    assert await door.ask("no such link", BROWSER, wanted) == "none"
    await gateway.work()
    assert len(gateway.sink.sent) == sent


async def test_a_number_is_added_with_a_code_by_text_message(gateway: Gateway) -> None:
    token = await mailed_link(gateway)
    door = texting(gateway)
    wanted = NewContact(Sender("phone", "+32470001103"))
    assert await door.ask(token, BROWSER, wanted) == "sent"
    assert await door.prove(token, BROWSER, wanted, code_in((await last(gateway, OLD)).text)) == "sent"
    text = (await last(gateway, "+32470001103")).text
    code = next(word.strip(".:") for word in text.split() if word.strip(".:").isdigit() and len(word.strip(".:")) == 6)
    # The link goes on: it went to an address that stays.
    assert await door.confirm(token, BROWSER, wanted, code) == token
    assert await addresses(gateway, (await ids(gateway))[0]) == [OLD, "+32470001103"]
    assert (await last(gateway, OLD)).subject


async def test_of_a_sealed_case_no_text_message_goes_out(gateway: Gateway) -> None:
    door, token = texting(gateway), await medical(gateway)
    case_door = CaseDoor(gateway.house)
    assert await case_door.send_code(token, "open", BROWSER) == "sent"
    open_ = await case_door.unlock(token, BROWSER, code_in((await last(gateway, "marie.dubois@mail.example")).text))
    phone = NewContact(Sender("phone", "+32470001103"))
    assert await door.ask(open_, BROWSER, phone) == "no_texts"


async def test_a_sealed_case_wants_its_code_first(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await medical(gateway)
    old = "marie.dubois@mail.example"
    assert await door.mine(token) == ()
    wanted = NewContact(Sender("email", NEW), 1)
    assert await door.ask(token, BROWSER, wanted) == "none"
    case_door = CaseDoor(gateway.house)
    assert await case_door.send_code(token, "open", BROWSER) == "sent"
    open_ = await case_door.unlock(token, BROWSER, code_in((await last(gateway, old)).text))
    found = await changed(gateway, door, open_, await instead(door, open_), old)
    view = await gateway.door.case_view(found)
    assert view is not None
    assert not view.locked


async def test_in_a_merged_case_each_sees_and_changes_their_own(gateway: Gateway, door: HouseContactDoor) -> None:
    await gateway.mail(COMPLAINT)
    await gateway.mail(OTHER, sender="paul.dubois@mail.example")
    links = {one.recipient: one.text.partition("/fr/c/")[2][:22] for one in gateway.sink.sent}
    marie, paul = await ids(gateway)
    await merge(gateway, paul, marie)
    for who in ("marie", "paul"):
        (own,) = await door.mine(links[f"{who}.dubois@mail.example"])
        assert own.shown == f"{who[0]}•••@mail.example"
    (of_marie,) = await door.mine(links["marie.dubois@mail.example"])
    token = links["paul.dubois@mail.example"]
    # Paul cannot replace what is hers: for him it is no address of his, and one is added.
    found = await changed(
        gateway, door, token, await instead(door, token, "paul.neuf@mail.example"), "paul.dubois@mail.example"
    )
    assert sorted(await addresses(gateway, marie)) == ["marie.dubois@mail.example", "paul.neuf@mail.example"]
    (still,) = await door.mine(links["marie.dubois@mail.example"])
    assert still == of_marie
    assert [one.shown for one in await door.mine(found)] == ["p•••@mail.example"]
    assert await gateway.door.case_view(links["marie.dubois@mail.example"]) is not None


async def test_who_finds_the_case_again_does_so_by_the_new_address(gateway: Gateway, door: HouseContactDoor) -> None:
    token, reference = await submitted(gateway)
    await changed(gateway, door, token, await instead(door, token))
    assert await asked(gateway, CaseDoor(gateway.house), reference, OLD) == 0
    assert await asked(gateway, CaseDoor(gateway.house), reference, NEW) == 1


async def test_what_a_member_changed_no_colleague_takes_back(gateway: Gateway, door: HouseContactDoor) -> None:
    token = await mailed_link(gateway)
    await changed(gateway, door, token, await instead(door, token))
    (case_id,) = await ids(gateway)
    async with gateway.house.store.read() as tx:
        last_one = await contact_changes.last_of(tx, case_id, since=gateway.house.now() - timedelta(hours=1))
        assert last_one is not None
        assert last_one.author_id is None
        kept = list(await tx.conn.scalars(select(codes_table.c.purpose)))
        contact_id = (await tx.conn.execute(select(case_table.c.contact_id))).scalar_one()
        assert await receipts.exists_for(tx, case_id) is False
        found = await people.find_contact(tx, Sender("email", NEW))
    assert sorted(kept) == ["confirm", "contact"]
    assert found is not None
    assert contact_id == found.id
