"""Colleagues are told that a case wants them: those who are configured, seldom, and nothing of the case (R4, S2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels.message import OutboundMessage
from config.notices import notices
from gateway.clock import Clock
from store import schema, users
from tests.gateway.conftest import PLAINTES, Gateway

PEOPLE = (
    ("lena@house.example", "supervisor", True),
    ("tom@house.example", "mediator", False),
    ("anne@house.example", "agent", False),
    ("root@house.example", "administrator", True),
    ("no mail address", "mediator", True),
)
URGENT = """From: Marie Zwartwater <marie{number}@mail{number}.example>
To: plaintes@partenamut.example
Subject: Zwartwater {number}
Message-ID: <u{number}@mail.example>
Content-Type: text/plain; charset=utf-8

Bonjour, je n'ai plus d'insuline et plus payer mes médicaments, je veux mourir. Dossier {number}. Marie Zwartwater
"""
ADVISER = """From: Marie Zwartwater <marie@mail.example>
To: plaintes@partenamut.example
Subject: Zwartwater
Message-ID: <adviser@mail.example>
Content-Type: text/plain; charset=utf-8

Je me plains de votre médecin-conseil. Le médecin-conseil de la mutualité m'a mal reçue lors de la convocation et n'a pas
lu le rapport de mon spécialiste. Marie Zwartwater
"""


@pytest.fixture
async def house(gateway: Gateway) -> Gateway:
    """A gateway with colleagues."""
    async with gateway.house.store.write() as tx:
        for login, role, medical in PEOPLE:
            await users.add(
                tx,
                login=login,
                name=login.partition("@")[0],
                role=role,  # type: ignore[arg-type]  # of the closed list
                medical=medical,
                password="x",
                actor="test",
                now=gateway.house.now(),
            )
    return gateway


def told(gateway: Gateway) -> list[OutboundMessage]:
    return [message for message in gateway.sink.sent if message.recipient.endswith("@house.example")]


async def test_of_a_case_in_distress_those_who_handle_cases_hear_at_once(house: Gateway) -> None:
    await house.mail(URGENT.format(number=1), to=PLAINTES)
    assert {message.recipient for message in told(house)} == {"lena@house.example", "tom@house.example"}
    async with house.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
    for message in told(house):
        assert message.subject == notices().urgent.subject
        assert f"/console/case/{case.reference}" in message.text
        for secret in ("Zwartwater", "insuline", "mail1.example", "/c/"):
            assert secret not in message.text + message.subject
        assert message.auto
        assert not message.reply_tag


async def test_a_flood_becomes_two_mails_in_ten_minutes(house: Gateway) -> None:
    for number in range(1, 9):
        await house.mail(URGENT.format(number=number), to=PLAINTES)
    assert len(told(house)) == 2
    async with house.house.store.write() as tx:
        waiting = update(schema.outbox).where(
            schema.outbox.c.state == "waiting", schema.outbox.c.key.startswith("tell-")
        )
        done = await tx.conn.execute(waiting.values(due_at=house.house.now() - timedelta(seconds=1)))
    assert done.rowcount == 2
    await house.work()
    assert len(told(house)) == 4


async def test_a_sealed_case_is_named_to_the_medical_team_alone(house: Gateway) -> None:
    await house.mail(ADVISER, to=PLAINTES)
    async with house.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
    assert case.sealed
    assert [message.recipient for message in told(house)] == ["lena@house.example"]
    # A subject says nothing of health, nor that it is about an adviser (C6).
    assert told(house)[0].subject == notices().waiting.subject


async def test_the_acknowledgement_of_the_member_ends_its_clock_and_a_notice_does_not(house: Gateway) -> None:
    house.sink.answers["marie1@mail1.example"] = type(await house.sink.send(_nobody()))("later", "451")
    await house.mail(URGENT.format(number=1), to=PLAINTES)
    assert told(house)
    async with house.house.store.read() as tx:
        query = select(schema.deadlines.c.state).where(schema.deadlines.c.clock == "acknowledgement")
        assert (await tx.conn.execute(query)).scalars().all() == ["running"]


async def test_when_a_date_has_passed_the_supervisors_hear(house: Gateway) -> None:
    await house.mail(
        URGENT.replace("je n'ai plus d'insuline et plus payer mes médicaments, je veux mourir", "rien ne vient").format(
            number=1
        ),
        to=PLAINTES,
    )
    assert told(house) == []
    later = house.house.now() + timedelta(days=60)
    await Clock(house.house).tick(later)
    async with house.house.store.write() as tx:
        await tx.conn.execute(update(schema.outbox).values(due_at=house.house.now() - timedelta(seconds=1)))
    await house.work()
    assert {(message.recipient, message.subject) for message in told(house)} == {
        ("lena@house.example", notices().late.subject)
    }


def _nobody() -> OutboundMessage:
    return OutboundMessage("x", "email", PLAINTES, "x@mail.example", "", "", "", "fr", auto=True)
