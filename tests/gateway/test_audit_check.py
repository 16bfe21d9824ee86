"""The audit is held against its chain, and the chain against the heads outside of the database (L4): what somebody changed who
has the database itself is found and said in words, and what is in order is no difference."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.settings import Settings, load
from gateway import audit_heads
from gateway.audit_check import Verified, checked, verify
from gateway.audit_heads import NAME, Head
from gateway.chaining import Chaining, catch_up, keep_head
from gateway.clock import Clock
from gateway.house import House, build
from store import audit, audit_chain, operations
from store.audit_chain import End
from store.viewer import Viewer
from tests.gateway.attacks import attack, write_the_chain_anew
from tests.servers.postgres import PostgresServer
from tests.store.conftest import postgres_template

__all__ = ["postgres_template"]


def _settings(folder: Path, url: str) -> Settings:
    return load(data=folder, database_url=url, redis_url="", allow_unsafe_database=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A house of each kind whose audit has twenty entries, all chained, and two heads: the beginning, and the end."""
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database(like=request.getfixturevalue("postgres_template"))
    made = build(_settings(tmp_path, url), name="test")
    await made.store.open()
    await keep_head(made)
    await acts(made, 20)
    await catch_up(made.store)
    await keep_head(made)
    yield made
    await made.close()


async def acts(house: House, count: int, *, ago: timedelta = timedelta(0)) -> None:
    async with house.store.write() as tx:
        for number in range(count):
            await audit.write(tx, actor="user:1", act="case.note", at=house.now() - ago, detail={"number": number})


async def found(house: House, *, since: date | None = None) -> Verified:
    return await verify(house.store, house.settings.data, now=house.now(), since=since)


async def differences(house: House) -> Sequence[str]:
    return (await found(house)).differences


def heads(house: House) -> Path:
    return house.settings.data / NAME


async def test_an_audit_in_order_is_sound(house: House) -> None:
    seen = await found(house)
    assert seen.sound
    assert (seen.begun, seen.end.position, seen.unlinked.count) == (0, 20, 0)
    assert seen.known is not None
    assert seen.known.end == seen.end


async def test_a_house_that_never_ran_is_sound(house: House) -> None:
    await attack(house.store, "DELETE FROM audit_chain", "DELETE FROM audit")
    heads(house).unlink()
    assert await differences(house) == ()


async def test_an_entry_that_was_changed_is_named(house: House) -> None:
    await attack(house.store, "UPDATE audit SET actor = 'user:2' WHERE id = 7")
    assert await differences(house) == ("entries of the audit that were changed after they were chained: 1 (number 7)",)


async def test_a_link_that_was_changed_is_named_and_not_the_one_after_it(house: House) -> None:
    other = "x'00'" if house.store.one_writer else "'\\x00'"
    await attack(house.store, f"UPDATE audit_chain SET digest = {other} WHERE position = 7")
    assert await differences(house) == ("entries of the audit that were changed after they were chained: 1 (number 7)",)


async def test_two_entries_that_changed_places_are_named(house: House) -> None:
    await attack(
        house.store,
        "UPDATE audit_chain SET audit_id = -1 WHERE position = 4",
        "UPDATE audit_chain SET audit_id = 4 WHERE position = 5",
        "UPDATE audit_chain SET audit_id = 5 WHERE position = 4",
    )
    assert await differences(house) == (
        "entries of the audit that were changed after they were chained: 2 (number 5, 4)",
    )


async def test_an_entry_that_was_deleted_is_named(house: House) -> None:
    await attack(house.store, "DELETE FROM audit WHERE id = 7")
    assert await differences(house) == ("entries of the audit that are gone: 1 (number 7)",)


async def test_an_entry_that_was_deleted_with_its_link_leaves_a_hole(house: House) -> None:
    await attack(house.store, "DELETE FROM audit WHERE id = 7", "DELETE FROM audit_chain WHERE position = 7")
    assert await differences(house) == ("places where links of the audit's chain are gone: 1 (link 7)",)


async def test_a_head_whose_link_was_deleted_is_named_with_the_hole(house: House) -> None:
    await acts(house, 5)
    await catch_up(house.store)
    await attack(house.store, "DELETE FROM audit_chain WHERE position = 20", "DELETE FROM audit WHERE id = 20")
    assert await differences(house) == (
        "places where links of the audit's chain are gone: 1 (link 20)",
        "heads whose link is gone: 1 (link 20)",
    )


