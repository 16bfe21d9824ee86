"""Secret links to a case page: random, bound to a case and a contact, expiring; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from store import sql
from store.database import Tx
from store.schema import access_requests, cases, inbox, links

# A link lives 60 days after the message that bore it, or 30 days after the case was closed, whichever comes first.
LIFE: Final = timedelta(days=60)
LIFE_AFTER_CLOSING: Final = timedelta(days=30)
# As a message bears it: the language, "c", and the token.
_IN_TEXT: Final = re.compile(r"(/[a-z]{2}/c/)[A-Za-z0-9_-]{16,64}")
# A line that is six digits and nothing else, as codes are sent.
_CODE: Final = re.compile(r"^[0-9]{6}$", re.MULTILINE)


# What a link was made for. "case": it stands in a message of ours. "found": somebody asked for it by reference.
# "proven": its holder has shown a code that was sent to the address on file. "receipt": the code of the receipt.
Purpose = Literal["case", "found", "proven", "receipt"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens; `case_id` is None while its message is being read, `inbox_id` set on the link of a receipt.

    `proven`: more is known of the holder than that they have the link, which may have been forwarded. `by_receipt`: they
    have what the form gave to its sender, whoever that was: nobody has shown that the address in the form is theirs.
    """

    case_id: int | None
    inbox_id: int | None
    contact_id: int | None
    proven: bool
    by_receipt: bool = False


def masked(text: str, *, with_code: bool = False) -> str:
    """A text as it is kept once nobody is waiting for it any more: its secret link opens nothing, its code is gone.

    `with_code` is for texts of ours that may be a code; what a colleague wrote keeps every line of digits.
    """
    without_link = _IN_TEXT.sub(r"\1…", text)
    return _CODE.sub("…", without_link) if with_code else without_link


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def add(
    tx: Tx,
    token: str,
    *,
    now: datetime,
    case_id: int | None = None,
    inbox_id: int | None = None,
    contact_id: int | None = None,
    purpose: Purpose = "case",
) -> None:
    """Let a token open a case, or the case that an inbox item will become."""
    await sql.add(
        tx,
        links,
        token_hash=hashed(token),
        case_id=case_id,
        inbox_id=inbox_id,
        contact_id=contact_id,
        purpose=purpose,
        created_at=now,
        expires_at=now + LIFE,
    )


async def bind(tx: Tx, inbox_id: int, case_id: int, contact_id: int | None) -> None:
    """The item became a case: tokens given out for it now open that."""
    await tx.conn.execute(
        update(links).where(links.c.inbox_id == inbox_id).values(case_id=case_id, contact_id=contact_id)
    )


async def revoke(tx: Tx, case_id: int, *, now: datetime, but: str = "") -> None:
    """End every link of a case, but that of one token."""
    await tx.conn.execute(
        update(links)
        .where(links.c.case_id == case_id, links.c.revoked_at.is_(None), links.c.token_hash != hashed(but))
        .values(revoked_at=now)
    )


async def found_since(tx: Tx, contact_id: int, moment: datetime) -> int:
    """How many links this contact was sent since a moment because somebody asked for them."""
    asked = select(func.count()).where(
        links.c.contact_id == contact_id, links.c.purpose == "found", links.c.created_at > moment
    )
    return int((await tx.conn.execute(asked)).scalar_one())


_GOING_ON: Final = cases.alias("going_on")


def _open_or_closed_lately(table: Any, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.closed_at.is_(None), table.c.closed_at > now - LIFE_AFTER_CLOSING


def _going_on_is_open(now: datetime) -> ColumnElement[bool]:
    """A case that was merged is closed, and its matter is not."""
    lasting = or_(*_open_or_closed_lately(_GOING_ON, now))
    return select(_GOING_ON.c.id).where(_GOING_ON.c.id == cases.c.merged_into, lasting).exists()


def _answer_waits(now: datetime) -> ColumnElement[bool]:
    """Somebody who asked for their data may have had their last case long ago: the answer waits there all the same."""
    return (
        select(access_requests.c.id)
        .where(
            access_requests.c.case_id == cases.c.id,
            access_requests.c.contact_id == links.c.contact_id,
            access_requests.c.state == "approved",
            access_requests.c.approved_at > now - LIFE,
        )
        .exists()
    )


async def opened(tx: Tx, token: str, *, now: datetime) -> Opened | None:
    """What a token opens now; None when unknown, expired or revoked. Changes nothing."""
    row = (
        await tx.conn.execute(
            select(links.c.case_id, links.c.inbox_id, links.c.contact_id, links.c.purpose)
            .outerjoin(cases, cases.c.id == links.c.case_id)
            .outerjoin(inbox, inbox.c.id == links.c.inbox_id)
            .where(
                links.c.token_hash == hashed(token),
                links.c.revoked_at.is_(None),
                links.c.expires_at > now,
                or_(
                    *_open_or_closed_lately(cases, now),
                    and_(cases.c.merged_into.is_not(None), _going_on_is_open(now)),
                    _answer_waits(now),
                ),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    # The link of a receipt was only ever given to the browser that sent the message.
    by_receipt = row.purpose == "receipt" or row.inbox_id is not None
    return Opened(row.case_id, row.inbox_id, row.contact_id, row.purpose == "proven" or by_receipt, by_receipt)
