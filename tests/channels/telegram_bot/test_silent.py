"""No log line holds a token, a secret, a name, a chat or a word, whatever fails, at any level (L1)."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.contract import StoreUnavailableError
from channels.message import Attachment, Choice
from channels.telegram_bot.bot import Access, a_bot
from channels.telegram_bot.files import FileUnavailableError, TelegramFiles
from channels.telegram_bot.media import Media
from channels.telegram_bot.pace import Pace
from channels.telegram_bot.polling import Poller, PollingTimes
from channels.telegram_bot.press import Press
from channels.telegram_bot.routes import PATH, add_routes
from channels.telegram_bot.send import TelegramSender
from channels.web.access_log import AccessLogger
from tests.channels.telegram_bot.test_send import out
from tests.channels.telegram_bot.updates import NOW, PERSON, Kept, message, until
from tests.servers.telegram import SECRET, TOKEN, TelegramServer

CHAT = 77013370133
CANARIES = ("qz", TOKEN[:10], str(CHAT), "bot7700110300")
ANSWERS: tuple[dict[str, Any], ...] = (
    {"status": 403, "body": {"ok": False, "description": "qzdescription"}},
    {"status": 400, "body": {"ok": False, "description": "qzdescription"}},
    {"status": 429, "body": {"ok": False, "parameters": {"retry_after": 0, "qzodd": "qz"}}},
    {"status": 500, "body": b"qzbody"},
    {"status": 200, "body": b"qzbody"},
    {"status": 200, "body": b'{"ok": true, "result": {"qzresult": 1}}'},
    {"status": 404, "body": {"ok": False}},
    {"status": 200, "body": "drop"},
)


async def trouble_everywhere(telegram: TelegramServer) -> None:
    """Everything that can be sent, fetched, asked and posted, well and badly."""
    access, wrong = Access(TOKEN, telegram.url), Access(TOKEN.replace("qzT", "qzX"), telegram.url)
    for method in (
        "sendMessage",
        "sendDocument",
        "answerCallbackQuery",
        "editMessageReplyMarkup",
        "getUpdates",
        "getFile",
    ):
        for answer in ANSWERS:
            telegram.trouble(method, **answer)
    telegram.files = {"qzfile": b"qzcontent"}
    choices = (Choice("qzid", "qzlabel"),)
    for given in (access, wrong):
        async with a_bot(given) as bot:
            sender = TelegramSender(bot, pace=Pace(per_chat=0, overall=0))
            for number in range(2 * len(ANSWERS)):
                attachments = (Attachment("qzname.txt", "text/plain", b"qz"),) if number % 2 else ()
                await sender.send(
                    out(
                        f"qztext {number}",
                        key=f"qzkey{number}",
                        recipient=str(CHAT),
                        choices=choices,
                        attachments=attachments,
                    )
                )
                await sender.settle(Press("778899", CHAT, 1, "qzid", "qzlabel"))
        for _ in range(len(ANSWERS) + 1):
            try:
                await TelegramFiles(given).fetch(Media("document", "qzfile", "text/plain", 0, "qzname"))
            except FileUnavailableError:
                continue
    kept = Kept()
    kept.trouble = [StoreUnavailableError("qz"), StoreUnavailableError("qz")]
    update = telegram.say(message=message("qztext", **{"from": {**PERSON, "id": CHAT, "first_name": "qzname"}}))
    times = PollingTimes(wait=1, first_delay=0.01, longest_delay=0.02, refused_delay=0.05)
    for given in (wrong, access):
        poller = Poller(given, kept.submit, clock=lambda: NOW, times=times)
        running = asyncio.create_task(poller.run())
        await (until(lambda: bool(kept.items)) if given is access else asyncio.sleep(0.2))
        poller.stop()
        await running
    await post(telegram, update)
    await telegram.stop()
    async with a_bot(access) as bot:
        await TelegramSender(bot).send(out("qztext", recipient=str(CHAT)))


async def post(telegram: TelegramServer, update: dict[str, Any]) -> None:
    async def broken(_: object) -> bool:
        raise StoreUnavailableError("qzstore")

    app = web.Application()
    add_routes(app, submit=broken, secret=SECRET, account="7700110300", now=lambda: NOW)
    server = TestServer(app)
    await server.start_server(access_log_class=AccessLogger, access_log=logging.getLogger("access"))
    url = str(server.make_url(PATH))
    for secret, body in ((SECRET, update), ("qzwrong", update), (SECRET, b"qz{"), (SECRET, b"q" * 1_000_001)):
        assert await telegram.post_webhook(url, body, secret=secret) >= 400
    await server.close()


async def test_whatever_fails_the_log_says_nothing_of_people(
    telegram: TelegramServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await trouble_everywhere(telegram)
    ours, errors = capfd.readouterr()
    said = "\n".join([caplog.text, *(str(vars(record)) for record in caplog.records), ours, errors])
    # The house itself did say what it did.
    assert "telegram_message_handed_over" in ours
    assert "telegram_file_not_fetched" in ours
    assert "telegram_polling" in ours
    assert "telegram_update_refused" in ours
    for canary in CANARIES:
        assert canary not in said, [line for line in said.splitlines() if canary in line][:3]


async def test_the_libraries_would_have_said_it(telegram: TelegramServer, caplog: pytest.LogCaptureFixture) -> None:
    """The test above can fail: without our silence the token is in the log."""
    async with a_bot(Access(TOKEN, telegram.url)) as bot:
        caplog.set_level(logging.INFO, logger="httpx")
        await TelegramSender(bot).send(out())
    assert TOKEN in caplog.text
