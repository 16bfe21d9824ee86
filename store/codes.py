"""Six-digit codes: 10 minutes, one use, five tries, 3 an hour and 10 a day (rule C3; ASVS 6.5.5, 6.6.2, 6.6.3).

Each secret link has its own 3 and 10, all links of a case together twice as many: whoever was forwarded one link cannot
use up what the member needs, and the member's mailbox is not filled.

All counting is in the database, by conditional updates, so that guesses in parallel count one by one.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, func, select, text, update

from store.database import Tx
from store.schema import codes
from store.sql import new_id

LIFE: Final = timedelta(minutes=10)
TRIES: Final = 5
AN_HOUR: Final = 3
A_DAY: Final = 10
# So many times as much for all links of a case together.
_OF_CASE: Final = 2
_HALF: Final = 32

Outcome = Literal["right", "wrong", "over"]


def asker(token: str, browser: str) -> str:
    """Who asks: 128 bits of the hash of a secret link, then of the hash of a browser that holds it."""
    return "".join(hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:_HALF] for secret in (token, browser))


async def ask(tx: Tx, *, case_id: int, purpose: str, browser_hash: str, code_hash: str, now: datetime) -> int | None:
    """Take a new code, which ends earlier ones for the same act in the same browser; None beyond the limits.

    `browser_hash` is what `asker` makes. Returns the id of the code.
    """
    if not tx.is_sqlite:
        # Two numbers are a space of its own; the first tells these locks from those on senders.
        await tx.conn.execute(text("SELECT pg_advisory_xact_lock(2, :number)"), {"number": case_id % 2**31})
    of_case = codes.c.case_id == case_id
    by_link = codes.c.browser_hash.startswith(browser_hash[:_HALF])
    for within, most in ((timedelta(hours=1), AN_HOUR), (timedelta(days=1), A_DAY)):
        counted = select(func.count(), func.count().filter(by_link)).where(of_case, codes.c.created_at > now - within)
        all_links, this_link = (await tx.conn.execute(counted)).one()
        if this_link >= most or all_links >= _OF_CASE * most:
            return None
    await tx.conn.execute(
        update(codes)
        .where(of_case, codes.c.purpose == purpose, codes.c.browser_hash == browser_hash, codes.c.used_at.is_(None))
        .values(used_at=now)
    )
    return await new_id(
        tx,
        codes,
        case_id=case_id,
        purpose=purpose,
        browser_hash=browser_hash,
        code_hash=code_hash,
        tries=0,
        created_at=now,
        used_at=None,
    )


async def use(tx: Tx, *, case_id: int, purpose: str, browser_hash: str, code_hash: str, now: datetime) -> Outcome:
    """Try a code. "over": there is none to try any more, whatever was typed; a new one has to be asked for.

    The try is counted in this transaction, which must be committed whatever the outcome.
    """
    newest = (
        select(codes.c.id)
        .where(
            codes.c.case_id == case_id,
            codes.c.purpose == purpose,
            codes.c.browser_hash == browser_hash,
            codes.c.used_at.is_(None),
            codes.c.created_at > now - LIFE,
        )
        .order_by(codes.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    tried = (
        await tx.conn.execute(
            update(codes)
            .where(codes.c.id == newest, codes.c.tries < TRIES, codes.c.used_at.is_(None))
            .values(tries=codes.c.tries + 1)
            .returning(codes.c.id, codes.c.code_hash, codes.c.tries)
        )
    ).one_or_none()
    if tried is None:
        return "over"
    if not hmac.compare_digest(tried.code_hash, code_hash):
        return "wrong" if tried.tries < TRIES else "over"
    done = await tx.conn.execute(
        update(codes).where(codes.c.id == tried.id, codes.c.used_at.is_(None)).values(used_at=now)
    )
    return "right" if done.rowcount == 1 else "over"


async def forget_old(tx: Tx, *, now: datetime) -> int:
    """Drop codes once a day has passed over them: until then they count against the limit."""
    return int((await tx.conn.execute(delete(codes).where(codes.c.created_at < now - timedelta(days=1)))).rowcount)
