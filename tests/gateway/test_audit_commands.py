"""What operators see of the audit's chain: the commands, and a whole house that begins, works, ends and begins again."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from config.settings import load
from gateway.chaining import catch_up, keep_head
from gateway.house import build
from store import audit
from tests.gateway.attacks import attack
from tests.gateway.embedded import doors_open, embedded
from tests.gateway.test_commands import Command, guichet

__all__ = ["guichet"]

CHANGED = "UPDATE audit SET actor = 'user:2' WHERE id = 2"


def _chained(folder: Path, *statements: str) -> None:
    """Three entries with their links and a head; then what somebody did to them."""

    async def work() -> None:
        house = build(load(data=folder), name="test")
        await house.store.open()
        if not statements:
            await keep_head(house)
            async with house.store.write() as tx:
                for _ in range(3):
                    await audit.write(tx, actor="user:1", act="case.note", at=house.now())
            await catch_up(house.store)
            await keep_head(house)
        else:
            await attack(house.store, *statements)
        await house.close()

    asyncio.run(work())


def test_verify_says_what_it_saw_and_ends_with_1_when_something_was_changed(guichet: Command, tmp_path: Path) -> None:
    _chained(tmp_path / "data")
    sound = guichet("audit", "verify")
    assert sound.code == 0
    assert "Links 1 to 3 were looked at." in sound.err
    assert sound.err.rstrip().endswith("Sound.")
    _chained(tmp_path / "data", CHANGED)
    ended = guichet("audit", "verify")
    assert ended.code == 1
    words = "entries of the audit that were changed after they were chained: 1 (number 2)"
    assert f"Differs: {words}" in " ".join(ended.err.split())
    assert ended.err.rstrip().endswith("Not sound.")
    ended = guichet("audit", "verify", "--json")
    said = json.loads(ended.out)
    assert (ended.code, said["sound"], said["differences"], said["to"]) == (1, False, [words], 3)
    assert said["last_head"].split()[1:] == ["3", said["digest"]]


def test_verify_since_a_day_looks_at_what_came_after_its_head(guichet: Command, tmp_path: Path) -> None:
    _chained(tmp_path / "data")
    _chained(tmp_path / "data", CHANGED)
    believed = guichet("audit", "verify", "--since", "2100-01-01")
    assert believed.code == 0
    assert "The chain after link 3 was looked at: nothing came since." in believed.err
    assert guichet("audit", "verify", "--since", "2000-01-01").code == 1
    assert guichet("audit", "verify", "--since", "yesterday").code == 2


def test_reconcile_verifies_the_audit_too(guichet: Command, tmp_path: Path) -> None:
    _chained(tmp_path / "data")
    assert guichet("reconcile").code == 0
    _chained(tmp_path / "data", "DELETE FROM audit_chain WHERE position = 3", "DELETE FROM audit WHERE id = 3")
    ended = guichet("reconcile", "--json")
    (words,) = json.loads(ended.out)["differences"]
    assert ended.code == 1
    assert words.startswith("the end of the audit was cut off: it ends at link 2, and the head of")


def test_a_restore_that_is_said_is_sound_again_and_stands_in_the_file(guichet: Command, tmp_path: Path) -> None:
    _chained(tmp_path / "data")
    _chained(tmp_path / "data", "DELETE FROM audit_chain WHERE position = 3", "DELETE FROM audit WHERE id = 3")
    assert guichet("audit", "verify").code == 1
    assert guichet("db", "upgrade", "--restored").code == 0
    assert guichet("audit", "verify").code == 0
    assert (tmp_path / "data" / "audit-heads").read_text().rstrip().endswith(" restored")


def test_a_house_that_ends_in_order_leaves_its_last_act_under_a_head(tmp_path: Path) -> None:
    with embedded(tmp_path / "house", GUICHET_SECRET_KEY="a secret of the tests, long enough") as house:
        heads = house.folder / "data" / "audit-heads"
        added = house.command("user", "add", "sofie@mutual.example", given="correct horse battery staple 9\n")
        assert added.returncode == 0, added.stderr
        house.start(ready=doors_open)
        house.wait_for(lambda: heads.exists() and len(heads.read_text().splitlines()) == 2, "no head")
        disabled = house.command("user", "disable", "sofie@mutual.example")
        assert disabled.returncode == 0, disabled.stderr
        assert house.end()[0] == 0
        lines = [line.split() for line in heads.read_text().splitlines()]
        for _, _, digest in lines:
            assert digest in house.log()
        assert house.command("audit", "verify").returncode == 0
        with closing(sqlite3.connect(house.folder / "data" / "guichet.db")) as connection:
            acts = [act for (act,) in connection.execute("SELECT act FROM audit ORDER BY id")]
            digests = [
                one for (one,) in connection.execute("SELECT lower(hex(digest)) FROM audit_chain ORDER BY position")
            ]
            assert connection.execute("SELECT count(*) FROM audit_unlinked").fetchone() == (0,)
        assert acts[-1] == "user.disabled"
        assert [int(position) for _, position, _ in lines] == [0, len(acts) - 1, len(acts)]
        assert [digest for _, _, digest in lines[1:]] == digests[-2:]
