"""What a child of the house does when its job kills it, hangs, or wants all memory: only that job pays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from channels import registry
from channels.message import InboundMessage, RawMessage
from gateway import reading
from gateway.children import Child, ChildEndedError, limit_memory
from gateway.reading import Failed, ParserSettings, Parsing

ROOT = Path(__file__).resolve().parents[2]


def nothing() -> None:
    """What a child of these tests needs before its first job."""


def add(one: int, two: int) -> int:
    return one + two


def die(code: int) -> None:
    os._exit(code)


def hang(seconds: float) -> None:
    time.sleep(seconds)


def refuse() -> None:
    raise ValueError("this job says no")


def fill(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


def fill_or_say_so(megabytes: int) -> str:
    try:
        return str(fill(megabytes))
    except MemoryError:
        return "MemoryError"


def dangerous(raw: RawMessage, _own: frozenset[str], _authserv: str) -> InboundMessage:
    """A parser with a bug for each kind of end that a parser may come to."""
    match raw.body.split()[0]:
        case b"die":
            os._exit(3)
        case b"abort":
            os.abort()
        case b"hang":
            time.sleep(600)
        case b"fill":
            bytearray(1 << 40)
        case b"recurse":
            return dangerous(raw, _own, _authserv)
        case b"raise":
            raise KeyError(raw.body.decode())
    return InboundMessage("sms", raw.account, raw.external_id, None, "", raw.body.decode(), "", raw.received_at)


def prepare_dangerous(settings: ParserSettings) -> None:
    """As the house prepares its parsing child, and one parser more."""
    registry._PARSERS["sms"] = dangerous
    reading._prepare_parsing(settings)


@pytest.fixture
async def child() -> AsyncIterator[Child]:
    """One child without anything to prepare."""
    made = Child("test", nothing)
    yield made
    await made.close()


@pytest.fixture
async def parsing() -> AsyncIterator[Parsing]:
    """The house's parsing, with 1 second an item and the dangerous parser."""
    settings = ParserSettings(frozenset(), "", 256)
    made = Parsing(settings, seconds=1)
    made.child = Child("parse", prepare_dangerous, settings)
    await made.warm()
    yield made
    await made.close()


async def test_a_job_is_done_in_another_process(child: Child) -> None:
    assert await child.call(add, 2, 3, seconds=30) == 5
    assert await child.call(os.getpid, seconds=30) != os.getpid()


async def test_what_a_job_raises_comes_back_and_the_child_lives_on(child: Child) -> None:
    before = await child.call(os.getpid, seconds=30)
    with pytest.raises(ValueError, match="says no"):
        await child.call(refuse, seconds=30)
    assert await child.call(os.getpid, seconds=30) == before


async def test_after_a_job_that_kills_the_next_one_works(child: Child) -> None:
    with pytest.raises(ChildEndedError):
        await child.call(die, 3, seconds=30)
    assert await child.call(add, 2, 3, seconds=30) == 5


async def test_a_job_that_hangs_is_ended_and_the_next_one_works(child: Child) -> None:
    await child.call(add, 1, 1, seconds=30)
    (pid,) = child.pids()
    began = time.monotonic()
    with pytest.raises(ChildEndedError):
        await child.call(hang, 600, seconds=0.3)
    assert time.monotonic() - began < 5
    assert await child.call(add, 2, 3, seconds=30) == 5
    assert pid not in child.pids()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_child_killed_between_two_jobs_is_replaced(child: Child) -> None:
    await child.call(add, 1, 1, seconds=30)
    (pid,) = child.pids()
    os.kill(pid, signal.SIGKILL)
    results = []
    for _ in range(2):
        try:
            results.append(await child.call(add, 2, 3, seconds=30))
        except ChildEndedError:
            results.append(0)
    assert results[-1] == 5


async def test_memory_has_a_bound() -> None:
    bounded = Child("test", limit_memory, 128)
    assert await bounded.call(fill_or_say_so, 16, seconds=30) == str(16 * 1024 * 1024)
    assert await bounded.call(fill_or_say_so, 1024, seconds=30) == "MemoryError"
    with pytest.raises(MemoryError):
        await bounded.call(fill, 1024, seconds=30)
    assert await bounded.call(add, 2, 3, seconds=30) == 5
    await bounded.close()


def sms(body: bytes) -> RawMessage:
    return RawMessage("sms", "+3225550100", body.decode(), body, datetime(2026, 11, 24, tzinfo=UTC), {})


@pytest.mark.parametrize("end", [b"die", b"abort", b"hang", b"fill", b"recurse", b"raise"])
async def test_only_the_guilty_item_suffers(parsing: Parsing, end: bytes) -> None:
    batch = [sms(b"first"), sms(end + b" Zwartwaterput"), sms(b"third"), sms(b"fourth")]
    began = time.monotonic()
    first, guilty, third, fourth = await parsing.parse(batch)
    assert time.monotonic() - began < 30
    assert [getattr(one, "text", None) for one in (first, third, fourth)] == ["first", "third", "fourth"]
    assert isinstance(guilty, Failed)
    assert "Zwartwaterput" not in guilty.error
    # A time-out, a lack of memory and a death may be the machine's fault; what the bytes themselves do is final.
    assert guilty.final == (end in (b"recurse", b"raise"))


PARENT = """
import asyncio, sys, time
from gateway.children import Child
async def main():
    child = Child("test", int)
    await child.call(int, seconds=30)
    print(*child.pids(), flush=True)
    await child.call(time.sleep, 600, seconds=600)
if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_parent_killed_outright_leaves_nobody_behind(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        family = psutil.Process(parent.pid).children(recursive=True)
        assert pid in [one.pid for one in family]
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
