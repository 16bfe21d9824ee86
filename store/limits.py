"""Rate limits shared by many processes, in Redis. When Redis is down the process's own limits hold."""

from __future__ import annotations

from typing import Any, Final, Protocol

from redis.exceptions import RedisError

from store.redis_queue import connect

# One round trip, decided by the server: a token bucket refilled by its own clock, and a count a day.
_TAKE: Final = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local rate, burst, day = tonumber(ARGV[1]) / 60, tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]) or burst, tonumber(state[2]) or seconds
tokens = math.min(burst, tokens + math.max(0, seconds - at) * rate)
local wait = 0
if tokens < 1 then
  wait = math.ceil((1 - tokens) / rate)
elseif day > 0 and (tonumber(redis.call('GET', KEYS[2])) or 0) >= day then
  wait = math.max(1, redis.call('TTL', KEYS[2]))
else
  tokens = tokens - 1
  if day > 0 and redis.call('INCR', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], 86400) end
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(seconds))
redis.call('EXPIRE', KEYS[1], 3600)
return wait
"""

# This minute and the one before, by the server's clock; the answer is a text, since Redis would cut a number.
_LAST_MINUTE: Final = """
local now = redis.call('TIME')
local minute, second = math.floor(now[1] / 60), now[1] % 60
local state = redis.call('HMGET', KEYS[1], 'minute', 'now', 'before')
local known, count, before = tonumber(state[1]) or minute, tonumber(state[2]) or 0, tonumber(state[3]) or 0
if known ~= minute then
  before = known + 1 == minute and count or 0
  count = 0
end
count = count + tonumber(ARGV[1])
redis.call('HSET', KEYS[1], 'minute', minute, 'now', count, 'before', before)
redis.call('EXPIRE', KEYS[1], 180)
return tostring(count + before * (1 - second / 60))
"""


class Limits(Protocol):
    """Somebody who counts. `take` returns the seconds to wait, 0 when the act is allowed."""

    async def take(self, scope: str, key: str, *, rate: float, burst: int, per_day: int) -> int:
        """Count one act of `key`: `rate` a minute, at most `burst` at once, `per_day` a day (0: no daily limit)."""
        ...

    async def last_minute(self, scope: str, *, add: int = 0) -> float:
        """Count `add` acts of everybody; return about how many there were in the last 60 seconds."""
        ...


class RedisLimits:
    """Counts in Redis; falls back on `own` while Redis cannot be reached, so that a limit is never simply off."""

    def __init__(self, url: str, own: Limits) -> None:
        self._redis: Any = connect(url, read_seconds=2)
        self._take = self._redis.register_script(_TAKE)
        self._last_minute = self._redis.register_script(_LAST_MINUTE)
        self._own = own

    async def take(self, scope: str, key: str, *, rate: float, burst: int, per_day: int) -> int:
        """As the protocol says."""
        name = f"guichet:limit:{scope}:{key}"
        try:
            return int(await self._take(keys=[name, f"{name}:day"], args=[rate, burst, per_day]))
        except (RedisError, OSError):
            return await self._own.take(scope, key, rate=rate, burst=burst, per_day=per_day)

    async def last_minute(self, scope: str, *, add: int = 0) -> float:
        """As the protocol says."""
        try:
            return float(await self._last_minute(keys=[f"guichet:minute:{scope}"], args=[add]))
        except (RedisError, OSError):
            return await self._own.last_minute(scope, add=add)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
