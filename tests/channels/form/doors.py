"""A faithful house in memory for the tests of the form: it keeps the stored bytes, honours keys, shows cases."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import BinaryIO, cast

from channels.contract import StoreUnavailableError
from channels.form.case_contract import CodeOutcome, CodeSent, Package, Purpose
from channels.form.contract import (
    CaseEvent,
    CaseMessage,
    CaseView,
    IdempotencyConflictError,
    Noticed,
    PolicyUnavailableError,
    Receipt,
    case_path,
)
from channels.form.steps import StagedFile
from channels.form.submission import Submission
from channels.reference import format_reference
from channels.web.body import Upload
from config.vocabulary import Language

NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)


VIEW = CaseView(
    reference="",
    language="en",
    state="in_mediation",
    received_on=NOW.date(),
    due_on=date(2026, 12, 23),
    kind="complaint",
    situation="mediation",
    working_days_left=21,
    held_by="Anne L., Mediation",
)


@dataclass
class MemoryDoor:
    """`raw` is what would be in the inbox; `view` is what a new case looks like, `cases` what each token opens."""

    base_url: str
    view: CaseView = VIEW
    raw: list[bytes] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    cases: dict[str, CaseView] = field(default_factory=dict)
    additions: list[tuple[str, Submission]] = field(default_factory=list)
    answers: dict[str, tuple[str, Receipt | bool]] = field(default_factory=dict)
    waiting: dict[str, Upload] = field(default_factory=dict)
    full: bool = False
    lookups: int = 0

    async def accept(
        self, submission: Submission, *, idempotency_key: str | None, body_hash: str, address: str, wait: bool = True
    ) -> Receipt:
        """Store, number, open a case."""
        del wait
        before = self._before(idempotency_key, body_hash)
        if isinstance(before, Receipt):
            return before
        self.raw.append(submission.to_bytes())
        self.addresses.append(address)
        token = secrets.token_urlsafe(16)
        language = submission.language or "fr"
        reference = format_reference(2026, 4200 + len(self.raw))
        sent_to = f"{submission.email[0]}•••@{submission.email.rpartition('@')[2]}" if submission.email else ""
        message = CaseMessage(
            NOW,
            ours=False,
            text=submission.text,
            language=language,
            files=tuple(file.name for file in submission.files),
        )
        view = replace(
            self.view,
            reference=reference,
            language=language,
            mail_sent_to=sent_to,
            messages=(message,),
            events=(CaseEvent(NOW, "received"),),
        )
        self.cases[token] = view
        receipt = Receipt(
            reference=reference,
            status_url=self.base_url + case_path(language, token),
            due_on=view.due_on,
            language=language,
            kind=view.kind,
            situation=view.situation,
            mail_sent_to=sent_to,
        )
        if idempotency_key is not None:
            self.answers[idempotency_key] = (body_hash, receipt)
        await asyncio.sleep(0)
        return receipt

    async def notice(self, text: str, language: Language) -> Noticed:
        """By one word each."""
        del language
        return Noticed(
            distress="suicide" in text,
            medical_adviser="medical adviser" in text,
            other_body="the ombudsman of that hospital" if "hospital" in text else "",
            other_body_contact="02 000 00 00" if "hospital" in text else "",
            department="reimbursements" if "refund" in text else "",
        )

    async def stage(self, files: Sequence[Upload]) -> list[StagedFile]:
        """Keep them in memory."""
        if self.full:
            raise StoreUnavailableError
        kept = [(secrets.token_urlsafe(16), file) for file in files]
        self.waiting.update(kept)
        return [StagedFile(token, file.name, len(file.content)) for token, file in kept]

    async def staged(self, tokens: Sequence[str]) -> list[StagedFile]:
        """Look them up."""
        found = [(token, self.waiting[token]) for token in tokens if token in self.waiting]
        return [StagedFile(token, file.name, len(file.content)) for token, file in found]

    async def staged_files(self, tokens: Sequence[str]) -> list[Upload]:
        """Look them up."""
        return [self.waiting[token] for token in tokens if token in self.waiting]

    async def unstage(self, tokens: Sequence[str]) -> None:
        """Forget them."""
        for token in tokens:
            self.waiting.pop(token, None)

    async def case_view(self, token: str, *, wait: bool = False) -> CaseView | None:
        """Look it up."""
        del wait
        self.lookups += 1
        return self.cases.get(token)

    async def letter(self, token: str) -> bytes | None:
        """A letter for medical cases."""
        case = self.cases.get(token)
        return b"%PDF-1.7 letter" if case and case.has_letter else None

    async def policy_pdf(self, language: Language) -> bytes:
        """The same for everybody, unless the typesetter is out of order."""
        if self.full:
            raise PolicyUnavailableError
        return f"%PDF-1.7 policy {language}".encode()

    async def add_message(
        self, token: str, addition: Submission, *, idempotency_key: str | None, body_hash: str, address: str
    ) -> bool:
        """Store and show."""
        if self._before(idempotency_key, body_hash) is True:
            return True
        if token not in self.cases:
            return False
        self.raw.append(addition.to_bytes())
        self.additions.append((token, addition))
        if idempotency_key is not None:
            self.answers[idempotency_key] = (body_hash, True)
        case = self.cases[token]
        if addition.text:
            message = CaseMessage(NOW, ours=False, text=addition.text, language=case.language)
            self.cases[token] = replace(case, messages=(*case.messages, message))
        return True

    def _before(self, key: str | None, body_hash: str) -> Receipt | bool | None:
        if self.full:
            raise StoreUnavailableError
        if key is None or key not in self.answers:
            return None
        known, answer = self.answers[key]
        if known != body_hash:
            raise IdempotencyConflictError
        return answer


@dataclass
class MemoryCaseDoor:
    """Beside a MemoryDoor: codes are sent into `mailed`, `receipts` says what a reference and a code open."""

    door: MemoryDoor
    mailed: list[tuple[str, str]] = field(default_factory=list)
    found: list[tuple[str, str, Language]] = field(default_factory=list)
    codes: dict[tuple[str, str, str], str] = field(default_factory=dict)
    receipts: dict[tuple[str, str], str] = field(default_factory=dict)
    copied: BinaryIO | None = None
    limited: bool = False

    async def find(self, reference: str, contact: str, language: Language) -> None:
        """Note it."""
        self.found.append((reference, contact, language))

    async def open_by_receipt(self, reference: str, code: str) -> str | None:
        """Look it up."""
        return self.receipts.get((reference, code))

    async def send_code(self, token: str, purpose: Purpose, browser: str) -> CodeSent:
        """Put six digits into the mail."""
        case = self.door.cases.get(token)
        if case is None or case.proof != "mail":
            return "none"
        if self.limited:
            return "too_many"
        code = f"{100_000 + len(self.mailed)}"
        self.codes[token, purpose, browser] = code
        self.mailed.append((case.mail_sent_to, code))
        return "sent"

    def _try(self, token: str, purpose: Purpose, browser: str, code: str) -> CodeOutcome:
        case = self.door.cases[token]
        if case.proof == "receipt":
            return "right" if self.receipts.get((case.reference, code)) else "wrong"
        known = self.codes.get((token, purpose, browser))
        if known is None:
            return "over"
        if known != code:
            return "wrong"
        del self.codes[token, purpose, browser]
        return "right"

    async def unlock(self, token: str, browser: str, code: str) -> str | CodeOutcome:
        """A new token that shows everything."""
        outcome = self._try(token, "open", browser, code)
        if outcome != "right":
            return outcome
        opened = secrets.token_urlsafe(16)
        self.door.cases[opened] = replace(self.door.cases[token], locked=False)
        return opened

    async def withdraw(self, token: str, browser: str, code: str) -> CodeOutcome:
        """Close it."""
        outcome = self._try(token, "withdraw", browser, code)
        if outcome == "right":
            case = self.door.cases[token]
            self.door.cases[token] = replace(
                case, state="closed", result="withdrawn", can=case.can - {"withdraw"} | {"disagree"}
            )
        return outcome

    async def copy(
        self, token: str, browser: str, code: str, *, draw: Callable[[CaseView], str]
    ) -> Package | CodeOutcome:
        """The page alone, as an archive of one file."""
        outcome = self._try(token, "copy", browser, code)
        if outcome != "right":
            return outcome
        made = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # The server closes it, as it does the house's.
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("case.html", draw(self.door.cases[token]))
        made.seek(0)
        self.copied = made
        return Package("case.zip", made)

    async def fetch_access(self, token: str, browser: str, code: str) -> Package | CodeOutcome:
        """An archive of one file."""
        outcome = self._try(token, "access", browser, code)
        if outcome != "right":
            return outcome
        made = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # As above.
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("data.json", "{}")
        made.seek(0)
        return Package("data.zip", made)

    async def rate(self, token: str, score: int, comment: str) -> bool:
        """Note it."""
        case = self.door.cases.get(token)
        if case is None or "rate" not in case.can:
            return False
        self.door.cases[token] = replace(case, rating=score, rating_comment=comment)
        return True

    async def revoke(self, token: str) -> bool:
        """End the others of the same case."""
        case = self.door.cases.get(token)
        if case is None:
            return False
        for other in [one for one, view in self.door.cases.items() if view.reference == case.reference]:
            if other != token:
                del self.door.cases[other]
        return True

    async def pdf(self, html: str) -> bytes:
        """No typesetter here."""
        return b"%PDF-1.7 " + html.encode()
