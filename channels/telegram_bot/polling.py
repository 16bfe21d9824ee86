"""Long polling, for a house that Telegram cannot reach: updates are asked for, and confirmed once they are kept.

Telegram forgets an update when a later one is asked for. So the offset moves behind what is committed and never before;
after a crash the same updates come again, and the store knows them by their ids.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from channels.contract import StoreUnavailableError, Submit
from channels.telegram_bot.bot import Access, Calls, seconds_of
from channels.telegram_bot.json_fields import objects
from channels.telegram_bot.taking import WANTED, Taking, account_of
from channels.telegram_bot.update import id_of

log = structlog.get_logger(__name__)

State = Literal["starting", "watching", "unreachable", "conflict", "refused", "store_unavailable", "stopped"]
_MOST_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class PollingTimes:
    """Seconds. `wait` is how long Telegram holds a question open when there is nothing; `read` what may be added to that."""

    wait: int = 30
    read: float = 10
    submit: float = 30
    first_delay: float = 1
    longest_delay: float = 60
    refused_delay: float = 300


@dataclass(frozen=True, slots=True)
class PollingStatus:
    """How it is doing, for readiness and alarms. `conflict`: another process, or a webhook, has the updates."""

    state: State = "starting"
    last_contact: datetime | None = None
    last_item_at: datetime | None = None


class Poller:
    """Brings every update of one bot to `submit`, in their order."""

    def __init__(
        self,
        access: Access,
        submit: Submit,
        *,
        clock: Callable[[], datetime],
        times: PollingTimes = PollingTimes(),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._access = access
        self._taking = Taking(submit, account_of(access.token), clock)
        self._clock = clock
        self._times = times
        self._jitter = jitter
        self._status = PollingStatus()
        self._stopping = asyncio.Event()
        # None: whatever Telegram has not been told that we have.
        self._offset: int | None = None
        self._delay = times.first_delay

    @property
    def status(self) -> PollingStatus:
        """How it is doing at this moment."""
        return self._status

    def stop(self) -> None:
        """Ask nothing more, finish what is in hand, and end `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Poll until told to stop, or cancelled. Trouble with Telegram or the store never ends it."""
        calls = Calls(self._access)
        try:
            while not self._stopping.is_set():
                pause = await self._turn(calls)
                if pause:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._stopping.wait(), pause)
        finally:
            self._note("stopped")
            await calls.close()

    async def _turn(self, calls: Calls) -> float:
        """Ask once and keep what comes. Returns how many seconds to leave Telegram alone."""
        try:
            updates = await self._ask(calls)
        except TelegramError as error:
            return self._after(error)
        if updates is None:
            return 0
        self._status = replace(self._status, last_contact=self._clock())
        try:
            await self._keep(updates)
        except (StoreUnavailableError, TimeoutError):
            self._note("store_unavailable")
            return self._longer()
        except Exception:
            # Nothing behind it is confirmed, so nothing is lost; an operator sees the same place in the log again and again.
            log.exception("telegram_update_not_kept")
            self._note("store_unavailable")
            return self._longer()
        self._note("watching")
        self._delay = self._times.first_delay
        return 0

    def _after(self, error: TelegramError) -> float:
        """How long to wait after trouble with Telegram."""
        if isinstance(error, InvalidToken):
            self._note("refused")
            return self._times.refused_delay
        self._note("conflict" if isinstance(error, Conflict) else "unreachable")
        return seconds_of(error) if isinstance(error, RetryAfter) else self._longer()

    async def _ask(self, calls: Calls) -> list[dict[str, Any]] | None:
        """The next updates; None when we were told to stop meanwhile, since the question may stay open for long."""
        arguments: dict[str, str | int] = {
            "timeout": self._times.wait,
            "limit": _MOST_AT_ONCE,
            "allowed_updates": json.dumps(WANTED),
        }
        if self._offset is not None:
            arguments["offset"] = self._offset
        asking = asyncio.ensure_future(calls.call("getUpdates", arguments, seconds=self._times.wait + self._times.read))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not asking.done():
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        if asking.cancelled():
            return None
        found = asking.result()
        if not isinstance(found, list):
            raise TelegramError("no list of updates")
        return [dict(each) for each in objects(found)]

    async def _keep(self, updates: list[dict[str, Any]]) -> None:
        """Commit one after the other; the offset stays before the first that could not be."""
        for found in updates:
            update_id = id_of(found)
            if update_id is None:
                log.error("telegram_update_without_id")
                continue
            async with asyncio.timeout(self._times.submit):
                new = await self._taking.take(found)
            self._offset = update_id + 1
            if new:
                self._status = replace(self._status, last_item_at=self._clock())

    def _longer(self) -> float:
        """The next pause: twice the last one, up to a bound, and never the same for two processes."""
        pause = self._delay * (0.5 + self._jitter())
        self._delay = min(self._delay * 2, self._times.longest_delay)
        return pause

    def _note(self, state: State) -> None:
        if state != self._status.state:
            log.info("telegram_polling", state=state)
            self._status = replace(self._status, state=state)
