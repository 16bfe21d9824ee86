"""A raw mail in, a case and its answers out: everything that decides what becomes of a mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from channels.contract import Delivery as Outcome
from channels.mail.tags import sign_bounce_tag
from store import correspondence, finding, inbox, lists, schema
from store.viewer import Viewer
from tests.gateway.conftest import OMBUDSMAN, Gateway

LENA = Viewer(1, "Lena", "supervisor", medical=True)
TOM = Viewer(2, "Tom", "mediator", medical=False)

COMPLAINT = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Remboursement
Message-ID: <{number}@mail.example>
{headers}
Bonjour,

J'ai envoyé mon attestation de soins en août pour le remboursement du kiné et je n'ai toujours rien reçu.
{more}

Marie Dubois
"""


def mail(number: int = 1, more: str = "", headers: str = "") -> str:
    return COMPLAINT.format(number=number, more=more, headers=headers + "\n" if headers else "")


async def rows(gateway: Gateway, table: Any) -> list[Any]:
    async with gateway.house.store.read() as tx:
        return list((await tx.conn.execute(select(table).order_by(table.c.id))).all())


async def fates(gateway: Gateway) -> list[str]:
    return [row.fate for row in await rows(gateway, schema.inbox)]


async def test_a_complaint_becomes_one_case_with_an_acknowledgement(gateway: Gateway) -> None:
    await gateway.mail(mail())
    (case,) = await rows(gateway, schema.cases)
    assert case.reference.startswith("PM-20")
    assert case.state == "open"
    assert await fates(gateway) == ["opened"]
    (sent,) = gateway.sink.sent
    assert sent.recipient == "marie.dubois@mail.example"
    assert case.reference in sent.subject
    assert sent.auto
    assert sent.in_reply_to == "<1@mail.example>"
    async with gateway.house.store.read() as tx:
        found = await correspondence.messages_of(tx, LENA, case.id)
    assert [message.direction for message in found] == ["in", "out"]
    assert found[1].delivery == "sent"


async def test_the_copy_that_is_kept_opens_nothing(gateway: Gateway) -> None:
    await gateway.mail(mail())
    token = gateway.sink.sent[0].text.partition("/fr/c/")[2][:22]
    assert await gateway.door.case_view(token) is not None
    everything = ""
    async with gateway.house.store.read() as tx:
        for table in schema.metadata.sorted_tables:
            everything += str([tuple(row) for row in await tx.conn.execute(select(table))])
    assert token not in everything


@pytest.mark.parametrize("proof", ["address", "references"])
async def test_an_answer_by_a_proof_joins(gateway: Gateway, proof: str) -> None:
    await gateway.mail(mail())
    ack = gateway.sink.sent[0]
    to, headers = OMBUDSMAN, ""
    if proof == "address":
        to = f"ombudsman+{ack.reply_tag}@partenamut.example"
    else:
        headers = f"References: <1@mail.example> <{ack.message_tag}@partenamut.example>"
    await gateway.mail(mail(2, "Voici mon numéro de membre : 1234567890.", headers), to=to)
    assert await fates(gateway) == ["opened", "joined"]
    assert len(await rows(gateway, schema.cases)) == 1
    assert len(gateway.sink.sent) == 1


async def test_a_quoted_reference_joins_only_from_a_known_and_authenticated_sender(gateway: Gateway) -> None:
    await gateway.mail(mail())
    (case,) = await rows(gateway, schema.cases)
    trusted = "Authentication-Results: mx.partenamut.example; dmarc=pass header.from=mail.example"
    await gateway.mail(mail(2, f"Mon dossier {case.reference}, encore une précision.", trusted))
    await gateway.mail(mail(3, f"Mon dossier {case.reference}, autre chose."))
    assert await fates(gateway) == ["opened", "joined", "held"]


@pytest.mark.parametrize("proof", ["address", "references", "quoted"])
async def test_a_stranger_waits_for_a_mediator_and_is_told_nothing(gateway: Gateway, proof: str) -> None:
    await gateway.mail(mail())
    (case,) = await rows(gateway, schema.cases)
    ack = gateway.sink.sent[0]
    to = f"ombudsman+{ack.reply_tag}@partenamut.example" if proof == "address" else OMBUDSMAN
    headers = f"In-Reply-To: <{ack.message_tag}@partenamut.example>" if proof == "references" else ""
    stranger = mail(9, f"Concerne {case.reference}" if proof == "quoted" else "Et alors ?", headers).replace(
        "Marie Dubois <marie.dubois@mail.example>", "Zorro <zorro@post.example>"
    )
    await gateway.mail(stranger, to=to, sender="zorro@post.example")
    assert await fates(gateway) == ["opened", "held"]
    assert len(gateway.sink.sent) == 1
    async with gateway.house.store.read() as tx:
        (held,) = await correspondence.held_messages(tx, LENA)
        messages = await correspondence.messages_of(tx, LENA, case.id)
    assert held.reference == case.reference
    assert len(messages) == 2


