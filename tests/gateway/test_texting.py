"""SMS and WhatsApp from the webhook to the answer at Twilio's API, and what became of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels.message import OutboundMessage
from channels.twilio_sms.keywords import answer
from classifier import pipeline
from gateway.conversation_clock import look_at_conversations
from gateway.house import House, active_rules
from store import opted_out, outbox, schema
from store.database import Tx
from tests.gateway.providers import MESSAGES, PUBLIC, STATUS, STORY, UPDATES, Joined, joined
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import MEMBER, Twilio, inbound, sid


@pytest.fixture
async def house(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> AsyncIterator[Joined]:
    async with joined(tmp_path / "data", model, twilio, telegram) as found:
        yield found


def later(monkeypatch: pytest.MonkeyPatch, house: Joined, passed: timedelta) -> None:
    """Let this much time pass for the house."""
    at = house.house.now() + passed
    monkeypatch.setattr(House, "now", lambda _: at)
    monkeypatch.setattr(house.gateway.delivery.channels["sms"], "_clock", lambda: at)


async def test_a_complaint_by_sms(house: Joined) -> None:
    for said in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        assert await house.text(said) == 200
    (case,) = await house.rows(schema.cases)
    assert case.channel == "sms"
    assert case.reference in house.texts()[-1]
    assert {form["To"] for form in house.twilio.sent} == {MEMBER}
    for row in await house.rows(schema.outbox):
        if row.channel == "sms":
            assert row.state == "sent"
            assert row.provider_id.startswith("SM")
    keys = [form["StatusCallback"] for form in house.twilio.sent]
    assert all(key.startswith(f"{PUBLIC}{STATUS}?key=talk-") for key in keys)
    (deadline,) = [row for row in await house.rows(schema.deadlines) if row.clock == "acknowledgement"]
    assert deadline.state == "met"


async def test_a_message_that_comes_again_is_one_line_and_one_answer(house: Joined) -> None:
    statuses = await asyncio.gather(*(house.post(MESSAGES, inbound(STORY, number=7)) for _ in range(10)))
    assert set(statuses) == {200}
    await house.work()
    assert await house.text(STORY, number=7) == 200
    assert len(house.twilio.sent) == 1
    assert [row.direction for row in await house.rows(schema.messages)] == ["in", "out"]


async def test_a_wrong_signature_opens_nothing(house: Joined) -> None:
    assert await house.post(MESSAGES, inbound(STORY), token="guessed") == 403
    # Signed for the address behind the proxy, which is not the one that Twilio knows.
    assert await house.post(MESSAGES, inbound(STORY), public=house.url) == 403
    assert await house.post(STATUS, [("MessageSid", sid(1)), ("MessageStatus", "read")], token="guessed") == 403
    assert await house.rows(schema.inbox) == []


async def test_without_a_secret_there_is_no_door(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> None:
    shut = {"twilio_auth_token": "", "telegram_webhook_secret": ""}
    async with joined(tmp_path / "data", model, twilio, telegram, **shut) as house:
        unknown = await house.post("/hooks/unknown", inbound(STORY))
        assert [await house.post(path, inbound(STORY)) for path in (MESSAGES, STATUS, UPDATES)] == [unknown] * 3
        assert unknown == 404


async def test_answers_keep_their_order_whatever_fails_between(house: Joined) -> None:
    """Two lines of one turn, the first of which has to be tried again: the member reads them as they were written."""
    now = house.house.now()
    async with house.house.store.write() as tx:
        for place in ("one", "two", "three"):
            await outbox.put(tx, message(place), now=now)
    house.twilio.misbehave = ["503"]
    house.twilio.retry_after = "17"
    await house.work()
    assert house.texts() == []
    first, *others = await house.rows(schema.outbox)
    assert timedelta(seconds=15) < first.due_at - now < timedelta(seconds=19)
    assert {row.due_at for row in others} == {first.due_at}
    assert [row.attempts for row in (first, *others)] == [1, 0, 0]
    # A fourth that is due already does not overtake them, in another hand neither.
    async with house.house.store.write() as tx:
        await outbox.put(tx, message("four"), now=now)
    await house.work()
    assert house.texts() == []
    await asyncio.sleep(0)
    house.gateway.delivery.channels["sms"]._not_before = 0.0  # type: ignore[attr-defined]  # Twilio's pause is over
    for _ in range(3):
        await house.make_due()
        await house.work()
    assert house.texts() == ["one", "two", "three", "four"]


async def test_what_twilio_took_without_saying_so_is_not_sent_twice(house: Joined) -> None:
    house.twilio.misbehave = ["lost"]
    await house.text(STORY)
    (row,) = await house.rows(schema.outbox)
    assert row.state == "waiting"
    await house.make_due()
    await house.work()
    (row,) = await house.rows(schema.outbox)
    assert (row.state, row.code) == ("sent", "already there")
    assert len(house.twilio.sent) == 1


async def test_a_line_of_the_robot_grows_stale_and_a_persons_answer_does_not(
    house: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.twilio.misbehave = ["500"] * 2
    async with house.house.store.write() as tx:
        await outbox.put(tx, message("robot", auto=True), now=house.house.now())
    await house.work()
    later(monkeypatch, house, timedelta(hours=5))
    async with house.house.store.write() as tx:
        await outbox.put(tx, message("person"), now=house.house.now() - timedelta(hours=5))
    await house.make_due()
    await house.work()
    rows = {row.key: (row.state, row.code) for row in await house.rows(schema.outbox)}
    assert rows["robot"] == ("failed", "stale")
    assert rows["person"][0] == "waiting"
    await house.make_due()
    await house.work()
    assert house.texts() == ["person"]


def message(key: str, *, to: str = MEMBER, auto: bool = False) -> OutboundMessage:
    return OutboundMessage(key, "sms", "+3225550122", to, "", "", key, "fr", auto)


async def test_texts_go_to_listed_countries_and_few_to_one_number(house: Joined) -> None:
    """Rule H7."""
    async with house.house.store.write() as tx:
        for number in range(50):
            await outbox.put(
                tx, message(f"code-{number}", to=f"+2347031234{number:03d}", auto=True), now=house.house.now()
            )
        for number in range(6):
            await outbox.put(tx, message(f"own-{number}", auto=True), now=house.house.now())
    await house.work()
    assert len(house.twilio.sent) == 3
    rows = await house.rows(schema.outbox)
    assert {(row.state, row.code) for row in rows if row.key.startswith("code")} == {("failed", "country")}
    assert [row.state for row in rows if row.key.startswith("own")] == ["sent"] * 3 + ["waiting"] * 3
    # Nobody lost an attempt by waiting.
    assert {row.attempts for row in rows if row.state == "waiting"} == {0}


async def test_the_whole_house_stops_at_its_own_bound(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> None:
    async with joined(tmp_path / "data", model, twilio, telegram, sms_an_hour=5) as house:
        async with house.house.store.write() as tx:
            for number in range(9):
                await outbox.put(tx, message(f"m{number}", to=f"+3247000110{number}"), now=house.house.now())
        await house.work()
        assert len(twilio.sent) == 5
        assert [row.code for row in await house.rows(schema.outbox) if row.state == "waiting"] == ["house_rate"] * 4


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "queued", "read"])))
async def test_receipts_come_in_any_order(house: Joined, order: tuple[str, ...]) -> None:
    await house.text(STORY)
    (row,) = await house.rows(schema.outbox)
    for said in (*order, order[0]):
        assert await house.receipt(row.key, said, row.provider_id) == 204
    (row,) = await house.rows(schema.outbox)
    assert (row.receipt, row.receipt_code) == ("read", "")


async def test_a_receipt_before_the_answer_to_our_own_request_counts(house: Joined) -> None:
    """By its key, as nobody has told us its sid yet; and Twilio's yes, when it comes, takes nothing back."""
    async with house.house.store.write() as tx:
        await outbox.put(tx, message("early"), now=house.house.now())
    assert await house.receipt("early", "delivered", sid(1001)) == 204
    await house.work()
    (row,) = await house.rows(schema.outbox)
    assert (row.state, row.receipt, row.provider_id) == ("sent", "delivered", sid(1001))
    # Without its key it is found by the sid; one of nobody's is no error.
    assert await house.post(STATUS, [("MessageSid", sid(1001)), ("MessageStatus", "read")]) == 204
    assert await house.post(STATUS, [("MessageSid", sid(4)), ("MessageStatus", "read")]) == 204
    (row,) = await house.rows(schema.outbox)
    assert row.receipt == "read"


