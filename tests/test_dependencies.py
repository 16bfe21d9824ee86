"""What is installed is what was chosen: every dependency by version and hash, from nowhere in particular (rule Q10)."""

from __future__ import annotations

import re
import runpy
import sys
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


@pytest.mark.parametrize(
    ("report", "code"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', 0),
        ('{"dependencies": [{"name": "a", "skip_reason": "unknown"}]}', 0),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2"]}]}]}',
            1,
        ),
        ("", 0),
    ],
    ids=["sound", "unknown", "weak", "unreachable"],
)
def test_the_audit_fails_on_what_is_known_only(
    tmp_path: Path, report: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "pip-audit"
    asked.write_text(f"#!/bin/sh\ncat <<'END'\n{report}\nEND\n", encoding="utf-8")
    asked.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / ".ci" / "audit.py"), run_name="__main__")
    assert ended.value.code == code
    said = capsys.readouterr().out
    assert said.startswith("a 1: CVE-2026-1, mended in 2\n" if code else "audit: ")
