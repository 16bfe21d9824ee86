"""A question to a department leaves with a signed address, and its answer reaches colleagues only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from channels.mail.tags import read_question_tag, read_reply_tag, sign_question_tag
from channels.message import OutboundMessage
from console.contract import NoDepartmentError, QuestionMail
from gateway.desk import HouseDesk
from gateway.reading import Parsing
from store import correspondence, mentions, outbox, questions, second_look, users, views
from store.correspondence import MessageRow
from store.schema import cases as case_table
from store.schema import held, inbox
from store.viewer import Viewer
from tests.gateway.conftest import OMBUDSMAN, Gateway

VIEWER = Viewer(1, "Test", "supervisor", medical=True)
MAIL = QuestionMail(subject="PM-1: a question about a case", below="Reply to this mail.", language="en")
COMPLAINT = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Indemnite
Message-ID: <first@mail.example>
Authentication-Results: mx.partenamut.example; dmarc=pass header.from=mail.example

Bonjour, mon indemnite d'incapacite n'est toujours pas payee depuis trois mois, malgre mes deux courriers.
Marie Dubois
"""


def answer(address: str, *, sender: str = "Service <incap@mutual.example>", dmarc: str = "pass", more: str = "") -> str:
    domain = sender.rpartition("@")[2].strip(">")
    return (
        f"From: {sender}\nTo: {address}\nSubject: Re: PM-1\nMessage-ID: <a{abs(hash((sender, dmarc, more)))}@mutual.example>\n"
        f"Authentication-Results: mx.partenamut.example; dmarc={dmarc} header.from={domain}\n{more}\n"
        "Le paiement est parti hier, le certificat manquait.\n"
    )