async def test_the_same_mail_twice_is_one_item_and_the_same_words_twice_one_case(gateway: Gateway) -> None:
    await gateway.mail(mail())
    await gateway.mail(mail())
    await gateway.mail(mail(2))
    assert await fates(gateway) == ["opened", "duplicate"]
    assert [row.redeliveries for row in await rows(gateway, schema.inbox)] == [1, 0]
    assert len(gateway.sink.sent) == 1


async def test_the_same_message_id_with_another_body_is_another_item(gateway: Gateway) -> None:
    await gateway.mail(mail())
    await gateway.mail(mail(1, "Et maintenant je reçois en plus une facture que je ne comprends pas."))
    assert len(await rows(gateway, schema.inbox)) == 2


async def test_a_robot_is_kept_and_never_answered(gateway: Gateway) -> None:
    await gateway.mail(mail(1, headers="Auto-Submitted: auto-replied"))
    assert await fates(gateway) == ["robot"]
    assert gateway.sink.sent == []
    assert await rows(gateway, schema.cases) == []


async def test_two_robots_stop_soon_even_when_neither_says_what_it_is(gateway: Gateway) -> None:
    for number in range(40):
        await gateway.mail(mail(number, f"Merci pour votre message numéro {number}."))
    assert len(gateway.sink.sent) <= 5


async def test_a_bounce_counts_at_the_signed_return_path_only(gateway: Gateway) -> None:
    await gateway.mail(mail())
    (case,) = await rows(gateway, schema.cases)
    bounce = """From: MAILER-DAEMON@mail.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b
Message-ID: <bounce{n}@mail.example>

--b
Content-Type: text/plain

The mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; marie.dubois@mail.example
Action: failed
Status: 5.1.1

--b--
"""
    signed = f"ombudsman+{sign_bounce_tag(case.id, 1, gateway.house.tag_keys)}@partenamut.example"
    await gateway.mail(bounce.format(to=OMBUDSMAN, n=1), sender="")
    (contact,) = await rows(gateway, schema.contacts)
    assert contact.hard_bounces == 0
    await gateway.mail(bounce.format(to=signed, n=2), to=signed, sender="")
    await gateway.mail(bounce.format(to=signed, n=3), to=signed, sender="")
    (contact,) = await rows(gateway, schema.contacts)
    assert contact.hard_bounces == 2
    assert contact.unreachable
    assert await fates(gateway) == ["opened", "robot", "robot", "robot"]


async def test_a_medical_matter_is_seen_only_by_those_who_may(gateway: Gateway) -> None:
    canary = "Zwartwaterput"
    text = mail(1).replace(
        "J'ai envoyé mon attestation de soins en août pour le remboursement du kiné et je n'ai toujours rien reçu.",
        "Le médecin-conseil de Partenamut a été humiliant pendant mon examen, il a dit que je simulais. Je veux "
        f"déposer plainte contre le médecin-conseil de la mutuelle. {canary}",
    )
    await gateway.mail(text)
    (case,) = await rows(gateway, schema.cases)
    assert case.sealed
    assert case.queue == "medical_coordinator"
    async with gateway.house.store.read() as tx:
        assert await correspondence.messages_of(tx, TOM, case.id) == []
        assert len(await correspondence.messages_of(tx, LENA, case.id)) == 2
        assert await finding.found(tx, LENA, finding.Asked(canary), limit=10) == []
        (row,) = await lists.listing(tx, TOM, lists.Filter())
    assert row.locked
    assert canary not in str(row)
    assert "médecin" not in gateway.sink.sent[0].subject.lower()


async def test_a_permanent_failure_is_shown_on_the_case(gateway: Gateway) -> None:
    gateway.sink.answers["marie.dubois@mail.example"] = Outcome("failed", "550 5.1.1")
    await gateway.mail(mail())
    (case,) = await rows(gateway, schema.cases)
    async with gateway.house.store.read() as tx:
        found = await correspondence.messages_of(tx, LENA, case.id)
    assert (found[1].delivery, found[1].code) == ("failed", "550 5.1.1")


async def test_a_temporary_failure_is_tried_again_under_the_same_key(gateway: Gateway) -> None:
    gateway.sink.answers["marie.dubois@mail.example"] = Outcome("later", "451 4.7.1")
    await gateway.mail(mail())
    (row,) = await rows(gateway, schema.outbox)
    assert row.state == "waiting"
    assert row.due_at > row.created_at + timedelta(seconds=50)


async def test_an_unreadable_item_is_quarantined_whole_and_others_go_on(gateway: Gateway) -> None:
    await gateway.mail(b"")
    await gateway.mail(mail())
    states = {row.size: row for row in await rows(gateway, schema.inbox)}
    assert len(await rows(gateway, schema.cases)) == 1
    assert states[0].state in ("waiting", "quarantined")
    async with gateway.house.store.read() as tx:
        raw = await inbox.raw_of(tx, states[0].id)
    assert raw is not None
    assert raw.body == b""
