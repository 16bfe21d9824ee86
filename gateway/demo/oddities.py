"""What comes in beside the members: robots, a stranger who quotes a reference, a mail that nothing can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy import select

from channels.mail.fingerprint import external_id
from channels.message import RawMessage
from config.vocabulary import Language
from gateway.demo.arriving import Arriving
from gateway.demo.people import writer
from gateway.demo.stories import answer_read
from gateway.house import House
from store import inbox, troubles
from store.database import Tx
from store.schema import cases

_ABSENT: Final = (
    "From: {name} <{mail}>\r\nTo: {box}\r\nSubject: Absent du bureau\r\nAuto-Submitted: auto-replied\r\n"
    "Message-ID: <absent-{number}@mail.example>\r\n\r\nJe suis absent jusqu'au 15.\r\n"
)
_BROKEN: Final = (troubles.TIME, f"{troubles.UNREADABLE}no end of the headers")
_STRANGERS: Final[tuple[tuple[Language, str, str], ...]] = (
    ("nl", "Dossier", "Ik schrijf over dossier {reference}, voor mijn zus. Wanneer krijgt zij antwoord?"),
    (
        "fr",
        "Suite",
        "Je vous écris d'une autre adresse au sujet du dossier {reference}. J'ai retrouvé le courrier demandé.",
    ),
    ("en", "Our tenant", "I am the landlord of the person in {reference}. When will the rent be paid?"),
)


async def robot(tx: Tx, arriving: Arriving, number: int, now: datetime) -> None:
    """An absence notice: kept, and never answered."""
    who = writer(number, "fr", Random(number))  # noqa: S311 (a story, no secret)
    box = arriving.house.mailboxes[0].address
    body = _ABSENT.format(name="Absent", mail=who.mail, box=box, number=number).encode()
    raw = RawMessage("email", box, external_id(body), body, now, {"mail_from": who.mail, "rcpt_to": box})
    await arriving.record(tx, raw, answer_read("fr"))


async def stranger(tx: Tx, arriving: Arriving, number: int, now: datetime) -> None:
    """Somebody unknown names the reference of a case that is open: held for a decision."""
    query = select(cases.c.reference).where(cases.c.state == "open", cases.c.sealed.is_(False))
    reference = (await tx.conn.execute(query.order_by(cases.c.id.desc()).limit(1))).scalar()
    if reference is None:
        return
    language, subject, words = _STRANGERS[number % len(_STRANGERS)]
    who = writer(number, language, Random(number))  # noqa: S311 (a story, no secret)
    text = f"{words.format(reference=reference)}\n\n{who.name}"
    await arriving.mail(tx, subject, text, replace(who, mail=f"other{number}@mail.example"), number, now)


async def unreadable(tx: Tx, house: House, number: int, now: datetime) -> None:
    """A mail that nothing can read, five times: it is kept whole, in quarantine."""
    box = house.mailboxes[0].address
    body = (
        f"From: piron{number}@mail.example\r\nTo: {box}\r\nSubject: scan\r\n\r\n".encode() + bytes(range(128, 256)) * 8
    )
    raw = RawMessage("email", box, external_id(body), body, now, {"mail_from": "piron@mail.example", "rcpt_to": box})
    await inbox.add(tx, raw, now=now)
    (item,) = await inbox.claim(tx, limit=1, now=now, lease=timedelta(minutes=1))
    await inbox.set_back(tx, item, due_at=None, error=_BROKEN[number % len(_BROKEN)], now=now)