async def test_a_link_that_was_deleted_alone_leaves_its_entry_without_one(house: House) -> None:
    await attack(house.store, "DELETE FROM audit_chain WHERE position = 1")
    assert "places where links of the audit's chain are gone: 1 (link 1)" in await differences(house)
    assert (await found(house)).unlinked.forgotten == 1


async def test_an_end_that_was_cut_off_is_seen_by_the_head_outside(house: House) -> None:
    await attack(house.store, "DELETE FROM audit_chain WHERE position > 18", "DELETE FROM audit WHERE id > 18")
    (words,) = await differences(house)
    assert words.startswith("the end of the audit was cut off: it ends at link 18, and the head of ")
    assert words.endswith(" stands at link 20")
    await attack(house.store, "DELETE FROM audit_chain", "DELETE FROM audit")
    (words,) = await differences(house)
    assert words.startswith("the end of the audit was cut off: it ends at link 0")


async def test_an_end_that_was_cut_off_and_grew_again_is_not_the_chain_of_the_head(house: House) -> None:
    await attack(house.store, "DELETE FROM audit_chain WHERE position > 18", "DELETE FROM audit WHERE id > 18")
    if house.store.one_writer:
        await attack(house.store, *(f"INSERT INTO audit_unlinked VALUES ({number})" for number in range(19, 23)))
    else:
        await attack(house.store, "ALTER TABLE audit ENABLE TRIGGER ALL")
    await acts(house, 4)
    await catch_up(house.store)
    assert await differences(house) == (
        "heads that are not in the chain of the audit, which was written anew: 1 (link 20)",
    )


async def test_a_chain_that_was_written_anew_is_not_the_chain_of_the_head(house: House) -> None:
    await attack(house.store, "UPDATE audit SET actor = 'user:2' WHERE id = 7")
    await write_the_chain_anew(house.store)
    assert await differences(house) == (
        "heads that are not in the chain of the audit, which was written anew: 1 (link 20)",
    )


async def test_many_that_were_changed_are_counted_and_a_few_named(house: House) -> None:
    await attack(house.store, "UPDATE audit SET act = 'case.taken'")
    assert await differences(house) == (
        "entries of the audit that were changed after they were chained: 20 (number 1, 2, 3, 4, 5, …)",
    )


async def test_a_file_of_heads_that_is_missing_cut_or_spoilt_is_a_difference(house: House) -> None:
    kept = heads(house).read_text()
    heads(house).write_text(kept.splitlines()[1] + "\n")
    assert await differences(house) == (
        "audit-heads does not begin with the beginning of the chain: its first lines are gone",
    )
    heads(house).write_text(f"{kept}2026-11-24 twenty\n2026-13-41 3 {'0' * 64}\n")
    assert await differences(house) == ("lines of audit-heads that are none: 2 (line 3, 4)",)
    heads(house).unlink()
    assert await differences(house) == (
        "audit-heads is missing in the data folder: nothing outside says where the audit ended",
    )


async def test_what_waits_for_its_link_is_told_and_differs_after_a_quarter_of_an_hour(house: House) -> None:
    await acts(house, 3, ago=timedelta(minutes=14))
    seen = await found(house)
    assert seen.sound
    assert (seen.unlinked.count, seen.unlinked.forgotten) == (3, 0)
    await acts(house, 1, ago=timedelta(hours=5, minutes=10))
    assert await differences(house) == ("entries of the audit without a link: 4, the oldest for 5 hours",)
    await catch_up(house.store)
    assert await differences(house) == ()


async def test_what_came_past_the_trigger_or_went_before_its_link_is_told(house: House) -> None:
    await acts(house, 2)
    await attack(house.store, "DELETE FROM audit WHERE id = 21")
    await acts(house, 1, ago=timedelta(days=3))
    assert await differences(house) == (
        "entries of the audit without a link: 2, the oldest for 3 days; 1 of them will get none",
        "entries of the audit that went before they had a link: 1",
    )


async def test_with_a_day_only_what_came_after_its_last_head_is_looked_at(house: House) -> None:
    today = (await found(house)).known
    assert today is not None
    tomorrow = today.day + timedelta(days=1)
    await acts(house, 5)
    await catch_up(house.store)
    await attack(house.store, "UPDATE audit SET actor = 'user:2' WHERE id = 7")
    seen = await found(house, since=tomorrow)
    assert seen.sound
    assert (seen.begun, seen.end.position) == (20, 25)
    await attack(house.store, "UPDATE audit SET actor = 'user:2' WHERE id = 21")
    seen = await found(house, since=tomorrow)
    assert seen.differences == ("entries of the audit that were changed after they were chained: 1 (number 21)",)


