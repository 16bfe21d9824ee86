"""Files of an unfinished form wait behind a token for a day, and nothing else opens them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from store.staging import LIFE, Staging

NAME = "lettre d’été <b>.pdf"


def now() -> datetime:
    return datetime.now(UTC)


def test_a_file_is_there_behind_its_token_after_a_restart(tmp_path: Path) -> None:
    staged = Staging(tmp_path / "unsent").keep(NAME, "application/pdf", b"%PDF-1.7\n\0\xff")
    again = Staging(tmp_path / "unsent")
    (head,) = again.read([staged.token], now=now())
    assert (head.name, head.declared_type, head.size, head.content) == (NAME, "application/pdf", 11, b"")
    (whole,) = again.read([staged.token], now=now(), whole=True)
    assert whole.content == b"%PDF-1.7\n\0\xff"
    assert staged.token not in str(list((tmp_path / "unsent").iterdir()))


def test_unknown_tokens_open_nothing(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "unsent")
    assert staging.read(["a" * 22], now=now()) == []
    staging.forget(["a" * 22])
    kept = staging.keep("a.txt", "", b"a")
    for token in ("../unsent", "", "\udcff", kept.token[:-1], f"{kept.token} "):
        assert staging.read([token], now=now()) == []
    assert [one.token for one in staging.read(["b" * 22, kept.token], now=now())] == [kept.token]


def test_a_damaged_file_is_not_handed_on(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "unsent")
    kept = staging.keep("a.txt", "", b"abcdef")
    (path,) = (tmp_path / "unsent").iterdir()
    path.write_bytes(path.read_bytes()[:-2])
    assert staging.read([kept.token], now=now(), whole=True) == []
    path.write_bytes(b"\xff\xff")
    assert staging.read([kept.token], now=now()) == []


def test_after_a_day_they_are_gone(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "unsent")
    assert staging.forget_old(now=now()) == 0
    old, young = staging.keep("old.txt", "", b"o"), staging.keep("young.txt", "", b"y")
    (path,) = [one for one in (tmp_path / "unsent").iterdir() if b"old.txt" in one.read_bytes()]
    long_ago = (now() - LIFE - timedelta(minutes=1)).timestamp()
    os.utime(path, (long_ago, long_ago))
    half = tmp_path / "unsent" / ".new-half"
    half.write_bytes(b"")
    os.utime(half, (long_ago, long_ago))
    assert staging.read([old.token], now=now()) == []
    assert staging.forget_old(now=now()) == 2
    assert [one.token for one in staging.read([old.token, young.token], now=now())] == [young.token]
    # Its name is known for another day, to say which one has to be chosen again.
    assert staging.late([old.token, young.token, "a" * 22], now=now()) == ["old.txt"]
    assert staging.late([old.token], now=now(), owner="conversation-1") == []
    assert b"]\no" not in path.read_bytes()
    assert staging.forget_old(now=now()) == 0
    staging.forget_old(now=now() + LIFE)
    assert not path.exists()
    staging.forget([young.token])
    assert list((tmp_path / "unsent").iterdir()) == []
