"""The house behind the case page: finding a case again, codes that prove whose it is, and what its member may do to it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import structlog
from sqlalchemy import select

from channels.form.case_contract import CodeOutcome, CodeSent, Package, PdfUnavailableError, Purpose
from channels.form.contract import CaseView
from config.vocabulary import Language
from gateway import answers, keys, member_copy, member_page
from gateway.case_finding import CaseFinding
from gateway.house import House
from router.pdf import PdfError, make_pdf
from store import access_requests, audit, cases, codes, correspondence, links, people, ratings, receipts, threads
from store.database import Tx
from store.schema import cases as case_table
from store.schema import contacts

log = structlog.get_logger(__name__)


@dataclass
class CaseDoor:
    """As channels.form.case_contract.CaseDoor says."""

    house: House
    finding: CaseFinding = field(init=False)

    def __post_init__(self) -> None:
        self.finding = CaseFinding(self.house)

    async def find(self, reference: str, contact: str, language: Language) -> None:
        """As the protocol says."""
        self.finding.begin(reference, contact, language)

    async def settled(self) -> None:
        """Wait until every search that was begun has ended."""
        await self.finding.settled()

    async def open_by_receipt(self, reference: str, code: str) -> str | None:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.read() as tx:
            # Guesses write nothing.
            if await receipts.find(tx, reference, code, now=now) is None:
                return None
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
                purpose="receipt",
            )
            await audit.write(tx, actor="member", act="receipt.used", at=now, case_id=found.case_id)
            return token

    async def send_code(self, token: str, purpose: Purpose, browser: str) -> CodeSent:
        """As the protocol says."""
        now, code = self.house.now(), f"{secrets.randbelow(1_000_000):06d}"
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None or not await self._may(tx, opened, purpose, now):
                return "none"
            row = await _case(tx, opened.case_id)
            code_id = await codes.ask(
                tx,
                case_id=row.id,
                purpose=purpose,
                browser_hash=codes.asker(token, browser),
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
                about=purpose,
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
            outcome = await self._proven(tx, opened, "open", token, browser, code, now)
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
            # A colleague who answers at this moment, or the same press twice, waits.
            await threads.current(tx, opened.case_id, held=True)
            row = await _case(tx, opened.case_id)
            if row.state == "closed":
                return "over"
            outcome = await self._proven(tx, opened, "withdraw", token, browser, code, now)
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
            outcome = await self._proven(tx, opened, "copy", token, browser, code, now)
            if outcome != "right":
                return outcome
            proven = replace(opened, proven=True)
            saturdays = self.house.settings.saturdays_are_working_days
            view = await member_page.of_link(tx, proven, token, now=now, saturdays=saturdays)
            messages = await correspondence.messages_for_member(tx, opened.case_id, opened.contact_id)
            # Rule E5: what left the house, and how much of it.
            detail = {"messages": len(messages), "files": sum(len(message.files) for message in messages)}
            await audit.write(tx, actor="member", act="case.copied", at=now, case_id=opened.case_id, detail=detail)
        if view is None:
            return "over"
        page = await asyncio.to_thread(draw, view)
        return await member_copy.packed(self.house, view.reference, page, messages)

    async def fetch_access(self, token: str, browser: str, code: str) -> Package | CodeOutcome:
        """As the protocol says."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None or await member_page.proof_for(tx, opened) != "mail":
                return "over"
            outcome = await self._proven(tx, opened, "access", token, browser, code, now)
            if outcome != "right":
                return outcome
            ready = await access_requests.ready_on(tx, opened.case_id, opened.contact_id, now=now)
            if ready is None:
                return "over"
            archive = await access_requests.fetch(tx, ready.id, now=now)
            reference = (await _case(tx, opened.case_id)).reference
        return Package(f"{reference}-data.zip", io.BytesIO(archive))

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
            view = await member_page.of_link(tx, opened, token, now=now, saturdays=False)
            # Whoever has only the link of a sealed case, perhaps forwarded, must not thereby shut its member out.
            if view is None or "revoke" not in view.can:
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

    async def _may(self, tx: Tx, opened: links.Opened, purpose: Purpose, now: datetime) -> bool:
        """Whether a code can be sent, and is of any use: else nobody gets a mail for it."""
        view = await member_page.of_link(tx, opened, "", now=now, saturdays=False)
        if view is None or view.proof != "mail":
            return False
        return view.locked if purpose == "open" else purpose in view.can

    async def _proven(
        self, tx: Tx, opened: links.Opened, purpose: Purpose, token: str, browser: str, code: str, now: datetime
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
                browser_hash=codes.asker(token, browser),
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