async def test_with_a_day_a_head_that_does_not_stand_in_the_chain_is_not_believed(house: House) -> None:
    today = (await found(house)).known
    assert today is not None
    tomorrow = today.day + timedelta(days=1)
    await attack(house.store, "UPDATE audit SET actor = 'user:2' WHERE id = 7")
    await write_the_chain_anew(house.store)
    assert "which was written anew" in str((await found(house, since=tomorrow)).differences)
    await attack(house.store, "DELETE FROM audit_chain WHERE position > 18", "DELETE FROM audit WHERE id > 18")
    assert "was cut off" in str((await found(house, since=tomorrow)).differences)


async def test_after_a_restore_that_was_said_the_lost_heads_are_asked_for_no_more(house: House) -> None:
    await attack(house.store, "DELETE FROM audit_chain WHERE position > 12", "DELETE FROM audit WHERE id > 12")
    assert not (await found(house)).sound
    await keep_head(house, restored=True)
    assert await differences(house) == ()
    await attack(house.store, "DELETE FROM audit_chain WHERE position > 9", "DELETE FROM audit WHERE id > 9")
    assert "it ends at link 9, and the head of" in str(await differences(house))


async def test_the_file_is_for_its_owner_only_and_a_torn_line_spoils_no_other(house: House) -> None:
    assert heads(house).stat().st_mode & 0o777 == 0o600
    with heads(house).open("a") as file:
        file.write("2026-11-2")
    await acts(house, 1)
    await catch_up(house.store)
    await keep_head(house)
    said = audit_heads.read(house.settings.data)
    assert said is not None
    assert said.unreadable == [3]
    assert said.heads[-1].end.position == 21


def test_a_head_is_written_once_and_a_day_has_one(tmp_path: Path) -> None:
    head = Head(date(2026, 11, 24), End(3, bytes(32)))
    later = replace(head, end=End(4, bytes(32)))
    assert audit_heads.keep(tmp_path, head)
    assert not audit_heads.keep(tmp_path, head)
    assert not audit_heads.keep(tmp_path, later, once_a_day=True)
    assert audit_heads.keep(tmp_path, later)
    tomorrow = replace(later, day=date(2026, 11, 25))
    assert audit_heads.keep(tmp_path, tomorrow, once_a_day=True)
    assert not audit_heads.keep(tmp_path, tomorrow, once_a_day=True)
    said = audit_heads.read(tmp_path)
    assert said is not None
    assert list(said.heads) == [head, later, tomorrow]


async def test_the_loop_chains_and_keeps_heads_when_it_begins_and_when_it_ends(house: House) -> None:
    await acts(house, 2)
    loop, other = Chaining(house), Chaining(house)
    running = [asyncio.create_task(one.run()) for one in (loop, other)]
    async with asyncio.timeout(30):
        while await _end(house) != 22:  # noqa: ASYNC110 (another loop does it, and tells nobody)
            await asyncio.sleep(0.01)
    await acts(house, 3)
    loop.stop()
    other.stop()
    await asyncio.gather(*running)
    assert await _end(house) == 25
    said = audit_heads.read(house.settings.data)
    assert said is not None
    positions = [head.end.position for head in said.heads]
    assert positions[-1] == 25
    assert positions == sorted(set(positions))
    assert await differences(house) == ()


async def _end(house: House) -> int:
    async with house.store.read() as tx:
        return (await audit_chain.end(tx)).position


async def test_the_daily_reconciliation_tells_of_it_and_keeps_when_it_looked(house: House) -> None:
    await acts(house, 2, ago=timedelta(days=400))
    await attack(house.store, "UPDATE audit SET actor = 'user:2' WHERE id = 7")
    now = house.now()
    await Clock(house).tick(now)
    words = "entries of the audit that were changed after they were chained: 1 (number 7)"
    async with house.store.read() as tx:
        (entry,) = [one for one in await _entries(house) if one.act == "reconciliation.differs"]
        assert entry.detail["differences"] == [words]
        beat = await operations.beat_of(tx, "audit")
    assert beat is not None
    assert (beat.state, beat.at) == ("differs", now)
    await attack(house.store, "UPDATE audit SET actor = 'user:1' WHERE id = 7")
    assert (await checked(house, now=now)).sound
    async with house.store.read() as tx:
        beat = await operations.beat_of(tx, "audit")
    assert beat is not None
    assert beat.state == "sound"


async def _entries(house: House) -> list[audit.Line]:
    async with house.store.read() as tx:
        return await audit.search(tx, Viewer(1, "Test", "supervisor", medical=True), audit.Asked())
