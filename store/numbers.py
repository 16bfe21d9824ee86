"""Numbers of people: found by an HMAC of theirs, and never words of the search index (national numbers, accounts)."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from sqlalchemy import delete, select

from store.database import Tx
from store.schema import person_numbers
from store.sql import insert_or_leave

_JOINT: Final = "[ .\\-/\u00a0\u2009\u202f\u2010-\u2013]"
_ELEVEN: Final = re.compile(rf"(?<!\d)\d(?:{_JOINT}{{0,2}}\d){{10}}(?!\d)")
_ACCOUNT: Final = re.compile(rf"(?<![^\W_])BE\d{{2}}(?:{_JOINT}?\d){{12}}(?!\d)", re.IGNORECASE)
_NOT_A_DIGIT: Final = re.compile(r"\D+", re.ASCII)
# Shorter ones are no member numbers, and every house number would find somebody.
_SHORTEST: Final = 6


def without_numbers(text: str) -> str:
    """A text without national numbers and Belgian accounts, so that no index holds them."""
    if not any(sign.isdigit() for sign in text):
        return text
    text = _ELEVEN.sub(lambda found: " " if is_national(_digits(found.group())) else found.group(), text)
    return _ACCOUNT.sub(" ", text)


def is_national(digits: str) -> bool:
    """Whether eleven digits are a national or bis number: the last two are what the others leave of 97, as for a person
    born before 2000 or since."""
    if len(digits) != 11:
        return False
    first, check = digits[:9], int(digits[9:])
    return check in (97 - int(first) % 97, 97 - int(f"2{first}") % 97)


async def know(tx: Tx, person_id: int, number: str) -> None:
    """Let a person be found by a number of theirs."""
    digest = _digest(tx, number)
    if digest:
        values = {"person_id": person_id, "digest": digest}
        await tx.run(insert_or_leave(person_numbers, is_sqlite=tx.is_sqlite), values)


async def forget(tx: Tx, person_id: int) -> None:
    """Let a person be found by no number any more."""
    await tx.conn.execute(delete(person_numbers).where(person_numbers.c.person_id == person_id))


async def people_with(tx: Tx, number: str) -> list[int]:
    """The people with this number, however it is typed."""
    digest = _digest(tx, number)
    if not digest:
        return []
    found = await tx.conn.execute(select(person_numbers.c.person_id).where(person_numbers.c.digest == digest))
    return list(found.scalars())


def _digest(tx: Tx, number: str) -> str:
    digits = _digits(number)
    if len(digits) < _SHORTEST:
        return ""
    return hmac.new(tx.number_key, digits.encode(), hashlib.sha256).hexdigest()


def _digits(number: str) -> str:
    return _NOT_A_DIGIT.sub("", number)