async def test_what_does_not_arrive_lets_a_colleague_look(house: Joined) -> None:
    for said in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        await house.text(said)
    async with house.house.store.write() as tx:
        await tx.conn.execute(schema.cases.update().values(unread=False))
    row = next(row for row in await house.rows(schema.outbox) if row.channel == "sms")
    # The line was written before there was a case.
    assert row.case_id is None
    assert await house.receipt(row.key, "undelivered", row.provider_id, error="30003") == 204
    (case,) = await house.rows(schema.cases)
    assert case.unread
    found = next(each for each in await house.rows(schema.outbox) if each.id == row.id)
    assert (found.receipt, found.receipt_code) == ("undelivered", "30003")
    version = case.version
    assert await house.receipt(row.key, "undelivered", row.provider_id, error="30003") == 204
    assert await house.receipt(row.key, "sent", row.provider_id) == 204
    (case,) = await house.rows(schema.cases)
    assert case.version == version


async def test_stop_registers_what_was_told_and_ends_the_talking(house: Joined) -> None:
    await house.text(STORY)
    before = len(house.texts())
    await house.text("STOP")
    (case,) = await house.rows(schema.cases)
    assert house.texts()[before:] == [answer("stop", "fr")]
    story = [row for row in await house.rows(schema.messages) if row.direction == "in"]
    assert all(row.case_id == case.id for row in story)
    assert b"STOP" not in b"".join(row.text for row in story if row.conversation_id is None)
    # Nothing goes there any more: no answer to a second STOP, none to a story, by WhatsApp neither, and no code.
    await house.text("stop!")
    await house.text("Encore une chose : votre agence de Namur était fermée hier, c'est inadmissible.")
    await house.text(STORY, whatsapp=True)
    async with house.house.store.write() as tx:
        await outbox.put(tx, message("code-9", auto=True), now=house.house.now())
        await outbox.put(tx, message("person"), now=house.house.now())
    await house.work()
    assert len(house.texts()) == before + 1
    ended = {row.key: (row.state, row.code) for row in await house.rows(schema.outbox)}
    assert ended["code-9"] == ended["person"] == ("failed", "21610")
    # What was said meanwhile is kept, and START opens the way again.
    assert sum(row.direction == "in" for row in await house.rows(schema.messages)) == len(story) + 3
    await house.text("Start")
    assert house.texts()[-1] == answer("start", "fr")
    await house.text("Mon dossier chez vous n'avance pas depuis des semaines, je veux une réponse.")
    assert len(house.texts()) == before + 3


