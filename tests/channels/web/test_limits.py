"""The limiter of one process: burst, refill, day, and memory that does not grow."""

from __future__ import annotations

from channels.web.limits import Barred, MemoryLimiter


class Clock:
    """A clock moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_burst_then_refill() -> None:
    clock = Clock()
    limiter = MemoryLimiter(clock=clock)
    waits = [await limiter.take("s", "a", rate=20, burst=40, per_day=200) for _ in range(42)]
    assert waits == [0] * 40 + [3, 3]
    assert await limiter.take("s", "b", rate=20, burst=40, per_day=200) == 0
    assert await limiter.take("other", "a", rate=20, burst=40, per_day=200) == 0
    clock.now += 3
    assert await limiter.take("s", "a", rate=20, burst=40, per_day=200) == 0
    assert await limiter.take("s", "a", rate=20, burst=40, per_day=200) == 3


async def test_a_day_has_its_own_limit() -> None:
    clock = Clock()
    limiter = MemoryLimiter(clock=clock)
    for _ in range(200):
        assert await limiter.take("s", "a", rate=20, burst=40, per_day=200) == 0
        clock.now += 60
    wait = await limiter.take("s", "a", rate=20, burst=40, per_day=200)
    assert wait == 86400 - 200 * 60
    clock.now += wait
    assert await limiter.take("s", "a", rate=20, burst=40, per_day=200) == 0


async def test_no_daily_limit_and_a_clock_that_steps_back() -> None:
    clock = Clock()
    limiter = MemoryLimiter(clock=clock)
    assert [await limiter.take("s", "a", rate=3, burst=2, per_day=0) for _ in range(3)] == [0, 0, 20]
    clock.now -= 500
    assert await limiter.take("s", "a", rate=3, burst=2, per_day=0) == 20


async def test_memory_is_bounded_and_the_quiet_are_forgotten_first() -> None:
    limiter = MemoryLimiter(capacity=100, clock=Clock())
    for number in range(1000):
        await limiter.take("s", f"rotating {number}", rate=1, burst=1, per_day=0)
        wait = await limiter.take("s", "busy", rate=1, burst=1, per_day=0)
    assert len(limiter) == 100
    assert wait == 60


def test_barred_until_it_ends() -> None:
    clock = Clock()
    barred = Barred(capacity=2, clock=clock)
    barred.bar("a", 20)
    assert barred.seconds_left("a") == 20
    assert barred.seconds_left("b") == 0
    clock.now += 19.5
    assert barred.seconds_left("a") == 1
    clock.now += 0.5
    assert barred.seconds_left("a") == 0
    for name in "cde":
        barred.bar(name, 5)
    assert [barred.seconds_left(name) for name in "cde"] == [0, 5, 5]
