"""Where the demonstration keeps its house: never among the data of a real one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.__main__ import mark, password_of


def test_an_empty_folder_is_taken_and_known_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "demo"
    assert password_of(folder) == ""
    assert folder.is_dir()
    mark(folder, "four invented words")
    assert password_of(folder) == "four invented words"
    assert (folder / "demonstration").stat().st_mode & 0o077 == 0


def test_a_folder_with_a_house_in_it_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "guichet.db").write_bytes(b"real cases")
    with pytest.raises(SystemExit, match="holds a house that is no demonstration"):
        password_of(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["guichet.db"]


def test_the_command_obeys_the_setting(tmp_path: Path) -> None:
    (tmp_path / "guichet.db").write_bytes(b"real cases")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.demo"],
        env=os.environ | {"GUICHET_DATA": str(tmp_path), "PORT": port},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert str(tmp_path) in ended.stderr
    assert "GUICHET_DATA=… make demo" in ended.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["guichet.db"]
