"""Mails about a case that goes on in another one, as they really come in and go out."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select, update

from channels.mail.tags import sign_bounce_tag, sign_reply_tag
from console.contract import NoWayBackError
from gateway.clock import Clock
from gateway.desk import HouseDesk
from gateway.reading import Parsing
from router.deadlines import after_pause
from store import audit, correspondence, links, merging, questions, views
from store.clocks import promised
from store.schema import cases as case_table
from store.schema import contacts, deadlines, held, outbox
from store.viewer import Viewer
from tests.gateway.conftest import OMBUDSMAN, Gateway, on_both
from tests.gateway.test_asking import COMPLAINT, Asked, answer, asked

__all__ = ["asked"]
pytestmark = on_both

VIEWER = Viewer(None, "Test", "supervisor", medical=True)
OTHER = """From: Paul Dubois <paul.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Carte
Message-ID: <other@mail.example>
Authentication-Results: mx.partenamut.example; dmarc=pass header.from=mail.example

Bonjour, ma carte d'affiliation ne fonctionne plus chez le pharmacien depuis deux semaines.
Paul Dubois
"""


async def ids(gateway: Gateway) -> list[int]:
    async with gateway.house.store.read() as tx:
        return list(await tx.conn.scalars(select(case_table.c.id).order_by(case_table.c.id)))


async def merge(gateway: Gateway, gone_id: int, into_id: int, *, undo: bool = False) -> None:
    now = gateway.house.now()
    async with gateway.house.store.write() as tx:
        gone, into = [await views.case(tx, VIEWER, one) for one in (gone_id, into_id)]
        assert gone is not None
        assert into is not None
        if undo:
            await merging.unmerge(tx, VIEWER, gone, into, now=now, version=into.version)
            return
        versions = (gone.version, into.version)
        await merging.merge(tx, VIEWER, gone, into, moved=after_pause, now=now, versions=versions)


async def two_merged(gateway: Gateway) -> tuple[int, int]:
    """Two members write, and the case of the second goes on in that of the first."""
    await gateway.mail(COMPLAINT)
    await gateway.mail(OTHER, sender="paul.dubois@mail.example")
    marie, paul = await ids(gateway)
    await merge(gateway, paul, marie)
    return marie, paul


async def words(gateway: Gateway, case_id: int) -> list[str]:
    async with gateway.house.store.read() as tx:
        return [one.reply for one in await correspondence.messages_of(tx, VIEWER, case_id)]


async def contact_of(gateway: Gateway, address: str) -> int:
    async with gateway.house.store.read() as tx:
        query = select(contacts.c.id).where(contacts.c.address == address)
        return int((await tx.conn.execute(query)).scalar_one())


async def test_the_answer_of_a_department_comes_to_where_its_question_goes_on_and_back(asked: Asked) -> None:
    gateway = asked.gateway
    await gateway.mail(OTHER, sender="paul.dubois@mail.example")
    (mine, other) = await ids(gateway)
    await merge(gateway, mine, other)
    await gateway.mail(answer(asked.address), to=asked.address, sender="incap@mutual.example")
    assert any("Le paiement est parti hier" in text for text in await words(gateway, other))
    async with gateway.house.store.read() as tx:
        (question,) = await questions.of_case(tx, VIEWER, other)
        into = await views.case(tx, VIEWER, other)
    assert question.answered_at is not None
    assert into is not None
    assert into.unread
    await merge(gateway, mine, other, undo=True)
    assert any("Le paiement est parti hier" in text for text in await words(gateway, mine))
    assert not any("Le paiement est parti hier" in text for text in await words(gateway, other))


async def test_a_mail_by_the_old_address_joins_and_goes_back_with_its_member(gateway: Gateway) -> None:
    marie, paul = await two_merged(gateway)
    contact_id = await contact_of(gateway, "paul.dubois@mail.example")
    local, _, domain = OMBUDSMAN.partition("@")
    address = f"{local}+{sign_reply_tag(paul, contact_id, gateway.house.tag_keys)}@{domain}"
    more = OTHER.replace("<other@", "<more@").replace("ma carte d'affiliation", "voici encore la carte d'affiliation")
    await gateway.mail(more, to=address, sender="paul.dubois@mail.example")
    assert len(await ids(gateway)) == 2
    assert any("voici encore" in text for text in await words(gateway, marie))
    await merge(gateway, paul, marie, undo=True)
    assert any("voici encore" in text for text in await words(gateway, paul))
    assert not any("voici encore" in text for text in await words(gateway, marie))


async def test_a_bounce_is_told_where_the_case_goes_on(gateway: Gateway) -> None:
    marie, paul = await two_merged(gateway)
    contact_id = await contact_of(gateway, "paul.dubois@mail.example")
    local, _, domain = OMBUDSMAN.partition("@")
    path = f"{local}+{sign_bounce_tag(paul, contact_id, gateway.house.tag_keys)}@{domain}"
    report = (
        f"From: MAILER-DAEMON@mail.example\nTo: {path}\nSubject: Undelivered\nMessage-ID: <dsn@mail.example>\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nNo such user.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.mail.example\n\nFinal-Recipient: rfc822; paul.dubois@mail.example\n"
        "Action: failed\nStatus: 5.1.1\n--b--\n"
    )
    await gateway.mail(report, to=path, sender="")
    async with gateway.house.store.read() as tx:
        acts = {one: [entry.act for entry in await audit.of_case(tx, one)] for one in (marie, paul)}
        row = await views.case(tx, VIEWER, marie)
    assert "message.bounced" in acts[marie]
    assert "message.bounced" not in acts[paul]
    assert row is not None
    assert row.unread


async def test_a_receipt_that_leaves_after_the_merge_ends_its_clock_for_good(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    await gateway.mail(OTHER, sender="paul.dubois@mail.example")
    marie, paul = await ids(gateway)
    async with gateway.house.store.write() as tx:
        # As if the receipt of the second had not left yet.
        waiting = deadlines.c.clock == "acknowledgement"
        await tx.conn.execute(update(deadlines).where(deadlines.c.case_id == paul, waiting).values(state="running"))
        again = {"state": "waiting", "due_at": gateway.house.now()}
        await tx.conn.execute(update(outbox).where(outbox.c.case_id == paul).values(**again))
    await merge(gateway, paul, marie)
    await gateway.work()
    await merge(gateway, paul, marie, undo=True)
    async with gateway.house.store.read() as tx:
        states = {one.clock: one.state for one in await promised(tx, paul)}
    assert states["acknowledgement"] == "met"
    assert "merged" not in states.values()


async def test_a_held_message_that_nobody_decides_raises_the_case_that_goes_on(gateway: Gateway) -> None:
    await gateway.mail(COMPLAINT)
    await gateway.mail(OTHER, sender="paul.dubois@mail.example")
    marie, paul = await ids(gateway)
    async with gateway.house.store.read() as tx:
        gone = await views.case(tx, VIEWER, paul)
    assert gone is not None
    stranger = OTHER.replace("Paul Dubois <paul.dubois@", "Ria <ria@").replace("<other@", "<stranger@")
    await gateway.mail(stranger.replace("Bonjour,", f"Bonjour, {gone.reference} :"), sender="ria@mail.example")
    await merge(gateway, paul, marie)
    async with gateway.house.store.write() as tx:
        assert list(await tx.conn.scalars(select(held.c.case_id))) == [marie]
        await tx.conn.execute(update(case_table).values(unread=False))
        await Clock(gateway.house)._remind_of_held(tx, gateway.house.now() + timedelta(days=2))
        row = await views.case(tx, VIEWER, marie)
    assert row is not None
    assert row.unread


async def test_each_member_is_answered_under_their_own_case_and_reads_that_alone(gateway: Gateway) -> None:
    marie, paul = await two_merged(gateway)
    house = gateway.house
    desk = HouseDesk(house, cast(Parsing, None))
    gateway.sink.sent.clear()
    async with house.store.write() as tx:
        names = {one.case_id: one.name for one in await desk.recipients(tx, marie)}
        assert list(names) == [marie, paul]
        into, gone = await views.case(tx, VIEWER, marie), await views.case(tx, VIEWER, paul)
        assert into is not None
        assert gone is not None
        early = house.now() - timedelta(minutes=1)
        await desk.reply(tx, VIEWER, marie, "Votre carte est là.", now=early, version=into.version, to=paul)
        with pytest.raises(NoWayBackError):
            await desk.reply(tx, VIEWER, marie, "x", now=early, version=into.version + 1, to=999)
    await gateway.work()
    (sent,) = gateway.sink.sent
    assert sent.recipient == "paul.dubois@mail.example"
    assert gone.reference in sent.text
    assert into.reference not in sent.text
    # His thread is his: nothing of her mails is named in it.
    assert "<first@mail.example>" not in sent.references
    assert "<other@mail.example>" in sent.references
    token = sent.text.rpartition("/")[2].strip()
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.reference, view.merged_into) == (gone.reference, into.reference)
    assert any("Votre carte est là." in message.text for message in view.messages)
    assert all("indemnite" not in message.text for message in view.messages)
    async with house.store.read() as tx:
        hers = await correspondence.messages_for_member(
            tx, marie, await contact_of(gateway, "marie.dubois@mail.example")
        )
    assert all("carte" not in message.text for message in hers)


async def test_the_page_of_one_member_does_not_say_that_the_other_wrote(gateway: Gateway) -> None:
    marie, paul = await two_merged(gateway)
    contact_id = await contact_of(gateway, "paul.dubois@mail.example")
    local, _, domain = OMBUDSMAN.partition("@")
    address = f"{local}+{sign_reply_tag(paul, contact_id, gateway.house.tag_keys)}@{domain}"
    more = OTHER.replace("<other@", "<more@").replace("ma carte", "voici encore ma carte")
    await gateway.mail(more, to=address, sender="paul.dubois@mail.example")
    seen: dict[int, list[str]] = {}
    for case_id, who in ((marie, "marie.dubois@mail.example"), (paul, "paul.dubois@mail.example")):
        token = gateway.house.randomness.token()
        contact = await contact_of(gateway, who)
        async with gateway.house.store.write() as tx:
            await links.add(tx, token, now=gateway.house.now(), case_id=case_id, contact_id=contact)
        view = await gateway.door.case_view(token)
        assert view is not None
        seen[case_id] = [event.what for event in view.events]
    assert "you_wrote" not in seen[marie]
    assert "you_wrote" in seen[paul]
