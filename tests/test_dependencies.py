"""What is installed is what was chosen: every dependency by version and hash, from nowhere in particular (rule Q10)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_by_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text) if entry.strip() and not entry.startswith("#")]
    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^\s;]+", entry, re.IGNORECASE), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
    assert "://" not in text


def test_nothing_is_needed_that_is_not_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        re.sub(r"[._-]+", "-", name.lower())
        for name in re.findall(
            r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE
        )
    }
    for wanted in project["dependencies"]:
        name = re.match(r"[A-Za-z0-9._-]+", wanted)
        assert name
        assert re.sub(r"[._-]+", "-", name[0].lower()) in pinned, wanted


def test_both_set_ups_ask_for_the_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in makefile.splitlines() if "uv pip install" in line and "-r " in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
