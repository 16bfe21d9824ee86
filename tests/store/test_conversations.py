"""One conversation for an address, its turns in order, and nobody answers what somebody else is answering."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from channels.message import RawMessage
from config.vocabulary import Channel
from store import cases, conversations, inbox, users
from store.database import Store, Tx
from tests.store import registered
from tests.store.registered import NOW

LEASE = timedelta(minutes=3)


def turn(number: int, address: str = "+32470001103", channel: Channel = "sms") -> RawMessage:
    return RawMessage(channel, "+3225550100", f"SM{number}", b"Body=bonjour", NOW, {"address": address})


async def begun(tx: Tx, address: str = "+32470001103") -> conversations.Conversation:
    return await conversations.held_for(tx, "sms", "+3225550100", address, language="fr", now=NOW)


async def said(tx: Tx, conversation_id: int, text: str, *, out: bool = False) -> int:
    return await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=None,
            direction="out" if out else "in",
            channel="sms",
            account="+3225550100",
            subject="",
            text=text,
            reply=text,
            at=NOW,
            auto=out,
            conversation_id=conversation_id,
            choices=(("yes", "Oui"), ("no", "Non")) if out else (),
        ),
    )


async def test_an_address_has_one_conversation_until_it_is_released(store: Store) -> None:
    async with store.write() as tx:
        first = await begun(tx)
        await conversations.save(
            tx,
            first,
            state={"step": "story"},
            stage="robot",
            language="nl",
            now=NOW,
            heard=True,
            due_at=NOW,
            case_id=None,
        )
    async with store.write() as tx:
        again = await begun(tx)
        assert (again.id, again.state, again.language, again.version) == (first.id, {"step": "story"}, "nl", 2)
        assert (await begun(tx, "+32470001104")).id != first.id
        await conversations.save(
            tx, again, state={}, stage="ended", language="nl", now=NOW, heard=False, due_at=NOW, case_id=None
        )
    async with store.write() as tx:
        # Who says thank you after the goodbye begins nothing.
        assert (await begun(tx)).id == first.id
        message = await said(tx, first.id, "Votre dossier : https://guichet.example/fr/c/abcdefghijklmnop_-", out=True)
        await conversations.release(tx, first.id)
        (line,) = await conversations.lines(tx, first.id)
        assert (line.id, line.text) == (message, "Votre dossier : https://guichet.example/fr/c/…")
    async with store.write() as tx:
        assert await conversations.look(tx, "sms", "+3225550100", "+32470001103") is None
        assert (await begun(tx)).id != first.id
        ended = await conversations.held(tx, first.id)
        assert ended is not None
        assert (ended.stage, ended.due_at) == ("ended", None)


async def test_two_workers_do_not_begin_it_twice_nor_hold_it_together(store: Store) -> None:
    order: list[str] = []

    async def answer(name: str) -> int:
        async with store.write() as tx:
            conversation = await begun(tx)
            order.append(f"{name} has it")
            await asyncio.sleep(0.05)
            order.append(f"{name} is done")
            return conversation.id

    one, two = await asyncio.gather(answer("one"), answer("two"))
    assert one == two
    assert [line.split()[0] for line in order] in (["one", "one", "two", "two"], ["two", "two", "one", "one"])


async def test_one_that_ends_while_somebody_begins_is_followed_by_another(store: Store) -> None:
    async with store.write() as tx:
        first = await begun(tx)

    async def again() -> int:
        async with store.write() as tx:
            return (await begun(tx)).id

    async with store.write() as tx:
        await conversations.held(tx, first.id)
        waiting = asyncio.create_task(again())
        # It has found the one that is still open, and waits for it.
        await asyncio.sleep(0.2)
        await conversations.release(tx, first.id)
    assert await waiting != first.id


async def test_turns_keep_their_order(store: Store) -> None:
    async with store.write() as tx:
        for number, raw in enumerate((turn(1), turn(2), turn(3, address="+32470001104"))):
            await inbox.add(tx, raw, now=NOW + timedelta(seconds=number))
        mail = RawMessage("email", "box", "1", b"x", NOW, {"mail_from": "a@mail.example"})
        await inbox.add(tx, mail, now=NOW)
        first, second, other, letter = await inbox.claim(tx, limit=9, now=NOW + timedelta(minutes=1), lease=LEASE)
    async with store.write() as tx:
        batch = (first, second, other, letter)
        later = NOW + timedelta(minutes=1)
        assert [await inbox.is_next(tx, item, now=later) for item in batch] == [True, False, True, True]
        # Within a batch they come one after the other anyway.
        assert await inbox.put_early_back(tx, batch, now=later) == (list(batch), None)
        rest, again = await inbox.put_early_back(tx, batch[1:], now=later)
        assert (rest, again) == ([other, letter], later + timedelta(seconds=2))
        await inbox.finish(tx, first, "conversing", now=NOW)
        assert await inbox.is_next(tx, second, now=later)


async def test_what_was_said_is_shown_in_order_and_goes_to_the_case(store: Store) -> None:
    async with store.write() as tx:
        conversation = await begun(tx)
        one = await said(tx, conversation.id, "Bonjour")
        await said(tx, conversation.id, "Est-ce juste ?", out=True)
        case_id = await registered.case(tx)
        await conversations.give_to_case(tx, conversation.id, case_id)
        await conversations.save(
            tx, conversation, state={}, stage="robot", language="fr", now=NOW, heard=True, due_at=None, case_id=case_id
        )
    async with store.read() as tx:
        lines = await conversations.lines(tx, conversation.id)
        assert [(line.direction, line.text, line.choices) for line in lines] == [
            ("in", "Bonjour", ()),
            ("out", "Est-ce juste ?", (("yes", "Oui"), ("no", "Non"))),
        ]
        assert [line.text for line in await conversations.lines(tx, conversation.id, after=one)] == ["Est-ce juste ?"]
        kept = await conversations.held(tx, conversation.id)
        assert kept is not None
        assert kept.case_id == case_id


async def test_who_takes_it_first_has_it(store: Store) -> None:
    async with store.write() as tx:
        anne = await _user(tx, "anne")
        tom = await _user(tx, "tom")
        seen = await begun(tx)
        assert await conversations.take(tx, seen.id, anne, version=seen.version)
        assert not await conversations.take(tx, seen.id, tom, version=seen.version)
        taken = await conversations.held(tx, seen.id)
        assert taken is not None
        assert (taken.stage, taken.taken_by) == ("person", anne)
        assert await conversations.due(tx, now=NOW + timedelta(days=9), limit=9) == []


async def test_what_is_due_comes_once(store: Store) -> None:
    async with store.write() as tx:
        for address in ("+32470001103", "+32470001104"):
            conversation = await begun(tx, address)
            due = NOW + timedelta(hours=1 if address.endswith("3") else 2)
            await conversations.save(
                tx, conversation, state={}, stage="robot", language="fr", now=NOW, heard=True, due_at=due, case_id=None
            )
    async with store.write() as tx:
        found = await conversations.due(tx, now=NOW + timedelta(hours=1), limit=9)
        due = await conversations.still_due(tx, found[0], now=NOW + timedelta(hours=1))
        assert due is not None
        assert (len(found), due.address) == (1, "+32470001103")
        await conversations.look_again(tx, due.id, due_at=NOW + timedelta(hours=2))
        assert await conversations.still_due(tx, found[0], now=NOW + timedelta(hours=1)) is None


async def test_a_key_opens_its_conversation_until_it_is_released(store: Store) -> None:
    async with store.write() as tx:
        made = await conversations.held_for(
            tx, "chat", "widget", "c1", language="nl", now=NOW, origin="https://www.example.org"
        )
        await conversations.set_secret(tx, made.id, "a" * 64)
    async with store.write() as tx:
        found = await conversations.by_secret(tx, "a" * 64)
        assert found is not None
        assert (found.id, found.origin) == (made.id, "https://www.example.org")
        assert await conversations.by_secret(tx, "b" * 64) is None
        await conversations.release(tx, made.id)
        assert await conversations.by_secret(tx, "a" * 64) is None


async def test_where_nothing_was_said_it_is_forgotten(store: Store) -> None:
    async with store.write() as tx:
        silent, spoken = await begun(tx), await begun(tx, "+32470001104")
        await said(tx, spoken.id, "Bonjour")
        assert await conversations.forget_empty(tx, silent.id)
        assert not await conversations.forget_empty(tx, spoken.id)
        assert await conversations.held(tx, silent.id) is None
        assert await conversations.spoken_in(tx, after=0) == (frozenset({spoken.id}), 1)


async def _user(tx: Tx, login: str) -> int:
    return await users.add(
        tx, login=login, name=login.title(), role="mediator", medical=False, password="x", actor="command", now=NOW
    )
