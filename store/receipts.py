"""Codes on receipts: 80 random bits in 16 signs that can be read aloud, by which a case is found again without mail.

A code is made from the secret link of the same receipt, so that the page can show it again; only its SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update

from store import sql
from store.database import Tx
from store.schema import cases, inbox, receipts

# Crockford's base 32: no I, L, O and U, which are misread or make words.
_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 16
_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0", " ": "", "-": ""})
# A case is found by its code for as long after its closing as by a link.
LIFE_AFTER_CLOSING: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Found:
    """What a code belongs to; `case_id` is None while the message is being read."""

    case_id: int | None
    inbox_id: int
    contact_id: int | None


def code_of(token: str) -> str:
    """The code on the receipt of a secret link: "K7QM-2B4X-9DTW-0HFA"."""
    number = int.from_bytes(hashlib.sha256(b"receipt code\0" + token.encode("utf-8", "replace")).digest()[:10], "big")
    signs = "".join(_SIGNS[number >> shift & 31] for shift in range(75, -5, -5))
    return "-".join(signs[start : start + 4] for start in range(0, _LENGTH, 4))


def normalised(text: str) -> str:
    """A code as somebody typed it, in the one form that is compared; "" for what can be none."""
    signs = text.strip().upper().translate(_READ_AS)
    return signs if len(signs) == _LENGTH and all(sign in _SIGNS for sign in signs) else ""


def _hashed(code: str) -> str:
    return hashlib.sha256(normalised(code).encode()).hexdigest()


async def add(tx: Tx, code: str, inbox_id: int, *, now: datetime) -> None:
    """Let a code find what an inbox item becomes."""
    await sql.add(tx, receipts, code_hash=_hashed(code), inbox_id=inbox_id, created_at=now)


async def find(tx: Tx, reference: str, code: str, *, now: datetime) -> Found | None:
    """What the code belongs to, where the reference is that of the same receipt. Changes nothing.

    A message that became part of somebody else's case opens nothing: its receipt names a reference of its own.
    """
    row = (
        await tx.conn.execute(
            select(inbox.c.id, inbox.c.case_id, cases.c.contact_id)
            .join(receipts, receipts.c.inbox_id == inbox.c.id)
            .outerjoin(cases, cases.c.id == inbox.c.case_id)
            .where(
                receipts.c.code_hash == _hashed(code),
                receipts.c.revoked_at.is_(None),
                inbox.c.reserved_reference == reference,
                or_(inbox.c.case_id.is_(None), cases.c.reference == reference),
                or_(cases.c.closed_at.is_(None), cases.c.closed_at > now - LIFE_AFTER_CLOSING),
            )
        )
    ).one_or_none()
    return Found(row.case_id, row.id, row.contact_id) if row else None


async def exists_for(tx: Tx, case_id: int) -> bool:
    """Whether some receipt finds this case."""
    found = await tx.conn.execute(
        select(receipts.c.code_hash)
        .join(inbox, inbox.c.id == receipts.c.inbox_id)
        .join(cases, cases.c.id == inbox.c.case_id)
        .where(
            inbox.c.case_id == case_id,
            inbox.c.reserved_reference == cases.c.reference,
            receipts.c.revoked_at.is_(None),
        )
        .limit(1)
    )
    return found.first() is not None


async def shown(tx: Tx, token: str) -> str:
    """The code on the receipt of a secret link, "" where the link has none or it opens nothing any more."""
    code = code_of(token)
    found = await tx.conn.execute(
        select(receipts.c.code_hash).where(receipts.c.code_hash == _hashed(code), receipts.c.revoked_at.is_(None))
    )
    return code if found.first() is not None else ""


async def revoke(tx: Tx, case_id: int, *, now: datetime) -> None:
    """Let no receipt find this case any more."""
    of_case = select(inbox.c.id).where(inbox.c.case_id == case_id)
    await tx.conn.execute(
        update(receipts).where(receipts.c.inbox_id.in_(of_case), receipts.c.revoked_at.is_(None)).values(revoked_at=now)
    )
