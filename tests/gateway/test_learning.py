"""From a wrong label to a model that knows better: corrected, retrained, switched under a running worker, and switched back."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from classifier import pipeline, train
from classifier.classification import Text
from gateway.classifying import Classifying
from gateway.intake import Intake
from gateway.lessons import lessons_from
from gateway.metrics import Metrics
from gateway.retraining import NothingToLearnError, Retrained, retrain
from gateway.versions import Versions
from store import corrections, lessons, model_uses, schema
from store.viewer import Viewer
from tests.gateway.conftest import DirectParsing, Gateway

COMMAND = Viewer(0, "command", "supervisor")
RIGHT = "social_service"
KNOWN = ("reimbursements", "digital", "branches")


def words_about(topic: str) -> list[str]:
    """Forty words that nobody uses for anything else."""
    chance = random.Random(topic)
    syllables = ["bra", "lu", "ti", "vo", "kel", "mar", "zin", "po", "dre", "fa", "gul", "ne"]
    return ["".join(chance.choices(syllables, k=3)) for _ in range(40)]


def text_about(topic: str, number: int) -> str:
    chance = random.Random(f"{topic}{number}")
    said = chance.sample(words_about(topic), 14)
    return f"Bonjour, {' '.join(said[:7])}. {' '.join(said[7:])}."


@pytest.fixture(scope="module")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    lines = [
        {
            "id": f"{topic}-{number}",
            "author": f"author-{number}",
            "scenario": f"{topic}-{number}",
            "channel": "email",
            "language": "fr",
            "from_name": "Marie Dubois",
            "from_address": "marie.dubois@mail.example",
            "subject": "",
            "text": text_about(topic, number),
            "kind": "complaint",
            "flags": [],
            "department": topic,
        }
        for topic in KNOWN
        for number in range(30)
    ]
    (folder / "small.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shipped(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped")
    train.train(small_corpus, folder, seed=5)
    return folder


@pytest.fixture
async def worker(gateway: Gateway, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Classifying]:
    """The gateway reads with a model in a child process, as a worker does."""
    monkeypatch.setattr(pipeline, "MODEL", shipped)
    classifying = Classifying(shipped, Versions(gateway.house.settings.data / "models"))
    await classifying.start()
    assert classifying.ready
    parsing = DirectParsing(gateway.house, "")
    gateway.intake = Intake(gateway.house, parsing, classifying, Metrics())  # type: ignore[arg-type]  # no child
    yield classifying
    await classifying.close()


async def wrote(gateway: Gateway, number: int) -> tuple[int, str | None, str]:
    """(case, department that was said, model) of a new message about what no example of the corpus is about."""
    sender = f"jean.martin{number}@mail.example"
    await gateway.mail(
        f"From: Jean Martin <{sender}>\nTo: ombudsman@partenamut.example\nSubject: Question {number}\n"
        f"Message-ID: <topic-{number}@mail.example>\n\n{text_about('new', number)}\n\nJean Martin\n",
        sender=sender,
    )
    async with gateway.house.store.read() as tx:
        query = select(schema.classifications).order_by(schema.classifications.c.id.desc()).limit(1)
        row = (await tx.conn.execute(query)).one()
    return row.case_id, json.loads(row.body)["department"], row.model


async def switch(gateway: Gateway, worker: Classifying, version: str = "") -> None:
    """Put a version in use (or the one before), and let the worker see it."""
    async with gateway.house.store.write() as tx:
        if version:
            await model_uses.use(tx, version, author_id=None, now=gateway.house.now())
        else:
            await model_uses.back(tx, author_id=None, now=gateway.house.now())
    await gateway.work()
    await worker.settled()


async def retrained(gateway: Gateway, corpus: Path) -> Retrained:
    said: list[str] = []
    found = await retrain(
        gateway.house,
        folder=corpus,
        seed=None,
        by="lena",
        even_if_no_better=False,
        now=gateway.house.now(),
        progress=said.append,
    )
    assert any("comparing" in line for line in said)
    return found


async def test_what_people_correct_is_learnt_and_read_by_a_running_worker(
    gateway: Gateway, worker: Classifying, small_corpus: Path
) -> None:
    house = gateway.house
    with pytest.raises(NothingToLearnError):
        await retrained(gateway, small_corpus)
    for number in range(36):
        case_id, department, model = await wrote(gateway, number)
        assert department != RIGHT
        assert model == worker.model_id
        async with house.store.write() as tx:
            await corrections.correct(tx, COMMAND, case_id, {"department": RIGHT}, now=house.now())
    old = worker.model_id

    found = await retrained(gateway, small_corpus)
    assert found.verdict.accepted, found.verdict.reasons
    (about,) = Versions(house.settings.data / "models").listing()
    assert (about.id, about.made_by, about.replaces) == (found.id, "lena", "shipped")
    assert about.corrections == len(found.lessons.learning)
    assert {part["part"] for part in about.comparison} == {"corpus", "corrections"}
    vocabulary = (house.settings.data / "models" / found.id / "guichet_heads" / "vocabulary.txt").read_text()
    assert not {"jean", "martin", "jean martin"} & set(vocabulary.split("\n"))

    # Kept is not in use.
    assert (await wrote(gateway, 100))[2] == old
    await switch(gateway, worker, found.id)
    _, department, model = await wrote(gateway, 101)
    assert (department, model) == (RIGHT, found.id)
    assert worker.missing == ""
    await switch(gateway, worker)
    _, department, model = await wrote(gateway, 102)
    assert (department != RIGHT, model) == (True, old)


async def test_a_version_that_is_broken_here_is_told_and_the_shipped_one_reads(
    gateway: Gateway, worker: Classifying, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = gateway.house.settings.data / "models"
    models.mkdir()
    real, broken, gone = worker.model_id, "guichet-1-00000000", "guichet-1-ffffffff"
    # A folder that calls itself otherwise than its content, one that holds nothing, one that is a way out, one that is whole.
    (models / broken).symlink_to(shipped)
    (models / "guichet-1-11111111").mkdir()
    (models / real).symlink_to(shipped)
    for number, version in enumerate((broken, "guichet-1-11111111", gone, "../../etc")):
        await switch(gateway, worker, version)
        _, department, model = await wrote(gateway, number)
        assert (department in (*KNOWN, None), model) == (True, real)
        assert (worker.version, worker.missing, worker.ready) == ("shipped", version, True)
    await switch(gateway, worker, real)
    assert (await wrote(gateway, 10))[2] == real
    assert (worker.version, worker.missing) == (real, "")
    # Its files go while it reads, and its child ends: what it had in hand is read by the shipped one or by people.
    (models / real).unlink()
    for pid in worker.child.pids():
        os.kill(pid, signal.SIGKILL)
    case_id, _, _ = await wrote(gateway, 11)
    assert case_id is not None
    assert (worker.version, worker.missing, worker.ready) == ("shipped", real, True)
    # Once it is there again, it reads again.
    (models / real).symlink_to(shipped)
    monkeypatch.setattr("gateway.classifying._AGAIN_SECONDS", 0.0)
    worker._again_at = 0.0
    await wrote(gateway, 12)
    await worker.settled()
    assert (worker.version, worker.missing) == (real, "")


async def test_a_switch_in_the_middle_of_the_work_loses_nothing(
    gateway: Gateway, worker: Classifying, shipped: Path
) -> None:
    models = gateway.house.settings.data / "models"
    models.mkdir()
    (models / worker.model_id).symlink_to(shipped)
    texts = [Text("email", text_about("digital", number)) for number in range(20)]

    async def read() -> list[Any]:
        return [found for _ in range(6) for found in await worker.classify(texts)]

    async def change() -> None:
        for version in (worker.model_id, "shipped", worker.model_id):
            worker.follow(version)
            await worker.settled()

    *results, _ = await asyncio.gather(read(), read(), change())
    assert {found.model for one in results for found in one} == {worker.model_id}
    assert [len(one) for one in results] == [120, 120]


async def test_undone_corrections_teach_nothing_and_each_case_keeps_its_part(
    gateway: Gateway, worker: Classifying
) -> None:
    house = gateway.house
    numbers = []
    for number in range(12):
        case_id, _, _ = await wrote(gateway, number)
        async with house.store.write() as tx:
            numbers.append(await corrections.correct(tx, COMMAND, case_id, {"department": RIGHT}, now=house.now()))

    async def taught() -> Any:
        async with house.store.read() as tx:
            return lessons_from(await lessons.standing(tx))

    before = await taught()
    ids = {record.id for record in (*before.learning, *before.kept_out)}
    assert ids == {f"correction-{number}" for number in numbers}
    assert before.kept_out
    assert not {r.author for r in before.learning} & {r.author for r in before.kept_out}
    one = before.learning[0]
    assert one.department == RIGHT
    assert "Martin" not in one.message.text + one.message.from_name + one.message.from_address
    # Who signed below the new text is somebody still, and not who they were.
    assert "Nomen" in one.message.from_name
    async with house.store.write() as tx:
        await corrections.undo(tx, COMMAND, int(one.id.rpartition("-")[2]), now=house.now())
    after = await taught()
    assert {r.id for r in after.kept_out} == {r.id for r in before.kept_out}
    assert {r.id for r in before.learning} - {r.id for r in after.learning} == {one.id}
