"""Telegram from the webhook to the answer at the Bot API: words, buttons, photos, edits, a bot that is blocked, groups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.message import OutboundMessage
from classifier import pipeline
from config.telegram import telegram_words
from store import outbox, schema, texts
from tests.gateway.providers import CHAT, STORY, UPDATES, Joined, joined, private
from tests.servers.telegram import TelegramServer, too_many
from tests.servers.twilio import Twilio

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\x00" * 200
TEXT = texts.Place("messages", "text")


@pytest.fixture
async def house(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> AsyncIterator[Joined]:
    async with joined(tmp_path / "data", model, twilio, telegram) as found:
        # The pace of one message a second in a chat is Telegram's, and tested where it is kept.
        found.gateway.delivery.channels["telegram"]._pace.wait = lambda _: 0.0  # type: ignore[attr-defined]
        found.gateway.delivery.channels["telegram"]._pace.book = lambda _: 0.0  # type: ignore[attr-defined]
        yield found


def photo(file_id: str = "AgAC-1", **more: Any) -> dict[str, Any]:
    sizes = [
        {"file_id": f"small-{file_id}", "width": 90, "height": 67},
        {"file_id": file_id, "width": 800, "height": 600},
    ]
    return {"text": None, "photo": sizes, **more}


async def inbound_texts(house: Joined) -> list[str]:
    return [texts.read(row.text, TEXT) for row in await house.rows(schema.messages) if row.direction == "in"]


async def test_a_complaint_with_buttons_and_a_photo(house: Joined) -> None:
    house.telegram.files["AgAC-1"] = JPEG
    assert await house.say("/start") == 204
    assert await house.rows(schema.cases) == []
    first = house.telegram.of("sendMessage")[-1]
    assert "reply_markup" in first.arguments
    labels = [button["text"] for row in first.arguments["reply_markup"]["inline_keyboard"] for button in row]
    await house.press(labels[0])
    # The button stops turning, and is taken away.
    await asyncio.sleep(0.2)
    assert [call.arguments["callback_query_id"] for call in house.telegram.of("answerCallbackQuery")] == ["q2"]
    await house.say(STORY)
    await house.say("", **photo(caption="Voici la facture"))
    for said in ("Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        await house.say(said)
        if await house.rows(schema.cases):
            break
    (case,) = await house.rows(schema.cases)
    assert case.channel == "telegram"
    assert case.reference in "\n".join(house.chat())
    (file,) = await house.rows(schema.message_files)
    assert (file.type, file.size) == ("image/jpeg", len(JPEG))
    assert {row.case_id for row in await house.rows(schema.messages)} == {case.id}
    assert house.telegram.fetched == ["documents/AgAC-1"]


async def test_replays_are_one_line_and_a_wrong_secret_is_none(house: Joined) -> None:
    update = {"update_id": 77, "message": private(STORY)}
    answers = await asyncio.gather(*(house.telegram.post_webhook(house.url + UPDATES, update) for _ in range(10)))
    assert set(answers) == {204}
    await house.work()
    await house.telegram.post_webhook(house.url + UPDATES, update)
    await house.work()
    assert [row.direction for row in await house.rows(schema.messages)] == ["in", "out"]
    assert len(house.chat()) == 1
    assert await house.update("guessed", message=private("Encore")) == 403
    assert await house.update(None, message=private("Encore")) == 403
    assert len(await house.rows(schema.inbox)) == 1


async def test_a_file_that_is_late_keeps_nobody_waiting(house: Joined) -> None:
    """Its message is tried again; what is said meanwhile is answered; and the file comes to the same conversation."""
    await house.say(STORY)
    house.telegram.files["AgAC-1"] = JPEG
    house.telegram.trouble("file", status=500, times=1)
    await house.say("", **photo(caption="Voici la facture"))
    assert await house.rows(schema.message_files) == []
    before = len(house.chat())
    await house.say("Je veux être remboursée")
    assert len(house.chat()) == before + 1
    await house.make_due()
    await house.work()
    (file,) = await house.rows(schema.message_files)
    assert file.size == len(JPEG)
    assert {row.state for row in await house.rows(schema.inbox)} == {"done"}


async def test_a_file_that_never_comes_leaves_its_message_with_a_mark(house: Joined) -> None:
    await house.say(STORY)
    house.telegram.trouble("getFile", status=500, times=9)
    await house.say("", **photo(caption="Voici la facture"))
    for _ in range(2):
        assert len(await inbound_texts(house)) == 1
        await house.make_due()
        await house.work()
    (*_, line) = [row for row in await house.rows(schema.messages) if row.direction == "in"]
    assert line.defects == ["media_missing"]
    assert "Voici la facture" in texts.read(line.text, TEXT)
    assert len(house.telegram.of("getFile")) == 3


async def test_a_picture_by_whatsapp_and_one_from_a_foreign_host(house: Joined, twilio: Twilio) -> None:
    await house.text(STORY, whatsapp=True)
    twilio.media["/2010-04-01/own"] = ("image/jpeg", JPEG)
    links = {"NumMedia": "1", "MediaContentType0": "image/jpeg"}
    own = f"{twilio.url}/2010-04-01/own"
    await house.text("", whatsapp=True, MediaUrl0=own, **links)
    assert [row.size for row in await house.rows(schema.message_files)] == [len(JPEG)]
    # Not on the list: nobody is asked, and the message stays.
    await house.text("et ceci", whatsapp=True, MediaUrl0=f"{house.telegram.url}/stolen", **links)
    (*_, line) = [row for row in await house.rows(schema.messages) if row.direction == "in"]
    assert (line.defects, texts.read(line.text, TEXT)) == (["media_missing"], "et ceci")
    assert house.telegram.fetched == []


async def test_the_web_process_fetches_nothing(house: Joined) -> None:
    update = house.telegram.say(message=private("", **photo()))
    assert await house.telegram.post_webhook(house.url + UPDATES, update) == 204
    assert house.telegram.calls == []


async def test_a_changed_message_is_a_line_of_its_own_and_heard_as_a_correction(house: Joined) -> None:
    await house.say(STORY)
    number = house.number
    changed = STORY.replace("trois mois", "cinq mois")
    await house.update(edited_message=private(changed, number=number, edit_date=1_790_000_060))
    rows = [row for row in await house.rows(schema.messages) if row.direction == "in"]
    assert [row.situation for row in rows] == ["", "edited"]
    assert await inbound_texts(house) == [STORY, changed]
    for said in ("Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        await house.say(said)
    (case,) = await house.rows(schema.cases)
    story = [text for text in await inbound_texts(house) if "Marie" not in text and "\n" in text]
    assert story
    assert all("cinq mois" in text and "trois mois" not in text for text in story)
    # After the goodbye it is added to the case that came of it.
    await house.say("non merci")
    async with house.house.store.write() as tx:
        await tx.conn.execute(schema.cases.update().values(unread=False))
    await house.update(edited_message=private(STORY + " Depuis six mois.", number=number, edit_date=1_790_000_090))
    (case,) = await house.rows(schema.cases)
    assert case.unread
    assert {row.case_id for row in await house.rows(schema.messages)} == {case.id}


def membership(status: str, kind: str = "private", chat: int = CHAT) -> dict[str, Any]:
    return {
        "my_chat_member": {
            "chat": {"id": chat, "type": kind},
            "from": {"id": CHAT, "is_bot": False, "first_name": "Marie", "language_code": "nl"},
            "date": 1_790_000_100,
            "new_chat_member": {"status": status, "user": {"id": 7, "is_bot": True}},
        }
    }


async def test_a_blocked_bot_loses_nothing_and_says_nothing(house: Joined) -> None:
    await house.say(STORY)
    before = len(house.chat())
    await house.update(**membership("kicked"))
    (case,) = await house.rows(schema.cases)
    assert case.unread
    assert len(house.chat()) == before
    (contact,) = await house.rows(schema.contacts)
    assert (contact.kind, contact.address, contact.unreachable) == ("telegram", str(CHAT), True)
    await house.update(**membership("member"))
    (contact,) = await house.rows(schema.contacts)
    assert not contact.unreachable


async def test_a_blocked_bot_that_only_its_own_message_finds_out(house: Joined) -> None:
    """No update told of it, or not yet: the answer to our own message does."""
    for said in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        await house.say(said)
    (case,) = await house.rows(schema.cases)
    house.telegram.trouble("sendMessage", status=403)
    await house.say("Encore une chose : la facture était de 84 euros.")
    last = (await house.rows(schema.outbox))[-1]
    assert (last.channel, last.state, last.code) == ("telegram", "failed", "403")
    contact = next(row for row in await house.rows(schema.contacts) if row.kind == "telegram")
    assert contact.unreachable
    acts = [row.act for row in await house.rows(schema.audit) if row.case_id == case.id]
    assert acts.count("contact.blocked") == 1
    (case,) = await house.rows(schema.cases)
    assert case.unread
    (talk,) = await house.rows(schema.conversations)
    assert talk.stage == "ended"
    # What the robot still had to say is not tried.
    tried = len(house.telegram.of("sendMessage"))
    async with house.house.store.write() as tx:
        going = OutboundMessage("talk-999", "telegram", talk.account, str(CHAT), "", "", "…", "fr", auto=True)
        await outbox.put(tx, going, now=house.house.now(), case_id=case.id)
    await house.work()
    assert len(house.telegram.of("sendMessage")) == tried
    assert (await house.rows(schema.outbox))[-1].code == "403"
    # The member writes: the way is open again, and they are answered.
    await house.say("Avez-vous reçu ma facture ?")
    assert len(house.telegram.of("sendMessage")) > tried
    contact = next(row for row in await house.rows(schema.contacts) if row.kind == "telegram")
    assert not contact.unreachable


async def test_a_block_before_there_is_a_case_registers_what_was_told(house: Joined) -> None:
    house.telegram.trouble("sendMessage", status=403)
    await house.say(STORY)
    (case,) = await house.rows(schema.cases)
    assert case.unread


async def test_a_group_is_answered_once_and_nothing_of_it_is_registered(house: Joined) -> None:
    group = {"chat": {"id": -100_200, "type": "group"}}
    await house.update(**membership("member", "group", -100_200))
    await house.update(message=private(STORY, **group))
    await house.update(message=private("", **group, **photo()))
    assert house.chat() == [telegram_words().group.in_language("nl")]
    assert await house.rows(schema.messages) == []
    assert await house.rows(schema.cases) == []
    assert {row.fate for row in await house.rows(schema.inbox)} == {"robot"}
    assert house.telegram.of("getFile") == []


async def test_a_pause_that_telegram_asks_for_is_kept(house: Joined) -> None:
    now = house.house.now()
    house.telegram.trouble("sendMessage", status=429, body=too_many(37))
    await house.say(STORY)
    (row,) = await house.rows(schema.outbox)
    assert (row.state, row.code) == ("waiting", "429")
    assert 30 < (row.due_at - now).total_seconds() < 45
    house.telegram.trouble("sendMessage", status=502)
    await house.make_due()
    await house.work()
    await house.make_due()
    await house.work()
    assert len(house.chat()) == 3
    (row,) = await house.rows(schema.outbox)
    assert row.state == "sent"


async def test_two_matters_one_after_the_other_in_one_chat(house: Joined) -> None:
    for said in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui", "non merci"):
        await house.say(said)
    await house.say(
        "Encore autre chose : votre agence de Namur était fermée hier sans avertissement, c'est inadmissible."
    )
    for said in ("des excuses", "oui", "oui"):
        await house.say(said)
        if len(await house.rows(schema.cases)) == 2:
            break
    first, second = await house.rows(schema.cases)
    assert {row.case_id for row in await house.rows(schema.messages)} == {first.id, second.id}
