"""The queue in Redis Streams, with a consumer group: hints for many processes, and the connection to Redis.

Loaded only where a Redis is set: its client is slow to import.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from store.queue import Ticket

log = structlog.get_logger(__name__)

# A stream never grows beyond this; what is trimmed away is found by the sweep of the database.
_LONGEST: Final = 100_000
# How long to wait before Redis is asked again after it could not be reached.
_DOWN_SECONDS: Final = 1.0
# A hint that takes longer is not worth a member's waiting: it is found by the next look.
TELL_SECONDS: Final = 1.0
_LONGEST_WAIT: Final = 30.0


class RedisQueue:
    """One stream with one consumer group; each worker is a consumer.

    Hints that a dead worker never marked as done are taken over after `reclaim_seconds`, which must be longer than the
    watchdog lets any worker hold one.
    """

    def __init__(self, url: str, stream: str, consumer: str, *, reclaim_seconds: float = 180) -> None:
        # Longer than any wait for a hint: an idle stream is no fault of the server.
        self._redis: Any = connect(url, read_seconds=_LONGEST_WAIT + 15)
        self._stream = f"guichet:{stream}"
        self._group = "workers"
        self._consumer = consumer
        self._reclaim_ms = int(reclaim_seconds * 1000)
        self._ready = False
        self._down = False

    async def put(self, item_id: int) -> None:
        """Say that an item is waiting; when Redis is down, the sweep of the database will find it."""
        try:
            async with asyncio.timeout(TELL_SECONDS):
                await self._redis.xadd(self._stream, {"id": str(item_id)}, maxlen=_LONGEST, approximate=True)
        except (RedisError, OSError) as error:
            self._note_down(error)

    async def take(self, *, limit: int, timeout: float) -> list[Ticket]:  # noqa: ASYNC109 (as in the protocol)
        """New hints first, else those that a dead worker left."""
        try:
            await self._prepare()
            found = await self._redis.xreadgroup(
                self._group,
                self._consumer,
                {self._stream: ">"},
                count=limit,
                block=max(1, int(min(timeout, _LONGEST_WAIT) * 1000)),
            )
            tickets = [ticket for _, entries in _pairs(found) for ticket in _tickets(entries)]
            return tickets or await self._reclaim(limit)
        except ResponseError as error:
            # After FLUSHALL or a restart without its data the group is gone; it is made again on the next turn.
            self._ready = False
            self._note_down(error)
        except (RedisError, OSError) as error:
            self._note_down(error)
        await asyncio.sleep(min(_DOWN_SECONDS, timeout))
        return []

    async def done(self, tickets: Sequence[Ticket]) -> None:
        """Acknowledge and remove: a followed hint is of no use to anybody."""
        handles = [ticket.handle for ticket in tickets]
        if not handles:
            return
        try:
            await self._redis.xack(self._stream, self._group, *handles)
            await self._redis.xdel(self._stream, *handles)
        except (RedisError, OSError) as error:
            self._note_down(error)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _prepare(self) -> None:
        if self._ready:
            return
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        policy = (await self._redis.config_get("maxmemory-policy")).get("maxmemory-policy", "noeviction")
        if policy != "noeviction":
            log.warning("redis may evict hints", policy=policy)
        self._ready = True
        if self._down:
            self._down = False
            log.info("redis is back")

    async def _reclaim(self, limit: int) -> list[Ticket]:
        # XAUTOCLAIM scans a part of the list at a time: go on until its cursor is back at the start.
        cursor = "0-0"
        while True:
            answer = await self._redis.xautoclaim(
                self._stream, self._group, self._consumer, self._reclaim_ms, start_id=cursor, count=limit
            )
            cursor, tickets = answer[0], _tickets(answer[1])
            if tickets or cursor == "0-0":
                return tickets

    def _note_down(self, error: Exception) -> None:
        self._ready = False
        if not self._down:
            self._down = True
            log.warning("redis cannot be reached; workers look into the database instead", error=type(error).__name__)


def connect(url: str, *, read_seconds: float) -> Any:
    """A client that answers "down" at once instead of retrying for seconds while a request waits."""
    return Redis.from_url(
        url,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=2,
        socket_timeout=read_seconds,
    )


def _pairs(found: Any) -> list[tuple[str, Any]]:
    # The reply is a list of pairs in RESP2 and a mapping in RESP3.
    return list(found.items()) if isinstance(found, dict) else list(found or [])


def _tickets(entries: Any) -> list[Ticket]:
    flat = [entry for part in entries for entry in (part if part and isinstance(part[0], list | tuple) else [part])]
    # An entry that was trimmed away while pending comes back without fields.
    return [Ticket(_number(fields.get("id", "")), handle) for handle, fields in flat if fields]


def _number(text: str) -> int:
    # What is no hint of ours is a reason to look at the database, and is removed once that is done.
    return int(text) if text.isascii() and text.isdigit() else 0
