"""When the form counts as flooded, and when no more: by what all send together, without flapping, or as an operator says."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from channels.form.flood import CALM, Flood
from channels.web.limits import MemoryLimiter


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 600.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def flood(clock: Clock, **more: object) -> Flood:
    return Flood(MemoryLimiter(clock=clock), **{"most": 120, "clock": clock, **more})  # type: ignore[arg-type]


async def send(one: Flood, clock: Clock, a_minute: int, seconds: int) -> list[bool]:
    """Send evenly; what was said at each."""
    said = []
    for _ in range(a_minute * seconds // 60):
        clock.at += 60 / a_minute
        said.append(await one.look(sent=1))
    return said


async def test_what_people_send_is_no_flood(clock: Clock) -> None:
    one = flood(clock)
    assert not any(await send(one, clock, 110, 600))


async def test_a_flood_begins_within_a_minute_and_ends_after_two_calm_ones(clock: Clock) -> None:
    one = flood(clock)
    with capture_logs() as logs:
        assert (await send(one, clock, 600, 20))[-1]
        # Less, but still more than half: it does not flap.
        assert all(await send(one, clock, 80, 600))
        quiet = await send(one, clock, 30, 300)
        assert quiet[0]
        assert not quiet[-1]
        assert quiet == sorted(quiet, reverse=True)
    assert [line["event"] for line in logs] == ["the form is flooded", "the form is not flooded any more"]
    assert logs[0]["sent_in_a_minute"] == 121
    assert set(logs[0]) == {"event", "log_level", "sent_in_a_minute", "most"}


async def test_it_ends_by_time_when_nobody_comes_any_more(clock: Clock) -> None:
    one = flood(clock)
    await send(one, clock, 600, 20)
    clock.at += CALM - 1
    assert one.is_on()
    clock.at += 1
    assert not one.is_on()


async def test_looking_counts_nothing(clock: Clock) -> None:
    one = flood(clock, most=2)
    for _ in range(100):
        assert not await one.look()


async def test_processes_that_share_a_limiter_see_one_flood(clock: Clock) -> None:
    limiter = MemoryLimiter(clock=clock)
    first, second = Flood(limiter, 120, clock=clock), Flood(limiter, 120, clock=clock)
    for _ in range(70):
        await first.look(sent=1)
        await second.look(sent=1)
    assert await first.look()
    assert await second.look()


async def test_an_operator_decides(clock: Clock) -> None:
    assert await flood(clock, switch="on").look()
    off = flood(clock, switch="off")
    assert not any(await send(off, clock, 6000, 10))
    assert not off.is_on()
