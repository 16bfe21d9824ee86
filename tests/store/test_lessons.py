"""Corrections as examples: one member is one author, however many cases they have."""

from __future__ import annotations

import random

from sqlalchemy import update

from classifier.classification import Classification
from gateway.lessons import lessons_from
from store import cases, corrections, lessons, people, schema
from store.database import Store, Tx
from store.lessons import Lesson
from store.viewer import Viewer
from tests.store import registered
from tests.store.registered import NOW

COMMAND = Viewer(0, "command", "supervisor")
SYLLABLES = ("bra", "lu", "ti", "vo", "kel", "mar", "zin", "po", "dre", "fa", "gul", "ne")


def words(number: int) -> str:
    """Twelve words that stand in no other message: what nearly says the same is left out of what is learnt."""
    chance = random.Random(number)
    return " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(12))


async def corrected(tx: Tx, contact: people.Contact | None) -> int:
    """A case with a message and a correction of it."""
    case_id = await registered.case(tx, contact=contact)
    new = cases.NewMessage(
        case_id=case_id,
        direction="in",
        channel="email",
        account="ombudsman@partenamut.example",
        subject="",
        text=words(case_id),
        reply="",
        at=NOW,
    )
    message_id = await cases.add_message(tx, new)
    said = Classification(
        language="fr",
        kind="complaint",
        flags={},
        department=None,
        departments=(),
        probabilities={},
        abstained=(),
        evidence=(),
        model="guichet-1-00000000",
    )
    await cases.add_classification(tx, message_id, case_id, said, now=NOW)
    await corrections.correct(tx, COMMAND, case_id, {"kind": "question"}, now=NOW)
    return case_id


async def test_all_cases_of_a_member_are_one_author_on_one_side(store: Store) -> None:
    async with store.write() as tx:
        for number in range(8):
            contact = await registered.contact(tx, f"member{number}@mail.example")
            for _ in range(3):
                await corrected(tx, contact)
        found = await lessons.standing(tx)
    assert len({lesson.person for lesson in found}) == 8
    taught = lessons_from(found)
    learning, kept_out = ({record.author for record in part} for part in taught)
    assert learning
    assert kept_out
    assert not learning & kept_out
    assert all(record.scenario == record.author for part in taught for record in part)


async def test_where_no_person_is_known_the_contact_or_the_case_is_the_author(store: Store) -> None:
    async with store.write() as tx:
        contact = await registered.contact(tx)
        written = [await corrected(tx, known) for known in (contact, contact, None, None)]
        await tx.conn.execute(update(schema.cases).where(schema.cases.c.id.in_(written)).values(person_id=None))
        found: list[Lesson] = await lessons.standing(tx)
    first, second, third, fourth = (lesson.person for lesson in found)
    assert first == second == f"contact-{contact.id}"
    assert (third, fourth) == (f"case-{written[2]}", f"case-{written[3]}")
