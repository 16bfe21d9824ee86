"""What the classifier says is counted for the whole house, and told by model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest

from channels.contract import StoreUnavailableError
from classifier.classification import Classification
from gateway.drift import Drift, counted
from gateway.health import Health
from gateway.metrics import Metrics
from store import label_counts, model_uses, operations
from tests.gateway.conftest import Gateway
from tests.gateway.test_mail_flow import mail

MODEL = "guichet-1-00000001"


def said(**more: Any) -> Classification:
    plain: dict[str, Any] = {
        "language": "nl",
        "kind": "question",
        "flags": {"urgent": True, "doctor": False},
        "department": None,
        "departments": (),
        "probabilities": {},
        "abstained": ("kind", "department"),
        "evidence": (),
        "model": MODEL,
        "words": 10,
        "unknown_words": 3,
    }
    return Classification(**(plain | more))


def test_one_reading_is_counted_by_every_measure() -> None:
    assert sorted(counted(said())) == [
        ("abstained", "any", 1),
        ("abstained", "department", 1),
        ("abstained", "kind", 1),
        ("department", "none", 1),
        ("flag", "urgent", 1),
        ("kind", "question", 1),
        ("language", "nl", 1),
        ("words", "no", 3),
        ("words", "yes", 7),
    ]


async def measured(gateway: Gateway, metrics: Metrics) -> list[str]:
    health = Health(gateway.house, metrics, gateway.door.room)
    await health._measure()
    return generate_latest(metrics.registry).decode().splitlines()


async def test_counts_of_all_workers_are_shown_by_model(gateway: Gateway) -> None:
    house = gateway.house
    for worker in (Drift(), Drift()):
        worker.note(said())
        await worker.hand_over(house.store)
        await worker.hand_over(house.store)
    now = house.now()
    async with house.store.write() as tx:
        await model_uses.use(tx, MODEL, author_id=None, now=now)
        detail = {"model": True, "reads_with": "guichet-1-00000002", "missing": MODEL}
        await operations.beat(tx, "worker:one", "alive", detail, now=now)
        gone = now - timedelta(hours=1)
        await operations.beat(tx, "worker:gone", "alive", {"reads_with": "guichet-1-00000003"}, now=gone)
    lines = await measured(gateway, Metrics())
    for line in (
        f'guichet_classified_total{{language="nl",model="{MODEL}"}} 2.0',
        f'guichet_classified_kind_total{{kind="question",model="{MODEL}"}} 2.0',
        f'guichet_classified_flag_total{{flag="urgent",model="{MODEL}"}} 2.0',
        f'guichet_classified_department_total{{department="none",model="{MODEL}"}} 2.0',
        f'guichet_abstained_total{{model="{MODEL}",question="any"}} 2.0',
        f'guichet_words_total{{known="no",model="{MODEL}"}} 6.0',
        f'guichet_words_total{{known="yes",model="{MODEL}"}} 14.0',
        f'guichet_model_in_use{{version="{MODEL}"}} 1.0',
        'guichet_workers{model="guichet-1-00000002"} 1.0',
    ):
        assert line in lines
    assert not [line for line in lines if "00000003" in line]


async def test_a_version_that_a_worker_cannot_load_is_a_reason(gateway: Gateway) -> None:
    health = Health(gateway.house, Metrics(), gateway.door.room)
    for missing in (MODEL, ""):
        async with gateway.house.store.write() as tx:
            detail = {"model": True, "reads_with": "x", "missing": missing}
            await operations.beat(tx, "worker:one", "alive", detail, now=gateway.house.now())
        told = [reason for reason in await health.reasons() if reason["what"] == "model_version"]
        assert bool(told) == bool(missing)
        assert not any(reason["blocking"] for reason in told)


async def test_what_cannot_be_handed_over_is_kept_for_later(gateway: Gateway) -> None:
    class Away:
        def write(self) -> Any:
            raise StoreUnavailableError

    drift = Drift()
    drift.note(said())
    with pytest.raises(StoreUnavailableError):
        await drift.hand_over(Away())  # type: ignore[arg-type]  # a store that is away
    drift.note(said())
    await drift.hand_over(gateway.house.store)
    async with gateway.house.store.read() as tx:
        found = {(one.measure, one.label): one.total for one in await label_counts.everything(tx)}
    assert found["kind", "question"] == 2


async def test_messages_of_people_are_counted_with_their_words_and_robots_are_not(gateway: Gateway) -> None:
    await gateway.mail(mail(1))
    await gateway.mail(mail(2, headers="Auto-Submitted: auto-replied"))
    await gateway.intake.metrics.drift.hand_over(gateway.house.store)
    async with gateway.house.store.read() as tx:
        found = await label_counts.everything(tx)
    assert sum(one.total for one in found if one.measure == "language") == 1
    words = {one.label: one.total for one in found if one.measure == "words"}
    assert words["yes"] > 0
    assert words["yes"] > words["no"]
