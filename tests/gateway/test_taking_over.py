"""A colleague in a conversation, through the real intake: the robot is silent, then speaks again, and nothing told is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from console.talk_contract import GoneError, OverError, TakenError, TooLongError
from gateway.chat_door import ChatDoor
from gateway.conversation_clock import look_at_conversations
from gateway.house import active_rules
from gateway.taking_over import HouseTalks
from store import schema, users
from store.live import Hint
from store.viewer import Viewer
from tests.gateway.conftest import Gateway
from tests.gateway.test_conversing import STORY, rows

DOCTOR = "Le médecin-conseil m'a humilié pendant l'examen, il n'a même pas regardé mes radios."


async def colleague(gateway: Gateway, login: str, *, medical: bool = False) -> Viewer:
    async with gateway.house.store.write() as tx:
        name = f"{login.title()} Lemaire"
        user_id = await users.add(
            tx,
            login=login,
            name=name,
            role="mediator",
            medical=medical,
            password="x",
            actor="command",
            now=gateway.house.now(),
        )
    return Viewer(user_id, name, "mediator", medical)


async def the_talk(gateway: Gateway) -> int:
    (row,) = await rows(gateway, schema.conversations)
    return int(row.id)


async def taken(gateway: Gateway, viewer: Viewer) -> tuple[HouseTalks, int]:
    talks, talk_id = HouseTalks(gateway.house), await the_talk(gateway)
    await talks.take(viewer, talk_id, had=None, now=gateway.house.now())
    return talks, talk_id


async def test_the_robot_is_silent_until_it_is_given_back(gateway: Gateway) -> None:
    anne = await colleague(gateway, "anne")
    await gateway.text(STORY)
    talks, talk_id = await taken(gateway, anne)
    before = len(gateway.sink.sent)
    await gateway.text("Il y a quelqu'un ? Je veux être remboursée")
    await gateway.text("Je m'appelle Marie Dubois, marie.dubois@mail.example")
    assert len(gateway.sink.sent) == before
    async with gateway.house.store.read() as tx:
        whole = await talks.whole(tx, anne, talk_id)
    assert whole.understood.name == "Marie Dubois"
    assert [line.who for line in whole.lines] == ["member", "robot", "member", "member"]
    await talks.say(anne, talk_id, "Bonjour, ici Anne.", now=gateway.house.now())
    await gateway.work()
    assert [message.text for message in gateway.sink.sent[before:]] == ["Bonjour, ici Anne."]
    assert not gateway.sink.sent[-1].auto
    await talks.give_back(anne, talk_id, now=gateway.house.now())
    await gateway.work()
    assert len(gateway.sink.sent) == before + 2
    assert gateway.sink.sent[-1].auto
    for said in ("être remboursée", "oui"):
        await gateway.text(said)
    (case,) = await rows(gateway, schema.cases)
    messages = await rows(gateway, schema.messages)
    assert {message.case_id for message in messages} == {case.id}
    assert [message.author_id for message in messages if message.author_id] == [anne.user_id]


async def test_the_web_chat_shows_who_writes(gateway: Gateway) -> None:
    anne = await colleague(gateway, "anne")
    door = ChatDoor(gateway.house, gateway.door)
    key, conversation = await door.begin("fr", "https://www.partenamut.example")
    await door.say(conversation, "c1", STORY, "", [])
    await gateway.work()
    talks, talk_id = await taken(gateway, anne)
    hints: list[Hint] = []

    async def listen() -> None:
        async for hint in gateway.house.live.watch(talk_id):
            hints.append(hint)  # noqa: PERF401 (it never ends)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await talks.say(anne, talk_id, "Bonjour, je regarde.", now=gateway.house.now())
    await asyncio.sleep(0)
    listening.cancel()
    assert Hint(talk_id) in hints
    last = (await door.since(conversation, 0))[-1]
    assert (last.who, last.name, last.text) == ("person", "Anne L., Médiation", "Bonjour, je regarde.")
    assert [row for row in await rows(gateway, schema.outbox) if row.channel == "chat"] == []
    assert await door.resume(key) == conversation


async def test_only_one_of_two_has_it(gateway: Gateway) -> None:
    anne, tom = await colleague(gateway, "anne"), await colleague(gateway, "tom")
    await gateway.text(STORY)
    talks, talk_id, now = HouseTalks(gateway.house), await the_talk(gateway), gateway.house.now()
    done = await asyncio.gather(
        *(talks.take(one, talk_id, had=None, now=now) for one in (anne, tom)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "TakenError"]
    (row,) = await rows(gateway, schema.conversations)
    loser = tom if row.taken_by == anne.user_id else anne
    with pytest.raises(TakenError):
        await talks.say(loser, talk_id, "Bonjour", now=now)
    with pytest.raises(TakenError):
        await talks.give_back(loser, talk_id, now=now)
    with pytest.raises(GoneError):
        await talks.take(loser, talk_id + 1, had=None, now=now)


async def test_what_has_ended_or_is_too_long_is_refused(gateway: Gateway) -> None:
    anne = await colleague(gateway, "anne")
    await gateway.text(STORY)
    talks, talk_id = await taken(gateway, anne)
    with pytest.raises(TooLongError):
        await talks.say(anne, talk_id, "€" * 230, now=gateway.house.now())
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.conversations).values(stage="ended"))
    with pytest.raises(OverError):
        await talks.say(anne, talk_id, "Bonjour", now=gateway.house.now())


async def test_a_medical_matter_leaves_a_colleague_who_may_not_read_it(gateway: Gateway) -> None:
    tom, anne = await colleague(gateway, "tom"), await colleague(gateway, "anne@mail.example", medical=True)
    await gateway.text(STORY)
    talks, talk_id = await taken(gateway, tom)
    before = len(gateway.sink.sent)
    await gateway.text(DOCTOR)
    (row,) = await rows(gateway, schema.conversations)
    assert (row.stage, row.taken_by) == ("waiting", None)
    # The member is told that somebody comes, and only who may see it is told that it waits.
    sent = gateway.sink.sent[before:]
    assert sorted(message.channel for message in sent) == ["email", "sms"]
    assert {message.recipient for message in sent if message.channel == "email"} == {"anne@mail.example"}
    async with gateway.house.store.read() as tx:
        assert await talks.going_on(tx, tom) == []
        with pytest.raises(GoneError):
            await talks.whole(tx, tom, talk_id)
        assert [talk.sealed for talk in await talks.going_on(tx, anne)] == [True]
    with pytest.raises(GoneError):
        await talks.say(tom, talk_id, "Bonjour", now=gateway.house.now())
    await talks.take(anne, talk_id, had=None, now=gateway.house.now())


async def test_the_mark_of_a_medical_matter_stays_when_another_one_begins(gateway: Gateway) -> None:
    tom = await colleague(gateway, "tom")
    for said in (DOCTOR, "des excuses", "Marie Dubois, marie.dubois@mail.example", "oui", "non merci"):
        await gateway.text(said)
    await gateway.text(
        "Encore autre chose : votre agence de Namur était fermée hier sans avertissement, c'est inadmissible."
    )
    (row,) = await rows(gateway, schema.conversations)
    talks = HouseTalks(gateway.house)
    async with gateway.house.store.read() as tx:
        assert await talks.going_on(tx, tom) == []
        assert await talks.waiting(tx, tom) == 0
        with pytest.raises(GoneError):
            await talks.whole(tx, tom, row.id)


async def test_a_colleague_who_has_left_loses_nothing(gateway: Gateway) -> None:
    anne = await colleague(gateway, "anne")
    await gateway.text(STORY)
    talks, talk_id = await taken(gateway, anne)
    await talks.say(anne, talk_id, "Je regarde.", now=gateway.house.now())
    await gateway.text("D'accord, je veux être remboursée")
    rules, now = await active_rules(gateway.house), gateway.house.now()
    assert await look_at_conversations(gateway.house, rules, now=now + timedelta(minutes=50)) == 0
    assert await look_at_conversations(gateway.house, rules, now=now + timedelta(minutes=61)) == 1
    (row,) = await rows(gateway, schema.conversations)
    assert (row.stage, row.taken_by) == ("robot", None)
    with pytest.raises(TakenError):
        await talks.say(anne, talk_id, "Me revoilà", now=now)
    async with gateway.house.store.read() as tx:
        act = select(schema.audit.c.actor).where(schema.audit.c.act == "conversation.given_back")
        assert (await tx.conn.execute(act)).scalars().all() == ["system"]


async def test_a_member_who_does_not_answer_a_colleague_has_a_case_in_the_end(gateway: Gateway) -> None:
    anne = await colleague(gateway, "anne")
    await gateway.text(STORY)
    talks, talk_id = await taken(gateway, anne)
    await talks.say(anne, talk_id, "Quel est votre numéro ?", now=gateway.house.now())
    rules, now = await active_rules(gateway.house), gateway.house.now()
    assert await look_at_conversations(gateway.house, rules, now=now + timedelta(hours=20)) == 0
    assert await rows(gateway, schema.cases) == []
    await look_at_conversations(gateway.house, rules, now=now + timedelta(hours=21, minutes=2))
    assert len(await rows(gateway, schema.cases)) == 1
