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


class Limits(Protocol):
    """Somebody who counts. `take` returns the seconds to wait, 0 when the act is allowed."""

    async def take(self, scope: str, key: str, *, rate: float, burst: int, per_day: int) -> int:
        """Count one act of `key`: `rate` a minute, at most `burst` at once, `per_day` a day (0: no daily limit)."""
        ...


class RedisLimits:
    """Counts in Redis; falls back on `own` while Redis cannot be reached, so that a limit is never simply off."""

    def __init__(self, url: str, own: Limits) -> None:
        self._redis: Any = connect(url, read_seconds=2)
        self._take = self._redis.register_script(_TAKE)
        self._own = own

    async def take(self, scope: str, key: str, *, rate: float, burst: int, per_day: int) -> int:
        """As the protocol says."""
        name = f"guichet:limit:{scope}:{key}"
        try:
            return int(await self._take(keys=[name, f"{name}:day"], args=[rate, burst, per_day]))
        except (RedisError, OSError):
            return await self._own.take(scope, key, rate=rate, burst=burst, per_day=per_day)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
