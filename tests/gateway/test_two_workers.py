"""Two workers on one PostgreSQL at the same moment: what each sees alone must hold for both together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from channels.mail.fingerprint import external_id
from channels.message import RawMessage
from channels.reference import format_reference
from classifier.classification import Classification, Text
from config.settings import load
from gateway import numbering, record
from gateway.answers import PER_ADDRESS_A_DAY
from gateway.arrival import Arrival
from gateway.classifying import unclassified
from gateway.house import House, active_rules, build
from gateway.reading import parse_all
from store import cases, inbox, schema
from store.database import Tx
from tests.gateway.conftest import DirectParsing

pytestmark = pytest.mark.servers

MAIL = """From: Marie Dubois <marie.dubois@mail.example>
To: plaintes@partenamut.example
Subject: Remboursement
Message-ID: <{number}@mail.example>
{headers}
Bonjour, je n'ai toujours rien recu pour le kine depuis le mois d'aout, {words}. Marie Dubois
"""
Judge = Callable[[Text], Classification]


@pytest.fixture
async def house(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.chdir(tmp_path)
    made = build(
        load(data=tmp_path / "data", database_url=postgres_url, redis_url="", allow_unsafe_database=True), name="test"
    )
    await made.store.open()
    DirectParsing(made, "mx.partenamut.example")
    yield made
    await made.close()


async def arrivals(house: House, mails: list[str], judge: Judge = unclassified) -> list[Arrival]:
    """These mails, claimed and read, ready to be recorded."""
    async with house.store.write() as tx:
        for mail in mails:
            body = mail.replace("\n", "\r\n").encode()
            envelope = {"mail_from": "m@mail.example", "rcpt_to": "plaintes@partenamut.example"}
            raw = RawMessage(
                "email", "plaintes@partenamut.example", external_id(body), body, datetime.now(UTC), envelope
            )
            await inbox.add(tx, raw, now=house.now())
        items = await inbox.claim(tx, limit=99, now=house.now(), lease=house.lease)
    found = []
    for item, message in zip(items, parse_all([item.raw for item in items]), strict=True):
        assert not hasattr(message, "error")
        found.append(Arrival(item, message, judge(Text("email", "", "", "", ""))))  # type: ignore[arg-type]  # no failure
    return found


async def together(house: House, batch: list[Arrival]) -> list[str]:
    """Record each in a transaction of its own, all at once; the fates."""
    recorder = record.Recorder(house, await active_rules(house))
    begun = asyncio.Barrier(len(batch))

    async def one(arrival: Arrival) -> str:
        async with house.store.write() as tx:
            # A transaction that has begun and seen nothing yet, in each of them.
            await tx.conn.execute(text("SELECT 1"))
            await begun.wait()
            return (await recorder.record(tx, arrival, now=house.now())).fate

    return await asyncio.gather(*(one(arrival) for arrival in batch))


async def count(house: House, query: object) -> int:
    async with house.store.read() as tx:
        return int((await tx.conn.execute(query)).scalar_one())  # type: ignore[call-overload]  # a select


async def test_the_same_words_at_once_are_one_case(house: House) -> None:
    mails = [MAIL.format(number=number, headers="", words="rien") for number in range(8)]
    fates = await together(house, await arrivals(house, mails))
    assert sorted(fates) == ["duplicate"] * 7 + ["opened"]
    assert await count(house, select(func.count()).select_from(schema.outbox)) == 1


async def test_mails_of_one_sender_at_once_are_one_person_and_keep_the_limit(house: House) -> None:
    mails = [MAIL.format(number=number, headers="", words=f"dossier {number}") for number in range(10)]
    assert await together(house, await arrivals(house, mails)) == ["opened"] * 10
    assert await count(house, select(func.count()).select_from(schema.outbox)) == PER_ADDRESS_A_DAY
    assert await count(house, select(func.count()).select_from(schema.people)) == 1


async def test_the_limit_holds_for_a_sender_who_is_known(house: House) -> None:
    for numbers in ([0], range(1, 11)):
        mails = [MAIL.format(number=number, headers="", words=f"dossier {number}") for number in numbers]
        await together(house, await arrivals(house, mails))
    assert await count(house, select(func.count()).select_from(schema.outbox)) == PER_ADDRESS_A_DAY


async def test_nobody_is_refused_in_silence_because_of_what_another_worker_sent(house: House) -> None:
    def not_ours(_text: Text) -> Classification:
        return Classification(
            language="fr",
            kind="complaint",
            flags={"off_scope": True},
            department=None,
            departments=(),
            probabilities={"kind": {"complaint": 0.99}, "off_scope": 0.99},
            abstained=(),
            evidence=(),
            model="sure",
        )

    for numbers in ([0], range(1, 11)):
        mails = [MAIL.format(number=number, headers="", words=f"dossier {number}") for number in numbers]
        await together(house, await arrivals(house, mails, not_ours))
    refused = await count(house, select(func.count()).where(schema.cases.c.refused != ""))
    assert refused == await count(house, select(func.count()).select_from(schema.outbox)) == PER_ADDRESS_A_DAY


async def test_a_message_that_joins_while_its_case_is_closed_opens_it_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = await arrivals(house, [MAIL.format(number=1, headers="", words="rien")])
    await together(house, [first])
    async with house.store.read() as tx:
        ours = (
            await tx.conn.execute(select(schema.messages.c.rfc_message_id).where(schema.messages.c.direction == "out"))
        ).scalar_one()
    reply = MAIL.format(number=2, headers=f"In-Reply-To: {ours}", words="encore ceci")
    (arrival,) = await arrivals(house, [reply])

    closing: list[asyncio.Task[None]] = []

    async def close() -> None:
        async with house.store.write() as tx:
            await cases.close(tx, 1, outcome="founded", actor="user:1", now=house.now())

    add = cases.add_message

    async def meanwhile(tx: Tx, *arguments: object, **more: object) -> int:
        # The joining has seen an open case; a mediator closes it before the joining is written.
        closing.append(asyncio.create_task(close()))
        await asyncio.wait(closing, timeout=0.5)
        return await add(tx, *arguments, **more)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(cases, "add_message", meanwhile)
    assert await together(house, [arrival]) == ["joined"]
    await asyncio.gather(*closing)
    async with house.store.read() as tx:
        case = (await tx.conn.execute(select(schema.cases))).one()
        rows = await tx.conn.execute(select(schema.audit.c.act).order_by(schema.audit.c.id))
        order = [act for act in rows.scalars() if act in ("case.closed", "message.joined", "case.reopened")]
    # Either the member's words reopened it, or the mediator closed it after they were there.
    assert (case.state, order) in (
        ("closed", ["message.joined", "case.closed"]),
        ("open", ["case.closed", "case.reopened", "message.joined"]),
    )


async def test_a_transaction_that_stands_still_keeps_no_reference_from_the_others(house: House) -> None:
    """What it took is a gap when it is undone; nothing is waited for, and no number is given twice."""
    given = []

    async def undone() -> None:
        async with house.store.write() as tx:
            given.append(await numbering.next_reference(house, tx, 2026))
            async with asyncio.timeout(3):
                given.append(await numbering.reserved(house, 2026))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    async with house.store.write() as tx:
        given.append(await numbering.next_reference(house, tx, 2026))
    assert given == [format_reference(2026, number) for number in (1, 2, 3)]
