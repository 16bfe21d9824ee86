"""A door that fell silent is an alarm, measured against the same hours of earlier weeks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.message import RawMessage
from config.settings import load
from gateway import silence
from gateway.clock import Clock
from gateway.health import Health
from gateway.house import House, build
from gateway.metrics import Metrics
from gateway.room import Room
from store import inbox

ADDRESS = "ombudsman@partenamut.example"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A house on an empty SQLite register, without mailboxes."""
    monkeypatch.chdir(tmp_path)
    made = build(load(data=tmp_path / "data", min_free_mb=0, min_free_percent=0), name="test")
    await made.store.open()
    yield made
    await made.close()


async def add(house: House, account: str, *moments: datetime) -> None:
    async with house.store.write() as tx:
        for moment in moments:
            raw = RawMessage("email", account, f"{account} {moment}", b"Bonjour", moment, {})
            await inbox.add(tx, raw, now=moment)


async def silent(house: House, now: datetime) -> list[str]:
    async with house.store.read() as tx:
        return [one.account for one in await silence.silences(tx, now=now)]


async def test_silence_is_measured_against_the_same_hours_of_earlier_weeks(house: House) -> None:
    usual = [NOON - timedelta(weeks=week, minutes=10 * number) for week in (1, 2, 3, 4) for number in range(-12, 12)]
    await add(house, ADDRESS, *usual, NOON)
    await add(house, "form", NOON - timedelta(days=30))
    assert await silent(house, NOON + timedelta(minutes=25)) == []
    assert await silent(house, NOON + timedelta(minutes=35)) == [ADDRESS]
    await add(house, ADDRESS, NOON + timedelta(minutes=36))
    assert await silent(house, NOON + timedelta(minutes=40)) == []


async def test_the_quiet_of_every_night_is_no_silence(house: House) -> None:
    usual = [NOON - timedelta(weeks=week, minutes=10 * number) for week in (1, 2, 3, 4) for number in range(-12, 12)]
    await add(house, ADDRESS, *usual, NOON + timedelta(hours=2))
    assert await silent(house, NOON + timedelta(hours=16)) == []


async def test_a_new_account_has_nothing_usual_yet(house: House) -> None:
    await add(house, ADDRESS, NOON)
    assert await silent(house, NOON + timedelta(days=4)) == []


async def test_the_clock_says_so_once_and_readiness_until_something_comes(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = [NOON - timedelta(weeks=week, minutes=10 * number) for week in (1, 2, 3, 4) for number in range(-12, 12)]
    await add(house, ADDRESS, *usual, NOON)
    health = Health(house, Metrics(), Room(house.settings.data, 0, 0))

    async def reasons() -> list[str]:
        return [reason["what"] for reason in await health.reasons()]

    clock = Clock(house)
    await clock.tick(NOON + timedelta(minutes=21))
    assert "silence" not in await reasons()
    for minutes in (41, 47, 53):
        await clock.tick(NOON + timedelta(minutes=minutes))
        assert "silence" in await reasons()
    said = capsys.readouterr()
    assert (caplog.text + said.out + said.err).count("nothing has come in for unusually long") == 1
    assert ADDRESS not in caplog.text + said.out + said.err
    await add(house, ADDRESS, NOON + timedelta(minutes=54))
    await clock.tick(NOON + timedelta(minutes=57))
    assert "silence" not in await reasons()
