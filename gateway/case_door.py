"""The house behind the case page: finding a case again, codes that prove whose it is, and what its member may do to it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

import structlog
from sqlalchemy import select

from channels.contract import StoreUnavailableError
from channels.form.case_contract import CodeOutcome, CodeSent, Package, PdfUnavailableError, Purpose
from channels.form.contract import CaseView
from channels.form.fields import international
from channels.message import Sender
from config.vocabulary import Language
from gateway import answers, keys, member_copy, member_page
from gateway.house import House
from router.pdf import PdfError, make_pdf
from store import audit, cases, codes, correspondence, links, people, ratings, receipts
from store.database import Tx
from store.schema import cases as case_table
from store.schema import contacts

log = structlog.get_logger(__name__)

# Rule F8: so many links an hour to one contact, whoever asks for them.
LINKS_AN_HOUR: Final = 3
# So many requests for a link are kept waiting at once; more would only be somebody trying.
_MOST_WAITING: Final = 200


@dataclass
class CaseDoor:
    """As channels.form.case_contract.CaseDoor says."""

    house: House
    _searches: set[asyncio.Task[None]] = field(default_factory=set)

    async def find(self, reference: str, contact: str, language: Language) -> None:
        """As the protocol says; the search goes on after the answer."""
        if len(self._searches) >= _MOST_WAITING:
            return
        task = asyncio.create_task(self._find(reference, contact, language))
        self._searches.add(task)
        task.add_done_callback(self._searches.discard)

    async def settled(self) -> None:
        """Wait until every search that was begun has ended."""
        while self._searches:
            await asyncio.wait(self._searches)

    async def _find(self, reference: str, contact: str, language: Language) -> None:
        try:
            sent = await self._send_link(reference, contact, language)
        except StoreUnavailableError:
            log.warning("a link could not be looked for: the store cannot be reached")
            return
        if sent is not None:
            await self.house.departures.put(sent)

    async def _send_link(self, reference: str, contact: str, language: Language) -> int | None:
        now = self.house.now()
        async with self.house.store.write() as tx:
            case_id = (
                await tx.conn.execute(select(case_table.c.id).where(case_table.c.reference == reference))
            ).scalar()
            if case_id is None:
                return None
            known = await people.contacts_of_case(tx, case_id)
            asked_by = next((one for one in known if _same(one, contact)), None)
            # To the address that was named, or, for a telephone, to the first address on file that takes mail.
            to = next((one for one in (asked_by, *known) if one and one.kind == "email" and not one.unreachable), None)
            if asked_by is None or to is None:
                return None
            if await links.found_since(tx, to.id, now - timedelta(hours=1)) >= LINKS_AN_HOUR:
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

    async def open_by_receipt(self, reference: str, code: str) -> str | None:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            found = await receipts.find(tx, reference, code, now=now)
            if found is None:
                return None
            token = self.house.randomness.token()
            await links.add(
                tx,
                token,
                now=now,
                case_id=found.case_id,
                # While the message is being read, the link is bound to it, as the receipt's own is.
                inbox_id=None if found.case_id is not None else found.inbox_id,
                contact_id=found.contact_id,
                purpose="proven",
            )
            return token

    async def send_code(self, token: str, purpose: Purpose, browser: str) -> CodeSent:
        """As the protocol says."""
        now, code = self.house.now(), f"{secrets.randbelow(1_000_000):06d}"
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None or await member_page.proof_for(tx, opened) != "mail":
                return "none"
            row = await _case(tx, opened.case_id)
            code_id = await codes.ask(
                tx,
                case_id=row.id,
                purpose=purpose,
                browser_hash=links.hashed(browser),
                code_hash=self._hash_of(row.id, purpose, browser, code),
                now=now,
            )
            if code_id is None:
                return "too_many"
            await audit.write(tx, actor="member", act="code.asked", at=now, case_id=row.id, detail={"for": purpose})
            sent = await answers.send_asked(
                tx,
                self.house,
                "code",
                key=f"code-{code_id}",
                case_id=row.id,
                contact=await _contact(tx, opened.contact_id),
                reference=row.reference,
                language=cast(Language, row.language),
                code=code,
                purpose=purpose,
                now=now,
            )
        if sent is not None:
            await self.house.departures.put(sent)
        return "sent"

    async def unlock(self, token: str, browser: str, code: str) -> str | CodeOutcome:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None:
                return "over"
            outcome = await self._proven(tx, opened, "open", browser, code, now)
            if outcome != "right":
                return outcome
            proven = self.house.randomness.token()
            await links.add(tx, proven, now=now, case_id=opened.case_id, contact_id=opened.contact_id, purpose="proven")
            await audit.write(tx, actor="member", act="case.unlocked", at=now, case_id=opened.case_id)
            return proven

    async def withdraw(self, token: str, browser: str, code: str) -> CodeOutcome:
        """As the protocol says."""
        now = self.house.now()
        sent = None
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None:
                return "over"
            row = await _case(tx, opened.case_id)
            if row.state == "closed":
                return "over"
            outcome = await self._proven(tx, opened, "withdraw", browser, code, now)
            if outcome != "right":
                return outcome
            await cases.close(tx, row.id, outcome="withdrawn", actor="member", now=now, act="case.withdrawn")
            if await member_page.proof_for(tx, opened) == "mail":
                sent = await answers.send_asked(
                    tx,
                    self.house,
                    "withdrawn",
                    key=f"withdrawn-{row.id}-{row.version}",
                    case_id=row.id,
                    contact=await _contact(tx, opened.contact_id),
                    reference=row.reference,
                    language=cast(Language, row.language),
                    now=now,
                )
        if sent is not None:
            await self.house.departures.put(sent)
        return "right"

    async def copy(
        self, token: str, browser: str, code: str, *, draw: Callable[[CaseView], str]
    ) -> Package | CodeOutcome:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None:
                return "over"
            outcome = await self._proven(tx, opened, "copy", browser, code, now)
            if outcome != "right":
                return outcome
            proven = links.Opened(opened.case_id, opened.inbox_id, opened.contact_id, proven=True)
            saturdays = self.house.settings.saturdays_are_working_days
            view = await member_page.of_link(tx, proven, token, now=now, saturdays=saturdays)
            messages = await correspondence.messages_for_member(tx, opened.case_id, opened.contact_id)
            # Rule E5: what left the house, and how much of it.
            detail = {"messages": len(messages), "files": sum(len(message.files) for message in messages)}
            await audit.write(tx, actor="member", act="case.copied", at=now, case_id=opened.case_id, detail=detail)
        if view is None:
            return "over"
        page = await asyncio.to_thread(draw, view)
        return await member_copy.packed(self.house.store.files, view.reference, page, messages)

    async def rate(self, token: str, score: int, comment: str) -> bool:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None:
                return False
            view = await member_page.of_link(tx, opened, token, now=now, saturdays=False)
            if view is None or "rate" not in view.can:
                return False
            again = await ratings.of_case(tx, opened.case_id) is not None
            await ratings.keep(tx, opened.case_id, score, comment, now=now)
            act = "case.rated_again" if again else "case.rated"
            await audit.write(tx, actor="member", act=act, at=now, case_id=opened.case_id, detail={"score": score})
        return True

    async def revoke(self, token: str) -> bool:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None:
                return False
            await links.revoke(tx, opened.case_id, now=now, but=token)
            if await member_page.proof_for(tx, opened) == "mail":
                await receipts.revoke(tx, opened.case_id, now=now)
            await audit.write(tx, actor="member", act="links.revoked", at=now, case_id=opened.case_id)
        return True

    async def pdf(self, html: str) -> bytes:
        """As the protocol says."""
        try:
            return await make_pdf(html)
        except PdfError as error:
            log.warning("a receipt could not be typeset", reason=str(error))
            raise PdfUnavailableError from None

    async def _proven(
        self, tx: Tx, opened: links.Opened, purpose: Purpose, browser: str, code: str, now: datetime
    ) -> CodeOutcome:
        """What a code proves: the six digits that were sent, or the receipt's where there is nowhere to send any."""
        if opened.case_id is None:
            return "over"
        proof = await member_page.proof_for(tx, opened)
        if proof == "mail":
            return await codes.use(
                tx,
                case_id=opened.case_id,
                purpose=purpose,
                browser_hash=links.hashed(browser),
                code_hash=self._hash_of(opened.case_id, purpose, browser, _digits(code)),
                now=now,
            )
        if proof == "receipt":
            row = await _case(tx, opened.case_id)
            found = await receipts.find(tx, row.reference, code, now=now)
            return "right" if found is not None and found.case_id == opened.case_id else "wrong"
        return "over"

    def _hash_of(self, case_id: int, purpose: Purpose, browser: str, code: str) -> str:
        """A code is bound to its case, act and browser, under a key: six digits alone are soon guessed from a plain hash."""
        said = f"{case_id}\0{purpose}\0{browser}\0{code}".encode("utf-8", "replace")
        return hmac.new(keys.derived(self.house.secret, "case codes"), said, hashlib.sha256).hexdigest()


def _digits(code: str) -> str:
    """What was typed or pasted, without blanks and dashes; cut, since nothing long can be a code."""
    return "".join(sign for sign in code[:40] if sign.isascii() and sign.isalnum())


def _same(known: people.Contact, given: str) -> bool:
    """Whether somebody named this contact: a mail address without case, a telephone number however it is written."""
    if known.kind == "email":
        return known.address == people.normalised(Sender("email", given, ""))
    return known.kind == "phone" and known.address == international(given)


async def _case(tx: Tx, case_id: int) -> Any:
    return (await tx.conn.execute(select(case_table).where(case_table.c.id == case_id))).one()


async def _contact(tx: Tx, contact_id: int | None) -> people.Contact:
    row = (
        await tx.conn.execute(
            select(
                contacts.c.id, contacts.c.person_id, contacts.c.kind, contacts.c.address, contacts.c.unreachable
            ).where(contacts.c.id == contact_id)
        )
    ).one()
    return people.Contact(*row)
