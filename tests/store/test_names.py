"""Names, file names and subjects stand among others on one line: none of them turns the line round (rule M14)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from channels.message import Attachment, Sender
from store import cases, kept_views, passkeys, people, texts, users
from store.database import Store
from store.schema import message_files, messages
from store.schema import people as people_table
from store.viewer import Viewer

_TURNED, _STRAIGHT = "anna\u202egpj.exe", "annagpj.exe"
_NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_LINES = (people.NAME, cases.SUBJECT, cases.FIRST_WORDS, cases.SENDER_NAME, cases.MESSAGE_SUBJECT, cases.FILE_NAME)


@pytest.mark.parametrize("place", _LINES, ids=lambda place: f"{place.table}.{place.column}")
def test_a_line_is_kept_and_read_without_marks_of_direction(place: texts.Place) -> None:
    assert texts.keep(_TURNED, place) == _STRAIGHT.encode()
    # What was kept before reads so too.
    assert texts.read(_TURNED.encode(), place) == _STRAIGHT


async def test_whoever_writes_a_name_it_is_stored_straight(store: Store) -> None:
    async with store.write() as tx:
        sender = Sender("email", "anna@mail.example", _TURNED)
        contact = await people.new_contact(tx, sender, name=_TURNED, language="fr", member_number="", now=_NOW)
        new = cases.NewMessage(
            case_id=None,
            direction="in",
            channel="email",
            account="box@house.example",
            subject=_TURNED,
            text="Bonjour",
            reply="Bonjour",
            at=_NOW,
            contact_id=contact.id,
            sender_name=_TURNED,
        )
        await cases.add_message(tx, new, (Attachment(_TURNED, "application/pdf", b"%PDF-1.7"),))
        stored = [
            *(await tx.conn.scalars(select(people_table.c.name))),
            *(await tx.conn.execute(select(messages.c.sender_name, messages.c.subject))).one(),
            *(await tx.conn.scalars(select(message_files.c.name))),
        ]
    assert {bytes(one) for one in stored} == {_STRAIGHT.encode()}


async def test_names_that_colleagues_give_are_straight_too(store: Store) -> None:
    async with store.write() as tx:
        number = await users.add(
            tx, login="anna", name=_TURNED, role="mediator", medical=False, password="x", actor="system", now=_NOW
        )
        viewer = Viewer(number, _TURNED, "mediator", medical=False)
        await kept_views.keep(tx, viewer, _TURNED, None, {"show": "mine"}, shared=False, now=_NOW)
        await passkeys.add(tx, number, name=_TURNED, key=b"k", credential=b"c", signed=0, now=_NOW)
        named = await users.by_id(tx, number)
        (view,), (key,) = await kept_views.for_viewer(tx, viewer), await passkeys.of(tx, number)
    assert named is not None
    assert {named.name, view.name, key.name} == {_STRAIGHT}


async def test_a_person_of_before_has_a_straight_name(store: Store) -> None:
    async with store.write() as tx:
        number = await people.new_person(tx, name="Anna", language="fr", member_number="", now=_NOW)
        await tx.conn.execute(update(people_table).values(name=_TURNED.encode()))
        assert (await people.person_of(tx, number)).name == _STRAIGHT
