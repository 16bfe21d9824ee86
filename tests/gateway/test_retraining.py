"""A training takes long: the loop runs on, what is in use may change, and whoever asked may go away meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pytest
from sqlalchemy import select

from channels.contract import StoreUnavailableError
from classifier.comparing import Verdict
from classifier.corpus import Record
from classifier.pipeline import MODEL
from gateway import retraining
from gateway.lessons import Lessons
from gateway.retraining import ReplacedMeanwhileError, Retrained, retrain
from gateway.versions import UnknownVersionError, Versions
from store import model_uses, schema
from store.model_uses import SHIPPED
from tests.classifier.test_comparing import record
from tests.gateway.conftest import Gateway

NEW, OTHER = "guichet-1-00000001", "guichet-1-00000002"
TAUGHT: list[Record] = [record(1)]


class Training:
    """Stands for the work of minutes: `begun` once it has told a step, and over when it `may_end`. On the loop's own thread
    nobody could end it: then it gives up after ten seconds."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.ended = False

    def __call__(self, _versions: Versions, made: Path, *rest: Any) -> Retrained:
        progress: Callable[[str], None] = rest[-1]
        latest = time.monotonic() + 10
        try:
            while not self.may_end.wait(0.01):
                progress("a step")
                self.begun.set()
                assert time.monotonic() < latest
            (made / "weights").write_bytes(b"learnt")
        finally:
            self.ended = True
        return Retrained(NEW, SHIPPED, Lessons(TAUGHT, []), (), Verdict(True, ("kind gets better",)))


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Training:
    training = Training()
    monkeypatch.setattr(retraining, "_trained", training)
    monkeypatch.setattr(retraining, "lessons_from", lambda _: Lessons(TAUGHT, []))
    return training


def begin(gateway: Gateway, said: list[str]) -> asyncio.Task[Retrained]:
    return asyncio.create_task(
        retrain(
            gateway.house,
            folder=Path("corpus"),
            seed=None,
            by="lena",
            even_if_no_better=False,
            now=gateway.house.now(),
            progress=said.append,
        )
    )


async def acts(gateway: Gateway) -> list[str]:
    async with gateway.house.store.read() as tx:
        found = await tx.conn.execute(select(schema.audit.c.act).where(schema.audit.c.act == "model.trained"))
        return list(found.scalars())


def kept(gateway: Gateway) -> list[str]:
    return [path.name for path in (gateway.house.settings.data / "models").iterdir()]


async def test_the_loop_runs_while_a_model_is_trained(gateway: Gateway, training: Training) -> None:
    said: list[str] = []
    working = begin(gateway, said)
    assert await asyncio.to_thread(training.begun.wait, 10)
    assert not working.done()
    assert said
    training.may_end.set()
    assert (await working).id == NEW
    assert kept(gateway) == [NEW]
    assert await acts(gateway) == ["model.trained"]


async def test_what_was_compared_with_a_version_that_reads_no_more_is_not_kept(
    gateway: Gateway, training: Training
) -> None:
    working = begin(gateway, [])
    assert await asyncio.to_thread(training.begun.wait, 10)
    async with gateway.house.store.write() as tx:
        await model_uses.use(tx, OTHER, author_id=None, now=gateway.house.now())
    training.may_end.set()
    with pytest.raises(ReplacedMeanwhileError):
        await working
    assert kept(gateway) == []
    assert await acts(gateway) == []


async def test_what_cannot_be_kept_is_not_recorded(
    gateway: Gateway, training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Versions, "keep", full)
    training.may_end.set()
    with pytest.raises(StoreUnavailableError):
        await begin(gateway, [])
    assert kept(gateway) == []
    assert await acts(gateway) == []


async def test_a_training_that_is_given_up_ends_at_its_next_step_and_leaves_nothing(
    gateway: Gateway, training: Training
) -> None:
    working = begin(gateway, [])
    assert await asyncio.to_thread(training.begun.wait, 10)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert training.ended
    assert kept(gateway) == []
    assert await acts(gateway) == []


@pytest.mark.parametrize(
    "error",
    [ValueError("other labels"), OSError(), KeyError("columns"), BadZipFile(), TypeError(), EOFError()],
    ids=repr,
)
def test_a_version_that_cannot_be_loaded_is_none_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(_: Path | None) -> None:
        raise error

    monkeypatch.setattr(retraining, "load", failing)
    (tmp_path / NEW).mkdir()
    for version in (NEW, SHIPPED):
        with pytest.raises(UnknownVersionError, match=version):
            retraining._reading_now(Versions(tmp_path), version)


def test_a_version_with_broken_files_is_none_to_compare_with(tmp_path: Path) -> None:
    shutil.copytree(MODEL, tmp_path / NEW)
    (tmp_path / NEW / "guichet_heads" / "weights.npz").write_bytes(b"PK broken")
    with pytest.raises(UnknownVersionError):
        retraining._reading_now(Versions(tmp_path), NEW)
