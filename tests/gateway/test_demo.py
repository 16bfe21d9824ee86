"""The demonstration: a register that is sound, with something for every page of the console in it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from config.settings import load
from config.vocabulary import CHANNELS, CONVERSING, DEPARTMENTS, LANGUAGES
from gateway.delivery import Delivery
from gateway.demo.departments import ADDRESSES
from gateway.demo.filling import fill
from gateway.demo.talking import TEXT_NUMBER
from gateway.desk import HouseDesk
from gateway.house import House, build
from gateway.metrics import Metrics
from gateway.reconcile import reconcile
from gateway.sending import sending
from store import audit, search, users
from store.database import Tx
from store.schema import audit as audit_table
from store.schema import (
    cases,
    contacts,
    conversations,
    corrections,
    drafts,
    entries,
    held,
    inbox,
    kept_views,
    mentions,
    merges,
    message_files,
    messages,
    outbox,
    pauses,
    published_texts,
    questions,
    ratings,
    recommendations,
    rehearsal_changes,
    reports,
    rule_drafts,
    rule_sets,
    sessions,
    text_drafts,
)
from tests.gateway.conftest import DirectParsing

UNTIL = datetime(2026, 11, 27, 9, tzinfo=UTC)
_STAFF: Final = (
    ("lena", "supervisor", True),
    ("tom", "mediator", False),
    ("anne", "mediator", True),
    ("fatima", "agent", False),
)
# What a page shows → the table, and the condition, of which there must be so many at least.
_SHOWN: Final[Mapping[str, tuple[int, Any, Any]]] = {
    "refused": (1, cases, cases.c.refused != ""),
    "sealed": (1, cases, cases.c.sealed),
    "urgent": (1, cases, cases.c.priority == "urgent"),
    "closed with its cause": (1, cases, cases.c.cause != ""),
    "resting today": (2, cases, cases.c.paused_until.is_not(None)),
    "rested before": (1, pauses, pauses.c.ended_at.is_not(None)),
    "merged": (1, merges, merges.c.undone_at.is_(None)),
    "told apart again": (1, merges, merges.c.undone_at.is_not(None)),
    "split": (1, audit_table, audit_table.c.act == "case.split"),
    "satisfaction": (5, ratings, ratings.c.score > 0),
    "held": (3, held, held.c.state == "waiting"),
    "robots": (3, inbox, inbox.c.fate == "robot"),
    "quarantine": (3, inbox, inbox.c.state == "quarantined"),
    "members who wrote again": (1, inbox, inbox.c.fate == "joined"),
    "recommendations to follow": (1, recommendations, recommendations.c.state == "open"),
    "recommendations that came to something": (1, recommendations, recommendations.c.state != "open"),
    "questions answered": (5, questions, questions.c.answered_at.is_not(None)),
    "questions that wait": (2, questions, questions.c.answered_at.is_(None)),
    "a question that waits for long": (
        1,
        questions,
        questions.c.answered_at.is_(None) & (questions.c.asked_at < datetime(2026, 11, 13, tzinfo=UTC)),
    ),
    "mentions to be seen": (1, mentions, mentions.c.seen_at.is_(None)),
    "answers half written": (3, drafts, drafts.c.purpose == "reply"),
    "entries not recorded": (2, entries, entries.c.inbox_id.is_(None)),
    "papers and pictures": (2, message_files, message_files.c.type.in_(("application/pdf", "image/jpeg"))),
    "kept lists": (3, kept_views, kept_views.c.name != ""),
    "versions of the rules": (2, rule_sets, rule_sets.c.version != ""),
    "a draft of rules": (1, rule_drafts, rule_drafts.c.version == 2),
    "a rehearsal that was judged": (1, rehearsal_changes, rehearsal_changes.c.rehearsal_id == 1),
    "texts of our own": (1, published_texts, published_texts.c.active),
    "a text being written": (1, text_drafts, text_drafts.c.situation != ""),
    "reports approved": (3, reports, reports.c.approved_at.is_not(None)),
    "people at work": (len(_STAFF), sessions, sessions.c.pending == ""),
    "people corrected": (3, corrections, corrections.c.undone_at.is_(None)),
    "conversations that wait": (2, conversations, conversations.c.stage == "waiting"),
    "a conversation with a colleague": (1, conversations, conversations.c.stage == "person"),
    "a conversation with the robot": (1, conversations, conversations.c.stage == "robot"),
    "conversations that are over": (5, conversations, conversations.c.stage == "ended"),
    "what colleagues said in conversations": (
        2,
        messages,
        messages.c.conversation_id.is_not(None) & messages.c.author_id.is_not(None),
    ),
}


async def _filled(folder: Path, n: int) -> House:
    texts = {"sms_number": TEXT_NUMBER, "texts_to_files": True}
    house = build(load(data=folder, min_free_mb=0, min_free_percent=0, department_mail=ADDRESSES, **texts), name="test")
    await house.store.open()
    async with house.store.write() as tx:
        for login, role, medical in _STAFF:
            await users.add(
                tx,
                login=login,
                name=login.title(),
                role=role,  # type: ignore[arg-type]  # The roles above are roles.
                medical=medical,
                password="x",
                actor="command",
                now=UNTIL,
            )
    await fill(house, n, until=UNTIL)
    return house


async def _count(tx: Tx, table: Any, *conditions: Any) -> int:
    return int((await tx.conn.execute(select(func.count()).select_from(table).where(*conditions))).scalar_one())


async def _values(tx: Tx, column: Any, *conditions: Any) -> set[Any]:
    return set((await tx.conn.execute(select(column).where(*conditions).distinct())).scalars())


async def test_some_cases_make_a_sound_register_with_something_for_every_page(tmp_path: Path) -> None:
    house = await _filled(tmp_path, 180)
    try:
        report = await reconcile(house.store, now=UNTIL)
        assert report.sound, report.differences
        assert report.waiting == 0
        assert report.quarantined == 3
        async with house.store.read() as tx:
            assert await _count(tx, cases) >= 170
            assert await _values(tx, cases.c.channel) == set(CHANNELS)
            assert await _values(tx, cases.c.language) == set(LANGUAGES)
            queues = await _values(tx, cases.c.queue)
            assert queues >= {"mediation", "triage", "medical_coordinator"}
            assert len(queues & set(DEPARTMENTS)) >= 8
            lacking = [
                what for what, (least, table, condition) in _SHOWN.items() if await _count(tx, table, condition) < least
            ]
            assert not lacking
            assert await _count(tx, held) < 10
            assert await _count(tx, cases, cases.c.state == "closed", cases.c.outcome.is_(None)) == 0
            reminders = select(audit_table.c.detail).where(audit_table.c.act == "clock.reminder")
            clocks = {detail["clock"] for detail in (await tx.conn.execute(reminders)).scalars()}
            assert clocks
            assert "acknowledgement" not in clocks
            assert await _count(tx, outbox, outbox.c.state != "sent") == 0
        await _answer_a_text(house, tmp_path / "sent")
    finally:
        await house.close()


async def _answer_a_text(house: House, folder: Path) -> None:
    """Who wrote by text is answered by text; no network is needed, and what would have gone is a file."""
    now = house.now() - timedelta(minutes=5)
    async with house.store.write() as tx:
        query = select(cases.c.id, cases.c.version, contacts.c.address).join(
            contacts, contacts.c.id == cases.c.contact_id
        )
        texted = (cases.c.channel == "sms", cases.c.state == "open", cases.c.sealed.is_(False))
        case = (await tx.conn.execute(query.where(*texted).limit(1))).one()
        tom = await users.by_login(tx, "tom")
        assert tom is not None
        desk = HouseDesk(house, DirectParsing(house, ""))  # type: ignore[arg-type]  # The same methods.
        (to, *_) = await desk.recipients(tx, case.id)
        await desk.reply(tx, tom.viewer, case.id, "Votre carte est en route.", now=now, version=case.version)
    async with sending(house) as senders:
        delivery = Delivery(house, senders.by_channel, Metrics())
        while await delivery._take():
            while delivery._under_way:
                await next(iter(delivery._under_way))
    assert to.way == "phone"
    (kept,) = await asyncio.to_thread(lambda: [path.read_text(encoding="utf-8") for path in folder.glob("*.txt")])
    assert kept.startswith(f"From: {TEXT_NUMBER}\nTo: {case.address}\n\n")


async def test_nothing_lies_ahead_and_what_is_sealed_is_not_found(tmp_path: Path) -> None:
    house = await _filled(tmp_path, 40)
    try:
        async with house.store.read() as tx:
            last = (await tx.conn.execute(select(func.max(audit_table.c.at)))).scalar_one()
            assert last <= UNTIL
            row = (await tx.conn.execute(select(cases).where(~cases.c.sealed).limit(1))).one()
            assert row.id in await search.find(tx, row.reference)
            assert (await audit.of_case(tx, row.id))[0].act == "case.opened"
            for sealed in await tx.conn.execute(select(cases).where(cases.c.sealed)):
                assert sealed.id not in await search.find(tx, sealed.reference)
    finally:
        await house.close()


async def test_what_came_by_chat_was_said_in_a_conversation(tmp_path: Path) -> None:
    house = await _filled(tmp_path, 120)
    try:
        async with house.store.read() as tx:
            spoken = (await tx.conn.execute(select(cases.c.id).where(cases.c.channel.in_(CONVERSING)))).scalars().all()
            assert spoken
            for case_id in spoken:
                of_case = (messages.c.case_id == case_id) & messages.c.conversation_id.is_not(None)
                assert await _count(tx, messages, of_case & (messages.c.direction == "in")) >= 1, case_id
                assert await _count(tx, messages, of_case & messages.c.auto) >= 2, case_id
    finally:
        await house.close()


async def test_the_same_seed_makes_the_same_register(tmp_path: Path) -> None:
    assert await _digest(tmp_path / "one") == await _digest(tmp_path / "other")


async def _digest(folder: Path) -> str:
    """Of everything that holds no secret."""
    house = await _filled(folder, 25)
    try:
        async with house.store.read() as tx:
            kept = [
                (await tx.conn.execute(select(*columns).order_by(columns[0]))).all()
                for columns in (
                    (cases.c.id, cases.c.reference, cases.c.queue, cases.c.state, cases.c.outcome, cases.c.first_words),
                    (messages.c.id, messages.c.case_id, messages.c.direction, messages.c.author_id, messages.c.at),
                    (audit_table.c.id, audit_table.c.at, audit_table.c.act, audit_table.c.case_id),
                    (conversations.c.id, conversations.c.stage, conversations.c.started_at, conversations.c.case_id),
                )
            ]
        return hashlib.sha256(repr(kept).encode()).hexdigest()
    finally:
        await house.close()
