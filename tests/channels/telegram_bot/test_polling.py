"""Long polling: nothing lost and nothing doubled over restarts, conflicts, a store that is away and a Telegram that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.contract import StoreUnavailableError
from channels.telegram_bot.bot import Access
from channels.telegram_bot.parse import parse
from channels.telegram_bot.polling import Poller, PollingTimes
from tests.channels.telegram_bot.updates import CHAT, NOW, Kept, message, until
from tests.servers.telegram import TOKEN, TelegramServer, too_many

# Everything faster than in life, in the same proportions.
TIMES = PollingTimes(wait=5, read=2, submit=0.3, first_delay=0.05, longest_delay=0.2, refused_delay=0.3)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@asynccontextmanager
async def polling(server: TelegramServer, kept: Kept, token: str = TOKEN) -> AsyncIterator[Poller]:
    poller = Poller(Access(token, server.url), kept.submit, clock=lambda: NOW, times=TIMES, jitter=lambda: 0.5)
    running = asyncio.create_task(poller.run())
    try:
        yield poller
    finally:
        poller.stop()
        async with asyncio.timeout(2):
            await running
        assert poller.status.state == "stopped"


def say(server: TelegramServer, count: int, start: int = 0) -> list[str]:
    return [str(server.say(message=message(f"Bonjour {start + n}", number=n))["update_id"]) for n in range(count)]


async def test_updates_come_in_their_order_and_are_confirmed_once_kept(telegram: TelegramServer, kept: Kept) -> None:
    ids = say(telegram, 3)
    async with polling(telegram, kept) as poller:
        await until(lambda: len(kept.items) == 3)
        # The next question says what we have; only then does Telegram forget it.
        await until(lambda: telegram.waiting == [])
        await until(lambda: poller.status.state == "watching")
        assert poller.status.last_item_at == NOW
        later = say(telegram, 1, start=3)
        await until(lambda: len(kept.items) == 4)
    assert kept.calls == ids + later
    first = kept.items[ids[0]]
    assert (first.account, first.envelope) == ("7700110300", {"address": str(CHAT)})
    assert parse(first).text == "Bonjour 0"
    asked = telegram.of("getUpdates")
    assert asked[0].arguments["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]
    assert "offset" not in asked[0].arguments


async def test_what_is_kept_is_what_telegram_said_halves_of_characters_included(
    telegram: TelegramServer, kept: Kept
) -> None:
    said = telegram.say(message=message("d\ud83dé😀", hologram={"new": [1, 2.5, None]}))
    async with polling(telegram, kept):
        await until(lambda: len(kept.items) == 1)
    assert json.loads(kept.items[str(said["update_id"])].body) == said


async def test_the_offset_stays_before_what_could_not_be_kept(telegram: TelegramServer, kept: Kept) -> None:
    ids = say(telegram, 3)
    kept.trouble = [StoreUnavailableError(), StoreUnavailableError()]
    async with polling(telegram, kept):
        await until(lambda: len(kept.items) == 3)
        await until(lambda: telegram.waiting == [])
    # The first was tried until it was kept; nothing was kept before it, and none confirmed.
    assert kept.calls == [ids[0], ids[0], *ids]
    assert all("offset" not in call.arguments for call in telegram.of("getUpdates")[:3])


async def test_a_store_that_fails_oddly_does_not_end_it(telegram: TelegramServer, kept: Kept) -> None:
    ids = say(telegram, 2)
    kept.trouble = [RuntimeError("odd")]
    async with polling(telegram, kept):
        await until(lambda: len(kept.items) == 2)
    assert kept.calls == [ids[0], *ids]


async def test_a_store_that_hangs_is_left_and_asked_again(telegram: TelegramServer, kept: Kept) -> None:
    say(telegram, 1)
    kept.hold = asyncio.Event()
    async with polling(telegram, kept) as poller:
        await until(lambda: poller.status.state == "store_unavailable")
        assert kept.items == {}
        kept.hold.set()
        await until(lambda: len(kept.items) == 1)


async def test_after_a_crash_the_same_updates_come_again_and_are_known(telegram: TelegramServer, kept: Kept) -> None:
    ids = say(telegram, 5)

    async def dies_after_two(raw: Any) -> bool:
        new = await kept.submit(raw)
        if len(kept.items) == 2:
            running.cancel()
        return new

    poller = Poller(Access(TOKEN, telegram.url), dies_after_two, clock=lambda: NOW, times=TIMES)
    running = asyncio.create_task(poller.run())
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(kept.items) < 5
    assert len(telegram.waiting) == 5
    async with polling(telegram, kept):
        await until(lambda: telegram.waiting == [])
    assert list(kept.items) == ids


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ({"status": 409, "body": {"ok": False, "description": "Conflict: terminated by other getUpdates request"}}, "conflict"),
        ({"status": 500}, "unreachable"),
        ({"status": 502, "body": b"<html>Bad Gateway"}, "unreachable"),
        ({"status": 200, "body": b"not json"}, "unreachable"),
        ({"status": 200, "body": b"[]"}, "unreachable"),
        ({"status": 200, "body": b'{"ok": true}'}, "unreachable"),
        ({"status": 200, "body": b'{"ok": true, "result": {"a": 1}}'}, "unreachable"),
        ({"status": 400, "body": b'[1]'}, "unreachable"),
        ({"status": 429, "body": {"ok": False, "parameters": {"retry_after": "soon"}}}, "unreachable"),
        ({"status": 200, "body": "drop"}, "unreachable"),
        ({"status": 401, "body": {"ok": False, "description": "Unauthorized"}}, "refused"),
    ],
)  # fmt: skip
async def test_trouble_passes_and_nothing_is_lost(
    telegram: TelegramServer, kept: Kept, trouble: dict[str, Any], state: str
) -> None:
    telegram.trouble("getUpdates", times=2, **trouble)
    say(telegram, 2)
    async with polling(telegram, kept) as poller:
        await until(lambda: poller.status.state == state)
        await until(lambda: len(kept.items) == 2)
        assert poller.status.state == "watching"


async def test_a_flood_limit_is_waited_for_as_told(telegram: TelegramServer, kept: Kept) -> None:
    telegram.trouble("getUpdates", status=429, body=too_many(1))
    say(telegram, 1)
    begun = asyncio.get_running_loop().time()
    async with polling(telegram, kept):
        await until(lambda: len(kept.items) == 1)
    assert asyncio.get_running_loop().time() - begun >= 0.95
    assert len(telegram.of("getUpdates")) <= 3


async def test_pauses_grow_while_trouble_lasts(telegram: TelegramServer, kept: Kept) -> None:
    telegram.trouble("getUpdates", status=500, times=1000)
    async with polling(telegram, kept):
        await asyncio.sleep(1)
    # 0.05 + 0.1 + 0.2 + 0.2 …: far from asking without a pause.
    assert 3 <= len(telegram.of("getUpdates")) <= 9


async def test_a_server_that_is_gone_and_comes_back(telegram: TelegramServer, kept: Kept) -> None:
    await telegram.stop()
    async with polling(telegram, kept) as poller:
        await until(lambda: poller.status.state == "unreachable")
        await telegram.start()
        say(telegram, 1)
        await until(lambda: len(kept.items) == 1)


async def test_a_webhook_that_is_set_is_a_conflict_and_said(telegram: TelegramServer, kept: Kept) -> None:
    telegram.webhook = {"url": "https://complaints.house.example/hooks/telegram"}
    async with polling(telegram, kept) as poller:
        await until(lambda: poller.status.state == "conflict")
        telegram.webhook = {}
        say(telegram, 1)
        await until(lambda: len(kept.items) == 1)


async def test_it_stops_at_once_in_the_middle_of_a_long_question(telegram: TelegramServer, kept: Kept) -> None:
    async with polling(telegram, kept):
        await until(lambda: bool(telegram.of("getUpdates")))
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < 0.5


async def test_what_is_in_hand_is_finished_before_it_stops(telegram: TelegramServer, kept: Kept) -> None:
    say(telegram, 2)
    kept.hold = asyncio.Event()
    async with polling(telegram, kept) as poller:
        await until(lambda: bool(kept.calls))
        poller.stop()
        kept.hold.set()
    assert len(kept.items) == 2


async def test_two_that_poll_never_make_two_of_one(telegram: TelegramServer, kept: Kept) -> None:
    async with polling(telegram, kept), polling(telegram, kept):
        ids = [each for n in range(10) for each in say(telegram, 3, start=3 * n)]
        await until(lambda: len(kept.items) == 30)
        await until(lambda: telegram.waiting == [])
    assert sorted(kept.items) == ids
