"""A conversation that comes to a medical matter: nothing of it stands in a case that everybody reads (rule S2)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode
from uuid import uuid4

from sqlalchemy import select

from channels.message import RawMessage
from chatbot.actions import Register
from gateway import chat_case
from gateway.chat_door import ChatDoor
from gateway.conversing import turn_of
from gateway.house import active_rules
from store import conversations, schema, search, talks
from tests.gateway.conftest import Gateway
from tests.gateway.test_conversing import STORY, rows
from tests.gateway.test_taking_over import DOCTOR, colleague

REGISTERED = (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui")


async def sealed(gateway: Gateway) -> list[bool]:
    return [row.sealed for row in await rows(gateway, schema.cases)]


async def test_a_line_is_in_no_case_before_it_was_read(gateway: Gateway) -> None:
    door = ChatDoor(gateway.house, gateway.door)
    _, conversation = await door.begin("fr", "https://www.partenamut.example")
    for number, said in enumerate(REGISTERED):
        await door.say(conversation, f"c{number}", said, "", [])
        await gateway.work()
    (case,) = await rows(gateway, schema.cases)
    await door.say(conversation, "d1", DOCTOR, "", [])
    assert (await rows(gateway, schema.messages))[-1].case_id is None
    await gateway.work()
    assert [row.case_id for row in await rows(gateway, schema.messages) if row.direction == "in"][-1] == case.id


async def test_a_medical_matter_of_an_earlier_line_seals_the_case(gateway: Gateway) -> None:
    """What the classifier says of the whole may change with the last line; what was touched stays touched."""
    await gateway.text(STORY)
    (row,) = await rows(gateway, schema.conversations)
    house, rules = gateway.house, await active_rules(gateway.house)
    async with house.store.write() as tx:
        held = await conversations.held(tx, row.id)
        assert held is not None
        turn = turn_of(tx, house, rules, held, now=house.now())
        assert not turn.found.flags.get("doctor")
        facts = replace(turn.state.facts, name="Marie Dubois")
        order = Register(facts, "complaint", "fr", ("doctor",), "yes")
        opened = await chat_case.open_case(tx, house, rules, held, order, turn.found, now=house.now())
        assert await search.find(tx, "remboursements") == []
        case = (await tx.conn.execute(select(schema.cases).where(schema.cases.c.id == opened.case_id))).one()
    assert case.sealed


async def test_a_medical_question_after_the_case_was_made_seals_it(gateway: Gateway) -> None:
    for said in REGISTERED:
        await gateway.text(said)
    assert await sealed(gateway) == [False]
    await gateway.text("Le médecin-conseil m'a humilié, comment me plaindre du médecin-conseil ?")
    (talk,) = await rows(gateway, schema.conversations)
    assert talk.case_id is not None
    assert await sealed(gateway) == [True]


async def test_an_edit_after_the_goodbye_seals_the_case_that_it_goes_to(gateway: Gateway) -> None:
    sid = f"SM{uuid4().hex}"
    await gateway.text(STORY, sid=sid)
    for said in (*REGISTERED[1:], "non merci"):
        await gateway.text(said)
    (row,) = await rows(gateway, schema.conversations)
    assert row.stage == "ended"
    assert await sealed(gateway) == [False]
    await edited(gateway, sid, DOCTOR)
    assert await sealed(gateway) == [True]


async def test_an_edit_that_goes_to_no_case_seals_the_conversation(gateway: Gateway) -> None:
    sid = f"SM{uuid4().hex}"
    await gateway.text("Bonjour", sid=sid)
    await gateway.text("non merci, stop, au revoir")
    async with gateway.house.store.write() as tx:
        row = (await tx.conn.execute(select(schema.conversations))).one()
        held = await conversations.held(tx, row.id)
        assert held is not None
        turn = turn_of(tx, gateway.house, await active_rules(gateway.house), held, now=gateway.house.now())
        turn.state = replace(turn.state, step="closed")
        await turn.keep(heard=False)
    await edited(gateway, sid, DOCTOR)
    tom = await colleague(gateway, "tom")
    async with gateway.house.store.read() as tx:
        assert await talks.one(tx, tom, row.id) is None


async def test_only_who_may_open_it_is_told_that_it_waits(gateway: Gateway) -> None:
    await colleague(gateway, "tom@mail.example")
    await colleague(gateway, "anne@mail.example", medical=True)
    for said in (DOCTOR, "des excuses", "Marie Dubois, marie.dubois@mail.example", "oui", "non merci"):
        await gateway.text(said)
    before = len(gateway.sink.sent)
    await gateway.text("Votre agence de Namur était fermée hier sans avertissement, c'est inadmissible.")
    await gateway.text("Je veux parler à une personne")
    (talk,) = await rows(gateway, schema.conversations)
    assert talk.stage == "waiting"
    mails = {message.recipient for message in gateway.sink.sent[before:] if message.channel == "email"}
    waiting = {row.key for row in await rows(gateway, schema.outbox) if row.key.startswith("tell-")}
    assert "tom@mail.example" not in mails
    assert any(f"{talk.id}-waiting" in key for key in waiting)


async def edited(gateway: Gateway, sid: str, text: str) -> None:
    """The same message written anew, as a channel that knows edits tells it."""
    body = urlencode({"MessageSid": f"SM{uuid4().hex}", "From": "+32470001103", "Body": text, "NumMedia": "0"}).encode()
    envelope = {"address": "+32470001103"}
    raw = RawMessage("sms", "+32460001100", f"edit-{sid}", body, gateway.house.now(), envelope)
    parse = gateway.intake.parsing.parse

    async def as_edit(raws):  # type: ignore[no-untyped-def]
        return [replace(message, edit_of=sid) for message in await parse(raws)]

    gateway.intake.parsing.parse = as_edit  # type: ignore[method-assign]
    await gateway.door.submit(raw)
    await gateway.work()
