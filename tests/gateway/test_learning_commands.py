"""`guichet corrections`, `guichet model` and `guichet train --with-corrections`, as an operator types them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from channels.reference import format_reference
from classifier import heads, pipeline
from config.settings import load
from gateway import retraining
from gateway.house import House, build
from gateway.lessons import Lessons
from gateway.retraining import Retrained
from gateway.versions import About, UnknownVersionError, Versions
from store import schema, users
from tests.classifier.test_comparing import GAIN, LOSS, part
from tests.gateway.test_commands import Command, guichet
from tests.store.test_corrections import classified, said

__all__ = ["guichet"]


def with_house(tmp_path: Path, work: Callable[[House], Any]) -> Any:
    async def run() -> Any:
        house = build(load(data=tmp_path / "data"), name="test")
        await house.store.open()
        try:
            return await work(house)
        finally:
            await house.close()

    return asyncio.run(run())


@pytest.fixture
def references(guichet: Command, tmp_path: Path) -> tuple[str, str]:
    """An open case and a sealed one, with real references; Anne may open sealed cases, Tom may not."""

    async def work(house: House) -> tuple[str, str]:
        references = format_reference(2026, 4217), format_reference(2026, 4218)
        async with house.store.write() as tx:
            for login, medical in (("anne", True), ("tom", False)):
                await users.add(
                    tx,
                    login=login,
                    name=login.title(),
                    role="mediator",
                    medical=medical,
                    password="x",
                    actor="command",
                    now=house.now(),
                )
            for sealed, reference in zip((False, True), references, strict=True):
                case_id, _ = await classified(tx, said(), sealed=sealed)
                await tx.conn.execute(
                    update(schema.cases).where(schema.cases.c.id == case_id).values(reference=reference)
                )
        return references

    return with_house(tmp_path, work)  # type: ignore[no-any-return]


def listed(guichet: Command, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in guichet("corrections", "list", "--json", *words).out.splitlines()]


def test_a_correction_is_added_listed_and_taken_back(guichet: Command, references: tuple[str, str]) -> None:
    plain, _ = references
    assert "Nothing is corrected" in guichet("corrections", "list").err
    done = guichet(
        "corrections", "add", plain, "--kind", "question", "--flag", "urgent", "--department", "none", "--by", "tom"
    )
    assert done.code == 0, done.err
    (one,) = listed(guichet)
    assert one["wanted"] == {"kind": "question", "urgent": True, "department": None}
    assert (one["author"], one["reference"], one["undone_at"]) == ("Tom", plain, None)
    assert "question" in guichet("corrections", "list").out
    assert guichet("corrections", "undo", str(one["id"])).code == 0
    assert listed(guichet)[0]["undone_at"]
    assert guichet("corrections", "undo", str(one["id"])).code == 1


def test_a_sealed_case_is_corrected_by_who_may_open_it(guichet: Command, references: tuple[str, str]) -> None:
    _, sealed = references
    words = ("corrections", "add", sealed, "--kind", "question", "--reason", "Kanarie")
    assert guichet(*words).code == 1
    assert guichet(*words, "--by", "tom").code == 1
    assert guichet(*words, "--by", "anne").code == 0
    for who in ((), ("--by", "tom")):
        told = guichet("corrections", "list", *who)
        assert "1 more are about sealed cases" in told.err
        assert "Kanarie" not in told.out + told.err
        assert listed(guichet, *who) == []
    (one,) = listed(guichet, "--by", "anne")
    assert one["reason"] == "Kanarie"
    assert guichet("corrections", "undo", str(one["id"]), "--by", "tom").code == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--kind", "nonsense"], 2),
        (["--flag", "nonsense"], 2),
        (["--flag", "off_scope", "--department", "digital"], 2),
        ([], 2),
        (["--kind", "complaint"], 1),
        (["--kind", "question", "--by", "nobody"], 1),
        (["--kind", "question", "--message", "99"], 1),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(guichet: Command, references: tuple[str, str], words: list[str], code: int) -> None:
    ended = guichet("corrections", "add", references[0], *words)
    assert ended.code == code
    assert ended.err.strip()
    assert listed(guichet) == []
    assert guichet("corrections", "add", "PM-2026-000001-99", "--kind", "question").code == 1


@pytest.fixture
def version(tmp_path: Path) -> str:
    """The shipped model, kept as a version too."""
    versions = Versions(tmp_path / "data" / "models")
    made = versions.begin()
    shutil.copytree(pipeline.MODEL, made, dirs_exist_ok=True)
    digest = heads.from_disk(made / "guichet_heads").digest
    about = About(f"guichet-1-{digest[:8]}", "2026-11-26T10:00:00+00:00", "anne", 12, 6, "shipped", [], ())
    versions.settle(made, about)
    versions.keep(made, about.id)
    return about.id


def in_use(guichet: Command) -> list[str]:
    lines = guichet("model", "list", "--json").out.splitlines()
    return [one["id"] for one in map(json.loads, lines) if one["in_use"]]


def test_one_version_reads_and_the_way_back_is_short(guichet: Command, version: str) -> None:
    assert in_use(guichet) == ["shipped"]
    assert guichet("model", "back").code == 1
    assert guichet("model", "use", version).code == 0
    assert in_use(guichet) == [version]
    table = guichet("model", "list").out
    assert "shipped" in table
    assert version in table
    assert "already" in guichet("model", "use", version).err
    assert "shipped reads" in guichet("model", "back").err
    assert in_use(guichet) == ["shipped"]


def test_what_is_not_whole_is_never_put_in_use(guichet: Command, version: str, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "models" / version
    for wrong in ("guichet-1-00000000", "../models", "", "x" * 60, f"{version}/.."):
        assert guichet("model", "use", wrong).code == 1
    assert guichet("model", "use", version, "--by", "nobody").code == 1
    (folder / "guichet_heads" / "weights.npz").write_bytes(b"broken")
    assert "broken" in guichet("model", "use", version).err
    shutil.rmtree(folder / "guichet_heads")
    assert guichet("model", "use", version).code == 1
    assert in_use(guichet) == ["shipped"]


def test_a_version_whose_folder_is_gone_is_listed_as_such(guichet: Command, version: str, tmp_path: Path) -> None:
    assert guichet("model", "use", version).code == 0
    shutil.rmtree(tmp_path / "data" / "models")
    assert "missing here" in guichet("model", "list").out
    assert in_use(guichet) == [version]


def test_training_asks_for_corrections_and_for_words_that_fit(guichet: Command) -> None:
    assert "no corrections" in guichet("train", "--with-corrections").err
    assert guichet("train", "--with-corrections", "--out", "x").code == 2
    assert guichet("train", "--even-if-no-better").code == 2
    assert guichet("train", "--with-corrections", "--by", "nobody").code == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnknownVersionError("guichet-1-00000009"), "the version in use (guichet-1-00000009) is missing or broken"),
        (retraining.ReplacedMeanwhileError(), "another version was put in use while this one was trained"),
    ],
)
def test_a_training_that_leads_nowhere_says_why_and_told_each_step(
    guichet: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    async def failing(*_: Any, progress: Callable[[str], None], **__: Any) -> Retrained:
        progress("network, round 1 of 9")
        progress("network, round 2 of 9")
        raise error

    monkeypatch.setattr(retraining, "retrain", failing)
    ended = guichet("train", "--with-corrections")
    assert ended.code == 1
    said = " ".join(ended.err.split())
    assert "network, round 1 of 9 network, round 2 of 9" in said
    assert words in said


@pytest.mark.parametrize(("line", "code"), [(GAIN, 0), (LOSS, 1)])
def test_a_training_is_told_in_a_table_with_its_verdict(
    guichet: Command, monkeypatch: pytest.MonkeyPatch, line: Any, code: int
) -> None:
    async def found(*_: Any, **__: Any) -> Retrained:
        compared = (part(line),)
        verdict = retraining.comparing.verdict(compared)
        return Retrained("guichet-1-00000009", "shipped", Lessons([], []), compared, verdict)

    monkeypatch.setattr(retraining, "retrain", found)
    ended = guichet("train", "--with-corrections")
    assert ended.code == code
    assert line.name in ended.out
    assert ("better" if code == 0 else "worse") in ended.out
    assert ("guichet model use guichet-1-00000009" if code == 0 else "does not replace shipped") in " ".join(
        ended.err.split()
    )
