"""Making what search finds anew from the register: one case, or all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import func, select, text

from store import cases as register
from store import numbers, outbox, people, search, texts
from store.database import Store, Tx
from store.family import members
from store.schema import cases, message_files, messages, notes
from store.schema import people as people_table

_BATCH: Final = 200


async def case(tx: Tx, case_id: int) -> None:
    """Index one case anew, with everything that was merged into it. A sealed one, and one merged away, is found by nothing."""
    await search.remove(tx, case_id)
    row = (
        await tx.conn.execute(
            select(cases.c.reference, cases.c.sealed, cases.c.merged_into, people_table.c.name)
            .outerjoin(people_table, people_table.c.id == cases.c.person_id)
            .where(cases.c.id == case_id)
        )
    ).one_or_none()
    if row is None or row.sealed or row.merged_into is not None:
        return
    found: list[str] = []
    for one in await members(tx, case_id):
        found += await _words(tx, one)
    await search.add(tx, case_id, " ".join(found))


async def everything(store: Store, *, progress: Callable[[int, int], None]) -> int:
    """Index every case and the number of every person anew; returns how many cases there are. Others go on meanwhile: each
    batch is one transaction. `progress` is told (done, of so many)."""
    async with store.read() as tx:
        count = int((await tx.conn.execute(select(func.count()).select_from(cases))).scalar_one())
    done, after = 0, 0
    while True:
        async with store.write() as tx:
            ids = list(
                await tx.conn.scalars(select(cases.c.id).where(cases.c.id > after).order_by(cases.c.id).limit(_BATCH))
            )
            for case_id in ids:
                await case(tx, case_id)
        if not ids:
            break
        done, after = done + len(ids), ids[-1]
        progress(done, count)
    await _numbers(store)
    async with store.write() as tx:
        if tx.is_sqlite:
            # Words that were taken out stay in the file until its pages are merged.
            await tx.conn.execute(text("INSERT INTO case_search (case_search) VALUES ('optimize')"))
    return done


async def _numbers(store: Store) -> None:
    after = 0
    while True:
        async with store.write() as tx:
            query = select(people_table.c.id).where(people_table.c.id > after).order_by(people_table.c.id).limit(_BATCH)
            ids = list(await tx.conn.scalars(query))
            for person_id in ids:
                person = await people.person_of(tx, person_id)
                await numbers.forget(tx, person_id)
                await numbers.know(tx, person_id, person.member_number)
        if not ids:
            return
        after = ids[-1]


async def _words(tx: Tx, case_id: int) -> list[str]:
    """What a case says: its reference, its member's name, what was written in both directions, and our notes."""
    row = (
        await tx.conn.execute(
            select(cases.c.reference, people_table.c.name)
            .outerjoin(people_table, people_table.c.id == cases.c.person_id)
            .where(cases.c.id == case_id)
        )
    ).one()
    found = [row.reference, "" if row.name is None else texts.read(row.name, people.NAME)]
    written = await tx.conn.execute(
        select(messages.c.subject, messages.c.text, messages.c.reply)
        .where(messages.c.case_id == case_id, messages.c.auto.is_(False), ~outbox.TAKEN_BACK)
        .order_by(messages.c.id)
    )
    for message in written:
        found.append(texts.read(message.subject, register.MESSAGE_SUBJECT))
        found.append(texts.read(message.reply, register.REPLY) or texts.read(message.text, register.TEXT))
    named = await tx.conn.scalars(
        select(message_files.c.name)
        .join(messages, messages.c.id == message_files.c.message_id)
        .where(messages.c.case_id == case_id, message_files.c.inline.is_(False))
        .order_by(message_files.c.id)
    )
    found += [texts.read(name, register.FILE_NAME) for name in named]
    noted = await tx.conn.scalars(select(notes.c.text).where(notes.c.case_id == case_id).order_by(notes.c.id))
    return found + [texts.read(note, register.NOTE) for note in noted]