async def test_a_stop_locks_in_the_order_of_a_receipt(house: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receipt that says the same holds the case when it notes the number: with both orders, each could wait for the other."""
    seen: list[list[str]] = []
    add = opted_out.add

    async def noting(tx: Tx, *args: Any, **named: Any) -> bool:
        rows = await tx.conn.execute(select(schema.audit.c.act).where(schema.audit.c.case_id.is_not(None)))
        seen.append(list(rows.scalars()))
        return await add(tx, *args, **named)

    monkeypatch.setattr(opted_out, "add", noting)
    await house.text(STORY)
    await house.text("STOP")
    # What it does to the case is done by then.
    assert len(seen) == 1
    assert "contact.opted_out" in seen[0]
    async with house.house.store.read() as tx:
        assert await opted_out.has(tx, "sms", MEMBER)


async def test_help_and_start_begin_no_story(house: Joined) -> None:
    await house.text("hulp")
    await house.text("START", number=50)
    assert house.texts() == [answer("help", "nl"), answer("start", "nl")]
    assert await look_at_conversations(house.house, await active_rules(house.house), now=house.house.now()) == 0
    assert await house.rows(schema.cases) == []
    (talk,) = await house.rows(schema.conversations)
    assert talk.stage == "ended"
    await house.text("Hallo, mijn dossier blijft al weken liggen en niemand belt terug.")
    (talk,) = await house.rows(schema.conversations)
    assert talk.stage == "robot"
    await house.text("HELP")
    assert house.texts()[-1] == answer("help", "nl")
    await house.text("Ik wil dat iemand mij belt")
    assert "?" in house.texts()[-1]


async def test_a_stop_that_only_twilio_heard_counts(house: Joined) -> None:
    house.twilio.misbehave = ["400/21610"]
    await house.text(STORY)
    (row,) = await house.rows(schema.outbox)
    assert (row.state, row.code) == ("failed", "21610")
    await house.text("Je veux être remboursée")
    assert house.twilio.sent == []
    assert len(await house.rows(schema.outbox)) == 1


async def test_whatsapp_within_its_day_and_by_a_template_after_it(
    tmp_path: Path,
    model: pipeline.Classifier,
    twilio: Twilio,
    telegram: TelegramServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = "HX" + "1" * 32
    async with joined(tmp_path / "data", model, twilio, telegram, whatsapp_templates={"fr": template}) as house:
        for said in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
            await house.text(said, whatsapp=True)
        (case,) = await house.rows(schema.cases)
        assert case.channel == "whatsapp"
        assert case.reference in house.texts()[-1]
        assert {form["To"] for form in twilio.sent} == {f"whatsapp:{MEMBER}"}
        # The window is known by when the member wrote, which the outbox keeps.
        (*_, last) = [row for row in await house.rows(schema.outbox) if row.channel == "whatsapp"]
        async with house.house.store.write() as tx:
            taken = schema.outbox.update().where(schema.outbox.c.id == last.id)
            await tx.conn.execute(taken.values(state="waiting", due_at=house.house.now(), attempts=0))
        later(monkeypatch, house, timedelta(hours=23, minutes=58))
        await house.work()
        assert twilio.sent[-1]["ContentSid"] == template
        assert case.reference in twilio.sent[-1]["ContentVariables"]
