"""Answers out: pieces, buttons, documents, Telegram's pace, and what each refusal means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot

from channels.contract import Delivery
from channels.message import Attachment, Choice, OutboundMessage
from channels.telegram_bot.bot import Access, a_bot, announce_webhook, withdraw_webhook
from channels.telegram_bot.pace import Pace
from channels.telegram_bot.pieces import LIMIT, pieces, units
from channels.telegram_bot.press import Press
from channels.telegram_bot.send import MOST_BYTES, TelegramSender, keyboard_of
from tests.channels.telegram_bot.updates import CHAT
from tests.servers.telegram import SECRET, TOKEN, TelegramServer, too_many

YES_NO = (Choice("yes", "Oui, c’est juste"), Choice("no", "Non"))
PDF = Attachment("Lettre à envoyer.pdf", "application/pdf", b"%PDF-1.7 letter")
FAST = {"per_chat": 0.02, "overall": 0.0}


def out(text: str = "Bonjour", *, key: str = "k1", recipient: str = str(CHAT), **more: Any) -> OutboundMessage:
    values: dict[str, Any] = {
        "key": key,
        "channel": "telegram",
        "account": "7700110300",
        "recipient": recipient,
        "recipient_name": "Léa Exemple",
        "subject": "Votre plainte",
        "text": text,
        "language": "fr",
        "auto": True,
        **more,
    }
    return OutboundMessage(**values)


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[Bot]:
    async with a_bot(Access(TOKEN, telegram.url)) as bot:
        yield bot


@pytest.fixture
def sender(bot: Bot) -> TelegramSender:
    return TelegramSender(bot, pace=Pace(**FAST))


async def test_words_go_as_they_are(telegram: TelegramServer, sender: TelegramSender) -> None:
    text = "Votre dossier <b>PM-2026-004217-75</b> *est* _ouvert_ : https://complaints.house.example/fr/case"
    assert await sender.send(out(text)) == Delivery("sent", "200", provider_id=f"telegram:{CHAT}:1")
    (call,) = telegram.of("sendMessage")
    assert call.arguments["text"] == text
    assert call.arguments["chat_id"] == CHAT
    assert call.arguments["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in call.arguments
    assert "reply_markup" not in call.arguments
    # Nobody is asked anything before the first message goes.
    assert [call.method for call in telegram.calls] == ["sendMessage"]


async def test_choices_are_buttons_below_the_last_piece(telegram: TelegramServer, sender: TelegramSender) -> None:
    text = "\n\n".join(["Une phrase. " * 300] * 2)
    assert (await sender.send(out(text, choices=YES_NO))).outcome == "sent"
    first, last = telegram.of("sendMessage")
    assert "reply_markup" not in first.arguments
    buttons = [button for row in last.arguments["reply_markup"]["inline_keyboard"] for button in row]
    assert [(button["text"], button["callback_data"]) for button in buttons] == [
        ("Oui, c’est juste", "yes"),
        ("Non", "no"),
    ]


def test_short_buttons_stand_side_by_side_and_long_ones_alone() -> None:
    labels = ["Oui", "Non", "Je ne sais pas encore", "Passer", "Une personne, s’il vous plaît"]
    keyboard = keyboard_of(tuple(Choice(str(n), label) for n, label in enumerate(labels)))
    assert keyboard
    assert [[button.text for button in row] for row in keyboard.inline_keyboard] == [
        labels[:2],
        [labels[2]],
        [labels[3]],
        [labels[4]],
    ]


async def test_a_choice_that_fits_on_no_button_is_typed(telegram: TelegramServer, sender: TelegramSender) -> None:
    assert keyboard_of((Choice("é" * 32, "Oui"),)) is not None
    long = (Choice("é" * 33, "Oui"), Choice("no", "Non"))
    assert (await sender.send(out("Est-ce juste ?", choices=long))).outcome == "sent"
    (call,) = telegram.of("sendMessage")
    assert call.arguments["text"] == "Est-ce juste ?\n\n1. Oui\n2. Non"
    assert "reply_markup" not in call.arguments


async def test_documents_follow_the_words(telegram: TelegramServer, sender: TelegramSender) -> None:
    delivery = await sender.send(out("Voici la lettre.", attachments=(PDF, Attachment("leer.txt", "text/plain", b""))))
    assert delivery.outcome == "sent"
    assert [call.method for call in telegram.calls] == ["sendMessage", "sendDocument"]
    assert telegram.calls[1].files["document"] == (PDF.name, PDF.content)
    large = Attachment("film.bin", "video/mp4", b"x" * (MOST_BYTES + 1))
    assert await sender.send(out("Film", key="k2", attachments=(large,))) == Delivery("failed", "413")
    assert len(telegram.calls) == 2


@pytest.mark.parametrize("recipient", ["", "0", "@somebody", "32470001103x", "1.5", "-", "9" * 20])
async def test_who_is_no_chat_gets_nothing(telegram: TelegramServer, sender: TelegramSender, recipient: str) -> None:
    assert (await sender.send(out(recipient=recipient))).outcome == "failed"
    assert telegram.calls == []


@pytest.mark.parametrize("text", ["", " \n ", "\u200b"])
async def test_nothing_is_not_sent(telegram: TelegramServer, sender: TelegramSender, text: str) -> None:
    assert (await sender.send(out(text))).outcome == "failed"
    assert telegram.calls == []


def refused(status: int, description: str = "", **more: Any) -> dict[str, Any]:
    return {"status": status, "body": {"ok": False, "error_code": status, "description": description, **more}}


NOT_NOW = Delivery("later", "5xx or no connection")


@pytest.mark.parametrize(
    ("trouble", "delivery"),
    [
        (refused(403, "Forbidden: bot was blocked by the user"), Delivery("failed", "403")),
        (refused(400, "Bad Request: chat not found"), Delivery("failed", "400 chat not found")),
        (refused(400, "Bad Request: BUTTON_DATA_INVALID"), Delivery("failed", "400")),
        (refused(400, "", parameters={"migrate_to_chat_id": -1}), Delivery("failed", "400 migrated")),
        (refused(401, "Unauthorized"), Delivery("later", "401")),
        (refused(409, "Conflict"), Delivery("later", "409")),
        ({"status": 429, "body": too_many(17)}, Delivery("later", "429", after_seconds=17)),
        (refused(429, "Too Many Requests", parameters={"retry_after": "soon"}), NOT_NOW),
        ({"status": 500}, NOT_NOW),
        ({"status": 502, "body": b"<html>"}, NOT_NOW),
        ({"status": 200, "body": b"hello"}, NOT_NOW),
        ({"status": 200, "body": b'{"ok": false}'}, NOT_NOW),
        ({"status": 200, "body": "drop"}, NOT_NOW),
        # It was taken: a message that the library cannot read must not go again.
        ({"status": 200, "body": b'{"ok": true, "result": {"message_id": 5}}'}, Delivery("sent", "200 unread")),
    ],
)
async def test_what_each_refusal_means(
    telegram: TelegramServer, sender: TelegramSender, trouble: dict[str, Any], delivery: Delivery
) -> None:
    telegram.trouble("sendMessage", **trouble)
    assert await sender.send(out()) == delivery


async def test_a_server_that_is_gone_is_later(telegram: TelegramServer, sender: TelegramSender) -> None:
    await telegram.stop()
    assert (await sender.send(out())).outcome == "later"


async def test_a_chat_that_telegram_wants_left_alone_is_and_no_other(
    telegram: TelegramServer, sender: TelegramSender
) -> None:
    telegram.trouble("sendMessage", status=429, body=too_many(60), chat=CHAT)
    assert (await sender.send(out())).after_seconds == 60
    again = await sender.send(out())
    assert again.outcome == "later"
    assert 55 < again.after_seconds <= 60
    assert len(telegram.of("sendMessage")) == 1
    assert (await sender.send(out(key="k2", recipient="5550001"))).outcome == "sent"


async def test_of_a_message_in_parts_only_what_is_missing_goes_again(
    telegram: TelegramServer, sender: TelegramSender
) -> None:
    message = out("\n\n".join(letter * 3000 for letter in "abc"), attachments=(PDF,))
    telegram.trouble("sendDocument", status=500)
    assert (await sender.send(message)).outcome == "later"
    assert (await sender.send(message)).outcome == "sent"
    assert [call.arguments["text"][0] for call in telegram.of("sendMessage")] == ["a", "b", "c"]
    assert len(telegram.of("sendDocument")) == 2


async def test_messages_to_one_chat_are_never_mixed(telegram: TelegramServer, sender: TelegramSender) -> None:
    texts = ["\n\n".join(letter * 3000 for _ in range(3)) for letter in "xyz"]
    await asyncio.gather(*(sender.send(out(text, key=text[0])) for text in texts))
    order = "".join(call.arguments["text"][0] for call in telegram.of("sendMessage"))
    assert order == "xxxyyyzzz"


async def test_a_pressed_button_stops_turning_and_goes(telegram: TelegramServer, sender: TelegramSender) -> None:
    await sender.send(out("Est-ce juste ?", choices=YES_NO))
    await sender.settle(Press("998877", CHAT, 1, "yes", "Oui"))
    (answered,) = telegram.of("answerCallbackQuery")
    assert answered.arguments["callback_query_id"] == 998877
    (taken,) = telegram.of("editMessageReplyMarkup")
    assert (taken.arguments["chat_id"], taken.arguments["message_id"]) == (CHAT, 1)
    assert "reply_markup" not in taken.arguments
    # Taken away already: the next message has nothing to take away.
    await sender.send(out("Merci.", key="k2"))
    assert len(telegram.of("editMessageReplyMarkup")) == 1


async def test_buttons_of_before_go_with_the_next_message(telegram: TelegramServer, sender: TelegramSender) -> None:
    await sender.send(out("Est-ce juste ?", choices=YES_NO))
    await sender.send(out("Et ceci ?", key="k2", choices=YES_NO))
    assert [call.arguments["message_id"] for call in telegram.of("editMessageReplyMarkup")] == [1]
    await sender.send(out("Merci.", key="k3"))
    assert [call.arguments["message_id"] for call in telegram.of("editMessageReplyMarkup")] == [1, 2]
    await sender.send(out("Au revoir.", key="k4"))
    assert len(telegram.of("editMessageReplyMarkup")) == 2


async def test_trouble_with_a_button_is_nobody_s_trouble(telegram: TelegramServer, sender: TelegramSender) -> None:
    telegram.trouble("answerCallbackQuery", status=400, body={"ok": False, "description": "query is too old"})
    telegram.trouble("editMessageReplyMarkup", status=400, body={"ok": False, "description": "message is not modified"})
    await sender.settle(Press("998877", CHAT, 1, "yes", "Oui"))
    assert len(telegram.calls) == 2
    await telegram.stop()
    await sender.settle(Press("998877", CHAT, 1, "yes", "Oui"))


async def test_the_webhook_is_announced_with_its_secret_and_withdrawn(telegram: TelegramServer, bot: Bot) -> None:
    url = "https://complaints.house.example/hooks/telegram"
    assert await announce_webhook(bot, url=url, secret=SECRET)
    assert (telegram.webhook["url"], telegram.webhook["secret_token"]) == (url, SECRET)
    assert await withdraw_webhook(bot)
    assert telegram.webhook == {}
    assert telegram.of("deleteWebhook")[0].arguments["drop_pending_updates"] in (False, "False")
    telegram.trouble("setWebhook", status=500)
    assert not await announce_webhook(bot, url=url, secret=SECRET)


async def test_the_usual_pace_is_a_message_a_second_in_a_chat(telegram: TelegramServer, bot: Bot) -> None:
    sender = TelegramSender(bot)
    begun = asyncio.get_running_loop().time()
    await asyncio.gather(*(sender.send(out(key=f"k{n}")) for n in range(3)))
    assert asyncio.get_running_loop().time() - begun >= 1.95


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 0.2)), min_size=1, max_size=200))
def test_no_chat_gets_two_in_a_second_and_all_together_thirty(bookings: list[tuple[int, float]]) -> None:
    clock = Clock()
    pace = Pace(clock)
    sent: list[tuple[float, int]] = []
    for chat, passes in bookings:
        clock.now += passes
        sent.append((clock.now + pace.book(str(chat)), chat))
    for chat in {chat for _, chat in sent}:
        times = sorted(at for at, one in sent if one == chat)
        assert all(later - earlier >= 1 - 1e-6 for earlier, later in pairwise(times))
    # Spaced like this, no second holds more than thirty.
    assert all(later - earlier >= 1 / 30 - 1e-6 for earlier, later in pairwise(sorted(at for at, _ in sent)))


def test_a_chat_that_waits_does_not_hold_up_the_others() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(20):
        pace.book("busy")
    assert pace.book("another") < 1


@given(st.text(st.sampled_from("aé😀 \n.!…\u200b\u0301"), max_size=400), st.integers(8, 60))
def test_pieces_lose_nothing_and_fit(text: str, limit: int) -> None:
    found = pieces(text, limit)
    assert all(0 < units(piece) <= limit for piece in found)
    assert all(piece.strip() == piece for piece in found)

    def kept(of: str) -> str:
        return "".join(of.replace("\u200b", "").split())

    assert kept("".join(found)) == kept(text)


def test_pieces_are_cut_where_a_reader_pauses() -> None:
    one, two = "Première phrase. " * 150, "Deuxième paragraphe. " * 150
    assert pieces(f"{one.strip()}\n\n{two.strip()}") == [one.strip(), two.strip()]
    assert all(piece.endswith(".") for piece in pieces(one * 4))
    assert [units(piece) for piece in pieces("😀" * 3000)] == [LIMIT, 6000 - LIMIT]
    assert pieces("a\ud83d") == ["a\ufffd"]
