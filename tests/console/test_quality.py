"""The classifier's quality: figures from what people corrected, and teaching it from the console."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.vocabulary import FLAGS
from console.quality_figures import FEW, Share, figures
from gateway.training import SIGN
from store import corrections, model_uses, operations
from store.judged import Judged
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import CANARY, NOW, PASSWORD

SUPERVISOR = Viewer(3, "Sofie", "supervisor", medical=True)
_WELL = "import sys; print('reading'); print('Kept as guichet-1-0123abcd; let it read')"
_BADLY = "import sys; print('- nothing got better'); print('Error: it is not kept'); sys.exit(1)"
_BROKEN = "import sys; print('Error: there are no corrections to learn from'); sys.exit(1)"


def case(said: dict[str, Any], right: dict[str, Any] | None = None, **more: Any) -> Judged:
    """A case on which the classifier said this, and where that holds."""
    labels: dict[str, Any] = {"kind": "complaint", "department": "branches"} | dict.fromkeys(FLAGS, False) | said
    values: dict[str, Any] = {
        "reference": "PM-2026-000001-16",
        "received_at": NOW,
        "language": "fr",
        "model": "guichet-1",
        "probabilities": {"kind": {labels["kind"]: 0.9}, **{flag: 0.9 if labels[flag] else 0.1 for flag in FLAGS}},
        "abstained": False,
        "settled": True,
    }
    return Judged(**(values | {"said": labels, "right": labels | (right or {})} | more))


def test_found_and_right_are_told_apart() -> None:
    cases = (
        [case({"doctor": True})] * 3 + [case({"doctor": True}, {"doctor": False})] + [case({}, {"doctor": True})] * 2
    )
    doctor = next(line for line in figures(cases).labels if line.label == "doctor")
    assert (doctor.found.hits, doctor.found.of) == (3, 5)
    assert (doctor.right.hits, doctor.right.of) == (3, 4)


def test_a_wrong_refusal_is_named_not_counted_away() -> None:
    found = figures([case({"off_scope": True}, {"off_scope": False}, reference="PM-2026-000002-13"), case({})])
    assert found.wrong_refusals == ("PM-2026-000002-13",)


def test_what_nobody_looked_at_is_neither_right_nor_wrong() -> None:
    found = figures([case({"urgent": True}, settled=False)] * 40)
    assert found.settled == 0
    assert all(line.right.of == 0 for line in found.labels)
    assert found.read == 40


def test_what_no_model_read_is_not_its_fault() -> None:
    assert figures([case({}, {"kind": "question"}, model="none")]).read == 0


def test_mistakes_of_departments_lead_to_their_cases() -> None:
    wrong = case({"department": "digital"}, {"department": "benefits"}, reference="PM-2026-000003-10")
    (mistake,) = figures([wrong, wrong, case({})]).mistakes
    assert (mistake.said, mistake.right, mistake.count) == ("digital", "benefits", 2)
    assert mistake.references[0] == "PM-2026-000003-10"


def test_the_months_and_languages_add_up() -> None:
    found = figures([case({}), case({}, language="nl"), case({}, received_at=NOW - timedelta(days=40))])
    assert [(row.month, row.language, row.read) for row in found.rows] == [
        ("2026-10", "", 1),
        ("2026-10", "fr", 1),
        ("2026-11", "", 2),
        ("2026-11", "fr", 1),
        ("2026-11", "nl", 1),
    ]


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_in_its_interval(hits: int, misses: int) -> None:
    share = Share(hits, hits + misses)
    low, high = share.interval
    assert 0 <= low <= high <= 1
    if share.of:
        assert low - 1e-9 <= share.value <= high + 1e-9
    assert share.few == (share.of < FEW)


async def test_the_page_counts_what_the_viewer_may_read(running: Running) -> None:
    wanted = {"department": "benefits"}
    async with running.house.store.write() as tx:
        await corrections.correct(tx, SUPERVISOR, running.house.cases["marie"], wanted, now=NOW)
    sofie = await running.sign_in("sofie")
    page = await sofie.get("/console/quality")
    assert "corrected 1." in page
    assert "Wrongly taken for anonymous or not about us: 0" in page
    assert running.house.references["marie"] in page
    assert "too few to say" in page
    assert "sealed" not in page.split("<main", 1)[1].split("</main>", 1)[0]
    luc = await running.sign_in("luc")
    page = await luc.get("/console/quality?months=12")
    assert "is not counted here." in page or "are not counted here." in page
    assert running.house.references["sealed"] not in page
    assert CANARY not in page


@pytest.mark.parametrize(
    ("script", "stage"),
    [(_WELL, "made a version"), (_BADLY, "it was not kept"), (_BROKEN, "did not work")],
)
async def test_a_training_runs_beside_the_house_and_says_how_it_ended(
    running: Running, script: str, stage: str
) -> None:
    running.trainer.command = (sys.executable, "-c", script)
    luc = await running.sign_in("luc")
    await luc.get("/console/quality")
    page = await luc.post("/console/quality/train")
    assert "The training has begun." in page
    await running.trainer.settled()
    page = await luc.get("/console/quality")
    assert stage in page
    assert "by Luc Simon" in page


async def test_two_trainings_at_once_are_one(running: Running) -> None:
    running.trainer.command = (sys.executable, "-c", "import time; time.sleep(60)")
    luc = await running.sign_in("luc")
    await luc.get("/console/quality")
    await luc.post("/console/quality/train")
    page = await luc.get("/console/quality")
    assert "It is being taught now." in page
    assert "Teach it</button>" not in page
    assert "A training runs already." in await luc.post("/console/quality/train")
    await running.trainer.close()
    assert "ended half-way" in await luc.get("/console/quality")


async def test_a_training_whose_process_is_gone_is_not_waited_for(running: Running) -> None:
    async with running.house.store.write() as tx:
        detail = {"began": NOW.isoformat(), "by": "Luc", "said": ["<script>"]}
        await operations.beat(tx, SIGN, "running", detail, now=NOW - timedelta(minutes=5))
    luc = await running.sign_in("luc")
    page = await luc.get("/console/quality/training")
    assert "ended half-way" in page
    assert "&lt;script&gt;" in page


async def test_a_version_that_is_not_there_changes_nothing(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.get("/console/quality")
    page = await luc.post("/console/quality/use", version="guichet-1-00000000")
    assert "Nothing was changed." in page
    assert "Nothing was changed." in await luc.post("/console/quality/use", version="../../etc")
    assert "No other version read before." in await luc.post("/console/quality/back")
    async with running.house.store.read() as tx:
        assert await model_uses.in_use(tx) == "shipped"


async def test_going_back_to_the_shipped_version_is_one_click(running: Running) -> None:
    async with running.house.store.write() as tx:
        await model_uses.use(tx, "guichet-1-0123abcd", author_id=None, now=NOW)
    luc = await running.sign_in("luc")
    await luc.get("/console/quality")
    page = await luc.post("/console/quality/back")
    assert "The version before reads again." in page
    async with running.house.store.read() as tx:
        assert await model_uses.in_use(tx) == "shipped"


async def test_another_version_is_switched_on_only_with_a_fresh_password(running: Running) -> None:
    async with running.house.store.write() as tx:
        await model_uses.use(tx, "guichet-1-0123abcd", author_id=None, now=NOW)
    luc = await running.sign_in("luc")
    await luc.get("/console/quality")
    running.clock.forward(minutes=6)
    await luc.post("/console/quality/use", status=403, version="shipped")
    async with running.house.store.read() as tx:
        assert await model_uses.in_use(tx) == "guichet-1-0123abcd"
    page = await luc.post("/console/quality/use", version="shipped", proof=PASSWORD)
    assert "reads from the next message on" in page
