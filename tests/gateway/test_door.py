"""The form's door onto the real register: promises of repetition, room and secrecy (rules F2, F3, C1, C5, Q5)."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from channels.contract import StoreUnavailableError
from channels.form.contract import IdempotencyConflictError, Receipt
from channels.form.submission import Submission
from channels.message import RawMessage
from gateway import room
from gateway.door import Door
from gateway.health import Health
from gateway.room import Room
from store import schema
from tests.gateway.conftest import Gateway

STORY = Submission(
    text="Sinds augustus wacht ik op mijn terugbetaling.", name="Jan Peeters", email="jan@mail.example", language="nl"
)


async def accept(gateway: Gateway, submission: Submission = STORY, *, key: str | None = None) -> Receipt:
    return await gateway.door.accept(
        submission, idempotency_key=key, body_hash=submission.body_hash(), address="192.0.2.7"
    )


def token_of(receipt: Receipt) -> str:
    return receipt.status_url.rpartition("/")[2].partition("?")[0]


async def everything(gateway: Gateway) -> str:
    """Every cell of every table, as text."""
    cells = []
    async with gateway.house.store.read() as tx:
        for table in schema.metadata.sorted_tables:
            cells += [str(cell) for row in await tx.conn.execute(select(table)) for cell in row]
    return "\n".join(cells)


async def count(gateway: Gateway, table: Any) -> int:
    async with gateway.house.store.read() as tx:
        return len((await tx.conn.execute(select(table))).all())


async def test_the_same_key_gives_the_same_receipt_and_one_item(gateway: Gateway) -> None:
    first = await accept(gateway, key="one")
    again = await accept(gateway, key="one")
    assert (again.reference, again.status_url) == (first.reference, first.status_url)
    assert await count(gateway, schema.inbox) == 1


async def test_another_body_under_a_key_learns_nothing(gateway: Gateway) -> None:
    await accept(gateway, key="one")
    with pytest.raises(IdempotencyConflictError) as refused:
        await accept(gateway, Submission(text="Something else.", language="en"), key="one")
    assert not refused.value.args
    assert await count(gateway, schema.inbox) == 1


async def test_parallel_calls_with_one_key_are_one(gateway: Gateway) -> None:
    receipts = await asyncio.gather(*(accept(gateway, key="one") for _ in range(20)))
    assert len({receipt.status_url for receipt in receipts}) == 1
    assert await count(gateway, schema.inbox) == 1


async def test_nothing_in_the_register_opens_a_page(gateway: Gateway) -> None:
    receipt = await accept(gateway, key="one")
    await gateway.work()
    token = token_of(receipt)
    assert len(token) == 22
    assert await gateway.door.case_view(token) is not None
    assert token not in await everything(gateway)
    # The link in the acknowledgement is another one, masked once it was sent.
    (sent,) = gateway.sink.sent
    mailed = sent.text.partition("/nl/c/")[2][:22]
    assert mailed != token
    assert await gateway.door.case_view(mailed) is not None
    assert mailed not in await everything(gateway)


async def test_looking_fifty_times_changes_nothing(gateway: Gateway) -> None:
    token = token_of(await accept(gateway))
    await gateway.work()
    before = await everything(gateway)
    for _ in range(50):
        assert await gateway.door.case_view(token) is not None
    assert await everything(gateway) == before


async def test_unknown_words_open_nothing_and_fail_nothing(gateway: Gateway) -> None:
    await accept(gateway)
    for token in ("", "x" * 22, "x" * 10_000, "\0", "\udcff", "' OR 1=1 --", "é" * 22):
        assert await gateway.door.case_view(token) is None


async def test_a_form_cannot_choose_its_queue_kind_or_dates(gateway: Gateway) -> None:
    """Words that the API ignores change nothing either in bytes that somebody managed to store (F2)."""
    plain = STORY.to_bytes()
    crafted = plain.replace(b'{"', b'{"queue": "medical_advisers", "kind": "thanks", "due_on": "2099-01-01", "', 1)
    assert crafted != plain
    for body in (plain, crafted):
        raw = RawMessage("webform", "form", hashlib.sha256(body).hexdigest(), body, gateway.house.now(), {})
        await gateway.door.submit(raw)
        await gateway.work()
        # The second is no repetition of the first.
        async with gateway.house.store.write() as tx:
            await tx.conn.execute(schema.inbox.update().values(fingerprint=None))
    async with gateway.house.store.read() as tx:
        first, second = (await tx.conn.execute(select(schema.cases).order_by(schema.cases.c.id))).all()
    assert (second.queue, second.kind, second.due_on) == (first.queue, first.kind, first.due_on)


@dataclass
class Disk:
    """A disk whose free space tests set."""

    free: int
    total: int = 100 * 1024**3

    def usage(self, _folder: object) -> Any:
        return SimpleNamespace(total=self.total, free=self.free)


async def test_without_room_nothing_is_taken_and_with_it_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, moment = Disk(free=20 * 1024**3), [100.0]
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    monkeypatch.setattr(room, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    watched = Room(gateway.house.settings.data, 1024**3, 5.0)
    door = Door(gateway.house, gateway.door.metrics, watched, patience=0)
    health = Health(gateway.house, gateway.door.metrics, watched)

    async def blocked() -> bool:
        return any(reason["what"] == "disk" and reason["blocking"] for reason in await health.reasons())

    async def submit() -> None:
        await door.accept(STORY, idempotency_key=None, body_hash="", address="")

    await submit()
    assert not await blocked()
    # 4 GiB are more than the least in bytes, and less than the least share.
    disk.free, moment[0] = 4 * 1024**3, 110.0
    with pytest.raises(StoreUnavailableError):
        await submit()
    assert await blocked()
    # Reading and working go on.
    await gateway.work()
    assert len(gateway.sink.sent) == 1
    disk.free, moment[0] = 20 * 1024**3, 120.0
    await submit()
    assert not await blocked()


@pytest.mark.parametrize(("free", "enough"), [(1024**3 - 1, False), (1024**3, True)])
def test_the_least_in_bytes_holds_on_a_small_disk(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", Disk(free, total=10 * 1024**3).usage)
    assert Room(gateway.house.settings.data, 1024**3, 5.0).enough() is enough
