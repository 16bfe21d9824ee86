"""The house behind the doors: raw bytes are committed here before anybody is told yes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import structlog

from channels.contract import StoreUnavailableError
from channels.form.contract import (
    CaseView,
    IdempotencyConflictError,
    LetterUnavailableError,
    Noticed,
    PolicyUnavailableError,
    Receipt,
    case_path,
)
from channels.form.steps import StagedFile
from channels.form.submission import Submission
from channels.message import RawMessage
from channels.web.body import Upload
from config.vocabulary import Language
from gateway import keys, member_page, numbering, sealing
from gateway.house import House
from gateway.metrics import Metrics
from gateway.noticing import noticed
from gateway.policy import PolicyPdf
from gateway.room import Room
from router import deadlines
from router.letter import letter_html
from router.pdf import PdfError, make_pdf
from store import idempotency, inbox, links, receipts, references
from store.database import Tx

log = structlog.get_logger(__name__)

# What came by the form is kept under this account.
ACCOUNT: Final = "form"
# How long a receipt waits for the case: long enough for a healthy house, short enough for a person who waits.
PATIENCE_SECONDS: Final = 2.5
_LOOK_EVERY: Final = 0.03


@dataclass(frozen=True, slots=True)
class Door:
    """Takes messages in for mail, form and API, and shows members their case."""

    house: House
    metrics: Metrics
    room: Room
    patience: float = PATIENCE_SECONDS
    policy: PolicyPdf = field(default_factory=PolicyPdf)

    async def submit(self, raw: RawMessage) -> bool:
        """Keep a raw message; True when it is new. Raises StoreUnavailableError."""
        self.make_sure_of_room()
        async with self.house.store.write() as tx:
            item_id, new = await inbox.add(tx, raw, now=self.house.now())
        if new:
            self.metrics.received.labels(raw.channel).inc()
            await self.house.arrivals.put(item_id)
        return new

    async def accept(
        self, submission: Submission, *, idempotency_key: str | None, body_hash: str, address: str, wait: bool = True
    ) -> Receipt:
        """As channels.form.contract.Door says."""
        self.make_sure_of_room()
        del address  # Counted at the edge; not kept: the register needs no network addresses.
        language: Language = submission.language or "fr"
        now = self.house.now()
        reserved = await numbering.reserved(self.house, deadlines.received_day(now).year)
        async with self.house.store.write() as tx:
            given = await self._given_before(tx, idempotency_key, body_hash, now)
            if given is None:
                given = await self._take(tx, submission, now, reserved)
                await self._remember(tx, idempotency_key, body_hash, given)
                new = True
            else:
                new = False
        if new:
            self.metrics.received.labels("webform").inc()
            await self.house.arrivals.put(given["item"])
        receipt = Receipt(
            reference=given["reference"],
            status_url=self.house.settings.base_url + case_path(language, given["token"]),
            due_on=None,
            language=language,
        )
        case_id = await self._case_of(given["item"]) if wait else None
        return receipt if case_id is None else await self._with_case(receipt, given["token"], case_id)

    async def notice(self, text: str, language: Language) -> Noticed:
        """As channels.form.contract.Door says."""
        return await asyncio.to_thread(noticed, text, language)

    async def stage(self, files: Sequence[Upload], *, owner: str = "") -> list[StagedFile]:
        """As channels.form.contract.Door says."""
        self.make_sure_of_room()
        try:
            kept = [
                await asyncio.to_thread(
                    self.house.staging.keep, file.name, file.declared_type, file.content, owner=owner
                )
                for file in files
            ]
        except OSError as error:
            raise StoreUnavailableError(type(error).__name__) from error
        return [StagedFile(one.token, one.name, one.size) for one in kept]

    async def staged(self, tokens: Sequence[str], *, owner: str = "") -> list[StagedFile]:
        """As channels.form.contract.Door says."""
        found = await asyncio.to_thread(self.house.staging.read, tokens, now=self.house.now(), owner=owner)
        return [StagedFile(one.token, one.name, one.size) for one in found]

    async def staged_files(self, tokens: Sequence[str], *, owner: str = "") -> list[Upload]:
        """As channels.form.contract.Door says."""
        found = await asyncio.to_thread(self.house.staging.read, tokens, now=self.house.now(), whole=True, owner=owner)
        return [Upload(one.name, one.declared_type, one.content) for one in found]

    async def late(self, tokens: Sequence[str], *, owner: str = "") -> list[str]:
        """The names of those of these files that have waited for too long."""
        return await asyncio.to_thread(self.house.staging.late, tokens, now=self.house.now(), owner=owner)

    async def unstage(self, tokens: Sequence[str], *, owner: str = "") -> None:
        """As channels.form.contract.Door says."""
        await asyncio.to_thread(self.house.staging.forget, tokens, owner=owner)

    def make_sure_of_room(self) -> None:
        """Raise StoreUnavailableError when the disk is too full to keep anything more."""
        if not self.room.enough():
            raise StoreUnavailableError("no room")

    async def _take(self, tx: Tx, submission: Submission, now: datetime, reserved: str | None) -> dict[str, Any]:
        reference = reserved or await references.next_reference(tx, deadlines.received_day(now).year)
        token = self.house.randomness.token()
        item_id, _ = await inbox.add(
            tx, self._raw(submission.to_bytes(), {}, now), now=now, reserved_reference=reference
        )
        await links.add(tx, token, now=now, inbox_id=item_id)
        await receipts.add(tx, receipts.code_of(token), item_id, now=now)
        return {"item": item_id, "reference": reference, "token": token}

    def _raw(self, body: bytes, envelope: Mapping[str, str], now: datetime) -> RawMessage:
        return RawMessage("webform", ACCOUNT, uuid4().hex, body, now, envelope)

    async def _given_before(self, tx: Tx, key: str | None, body_hash: str, now: datetime) -> dict[str, Any] | None:
        if key is None:
            return None
        try:
            sealed = await idempotency.begin(tx, key, body_hash, now=now)
        except idempotency.ConflictError:
            raise IdempotencyConflictError from None
        if sealed is None:
            return None
        opened = sealing.unseal(self._answer_key(key), bytes.fromhex(sealed), bound_to=body_hash.encode())
        found: dict[str, Any] | None = json.loads(opened) if opened else None
        return found

    async def _remember(self, tx: Tx, key: str | None, body_hash: str, given: Mapping[str, Any]) -> None:
        """The answer holds the secret link, so it is kept under a key that only the caller's own key makes."""
        if key is not None:
            content = json.dumps(dict(given)).encode()
            sealed = sealing.seal(self._answer_key(key), content, bound_to=body_hash.encode())
            await idempotency.answer(tx, key, sealed.hex())

    def _answer_key(self, key: str) -> bytes:
        return keys.derived(self.house.secret, f"idempotent answer {key}")

    async def _case_of(self, item_id: int) -> int | None:
        """The case that the item became; None when the workers need longer than somebody should wait."""
        until = asyncio.get_running_loop().time() + self.patience
        while True:
            async with self.house.store.read() as tx:
                state, case_id = await inbox.outcome(tx, item_id)
            if state in ("done", "quarantined") or asyncio.get_running_loop().time() > until:
                return case_id
            await asyncio.sleep(_LOOK_EVERY)

    async def _with_case(self, receipt: Receipt, token: str, case_id: int) -> Receipt:
        del case_id  # The member's own view is what a receipt may tell.
        view = await self.case_view(token)
        if view is None:
            return receipt
        return replace(
            receipt,
            language=view.language,
            status_url=self.house.settings.base_url + case_path(view.language, token),
            due_on=view.due_on,
            kind=view.kind,
            situation=view.situation,
            mail_sent_to=view.mail_sent_to,
        )

    async def case_view(self, token: str, *, wait: bool = False) -> CaseView | None:
        """As channels.form.contract.Door says."""
        now = self.house.now()
        if wait:
            await self._being_read(token, now)
        async with self.house.store.read() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None:
                return None
            saturdays = self.house.settings.saturdays_are_working_days
            return await member_page.of_link(tx, opened, token, now=now, saturdays=saturdays)

    async def _being_read(self, token: str, now: datetime) -> None:
        """Wait until the message behind a fresh link has become a case, or for as long as somebody should wait."""
        async with self.house.store.read() as tx:
            opened = await links.opened(tx, token, now=now)
        if opened is not None and opened.case_id is None and opened.inbox_id is not None:
            await self._case_of(opened.inbox_id)

    async def _is_locked(self, tx: Tx, opened: links.Opened) -> bool:
        view = await member_page.of_link(tx, opened, "", now=self.house.now(), saturdays=False)
        return view is None or view.locked

    async def letter(self, token: str, *, by_hand: bool = False) -> bytes | None:
        """As channels.form.contract.Door says; `by_hand`: with room to write in place of the words that were sent."""
        async with self.house.store.read() as tx:
            opened = await links.opened(tx, token, now=self.house.now())
            if opened is None or opened.case_id is None or await self._is_locked(tx, opened):
                return None
            data = await member_page.letter_of(tx, opened)
        if data is None:
            return None
        if by_hand:
            data = replace(data, text="", files=())
        try:
            return await make_pdf(letter_html(data))
        except PdfError as error:
            log.warning("a letter could not be made", reason=str(error))
            raise LetterUnavailableError from None

    async def policy_pdf(self, language: Language) -> bytes:
        """As channels.form.contract.Door says."""
        made = await self.policy.in_language(language)
        if made is None:
            raise PolicyUnavailableError
        return made

    async def add_message(
        self, token: str, addition: Submission, *, idempotency_key: str | None, body_hash: str, address: str
    ) -> bool:
        """As channels.form.contract.Door says."""
        self.make_sure_of_room()
        del address
        now = self.house.now()
        async with self.house.store.write() as tx:
            opened = await links.opened(tx, token, now=now)
            if opened is None or opened.case_id is None:
                return False
            given = await self._given_before(tx, idempotency_key, body_hash, now)
            if given is not None:
                return True
            envelope = {"case_id": str(opened.case_id)}
            if opened.contact_id is not None:
                envelope["contact_id"] = str(opened.contact_id)
            if opened.by_receipt:
                envelope["by_receipt"] = "1"
            if addition.disagrees:
                envelope["disagrees"] = "1"
            item_id, _ = await inbox.add(tx, self._raw(addition.to_bytes(), envelope, now), now=now)
            await self._remember(tx, idempotency_key, body_hash, {"item": item_id})
        self.metrics.received.labels("webform").inc()
        await self.house.arrivals.put(item_id)
        await self._case_of(item_id)
        return True
