"""Live hints between processes, by Redis publish and subscribe (one channel, one subscription a process)."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

from store.live import Hint, Live
from store.redis_queue import TELL_SECONDS, connect

log = structlog.get_logger(__name__)

_CHANNEL: Final = "guichet:conversations"
# How long one look for hints lasts; the answer to being cancelled is never later.
_LOOK_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 1.0


class RedisLive(Live):
    """Hints of all processes. While Redis is away, those of this process still arrive."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._redis: Any = connect(url, read_seconds=_LOOK_SECONDS + 5)
        self._own = secrets.token_hex(8)
        self._down = False

    async def tell(self, hint: Hint) -> None:
        """Tell everybody who watches this conversation, in this process or in any. Never fails."""
        self.spread(hint)
        said = json.dumps([self._own, hint.conversation_id, hint.what, hint.name, hint.last])
        try:
            async with asyncio.timeout(TELL_SECONDS):
                await self._redis.publish(_CHANNEL, said)
        except (RedisError, OSError) as error:
            self._note_down(error)

    async def run(self) -> None:
        """Carry hints between processes until cancelled."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as listening:
                    await listening.subscribe(_CHANNEL)
                    self._down = False
                    # Whatever was said while nobody listened here: everybody looks again.
                    for conversation_id in self.watched:
                        self.spread(Hint(conversation_id))
                    while True:
                        self._heard(await listening.get_message(timeout=_LOOK_SECONDS))
            except (RedisError, OSError) as error:
                self._note_down(error)
                await asyncio.sleep(_AGAIN_SECONDS)

    def _heard(self, message: Any) -> None:
        if message is None:
            return
        try:
            own, conversation_id, what, name, last = json.loads(message["data"])
            hint = Hint(int(conversation_id), what, str(name), int(last))
        except (ValueError, TypeError, KeyError):
            log.warning("a live hint could not be read")
            return
        if own != self._own:
            self.spread(hint)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _note_down(self, error: Exception) -> None:
        if not self._down:
            self._down = True
            log.warning("redis cannot be reached; live hints stay in this process", error=type(error).__name__)
