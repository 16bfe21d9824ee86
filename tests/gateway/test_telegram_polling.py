"""Polling as a part of the house, by one process; and the commands over the webhook."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier import pipeline
from gateway import leases
from gateway.health import Health
from gateway.metrics import Metrics
from gateway.polling import polling
from store import schema
from tests.channels.telegram_bot.updates import until
from tests.gateway.embedded import embedded
from tests.gateway.providers import STORY, joined, private
from tests.servers.telegram import SECRET, TOKEN, TelegramServer
from tests.servers.twilio import Twilio

POLLING = {"telegram_webhook_secret": "", "telegram_polling": True}


async def test_what_is_asked_for_is_answered_and_readiness_knows(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> None:
    async with joined(tmp_path / "data", model, twilio, telegram, **POLLING) as house:
        health = Health(house.house, Metrics(), house.gateway.door.room)

        async def away() -> bool:
            return "telegram" in [reason["what"] for reason in await health.reasons()]

        async def kept() -> int:
            return len(await house.rows(schema.inbox))

        assert await away()
        telegram.say(message=private(STORY))
        async with polling(house.house, house.gateway.door):
            for _ in range(100):
                if await kept() and not await away():
                    break
                await asyncio.sleep(0.05)
            assert await kept() == 1
            assert not await away()
            await house.work()
            assert len(house.chat()) == 1


async def test_two_processes_ask_one_after_the_other(
    tmp_path: Path,
    model: pipeline.Classifier,
    twilio: Twilio,
    telegram: TelegramServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leases, "EVERY", 0.05)
    async with joined(tmp_path / "data", model, twilio, telegram, **POLLING) as house:
        monkeypatch.setattr(leases.os, "getpid", lambda: 1)
        assert await leases.hold(house.house, "telegram")
        monkeypatch.setattr(leases.os, "getpid", lambda: 2)
        async with polling(house.house, house.gateway.door):
            await asyncio.sleep(0.3)
            # The other process has it.
            assert telegram.of("getUpdates") == []
            monkeypatch.setattr(leases.os, "getpid", lambda: 1)
            await until(lambda: telegram.of("getUpdates") != [])


@pytest.fixture
def bot_api() -> Iterator[TelegramServer]:
    """A Bot API for another process: it answers in a thread of its own."""
    server, loop = TelegramServer(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    yield server
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_the_webhook_is_announced_shown_and_withdrawn(tmp_path: Path, bot_api: TelegramServer) -> None:
    given = {
        "GUICHET_TELEGRAM_TOKEN": TOKEN,
        "GUICHET_TELEGRAM_WEBHOOK_SECRET": SECRET,
        "GUICHET_TELEGRAM_API": bot_api.url,
        "GUICHET_PUBLIC_URL": "https://complaints.house.example",
    }
    with embedded(tmp_path, **given) as house:
        before = house.command("telegram", "status")
        assert before.returncode == 1
        assert "guichet telegram announce" in " ".join(before.stderr.split())
        assert house.command("telegram", "announce").returncode == 0
        assert bot_api.webhook["url"] == "https://complaints.house.example/hooks/telegram"
        assert bot_api.webhook["secret_token"] == SECRET
        assert bot_api.webhook["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]
        after = house.command("telegram", "status")
        assert (after.returncode, after.stdout.split()[:3]) == (0, ["posts", "to", bot_api.webhook["url"]])
        assert house.command("telegram", "withdraw").returncode == 0
        assert bot_api.webhook == {}


def test_what_is_wrong_is_said_in_words_and_without_the_token(tmp_path: Path, bot_api: TelegramServer) -> None:
    with embedded(tmp_path) as house:
        assert "GUICHET_TELEGRAM_TOKEN is not set" in house.command("telegram", "status").stderr
        assert "announce" in house.command("telegram", "--help").stdout
        house.environment |= {"GUICHET_TELEGRAM_TOKEN": TOKEN, "GUICHET_TELEGRAM_API": bot_api.url}
        assert "GUICHET_TELEGRAM_WEBHOOK_SECRET" in house.command("telegram", "announce").stderr
        stranger = TOKEN.replace("qz", "ab")
        house.environment["GUICHET_TELEGRAM_TOKEN"] = stranger
        refused = house.command("telegram", "withdraw")
        assert refused.returncode == 2
        assert "knows no bot" in " ".join(refused.stderr.split())
        house.environment["GUICHET_TELEGRAM_API"] = "http://127.0.0.1:9"
        away = house.command("telegram", "status")
        assert away.returncode == 1
        assert "cannot be reached" in " ".join(away.stderr.split())
        assert stranger not in refused.stderr + away.stderr
