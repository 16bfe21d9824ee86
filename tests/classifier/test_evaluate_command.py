"""`guichet evaluate` and `guichet agreement`, as typed: what they write, and what they say when something is missing."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from classifier import agreement, corpus, evaluate
from gateway.cli import app

RUNNER = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "few.jsonl"
    path.write_text("\n".join((corpus.FOLDER / "seed.jsonl").read_text("utf-8").splitlines()[:20]), encoding="utf-8")
    return path


def test_everything_is_written(file: Path, tmp_path: Path) -> None:
    there = tmp_path / "docs"
    done = RUNNER.invoke(
        app,
        [
            *("evaluate", "--corpus", str(file), "--no-baselines"),
            *("--json", str(tmp_path / "x.json"), "--html", str(tmp_path / "x.html"), "--docs", str(there)),
        ],
    )
    assert done.exit_code == 0, done.output
    assert "Aims" in done.output
    told = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert told["messages"] == 20
    assert told["speed"]["single"] > 0
    assert len(told["robustness"]) >= 4
    assert told["baselines"] == {}
    assert "<!DOCTYPE html>" in (tmp_path / "x.html").read_text(encoding="utf-8")
    document = (there / "classifier.md").read_text(encoding="utf-8")
    assert told["model"] in document
    assert "    guichet evaluate --corpus few.jsonl --no-baselines --docs docs\n" in document
    assert str(tmp_path) not in document
    assert list((there / "classifier").glob("*.svg"))


def test_two_sets_of_messages_are_refused(file: Path) -> None:
    done = RUNNER.invoke(app, ["evaluate", "--challenge", "--corpus", str(file)])
    assert done.exit_code == 1
    assert "choose one" in done.output


def test_no_challenge_and_no_second_reading_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "CHALLENGE", tmp_path / "none")
    done = RUNNER.invoke(app, ["evaluate", "--challenge"])
    assert done.exit_code == 1
    assert "no messages in classifier/challenge yet" in done.output
    monkeypatch.setattr(agreement, "FILE", tmp_path / "none.jsonl")
    done = RUNNER.invoke(app, ["agreement"])
    assert done.exit_code == 1
    assert "nobody has read" in done.output


def test_a_challenge_is_measured_whole(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "CHALLENGE", file.parent)
    done = RUNNER.invoke(app, ["evaluate", "--challenge", "--no-baselines"])
    assert done.exit_code == 0, done.output
    assert "20 messages" in done.output


def test_a_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}", encoding="utf-8")
    done = RUNNER.invoke(app, ["evaluate", "--corpus", str(tmp_path / "x.jsonl")])
    assert done.exit_code == 1
    assert "x.jsonl:1: missing" in done.output
    assert "Traceback" not in done.output


def test_without_scikit_learn_the_way_out_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("sklearn"):
            raise ModuleNotFoundError(name, name=name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    done = RUNNER.invoke(app, ["evaluate", "--corpus", str(file)])
    assert done.exit_code == 1
    assert "--no-baselines" in " ".join(done.output.split())


def test_a_second_reading_is_compared(tmp_path: Path) -> None:
    record = corpus.read()[0]
    line = {"id": record.id, "reader": "b", "kind": record.kind, "flags": sorted(record.flags)}
    path = tmp_path / "second.jsonl"
    path.write_text(json.dumps(line | {"department": record.department}), encoding="utf-8")
    done = RUNNER.invoke(app, ["agreement", "--file", str(path)])
    assert done.exit_code == 0, done.output
    assert "A second reader against the corpus" in done.output
