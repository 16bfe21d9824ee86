"""What the classifier may learn from: every message of which labels were corrected and the correction stands.

Only training reads this, inside the house, sealed cases included; it masks whoever is in a message before it learns
anything (`gateway.lessons`). No page and no list is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from store import cases as register
from store import labels, texts
from store.database import Tx
from store.people import NAME
from store.schema import cases, classifications, contacts, corrections, messages, people


@dataclass(frozen=True, slots=True)
class Lesson:
    """One message with the labels that hold. `number` is its last standing correction; `wanted` what people changed.
    `person` is the same for all messages of one member's cases: the person, or the contact or the case where none is known.
    """

    number: int
    person: str
    model: str
    labels: Mapping[str, Any]
    wanted: Mapping[str, Any]
    channel: str
    language: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    whole: str = field(repr=False)
    sender_name: str = field(repr=False)
    address: str = field(repr=False)
    member: str = field(repr=False)


async def standing(tx: Tx) -> list[Lesson]:
    """One lesson a message, in the order of the messages."""
    rows = await tx.conn.execute(
        select(
            corrections.c.id,
            corrections.c.message_id,
            corrections.c.case_id,
            cases.c.person_id,
            cases.c.contact_id,
            corrections.c.model,
            corrections.c.wanted,
            classifications.c.body,
            messages.c.channel,
            messages.c.subject,
            messages.c.text,
            messages.c.reply,
            messages.c.sender_name,
            contacts.c.address,
            people.c.name,
        )
        .join(messages, messages.c.id == corrections.c.message_id)
        .join(classifications, classifications.c.message_id == messages.c.id)
        .join(cases, cases.c.id == corrections.c.case_id)
        .outerjoin(contacts, contacts.c.id == messages.c.contact_id)
        .outerjoin(people, people.c.id == cases.c.person_id)
        .where(corrections.c.undone_at.is_(None))
        .order_by(corrections.c.message_id, corrections.c.id)
    )
    found: dict[int, Lesson] = {}
    for row in rows:
        body = texts.read_json(row.body, register.CLASSIFICATION)
        wanted = {**(found[row.message_id].wanted if row.message_id in found else {}), **row.wanted}
        whole = texts.read(row.text, register.TEXT)
        found[row.message_id] = Lesson(
            number=row.id,
            person=_person(row),
            model=row.model,
            labels=labels.standing(labels.said(body), [wanted]),
            wanted=wanted,
            channel=row.channel,
            language=body["language"],
            subject=texts.read(row.subject, register.MESSAGE_SUBJECT),
            text=texts.read(row.reply, register.REPLY) or whole,
            whole=whole,
            sender_name=texts.read(row.sender_name, register.SENDER_NAME),
            address=row.address or "",
            member=texts.read(row.name, NAME) if row.name is not None else "",
        )
    return list(found.values())


def _person(row: Any) -> str:
    if row.person_id is not None:
        return f"person-{row.person_id}"
    return f"case-{row.case_id}" if row.contact_id is None else f"contact-{row.contact_id}"
