"""Finding a case again by its reference and an address on file: a link goes out, and nobody is told whether it did."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select

from channels.contract import StoreUnavailableError
from channels.form.fields import international
from channels.message import Sender
from config.vocabulary import Language
from gateway import answers
from gateway.house import House
from store import audit, links, people
from store.database import Tx
from store.schema import cases as case_table

log = structlog.get_logger(__name__)

# Rule F8: so many links an hour to one contact, whoever asks for them.
LINKS_AN_HOUR: Final = 3
# And so many a day: whoever knows a reference and an address must not fill a mailbox with it. Each of these links works,
# so that nobody is shut out by it.
LINKS_A_DAY: Final = 10
# So many requests for a link are kept waiting at once; more would only be somebody trying.
_MOST_WAITING: Final = 200
_LONGEST_STOP: Final = 5.0


async def may_be_sent(tx: Tx, to: people.Contact, *, now: datetime) -> bool:
    """Whether one more link that somebody asked for may go to this contact. Requests in parallel are counted one by one."""
    await people.alone_with(tx, Sender("email", to.address, ""))
    for within, most in ((timedelta(hours=1), LINKS_AN_HOUR), (timedelta(days=1), LINKS_A_DAY)):
        if await links.found_since(tx, to.id, now - within) >= most:
            return False
    return True


@dataclass
class CaseFinding:
    """Looks for cases after the answer was given (rule F8)."""

    house: House
    _searches: set[asyncio.Task[None]] = field(default_factory=set)

    def begin(self, reference: str, contact: str, language: Language) -> None:
        """As CaseDoor.find says; the search goes on after the answer."""
        if len(self._searches) >= _MOST_WAITING:
            log.warning("a link was not looked for: too many are waiting", waiting=_MOST_WAITING)
            return
        task = asyncio.create_task(self._find(reference, contact, language))
        self._searches.add(task)
        task.add_done_callback(self._searches.discard)

    async def settled(self) -> None:
        """Wait until every search that was begun has ended, or for as long as a stop may take."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_STOP):
                while self._searches:
                    await asyncio.wait(self._searches)

    async def _find(self, reference: str, contact: str, language: Language) -> None:
        try:
            sent = await self._send_link(reference, contact, language)
        except StoreUnavailableError:
            log.warning("a link could not be looked for: the store cannot be reached")
            return
        except Exception:
            # Nobody waits for this task any more: what failed is said here or nowhere.
            log.exception("a link could not be looked for")
            return
        if sent is not None:
            await self.house.departures.put(sent)

    async def _send_link(self, reference: str, contact: str, language: Language) -> int | None:
        now = self.house.now()
        # Whoever guesses only makes us read: the one writer of SQLite is for those who name what we know.
        async with self.house.store.read() as tx:
            found = await self._asked_about(tx, reference, contact, now)
        if found is None:
            return None
        case_id, to = found
        async with self.house.store.write() as tx:
            if not await may_be_sent(tx, to, now=now):
                return None
            token = self.house.randomness.token()
            await links.add(tx, token, now=now, case_id=case_id, contact_id=to.id, purpose="found")
            await audit.write(tx, actor="member", act="link.asked", at=now, case_id=case_id, detail={"contact": to.id})
            return await answers.send_asked(
                tx,
                self.house,
                "link",
                key=f"link-{links.hashed(token)[:32]}",
                case_id=case_id,
                contact=to,
                reference=reference,
                language=language,
                case_url=answers.case_url(self.house, language, token),
                now=now,
            )

    async def _asked_about(
        self, tx: Tx, reference: str, contact: str, now: datetime
    ) -> tuple[int, people.Contact] | None:
        """The case and the contact that a link is to be sent to; None where nothing matches or no link would open it."""
        row = (
            await tx.conn.execute(
                select(case_table.c.id, case_table.c.closed_at).where(case_table.c.reference == reference)
            )
        ).one_or_none()
        if row is None or (row.closed_at is not None and row.closed_at <= now - links.LIFE_AFTER_CLOSING):
            return None
        known = await people.contacts_of_case(tx, row.id)
        asked_by = next((one for one in known if _same(one, contact)), None)
        # To the address that was named, or, for a telephone, to the first address on file that takes mail.
        to = next((one for one in (asked_by, *known) if one and one.kind == "email" and not one.unreachable), None)
        return None if asked_by is None or to is None else (row.id, to)


def _same(known: people.Contact, given: str) -> bool:
    """Whether somebody named this contact: a mail address without case, a telephone number however it is written."""
    if known.kind == "email":
        return known.address == people.normalised(Sender("email", given, ""))
    return known.kind == "phone" and known.address == international(given)
