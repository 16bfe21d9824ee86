"""Bounds that hold whatever comes: watchdog, no model, a forged colleague, one domain, the clock (M9, M12, Q2, Q8, Q9)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select

from channels.message import OutboundMessage, RawMessage
from gateway import delivery as sending
from gateway.classifying import Classifying
from gateway.clock import Clock
from gateway.going import PER_DOMAIN_A_MINUTE
from gateway.house import House
from gateway.intake import Intake
from gateway.metrics import Metrics
from store import outbox, schema, users
from tests.gateway.conftest import DirectParsing, Gateway

MAIL = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Remboursement
Message-ID: <1@mail.example>

Bonjour, je n'ai toujours rien recu pour le kine depuis le mois d'aout. Marie Dubois
"""


async def test_a_worker_that_hangs_gives_its_items_back(gateway: Gateway) -> None:
    class Hanging(DirectParsing):
        async def parse(self, raws: object) -> list[object]:  # type: ignore[override]  # never returns anything
            await asyncio.sleep(3600)
            return []

    house = gateway.house
    settings = house.settings.model_copy(update={"item_seconds": 1})
    object.__setattr__(house, "settings", settings)
    gateway.intake.parsing = Hanging(house, "")  # type: ignore[assignment]  # the same method, no child
    body = MAIL.replace("\n", "\r\n").encode()
    raw = RawMessage("email", "ombudsman@partenamut.example", "1", body, house.now(), {})
    await gateway.door.submit(raw)
    began = time.monotonic()
    assert await gateway.intake.work_once() == 1
    assert time.monotonic() - began < 5
    async with house.store.read() as tx:
        row = (await tx.conn.execute(select(schema.inbox))).one()
    assert (row.state, row.attempts, row.error) == ("waiting", 1, "The work on this item took too long.")


async def test_without_a_model_messages_are_taken_and_people_decide(gateway: Gateway) -> None:
    classifying = Classifying(Path("/nowhere"))
    await classifying.start()
    assert not classifying.ready
    parsing = DirectParsing(gateway.house, "")
    gateway.intake = Intake(gateway.house, parsing, classifying, Metrics())  # type: ignore[arg-type]  # no child
    await gateway.mail(MAIL, to="plaintes@partenamut.example")
    await classifying.close()
    async with gateway.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
    assert case.queue == "triage"
    assert len(gateway.sink.sent) == 1


async def test_mail_in_the_name_of_a_colleague_is_a_strangers_mail(gateway: Gateway) -> None:
    async with gateway.house.store.write() as tx:
        await users.add(
            tx,
            login="lena@partenamut.example",
            name="Lena",
            role="supervisor",
            medical=True,
            password="-",
            actor="test",
            now=gateway.house.now(),
        )
    await gateway.mail(MAIL)
    ack = gateway.sink.sent[0]
    forged = MAIL.replace("Marie Dubois <marie.dubois@mail.example>", "Lena <lena@partenamut.example>")
    forged = (
        forged.replace("<1@", "<2@")
        .replace("kine", "dentiste")
        .replace("Subject", f"In-Reply-To: <{ack.message_tag}@partenamut.example>\nSubject")
    )
    await gateway.mail(forged, to=f"ombudsman+{ack.reply_tag}@partenamut.example", sender="lena@partenamut.example")
    async with gateway.house.store.read() as tx:
        fates = (await tx.conn.execute(select(schema.inbox.c.fate).order_by(schema.inbox.c.id))).scalars().all()
    assert fates == ["opened", "held"]
    # Nothing went on to the member, nor to anybody else.
    assert len(gateway.sink.sent) == 1


async def test_automatic_mail_to_one_domain_waits_after_sixty_a_minute(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "NO_PLACE_WAIT", timedelta(0))
    # The clock stands: sending so many takes seconds, and a new minute may begin meanwhile, which lets five more go.
    now = gateway.house.now()
    monkeypatch.setattr(House, "now", lambda _: now)
    async with gateway.house.store.write() as tx:
        for number in range(PER_DOMAIN_A_MINUTE + 5):
            for domain, auto in (("crowd.example", True), ("other.example", number > 55)):
                message = OutboundMessage(
                    key=f"{domain}-{number}",
                    channel="email",
                    account="ombudsman@partenamut.example",
                    recipient=f"m{number}@{domain}",
                    recipient_name="",
                    subject="s",
                    text="t",
                    language="fr",
                    auto=auto,
                )
                await outbox.put(tx, message, now=now)
    await gateway.work()
    sent = [message.recipient.rpartition("@")[2] for message in gateway.sink.sent]
    assert sent.count("crowd.example") == PER_DOMAIN_A_MINUTE
    assert sent.count("other.example") == PER_DOMAIN_A_MINUTE + 5
    async with gateway.house.store.read() as tx:
        waiting = (await tx.conn.execute(select(schema.outbox).where(schema.outbox.c.state == "waiting"))).all()
    assert len(waiting) == 5
    assert all(row.due_at > now and row.attempts == 0 for row in waiting)


async def test_runs_of_the_clock_are_made_up_once_by_however_many_clocks(gateway: Gateway) -> None:
    """Two clocks, an hour that comes twice, a clock set back and forth: each slot has one run."""
    first, second = Clock(gateway.house), Clock(gateway.house)
    noon = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
    steps = [
        datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        noon,
        noon - timedelta(hours=2),
        noon + timedelta(days=1),
        noon,
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
    ]
    with structlog.testing.capture_logs() as said:
        for moment in steps:
            await asyncio.gather(first.tick(moment), second.tick(moment))
    runs = [entry for entry in said if entry["event"] == "done"]
    slots = [(entry["job"], entry["slot"]) for entry in runs]
    assert len(slots) == len(set(slots))
    # Days are those of Brussels: half past eleven in the evening in UTC is tomorrow there.
    days = [slot for job, slot in slots if job == "reminders"]
    assert days == ["2026-10-25", "2026-10-26", "2027-01-01", "2027-03-28"]


async def test_a_missed_clock_of_a_case_is_told_once(gateway: Gateway) -> None:
    await gateway.mail(MAIL)
    clock = Clock(gateway.house)
    late = gateway.house.now() + timedelta(days=60)
    for moment in (late, late - timedelta(hours=2), late, late + timedelta(days=1)):
        await clock.tick(moment)
    async with gateway.house.store.read() as tx:
        query = select(func.count()).where(schema.audit.c.act == "clock.missed").group_by(schema.audit.c.detail)
        told = (await tx.conn.execute(query)).scalars().all()
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
    assert told
    assert set(told) == {1}
    assert case.priority == "high"
