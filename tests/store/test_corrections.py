"""What people say about labels: both stay, the later wins, undoing gives back, and who may not see the case sees nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from classifier.classification import Classification
from store import audit, cases, corrections, label_counts, labels, schema
from store.cases import StaleError
from store.corrections import NothingToCorrectError
from store.database import Store, Tx
from store.viewer import Viewer
from tests.store import registered
from tests.store.registered import NOW

COMMAND = Viewer(0, "command", "supervisor")
DOCTOR = Viewer(0, "command", "supervisor", medical=True)
MODEL = "guichet-1-00000000"


def said(kind: Any = "complaint", department: Any = "digital", **flags: bool) -> Classification:
    return Classification(
        language="fr",
        kind=kind,
        flags=flags,  # type: ignore[arg-type]  # names of flags
        department=department,
        departments=(("digital", 0.8), ("branches", 0.2)),
        probabilities={"kind": {kind: 0.9}, "urgent": 0.1},
        abstained=(),
        evidence=(),
        model=MODEL,
    )


async def classified(tx: Tx, found: Classification, *, sealed: bool = False) -> tuple[int, int]:
    """(case, message) as they are when a message opened a case with these labels."""
    case_id = await registered.case(tx, sealed=sealed)
    await tx.conn.execute(
        schema.cases.update()
        .where(schema.cases.c.id == case_id)
        .values(kind=found.kind, department=found.department, flags=dict(found.flags))
    )
    return case_id, await wrote(tx, case_id, found)


async def wrote(tx: Tx, case_id: int, found: Classification) -> int:
    new = cases.NewMessage(
        case_id=case_id,
        direction="in",
        channel="email",
        account="ombudsman@partenamut.example",
        subject="Remboursement",
        text="Bonjour",
        reply="Bonjour",
        at=NOW,
    )
    message_id = await cases.add_message(tx, new)
    await cases.add_classification(tx, message_id, case_id, found, now=NOW)
    return message_id


async def labels_of_case(tx: Tx, case_id: int) -> tuple[Any, ...]:
    row = (await tx.conn.execute(select(schema.cases).where(schema.cases.c.id == case_id))).one()
    return row.kind, row.department, {flag for flag, held in row.flags.items() if held}


async def test_a_correction_keeps_both_and_changes_the_case(store: Store) -> None:
    async with store.write() as tx:
        case_id, message_id = await classified(tx, said())
        number = await corrections.correct(
            tx, COMMAND, case_id, {"kind": "question", "urgent": True}, now=NOW, reason=" asks only "
        )
        (found,) = await corrections.listing(tx, COMMAND)
        assert (found.id, found.message_id, found.model, found.reason) == (number, message_id, MODEL, "asks only")
        assert found.said["kind"] == "complaint"
        assert found.said["probabilities"] == {"kind": {"complaint": 0.9}, "urgent": 0.1}
        assert found.wanted == {"kind": "question", "urgent": True}
        assert await labels_of_case(tx, case_id) == ("question", "digital", {"urgent"})
        last = (await audit.of_case(tx, case_id))[-1]
        assert (last.act, last.actor) == ("case.corrected", "command")
        assert last.detail["labels"] == {"kind": ["complaint", "question"], "urgent": [False, True]}
        counted = [tuple(count) for count in await label_counts.everything(tx)]
        assert counted == [(MODEL, "corrected", "kind", 1), (MODEL, "corrected", "urgent", 1)]


async def test_a_later_correction_of_a_label_wins_and_undoing_gives_back(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said())
        first = await corrections.correct(tx, COMMAND, case_id, {"department": "branches"}, now=NOW)
        second = await corrections.correct(tx, COMMAND, case_id, {"department": "privacy"}, now=NOW)
        assert (await labels_of_case(tx, case_id))[1] == "privacy"
        await corrections.undo(tx, COMMAND, second, now=NOW)
        assert (await labels_of_case(tx, case_id))[1] == "branches"
        await corrections.undo(tx, COMMAND, first, now=NOW)
        assert (await labels_of_case(tx, case_id))[1] == "digital"
        assert [row.undone_at is not None for row in await corrections.listing(tx, COMMAND)] == [True, True]
        with pytest.raises(NothingToCorrectError):
            await corrections.undo(tx, COMMAND, first, now=NOW)


async def test_undoing_an_early_correction_leaves_the_later_one_and_other_changes(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said())
        first = await corrections.correct(tx, COMMAND, case_id, {"department": "branches", "kind": "other"}, now=NOW)
        await corrections.correct(tx, COMMAND, case_id, {"department": "privacy"}, now=NOW)
        # Somebody changed the kind by another way since.
        await cases.change(tx, case_id, actor="system", act="case.moved", now=NOW, kind="question")
        await corrections.undo(tx, COMMAND, first, now=NOW)
        assert await labels_of_case(tx, case_id) == ("question", "privacy", set())


async def test_undoing_in_order_leaves_no_label_of_a_correction_that_was_undone(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said())
        first = await corrections.correct(tx, COMMAND, case_id, {"kind": "question", "urgent": True}, now=NOW)
        second = await corrections.correct(tx, COMMAND, case_id, {"kind": "suggestion"}, now=NOW)
        third = await corrections.correct(tx, COMMAND, case_id, {"kind": "other"}, now=NOW)
        await corrections.undo(tx, COMMAND, first, now=NOW)
        assert await labels_of_case(tx, case_id) == ("other", "digital", set())
        await corrections.undo(tx, COMMAND, third, now=NOW)
        assert (await labels_of_case(tx, case_id))[0] == "suggestion"
        await corrections.undo(tx, COMMAND, second, now=NOW)
        assert await labels_of_case(tx, case_id) == ("complaint", "digital", set())


async def test_a_case_that_says_something_else_than_its_labels_can_be_corrected(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said())
        await cases.change(tx, case_id, actor="system", act="case.moved", now=NOW, kind="question")
        number = await corrections.correct(tx, COMMAND, case_id, {"kind": "complaint"}, now=NOW)
        assert (await labels_of_case(tx, case_id))[0] == "complaint"
        # Of a later message the case's own kind says nothing.
        later = await wrote(tx, case_id, said("suggestion"))
        with pytest.raises(NothingToCorrectError):
            await corrections.correct(tx, COMMAND, case_id, {"kind": "suggestion"}, message_id=later, now=NOW)
        await corrections.undo(tx, COMMAND, number, now=NOW)
        assert (await labels_of_case(tx, case_id))[0] == "question"


async def test_a_correction_of_a_later_message_leaves_the_case_as_it_is(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said())
        later = await wrote(tx, case_id, said("question", None))
        number = await corrections.correct(tx, COMMAND, case_id, {"kind": "other"}, message_id=later, now=NOW)
        assert (await labels_of_case(tx, case_id))[0] == "complaint"
        await corrections.undo(tx, COMMAND, number, now=NOW)
        assert (await labels_of_case(tx, case_id))[0] == "complaint"


async def test_a_sealed_case_s_corrections_are_for_those_who_may_see_it(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said(doctor=True), sealed=True)
        with pytest.raises(NothingToCorrectError):
            await corrections.correct(tx, COMMAND, case_id, {"kind": "question"}, now=NOW)
        number = await corrections.correct(tx, DOCTOR, case_id, {"kind": "question"}, now=NOW)
        assert await corrections.listing(tx, COMMAND) == []
        assert await corrections.hidden(tx, COMMAND) == 1
        with pytest.raises(NothingToCorrectError):
            await corrections.undo(tx, COMMAND, number, now=NOW)
        assert [row.id for row in await corrections.listing(tx, DOCTOR, case_id=case_id)] == [number]


async def test_nothing_is_written_where_nothing_is_corrected(store: Store) -> None:
    async with store.write() as tx:
        case_id, _ = await classified(tx, said())
        bare = await registered.case(tx)
    for wrong, error in (
        ({"kind": "complaint"}, NothingToCorrectError),
        ({}, NothingToCorrectError),
        ({"kind": "nonsense"}, labels.WrongLabelsError),
        ({"urgent": "yes"}, labels.WrongLabelsError),
        ({"nonsense": True}, labels.WrongLabelsError),
        ({"off_scope": True, "doctor": True}, labels.WrongLabelsError),
    ):
        with pytest.raises(error):
            async with store.write() as tx:
                await corrections.correct(tx, COMMAND, case_id, wrong, now=NOW)
    with pytest.raises(NothingToCorrectError):
        async with store.write() as tx:
            await corrections.correct(tx, COMMAND, bare, {"kind": "question"}, now=NOW)
    with pytest.raises(StaleError):
        async with store.write() as tx:
            await corrections.correct(tx, COMMAND, case_id, {"kind": "question"}, version=99, now=NOW)
    async with store.read() as tx:
        assert await corrections.listing(tx, DOCTOR) == []
        assert await label_counts.everything(tx) == []


async def test_what_is_erased_takes_its_corrections_with_it(store: Store) -> None:
    async with store.write() as tx:
        case_id, message_id = await classified(tx, said())
        await corrections.correct(tx, COMMAND, case_id, {"kind": "question"}, now=NOW)
        await tx.conn.execute(delete(schema.classifications).where(schema.classifications.c.case_id == case_id))
        await tx.conn.execute(delete(schema.messages).where(schema.messages.c.id == message_id))
        assert (await tx.conn.execute(select(func.count()).select_from(schema.corrections))).scalar() == 0


async def test_who_overrode_what_is_told_by_name(store: Store) -> None:
    async with store.write() as tx:
        await tx.conn.execute(
            schema.users.insert().values(
                id=7,
                login="lena",
                name="Lena",
                role="mediator",
                medical=False,
                password="x",
                disabled=False,
                created_at=NOW,
            )
        )
        lena = Viewer(7, "Lena", "mediator")
        case_id, _ = await classified(tx, said())
        number = await corrections.correct(tx, lena, case_id, {"off_scope": True}, now=NOW)
        await corrections.undo(tx, COMMAND, number, now=NOW + timedelta(minutes=1))
        (found,) = await corrections.listing(tx, lena)
        assert (found.author, found.at, found.undone_by) == ("Lena", NOW, "")
        assert found.wanted == {"off_scope": True, "department": None}
        assert [entry.actor for entry in (await audit.of_case(tx, case_id))[-2:]] == ["user:7", "command"]


def test_what_follows_from_a_correction_is_corrected_too() -> None:
    plain = {"kind": "complaint", "off_scope": False, "doctor": False, "department": "digital"}
    assert labels.changed(plain, {"off_scope": True}) == {"off_scope": True, "department": None}
    away = plain | {"off_scope": True, "department": None}
    assert labels.changed(away, {"department": "branches"}) == {"off_scope": False, "department": "branches"}
    assert labels.changed(away, {"doctor": True}) == {"off_scope": False, "doctor": True}
    assert labels.standing(plain, [{"kind": "other"}, {"kind": "question"}])["kind"] == "question"
