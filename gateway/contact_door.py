"""The house behind the page of a member's details: an address changes with a code at one on file, and another at the new one.

The link alone changes nothing, and neither does the receipt's code: it can be made from the link of the same receipt (rule C4).
The second code finds a typing error before it costs an answer; it can only have been sent to whoever gave the first.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from channels.form.case_contract import CodeOutcome, CodeSent
from channels.form.contact_contract import NewContact, OwnContact, Refused
from channels.message import Sender
from channels.web import contact_field
from channels.web.contact_field import Wrong
from config.vocabulary import Language
from gateway import answers, keys, member_page
from gateway.entry_receipts import can_text
from gateway.house import House
from gateway.reaching import can_be_told, case_row, new_contact, own_contacts, tell
from store import audit, cases, codes, contact_changes, links, opted_out, parties, people, receipts, threads
from store.database import Tx
from store.family import goes_on_as
from store.parties import Party
from store.people import Contact

Step = Literal["contact", "confirm"]


@dataclass(frozen=True, slots=True)
class _Mine:
    """A link that may change something: its case, the one that goes on, whose they are, and the address that it went to."""

    case_id: int
    root_id: int
    party: Party
    own: Sequence[Contact]
    sent_to: Contact


@dataclass(frozen=True, slots=True)
class HouseContactDoor:
    """As channels.form.contact_contract.ContactDoor says."""

    house: House

    def read(self, typed: str) -> Sender | Wrong:
        """The contact that was typed."""
        return contact_field.read(typed, self.house.settings.sms_countries)

    async def mine(self, token: str) -> Sequence[OwnContact]:
        """The addresses of the member whose case this is."""
        now = self.house.now()
        async with self.house.store.read() as tx:
            opened = await links.opened(tx, token, now=now)
            view = await member_page.of_link(tx, opened, "", now=now, saturdays=False) if opened else None
            if opened is None or opened.case_id is None or view is None or view.locked:
                return ()
            _, party = await _party(tx, opened.case_id)
            return [
                OwnContact(
                    one.id,
                    one.kind,
                    contact_field.masked(one.kind, one.address),
                    arrives=not one.unreachable,
                    changes=one.kind in ("email", "phone"),
                )
                for one in await own_contacts(tx, party)
                if one.kind in ("email", "phone", "post")
            ]

    async def ask(self, token: str, browser: str, wanted: NewContact) -> CodeSent | Refused:
        """Send six digits to the address on file."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            mine = await self._mine(tx, token, now)
            if mine is None:
                return "none"
            refused = await self._refused(tx, mine, wanted)
            if refused is not None:
                return refused
            asker = codes.asker(token, browser)
            sent = await self._send(tx, mine, "contact", browser, wanted, mine.sent_to, asker, now)
        return await self._away(sent)

    async def prove(self, token: str, browser: str, wanted: NewContact, code: str) -> CodeSent | CodeOutcome:
        """Try them; where they are right, others go to the new address."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            mine = await self._mine(tx, token, now)
            if mine is None or await self._refused(tx, mine, wanted) is not None:
                return "over"
            asker = codes.asker(token, browser)
            outcome = await self._use(tx, mine, "contact", browser, wanted, code, asker, now)
            if outcome != "right":
                return outcome
            # Counted for the new address: what it gets is not taken from what the member may ask for.
            asker = codes.asker(wanted.sender.address, browser)
            sent = await self._send(tx, mine, "confirm", browser, wanted, wanted.sender, asker, now)
        return await self._away(sent)

    async def confirm(self, token: str, browser: str, wanted: NewContact, code: str) -> str | CodeOutcome:
        """Try those, and change how the member is reached."""
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is not None and opened.case_id is not None:
                # A colleague who changes it at this moment, or the same press twice, waits.
                await threads.current(tx, opened.case_id, held=True)
            mine = await self._mine(tx, token, now)
            if mine is None or await self._refused(tx, mine, wanted) is not None:
                return "over"
            asker = codes.asker(wanted.sender.address, browser)
            outcome = await self._use(tx, mine, "confirm", browser, wanted, code, asker, now)
            if outcome != "right":
                return outcome
            goes_on, told = await self._changed(tx, mine, wanted, token, now)
        if told is not None:
            await self.house.departures.put(told)
        return goes_on

    async def _changed(
        self, tx: Tx, mine: _Mine, wanted: NewContact, token: str, now: datetime
    ) -> tuple[str, int | None]:
        """Change it. Returns the token with which this browser goes on, and what goes to the old address."""
        new = await new_contact(tx, mine.party, wanted.sender, now=now)
        # They have read a code there just now.
        await people.reachable_again(tx, new.id)
        old = next((one for one in mine.own if one.id == wanted.instead_of), None)
        told = old if old is not None and await can_be_told(tx, self.house, mine.root_id, old) else None
        if old is None:
            told = mine.sent_to
        act: contact_changes.Act = "replace" if old is not None else "add"
        detail = {"how": "code", "told": told is not None, "new": new.id} | ({"old": old.id} if old else {})
        await cases.change(tx, mine.root_id, actor="member", act="contact.confirmed", now=now, detail=detail)
        change_id = await contact_changes.make(
            tx,
            act,
            case_ids=mine.party.case_ids,
            old_id=old.id if old else mine.sent_to.id,
            new_id=new.id,
            author_id=None,
            how="code",
            now=now,
        )
        sent = None
        if told is not None:
            wait = timedelta(0)
            sent = await tell(tx, self.house, change_id, act, mine.case_id, told, wait=wait, now=now)
        if old is None or old.id != mine.sent_to.id:
            return token, sent
        # The link of this browser went to the old address, and so did what its receipt's code is made from.
        for case_id in mine.party.case_ids:
            await receipts.revoke(tx, case_id, now=now)
        goes_on = self.house.randomness.token()
        await links.add(tx, goes_on, now=now, case_id=mine.case_id, contact_id=new.id, purpose="proven")
        return goes_on, sent

    async def _mine(self, tx: Tx, token: str, now: datetime) -> _Mine | None:
        """What a link may change; None for one that may not. Only a mail address on file proves who asks."""
        opened = await links.opened(tx, token, now=now)
        if opened is None or opened.case_id is None:
            return None
        view = await member_page.of_link(tx, opened, "", now=now, saturdays=False)
        if view is None or "contact" not in view.can:
            return None
        root_id, party = await _party(tx, opened.case_id)
        own = await own_contacts(tx, party)
        sent_to = next((one for one in own if one.id == opened.contact_id), None)
        return None if sent_to is None else _Mine(opened.case_id, root_id, party, own, sent_to)

    async def _refused(self, tx: Tx, mine: _Mine, wanted: NewContact) -> Refused | None:
        sender = wanted.sender
        if (sender.kind, sender.address) in {(one.kind, one.address) for one in mine.own}:
            return "known"
        if self.house.mailbox(sender.address) is not None:
            return "ours"
        # Of a sealed case not even a code goes to a telephone, which others may hold (rule H6).
        if sender.kind == "phone" and (
            not can_text(self.house)
            or (await case_row(tx, mine.root_id)).sealed
            or await opted_out.has(tx, "sms", sender.address)
        ):
            return "no_texts"
        left = [one for one in mine.own if one.kind == "email" and not one.unreachable and one.id != wanted.instead_of]
        return None if left or sender.kind == "email" else "mail"

    async def _send(
        self,
        tx: Tx,
        mine: _Mine,
        step: Step,
        browser: str,
        wanted: NewContact,
        to: Contact | Sender,
        asker: str,
        now: datetime,
    ) -> int | None:
        code = f"{secrets.randbelow(1_000_000):06d}"
        code_id = await codes.ask(
            tx,
            case_id=mine.case_id,
            purpose=step,
            browser_hash=asker,
            code_hash=self._hash_of(mine.case_id, step, browser, wanted, code),
            now=now,
        )
        if code_id is None:
            return None
        row = await case_row(tx, mine.case_id)
        await audit.write(tx, actor="member", act="code.asked", at=now, case_id=mine.case_id, detail={"for": step})
        return await answers.send_asked(
            tx,
            self.house,
            "code",
            key=f"code-{code_id}",
            case_id=mine.case_id,
            contact=to,
            reference=row.reference,
            language=cast(Language, row.language),
            code=code,
            about=step,
            now=now,
        )

    async def _away(self, sent: int | None) -> CodeSent:
        if sent is None:
            return "too_many"
        await self.house.departures.put(sent)
        return "sent"

    async def _use(
        self,
        tx: Tx,
        mine: _Mine,
        step: Step,
        browser: str,
        wanted: NewContact,
        code: str,
        asker: str,
        now: datetime,
    ) -> CodeOutcome:
        digits = "".join(sign for sign in code[:40] if sign.isascii() and sign.isdigit())
        return await codes.use(
            tx,
            case_id=mine.case_id,
            purpose=step,
            browser_hash=asker,
            code_hash=self._hash_of(mine.case_id, step, browser, wanted, digits),
            now=now,
        )

    def _hash_of(self, case_id: int, step: Step, browser: str, wanted: NewContact, code: str) -> str:
        """A code is bound to its case, step, browser and to the very change that it was asked for."""
        change = f"{wanted.instead_of}\0{wanted.sender.kind}\0{wanted.sender.address}"
        said = f"{case_id}\0{step}\0{browser}\0{change}\0{code}".encode("utf-8", "replace")
        return hmac.new(keys.derived(self.house.secret, "contact codes"), said, hashlib.sha256).hexdigest()


async def _party(tx: Tx, case_id: int) -> tuple[int, Party]:
    """The case that goes on, and the member of it whose this case is."""
    root = await goes_on_as(tx, case_id)
    everybody = await parties.of_case(tx, root.id)
    return root.id, next(one for one in everybody if case_id in one.case_ids)
