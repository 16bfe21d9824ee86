"""Which case a conversation writes to, and to whom it sends a link."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from channels.message import Sender
from chatbot.actions import AddToCase, Register, SendTranscript
from chatbot.events import CopyAnswered
from config.vocabulary import Channel
from gateway.case_finding import LINKS_AN_HOUR
from gateway.conversing import Turn, turn_of
from gateway.house import active_rules
from store import conversations, people, schema
from store.database import Tx
from tests.gateway.conftest import Gateway


async def turn(gateway: Gateway, tx: Tx, number: str, channel: Channel = "sms") -> Turn:
    house = gateway.house
    held = await conversations.held_for(tx, channel, "+32460001100", number, language="fr", now=house.now())
    return turn_of(tx, house, await active_rules(house), held, now=house.now())


async def registered(
    gateway: Gateway, tx: Tx, number: str, channel: Channel = "sms", *, email: str = "", flags: tuple[str, ...] = ()
) -> Turn:
    made = await turn(gateway, tx, number, channel)
    await made._do(Register(replace(made.state.facts, email=email), "complaint", "fr", flags, "yes"))
    made.sent.clear()
    await made.keep(heard=True)
    return made


async def reference_of(tx: Tx, case_id: int | None) -> str:
    return str((await tx.conn.execute(select(schema.cases.c.reference).where(schema.cases.c.id == case_id))).scalar())


async def test_what_is_added_to_a_proven_case_goes_to_that_one(gateway: Gateway) -> None:
    await active_rules(gateway.house)
    async with gateway.house.store.write() as tx:
        other = await registered(gateway, tx, "+32470001104")
        mine = await registered(gateway, tx, "+32470001103")
        reference = await reference_of(tx, other.case_id)
        await mine._do(AddToCase(reference, "Encore ceci."))
        assert mine.case_id == other.case_id
        acts = select(schema.audit.c.case_id).where(schema.audit.c.act == "message.joined")
        assert (await tx.conn.execute(acts)).scalars().all() == [other.case_id]


async def test_no_link_to_a_case_of_others_goes_to_an_address_that_was_typed(gateway: Gateway) -> None:
    """A code shows where a case stands (rule C3); who wants another address on it needs more (rule C4)."""
    await active_rules(gateway.house)
    async with gateway.house.store.write() as tx:
        other = await registered(gateway, tx, "100200300", "telegram")
        mine = await turn(gateway, tx, "+32470001103")
        await mine._do(AddToCase(await reference_of(tx, other.case_id), "Encore ceci."))
        assert await mine._do(SendTranscript("stranger@mail.example")) == [
            CopyAnswered("stranger@mail.example", "guarded")
        ]
        assert mine.sent == []
        assert await people.find_contact(tx, Sender("email", "stranger@mail.example")) is None
        # Who holds the chat that the case came from has it.
        asked = SendTranscript("marie.dubois@mail.example")
        assert await other._do(asked) == [CopyAnswered("marie.dubois@mail.example", "sent")]
        assert len(other.sent) == 1
        # That address is on file now: who has only proven the case hears the same as of one that is not.
        assert await mine._do(asked) == [CopyAnswered("marie.dubois@mail.example", "guarded")]
        assert len(mine.sent) == 1


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_a_number_is_a_claim_also_for_the_case_that_came_from_it(gateway: Gateway, channel: Channel) -> None:
    """Rule H6: senders of texts can be forged. A link goes only to an address that was on file, of a sealed case to none."""
    await active_rules(gateway.house)
    async with gateway.house.store.write() as tx:
        mail = "marie.dubois@mail.example"
        made = await registered(gateway, tx, "+32470001103", channel, email=mail)
        assert await made._do(SendTranscript("forger@mail.example")) == [CopyAnswered("forger@mail.example", "guarded")]
        assert made.sent == []
        assert await people.find_contact(tx, Sender("email", "forger@mail.example")) is None
        assert await made._do(SendTranscript(mail)) == [CopyAnswered(mail, "guarded")]
        (sent,) = made.sent
        row = (await tx.conn.execute(select(schema.outbox).where(schema.outbox.c.id == sent))).one()
        assert row.channel == "email"
        sealed = await registered(gateway, tx, "+32470001104", channel, email=mail, flags=("doctor",))
        assert await sealed._do(SendTranscript(mail)) == [CopyAnswered(mail, "guarded")]
        assert sealed.sent == []


async def test_links_to_one_address_are_counted_whoever_asks(gateway: Gateway) -> None:
    await active_rules(gateway.house)
    async with gateway.house.store.write() as tx:
        for number in ("100200300", "100200400"):
            made = await registered(gateway, tx, number, "telegram")
            for _ in range(LINKS_AN_HOUR):
                await made._do(SendTranscript("marie.dubois@mail.example"))
        asked = select(func.count()).where(schema.outbox.c.key.startswith("link-"))
        assert (await tx.conn.execute(asked)).scalar() == LINKS_AN_HOUR
        assert await made._do(SendTranscript("marie.dubois@mail.example")) == [
            CopyAnswered("marie.dubois@mail.example", "not_now")
        ]
        made.now += timedelta(hours=2)
        await made._do(SendTranscript("marie.dubois@mail.example"))
        assert (await tx.conn.execute(asked)).scalar() == LINKS_AN_HOUR + 1