class Asked:
    """A case with a question that has left."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.case_id = 0
        self.asker = VIEWER
        self.sent: OutboundMessage = cast(OutboundMessage, None)

    async def begin(self, user_id: int) -> None:
        """Register a case, and ask."""
        self.asker = Viewer(user_id, "Anne", "mediator")
        house = self.gateway.house
        object.__setattr__(
            house,
            "settings",
            house.settings.model_copy(update={"department_mail": {"incapacity": "incap@mutual.example"}}),
        )
        await self.gateway.mail(COMPLAINT)
        desk = HouseDesk(house, cast(Parsing, None))
        async with house.store.write() as tx:
            self.case_id = int((await tx.conn.execute(select(case_table.c.id))).scalar_one())
            version = int((await tx.conn.execute(select(case_table.c.version))).scalar_one())
            with pytest.raises(NoDepartmentError):
                await desk.ask(tx, VIEWER, self.case_id, "digital", "x", mail=MAIL, now=house.now(), version=version)
            now = house.now() - timedelta(minutes=1)
            await desk.ask(
                tx,
                Viewer(user_id, "Anne", "mediator"),
                self.case_id,
                "incapacity",
                "Que s'est-il passe ?",
                mail=MAIL,
                now=now,
                version=version,
            )
        self.gateway.sink.sent.clear()
        await self.gateway.work()
        (self.sent,) = [one for one in self.gateway.sink.sent if one.recipient == "incap@mutual.example"]

    @property
    def address(self) -> str:
        local, _, domain = self.sent.account.rpartition("@")
        return f"{local}+{self.sent.reply_tag}@{domain}"

    async def messages(self) -> list[MessageRow]:
        async with self.gateway.house.store.read() as tx:
            return await correspondence.messages_of(tx, VIEWER, self.case_id)

    async def count(self, table: Any) -> int:
        async with self.gateway.house.store.read() as tx:
            return int((await tx.conn.execute(select(func.count()).select_from(table))).scalar_one())


@pytest.fixture
async def asked(gateway: Gateway) -> Asked:
    """A question that has left to the department of incapacity."""
    async with gateway.house.store.write() as tx:
        user_id = await users.add(
            tx,
            login="anne",
            name="Anne",
            role="mediator",
            password="x",
            medical=False,
            actor="system",
            now=gateway.house.now(),
        )
    made = Asked(gateway)
    await made.begin(user_id)
    return made


async def test_a_question_carries_its_own_signed_address_and_no_word_of_the_member(asked: Asked) -> None:
    keys = asked.gateway.house.tag_keys
    tag = read_question_tag(asked.sent.reply_tag, keys)
    assert tag is not None
    assert tag.case_id == asked.case_id
    # Made for questions, it is worth nothing as a member's address, and the other way round.
    assert read_reply_tag(asked.sent.reply_tag.removeprefix("q."), keys) is None
    assert read_question_tag("q." + asked.sent.reply_tag[2:-1] + "a", keys) is None or asked.sent.reply_tag.endswith(
        "a"
    )
    assert len(f"{asked.address.rpartition('@')[0]}") <= 64
    assert "indemnite" not in f"{asked.sent.subject} {asked.sent.text}"
    assert asked.sent.references == ()


async def test_the_answer_comes_into_the_case_and_goes_nowhere_else(asked: Asked) -> None:
    asked.gateway.sink.sent.clear()
    await asked.gateway.mail(answer(asked.address), to=asked.address, sender="incap@mutual.example")
    assert sorted(one.direction for one in await asked.messages()) == ["ask", "dep", "in", "out"]
    last = (await asked.messages())[-1]
    assert "certificat manquait" in last.text
    assert last.situation == "incapacity"
    assert await asked.count(case_table) == 1
    # No acknowledgement, to nobody.
    assert asked.gateway.sink.sent == []
    async with asked.gateway.house.store.read() as tx:
        (question,) = await questions.of_case(tx, VIEWER, asked.case_id)
        assert question.answered_at is not None
        (told,) = await mentions.of(tx, asked.asker)
        assert told.why == "answer"
        row = await views.case(tx, VIEWER, asked.case_id)
        assert row is not None
        assert row.unread
        # The member reads neither, behind whichever link.
        contact = (await outbox.reply_contact(tx, asked.case_id) or (0,))[0]
        for contact_id in (contact, None):
            shown = await correspondence.messages_for_member(tx, asked.case_id, contact_id)
            assert not [one for one in shown if one.direction not in ("in", "out")]
        assert not await correspondence.answer_waits(tx, asked.case_id)


@pytest.mark.parametrize(
    ("sender", "dmarc"),
    [
        ("Service <incap@mutual.example>", "fail"),
        ("Service <incap@elsewhere.example>", "pass"),
        ("Marie <marie.dubois@mail.example>", "pass"),
    ],
)
async def test_an_answer_that_is_not_proven_is_held(asked: Asked, sender: str, dmarc: str) -> None:
    await asked.gateway.mail(answer(asked.address, sender=sender, dmarc=dmarc), to=asked.address)
    assert "dep" not in [one.direction for one in await asked.messages()]
    async with asked.gateway.house.store.write() as tx:
        (waiting,) = await correspondence.held_messages(tx, VIEWER)
        assert "department" in waiting.why
        # A mediator has looked: it is the department's answer, and still no word of the member's.
        await second_look.join_held(tx, VIEWER, waiting.id, now=asked.gateway.house.now())
    await asked.gateway.work()
    assert [one.direction for one in await asked.messages()][-1] == "dep"
    assert await asked.count(case_table) == 1


async def test_an_answer_without_the_address_is_known_by_our_message_id(asked: Asked) -> None:
    message_id = next(one.rfc_message_id for one in await asked.messages() if one.direction == "ask")
    mail = answer(OMBUDSMAN, more=f"In-Reply-To: {message_id}\n")
    await asked.gateway.mail(mail, to=OMBUDSMAN, sender="incap@mutual.example")
    assert [one.direction for one in await asked.messages()][-1] == "dep"


async def test_a_forged_address_is_an_ordinary_letter(asked: Asked) -> None:
    forged = sign_question_tag(asked.case_id, 1, (b"another key of the same length!!",))
    address = f"ombudsman+{forged}@partenamut.example"
    await asked.gateway.mail(answer(address, sender="X <x@elsewhere.example>"), to=address)
    assert "dep" not in [one.direction for one in await asked.messages()]
    assert await asked.count(held) == 0


async def test_an_absence_notice_is_no_answer(asked: Asked) -> None:
    mail = answer(asked.address, more="Auto-Submitted: auto-replied\n")
    await asked.gateway.mail(mail, to=asked.address, sender="incap@mutual.example")
    assert sorted(one.direction for one in await asked.messages()) == ["ask", "in", "out"]
    async with asked.gateway.house.store.read() as tx:
        fates = (await tx.conn.execute(select(inbox.c.fate).order_by(inbox.c.id))).scalars().all()
    assert fates[-1] == "robot"


async def test_the_same_words_answer_two_questions(asked: Asked) -> None:
    gateway = asked.gateway
    first = asked.address
    await gateway.mail(answer(first), to=first, sender="incap@mutual.example")
    house = gateway.house
    async with house.store.write() as tx:
        row = await views.case(tx, VIEWER, asked.case_id)
        assert row is not None
        early = house.now() - timedelta(minutes=1)
        desk = HouseDesk(house, cast(Parsing, None))
        await desk.ask(
            tx, VIEWER, asked.case_id, "incapacity", "Et le second mois ?", mail=MAIL, now=early, version=row.version
        )
    gateway.sink.sent.clear()
    await gateway.work()
    (asked.sent,) = gateway.sink.sent
    assert asked.address != first
    again = answer(asked.address).replace("<a", "<second-a")
    await gateway.mail(again, to=asked.address, sender="incap@mutual.example")
    async with house.store.read() as tx:
        both = await questions.of_case(tx, VIEWER, asked.case_id)
    assert [one.answered_at is not None for one in both] == [True, True]
    assert len([one for one in await asked.messages() if one.direction == "dep"]) == 2
