"""A member is reached otherwise, on the real register: mail that comes and goes before and after (rules C1, C4, C6)."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select, update

from channels.mail.tags import sign_reply_tag
from channels.message import Sender
from config.vocabulary import LANGUAGES
from console.reach_contract import CannotReachError, Wanted
from gateway.case_door import CaseDoor
from gateway.desk import HouseDesk
from gateway.reaching import HouseReach
from gateway.reading import Parsing
from store import cases, contact_changes, outbox_figures, people, soundness, users, views
from store.schema import case_contacts, contacts, inbox, merges
from store.schema import cases as case_table
from store.viewer import Viewer
from tests.gateway.conftest import OMBUDSMAN, Gateway
from tests.gateway.test_asking import COMPLAINT
from tests.gateway.test_case_door import asked, medical, submitted
from tests.gateway.test_merged_house import contact_of, ids, merge, two_merged

NEW = "marie.nouvelle@mail.example"
OLD = "marie.dubois@mail.example"


async def anne(gateway: Gateway) -> Viewer:
    """A mediator."""
    now = gateway.house.now()
    async with gateway.house.store.write() as tx:
        known = await users.by_login(tx, "anne")
        user_id = (
            known.id
            if known
            else await users.add(
                tx, login="anne", name="Anne", role="mediator", medical=True, password="x", actor="system", now=now
            )
        )
    return Viewer(user_id, "Anne", "mediator", medical=True)


async def change(gateway: Gateway, case_id: int, act: contact_changes.Act = "replace", **more: object) -> None:
    """What a colleague does in the console, and the ten seconds after it."""
    viewer, now = await anne(gateway), gateway.house.now() - timedelta(minutes=1)
    given: dict[str, object] = {"sender": Sender("email", NEW), **more}
    wanted = Wanted(act, "phone", "Questions posées.", **given)  # type: ignore[arg-type]  # as the tests name them
    async with gateway.house.store.write() as tx:
        row = await views.case(tx, viewer, case_id)
        assert row is not None
        await HouseReach(gateway.house).change(tx, viewer, case_id, wanted, now=now, version=row.version)
    await gateway.work()


async def undo(gateway: Gateway, case_id: int) -> bool:
    """Take the last change back as if no second had passed."""
    viewer = await anne(gateway)
    async with gateway.house.store.write() as tx:
        last = await contact_changes.last_of(tx, case_id, since=gateway.house.now() - timedelta(hours=1))
        assert last is not None
        return await HouseReach(gateway.house).undo(tx, viewer, case_id, last.id, now=last.at)


async def addresses(gateway: Gateway, case_id: int) -> list[str]:
    """Who is known on a case."""
    async with gateway.house.store.read() as tx:
        return [one.address for one in await people.contacts_of_case(tx, case_id)]


async def fates(gateway: Gateway) -> list[str]:
    """What became of each item."""
    async with gateway.house.store.read() as tx:
        return list(await tx.conn.scalars(select(inbox.c.fate).order_by(inbox.c.id)))


async def answered_by_mail(gateway: Gateway, case_id: int, text: str, *, to: int | None = None) -> None:
    """A mediator answers, and it leaves."""
    viewer, now = await anne(gateway), gateway.house.now() - timedelta(minutes=1)
    desk = HouseDesk(gateway.house, cast(Parsing, None))
    async with gateway.house.store.write() as tx:
        row = await views.case(tx, viewer, case_id)
        assert row is not None
        await desk.reply(tx, viewer, case_id, text, now=now, version=row.version, to=to)
    await gateway.work()


async def test_after_the_change_the_old_link_is_dead_and_the_new_address_reads_the_whole_case(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    (case_id,) = await ids(gateway)
    token = gateway.sink.sent[-1].text.partition("/fr/c/")[2][:22]
    assert await gateway.door.case_view(token) is not None
    old_id = await contact_of(gateway, OLD)
    gateway.sink.sent.clear()
    await change(gateway, case_id, contact_id=old_id)
    assert await gateway.door.case_view(token) is None
    # The old one was told, once, and of nothing but the reference.
    (told,) = gateway.sink.sent
    assert told.recipient == OLD
    assert "/fr/c/" not in told.text
    assert NEW not in told.text
    door = CaseDoor(gateway.house)
    async with gateway.house.store.read() as tx:
        reference = (await tx.conn.execute(select(case_table.c.reference))).scalar_one()
    assert await asked(gateway, door, reference, OLD) == 0
    assert await asked(gateway, door, reference, NEW) == 1
    link = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    view = await gateway.door.case_view(link)
    assert view is not None
    assert view.messages
    await answered_by_mail(gateway, case_id, "Bonjour, votre dossier avance.")
    assert gateway.sink.sent[-1].recipient == NEW


async def test_a_reply_from_the_old_address_waits_for_a_person_and_one_from_the_new_joins(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    (case_id,) = await ids(gateway)
    old_id = await contact_of(gateway, OLD)
    local, _, domain = OMBUDSMAN.partition("@")
    to = f"{local}+{sign_reply_tag(case_id, old_id, gateway.house.tag_keys)}@{domain}"
    await change(gateway, case_id, contact_id=old_id)
    mail = f"From: {{}}\nTo: {to}\nSubject: Re\nMessage-ID: <{{}}@mail.example>\n\nVoici encore un détail, {{}}.\n"
    await gateway.mail(mail.format(OLD, "one", "un"), to=to)
    await gateway.mail(mail.format(NEW, "two", "deux"), to=to, sender=NEW)
    assert (await fates(gateway))[-2:] == ["held", "joined"]


async def test_taken_back_everything_is_as_it_was(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    (case_id,) = await ids(gateway)
    token = gateway.sink.sent[-1].text.partition("/fr/c/")[2][:22]
    gateway.sink.sent.clear()
    viewer, now = await anne(gateway), gateway.house.now()
    old_id = await contact_of(gateway, OLD)
    async with gateway.house.store.write() as tx:
        row = await views.case(tx, viewer, case_id)
        assert row is not None
        wanted = Wanted("replace", "letter", "Lettre.", contact_id=old_id, sender=Sender("email", NEW))
        await HouseReach(gateway.house).change(tx, viewer, case_id, wanted, now=now, version=row.version)
    assert await undo(gateway, case_id)
    assert not await undo_again(gateway, case_id)
    # Whoever writes from the address that was taken back is nobody whom we know.
    async with gateway.house.store.read() as tx:
        wrong, right = [await people.find_contact(tx, Sender("email", one)) for one in (NEW, OLD)]
        assert wrong is not None
        assert right is not None
        assert wrong.person_id != right.person_id
        assert (await people.person_of(tx, wrong.person_id)).name == ""
    await gateway.work()
    assert gateway.sink.sent == []
    assert await addresses(gateway, case_id) == [OLD]
    assert await gateway.door.case_view(token) is not None
    async with gateway.house.store.read() as tx:
        assert (await tx.conn.execute(select(case_table.c.contact_id))).scalar_one() == old_id


async def undo_again(gateway: Gateway, case_id: int) -> bool:
    """Whether there is still something to take back."""
    async with gateway.house.store.read() as tx:
        since = gateway.house.now() - timedelta(hours=1)
        return await contact_changes.last_of(tx, case_id, since=since) is not None


async def test_in_a_merged_case_only_that_members_address_changes_and_a_split_keeps_it(gateway: Gateway) -> None:
    marie, paul = await two_merged(gateway)
    paul_id = await contact_of(gateway, "paul.dubois@mail.example")
    await change(gateway, marie, contact_id=paul_id, sender=Sender("email", "paul.neuf@mail.example"))
    assert sorted(await addresses(gateway, marie)) == [OLD, "paul.neuf@mail.example"]
    assert await addresses(gateway, paul) == ["paul.neuf@mail.example"]
    async with gateway.house.store.read() as tx:
        recipients = await HouseDesk(gateway.house, cast(Parsing, None)).recipients(tx, marie)
    assert [(one.case_id, one.address) for one in recipients] == [(marie, OLD), (paul, "paul.neuf@mail.example")]
    await answered_by_mail(gateway, marie, "Bonjour Paul, voici la suite.", to=paul)
    assert gateway.sink.sent[-1].recipient == "paul.neuf@mail.example"
    link = gateway.sink.sent[-1].text.partition("/fr/c/")[2][:22]
    view = await gateway.door.case_view(link)
    assert view is not None
    told = " ".join(message.text for message in view.messages)
    assert "carte d'affiliation" in told
    assert "indemnit" not in told
    await merge(gateway, paul, marie, undo=True)
    assert await addresses(gateway, marie) == [OLD]
    assert await addresses(gateway, paul) == ["paul.neuf@mail.example"]


async def test_in_a_merged_case_a_change_is_taken_back_in_its_every_place(gateway: Gateway) -> None:
    marie, _ = await two_merged(gateway)
    paul_id = await contact_of(gateway, "paul.dubois@mail.example")
    async with gateway.house.store.read() as tx:
        before = list(await tx.conn.execute(select(case_contacts.c.case_id, case_contacts.c.contact_id)))
        merged = (await tx.conn.execute(select(merges.c.before))).scalar_one()
    viewer = await anne(gateway)
    async with gateway.house.store.write() as tx:
        row = await views.case(tx, viewer, marie)
        assert row is not None
        wanted = Wanted("replace", "phone", "Ok.", contact_id=paul_id, sender=Sender("email", NEW))
        now = gateway.house.now()
        await HouseReach(gateway.house).change(tx, viewer, marie, wanted, now=now, version=row.version)
    assert await undo(gateway, marie)
    async with gateway.house.store.read() as tx:
        after = list(await tx.conn.execute(select(case_contacts.c.case_id, case_contacts.c.contact_id)))
        assert (await tx.conn.execute(select(merges.c.before))).scalar_one() == merged
    assert sorted(after) == sorted(before)


async def test_an_address_that_the_other_member_of_a_merged_case_has_leads_each_to_their_own(gateway: Gateway) -> None:
    marie, paul = await two_merged(gateway)
    paul_id = await contact_of(gateway, "paul.dubois@mail.example")
    # Paul has no mailbox of his own any more: his wife reads for both.
    await change(gateway, marie, contact_id=paul_id, sender=Sender("email", OLD))
    async with gateway.house.store.read() as tx:
        recipients = await HouseDesk(gateway.house, cast(Parsing, None)).recipients(tx, marie)
    assert [(one.case_id, one.address) for one in recipients] == [(marie, OLD), (paul, OLD)]
    await merge(gateway, paul, marie, undo=True)
    assert await addresses(gateway, marie) == [OLD]
    assert await addresses(gateway, paul) == [OLD]


async def test_who_left_no_address_gets_one_and_still_reads_what_they_told(gateway: Gateway) -> None:
    token, reference = await submitted(gateway, email="")
    (case_id,) = await ids(gateway)
    await change(gateway, case_id, "add", sender=Sender("email", NEW))
    view = await gateway.door.case_view(token)
    assert view is not None
    assert await asked(gateway, CaseDoor(gateway.house), reference, NEW) == 1
    link = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    seen = await gateway.door.case_view(link)
    assert seen is not None
    assert [message.text for message in seen.messages] == [message.text for message in view.messages]
    async with gateway.house.store.read() as tx:
        assert await soundness.unacknowledged(tx) == 0


async def test_a_sealed_case_still_wants_its_code_at_the_new_address(gateway: Gateway) -> None:
    await medical(gateway)
    (case_id,) = await ids(gateway)
    await change(gateway, case_id, contact_id=await contact_of(gateway, OLD))
    async with gateway.house.store.read() as tx:
        reference = (await tx.conn.execute(select(case_table.c.reference))).scalar_one()
    assert await asked(gateway, CaseDoor(gateway.house), reference, NEW) == 1
    link = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    view = await gateway.door.case_view(link)
    assert view is not None
    assert view.locked
    assert view.messages == ()


async def test_what_cannot_be_is_refused(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    (case_id,) = await ids(gateway)
    old_id = await contact_of(gateway, OLD)
    with pytest.raises(CannotReachError):
        await change(gateway, case_id, contact_id=old_id, sender=Sender("email", OLD))
    with pytest.raises(CannotReachError):
        await change(gateway, case_id, contact_id=old_id, sender=Sender("email", OMBUDSMAN))
    with pytest.raises(cases.StaleError):
        await change(gateway, case_id, contact_id=999_999)
    assert await addresses(gateway, case_id) == [OLD]


async def test_a_contact_that_cannot_be_reached_is_not_told(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    (case_id,) = await ids(gateway)
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(contacts).values(unreachable=True))
    gateway.sink.sent.clear()
    await change(gateway, case_id, contact_id=await contact_of(gateway, OLD))
    assert gateway.sink.sent == []
    async with gateway.house.store.read() as tx:
        assert await outbox_figures.waiting(tx) == (0, None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", contact_changes.ACTS)
async def test_what_is_told_names_the_day_and_whom_to_call_and_no_matter(
    gateway: Gateway, language: str, act: contact_changes.Act
) -> None:
    await gateway.mail(COMPLAINT)
    (case_id,) = await ids(gateway)
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(case_table).values(language=language))
    gateway.sink.sent.clear()
    more = {} if act != "end" else {"sender": None}
    await change(gateway, case_id, act, contact_id=await contact_of(gateway, OLD), **more)
    (told,) = gateway.sink.sent
    assert "02\u00a0444\u00a041\u00a011" in told.text
    assert "PM-" in told.text
    for word in ("indemnit", "médec", "santé", "gezond", "health", "Gesundheit", "http"):
        assert word not in told.text.partition("\n\n")[2].rpartition("\n\n")[0]
