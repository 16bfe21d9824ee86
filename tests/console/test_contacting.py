"""A member's address is changed in the console: who may, what is asked, what is kept, and what is taken back (rule C4)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from store import audit, links, opted_out, outbox, people, views
from store.outbox import Outgoing
from store.people import Contact
from store.schema import contacts
from store.schema import outbox as outbox_table
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.test_actions import messages_of, row_of

VIEWER = Viewer(1, "Test", "supervisor", medical=True)
NEW = "jan.nieuw@mail.example"
ASKED = {"act": "replace", "address": NEW, "how": "phone", "words": "Geboortedatum en lidnummer klopten."}


async def known(running: Running, key: str = "soon") -> list[Contact]:
    async with running.house.store.read() as tx:
        return await people.contacts_of_case(tx, running.house.cases[key])


async def due(running: Running) -> list[Outgoing]:
    """What may leave by now."""
    async with running.house.store.write() as tx:
        return await outbox.claim(tx, limit=20, now=running.clock(), lease=timedelta(seconds=1))


async def changed(running: Running, key: str = "soon", **more: str) -> tuple[Browser, str]:
    tom = await running.sign_in("tom")
    (old, *_) = await known(running, key)
    await tom.get(running.case(key))
    page = await tom.post(f"{running.case(key)}/contact", **{"contact": str(old.id), **ASKED, **more})
    return tom, page


async def test_the_new_address_takes_the_place_of_the_old_one_which_is_told_once(running: Running) -> None:
    (old,) = await known(running)
    async with running.house.store.write() as tx:
        await links.add(
            tx, "a-token-of-22-signs-xx", now=running.clock(), case_id=running.house.cases["soon"], contact_id=old.id
        )
    _, page = await changed(running)
    assert "The address used until now gets a message about it." in page
    assert [one.address for one in await known(running)] == [NEW]
    assert "Send to Jan Peeters, by e-mail" in page
    async with running.house.store.read() as tx:
        assert await links.opened(tx, "a-token-of-22-signs-xx", now=running.clock()) is None
        entries = await audit.of_case(tx, running.house.cases["soon"])
        notes = await views.notes_of(tx, VIEWER, running.house.cases["soon"])
    assert [note.text for note in notes][-1] == ASKED["words"]
    (entry,) = [one for one in entries if one.act == "contact.replaced"]
    assert entry.detail["how"] == "phone"
    assert "@" not in str([(one.act, one.detail) for one in entries])
    assert await due(running) == []
    running.clock.forward(seconds=11)
    (told,) = await due(running)
    assert told.message.recipient == old.address
    assert (await row_of(running, "soon")).reference in told.message.text
    assert NEW not in told.message.text
    assert told.message_id is None


async def test_it_can_be_taken_back_for_ten_seconds_and_then_nobody_was_told(running: Running) -> None:
    (old,) = await known(running)
    case_id = running.house.cases["soon"]
    async with running.house.store.write() as tx:
        await links.add(tx, "a-token-of-22-signs-xx", now=running.clock(), case_id=case_id, contact_id=old.id)
    tom, page = await changed(running)
    found = re.search(r'name="change" value="(\d+)"', page)
    assert found
    assert "The change can be taken back for 10 seconds." in page
    luc = await running.sign_in("luc")
    assert "contact-undo" not in await luc.get(running.case("soon"))
    await luc.post(f"{running.case('soon')}/contact-undo", change=found.group(1))
    assert [one.address for one in await known(running)] == [NEW]
    page = await tom.post(f"{running.case('soon')}/contact-undo", change=found.group(1))
    assert "the member is reached as before" in page
    assert await known(running) == [old]
    running.clock.forward(minutes=1)
    assert await due(running) == []
    async with running.house.store.read() as tx:
        assert await links.opened(tx, "a-token-of-22-signs-xx", now=running.clock()) is not None
        kept = (
            await tx.conn.execute(select(outbox_table.c.state).order_by(outbox_table.c.id.desc()).limit(1))
        ).scalar()
    assert kept == "cancelled"
    # A second press finds nothing to take back.
    page = await tom.post(f"{running.case('soon')}/contact-undo", change=found.group(1))
    assert "Too late" in page


async def test_what_has_left_cannot_be_taken_back(running: Running) -> None:
    tom, page = await changed(running)
    found = re.search(r'name="change" value="(\d+)"', page)
    assert found
    running.clock.forward(seconds=11)
    assert await due(running)
    page = await tom.post(f"{running.case('soon')}/contact-undo", change=found.group(1))
    assert "Too late" in page
    assert [one.address for one in await known(running)] == [NEW]


async def test_two_clicks_and_a_stale_form_are_one_change(running: Running) -> None:
    tom = await running.sign_in("tom")
    (old,) = await known(running)
    path = running.case("soon")
    first = await tom.get(path)
    await tom.post(f"{path}/contact", contact=str(old.id), **ASKED)
    tom.page = first
    page = await tom.post(f"{path}/contact", status=409, contact=str(old.id), **ASKED)
    assert "This case has changed since you opened it" in page
    # What was typed stands in its field again.
    assert NEW in page
    assert ASKED["words"] in page
    assert len(await known(running)) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"address": "a@mail.example, b@mail.example"}, "several addresses"),
        ({"address": "a@mail.example\nb"}, "invisible"),
        ({"address": ""}, "Fill in the new"),
        ({"address": "nobody"}, "neither an e-mail address nor a telephone number"),
        ({"address": "+1 212 555 0100"}, "We cannot send text messages to this number"),
        ({"address": "jan.peeters@mail.example"}, "on the case already"),
        ({"address": "OMBUDSMAN@partenamut.example"}, "one of our own addresses"),
        ({"how": ""}, "Say how you know"),
        ({"how": "guessing"}, "Say how you know"),
        ({"words": "  "}, "Write in a few words"),
        ({"act": "sell"}, "Say what changes"),
    ],
)
async def test_what_is_missing_or_odd_is_named_and_what_was_typed_stays(
    running: Running, given: dict[str, str], said: str
) -> None:
    tom = await running.sign_in("tom")
    (old,) = await known(running)
    async with running.house.store.write() as tx:
        await tx.conn.execute(
            update(contacts).where(contacts.c.id == old.id).values(address="jan.peeters@mail.example")
        )
    path = running.case("soon")
    await tom.get(path)
    page = await tom.post(f"{path}/contact", status=422, **{"contact": str(old.id), **ASKED, **given})
    assert said in page
    assert page.count(ASKED["words"]) == (0 if "words" in given else 1)
    assert [one.id for one in await known(running)] == [old.id]


async def test_one_can_end_and_one_can_be_added(running: Running) -> None:
    await changed(running, act="add", address="0470 12 34 56")
    assert [one.address for one in await known(running)][1:] == ["+32470123456"]
    old = (await known(running))[0]
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    await tom.post(f"{path}/contact", **{**ASKED, "act": "end", "contact": str(old.id), "address": ""})
    assert [one.address for one in await known(running)] == ["+32470123456"]
    await tom.post(f"{path}/contact", status=409, **{**ASKED, "act": "end", "contact": str(old.id), "address": ""})


async def test_an_address_that_another_member_has_is_taken_without_a_word(running: Running) -> None:
    (other,) = await known(running, "marie")
    _, page = await changed(running, address=other.address)
    assert "gets a message about it" in page
    assert [one.id for one in await known(running)] == [other.id]
    assert [one.id for one in await known(running, "marie")] == [other.id]
    assert "Marie Dubois" not in page


async def test_an_agent_adds_to_what_they_typed_in_today_and_to_nothing_else(running: Running) -> None:
    fatima = await running.sign_in("fatima")
    path = running.case("soon")
    assert "reach-new" not in await fatima.get(path)
    (old,) = await known(running)
    page = await fatima.post(f"{path}/contact", status=422, **ASKED, contact=str(old.id))
    assert "a case that you typed in today" in page
    await fatima.post(f"{path}/contact", status=422, **{**ASKED, "act": "add"})
    async with running.house.store.write() as tx:
        item = await running_item(running)
        await audit.write(
            tx,
            actor=f"user:{running.house.users['fatima']}",
            act="entry.recorded",
            at=running.clock(),
            detail={"item": item, "channel": "counter"},
        )
    page = await fatima.get(path)
    assert "Add how we reach them" in page
    await fatima.post(f"{path}/contact", status=422, **ASKED, contact=str(old.id))
    page = await fatima.post(f"{path}/contact", **{**ASKED, "act": "add"})
    assert [one.address for one in await known(running)] == [old.address, NEW]
    # The next day the member does not stand there any more.
    running.clock.forward(days=1)
    fatima = await running.sign_in("fatima")
    assert "reach-new" not in await fatima.get(path)
    rik = await running.sign_in("rik")
    assert "reach-new" not in await rik.get(path)


async def running_item(running: Running) -> int:
    """The item that became the case."""
    opening = (await messages_of(running, "soon"))[0]
    assert opening.inbox_id is not None
    return opening.inbox_id


async def test_an_answer_that_waits_for_the_old_address_goes_again_to_the_new_one(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    (old,) = await known(running)
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Beste Jan Peeters,\n\nUw dossier is in orde.\n\nTom")
    page = await tom.post(f"{path}/contact", contact=str(old.id), **ASKED)
    assert "the address of the member was changed before it left" in page
    assert "Send again to the new address" in page
    first = (await messages_of(running, "soon"))[-1]
    assert (first.delivery, first.code) == ("failed", "replaced")
    running.clock.forward(minutes=1)
    assert [one.message.recipient for one in await due(running)] == [old.address]
    page = await tom.post(f"{path}/again", message=str(first.id))
    assert "Goes to Jan Peeters in 10 seconds." in page
    assert "Send again to the new address" not in page
    again = (await messages_of(running, "soon"))[-1]
    assert (again.reply, again.address) == (first.reply, NEW)
    # Twice is once; and taken back, it is offered again.
    await tom.post(f"{path}/again", status=409, message=str(first.id))
    page = await tom.post(f"{path}/undo", outbox=str(again.outbox_id))
    assert "Send again to the new address" in page


async def test_an_answer_that_came_back_goes_again_and_the_notice_ends(running: Running) -> None:
    tom = await running.sign_in("tom")
    path, case_id = running.case("soon"), running.house.cases["soon"]
    (old,) = await known(running)
    await tom.get(path)
    await tom.post(f"{path}/reply", text="Beste Jan Peeters,\n\nUw dossier is in orde.\n\nTom")
    sent = (await messages_of(running, "soon"))[-1]
    running.clock.forward(minutes=1)
    async with running.house.store.write() as tx:
        (going,) = await outbox.claim(tx, limit=1, now=running.clock(), lease=timedelta(minutes=1))
        await outbox.sent(tx, going, code="250", provider_id="", masked=sent.text, now=running.clock())
        for _ in range(2):
            await people.note_hard_bounce(tx, old.id, now=running.clock())
        await audit.write(
            tx,
            actor="system",
            act="contact.unreachable",
            at=running.clock(),
            case_id=case_id,
            detail={"contact": old.id},
        )
    assert "cannot be reached" in await tom.get(path)
    page = await tom.post(f"{path}/contact", contact=str(old.id), **ASKED)
    assert "Nobody could be told" in page
    assert "cannot be reached" not in page
    assert "This answer did not arrive at the old address." in page
    page = await tom.post(f"{path}/again", message=str(sent.id))
    assert "did not arrive at the old address" not in page
    running.clock.forward(minutes=1)
    assert [one.message.recipient for one in await due(running)] == [NEW]


async def test_a_sealed_case_is_changed_only_by_who_may_open_it_and_told_neutrally(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("sealed")
    (old, *_) = await known(running, "sealed")
    page = await tom.post(f"{path}/contact", status=403, contact=str(old.id), **ASKED)
    assert old.address not in page
    anne = await running.sign_in("anne")
    await anne.post(f"{path}/open", reason="handling")
    await anne.post(f"{path}/contact", contact=str(old.id), **ASKED)
    running.clock.forward(minutes=1)
    (told,) = await due(running)
    words = told.message.text.lower()
    for health in ("médec", "doctor", "adviser", "arts", "arzt", "conseil", "medical", "zeisig"):
        assert health not in words


async def test_whoever_wants_no_texts_is_not_told_by_one(running: Running) -> None:
    (old,) = await known(running)
    async with running.house.store.write() as tx:
        await tx.conn.execute(
            update(contacts).where(contacts.c.id == old.id).values(kind="phone", address="+32470001103")
        )
        await opted_out.add(tx, "sms", "+32470001103", now=running.clock())
    _, page = await changed(running)
    assert "Nobody could be told" in page
    assert await due(running) == []
