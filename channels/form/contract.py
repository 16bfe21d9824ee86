"""What the form, the API and the case page need from the house, and what they hand over. They know no store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, Protocol

from channels.form.steps import StagedFile
from channels.form.submission import Submission
from channels.web.body import Upload
from channels.web.limits import Limiter
from config.vocabulary import Department, Kind, Language

__all__ = [
    "CaseEvent",
    "CaseMessage",
    "CaseView",
    "Door",
    "IdempotencyConflictError",
    "Limiter",
    "Receipt",
    "case_path",
]

# Where a case stands, as its member is told. "received": registered, not yet with anybody.
State = Literal["received", "in_department", "in_mediation", "waiting_for_you", "answered", "refused", "closed"]
# What happened, as its member is told; `CaseEvent.detail` holds the department of "passed_on", the reason of "paused".
Event = Literal[
    "received",
    "passed_on",
    "to_mediation",
    "asked",
    "paused",
    "resumed",
    "you_wrote",
    "you_disagreed",
    "you_withdrew",
    "you_rated",
    "reopened",
    "closed",
]
# What the member may do now: write more, say who they are (after an anonymous message), disagree with the answer, take the
# case back, say how it was handled, fetch a copy of it, end its other links, or change how they are reached.
Act = Literal["add", "identify", "disagree", "withdraw", "rate", "copy", "access", "revoke", "contact"]
# By what the holder of a link can show that the case is theirs: a code sent to the address on file, the one on the
# receipt, or nothing at all.
Proof = Literal["", "mail", "receipt"]
# The acknowledgement's situation (router.decision.Decision.situation); it picks the words of receipt and case page.
Situation = Literal[
    "mediation", "department", "medical", "anonymous", "off_scope", "urgent", "triage", "compliment", "suggestion"
]

TOKEN_LENGTH: Final = 22


class IdempotencyConflictError(Exception):
    """This key was used with another body; the caller learns nothing of the first answer (rule F3)."""


class PolicyUnavailableError(Exception):
    """The PDF of the quality policy cannot be made just now; the page says the same."""


class LetterUnavailableError(Exception):
    """The letter cannot be made just now; the page of the case still says where to write."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What follows a submission. `status_url` is the secret link, made by `base_url + case_path(language, token)`.

    `due_on` is None where no date is promised or the case is not yet made. `mail_sent_to` is masked ("m•••@mail.example"),
    "" when no copy goes out.
    """

    reference: str
    status_url: str
    due_on: date | None
    language: Language
    kind: Kind | None = None
    situation: Situation | None = None
    mail_sent_to: str = ""


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """One message that the member sent or was sent. `author` is how we sign it ("Anne L., Mediation"), "" for theirs."""

    at: datetime
    ours: bool
    text: str
    language: Language
    author: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One line of what happened."""

    at: datetime
    what: Event
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as this member may see it: their own messages only, nothing internal.

    `situation` is None until the case has been read by the classifier. `held_by` is how we name who has it ("Anne L.",
    or ""), `department` the id of the department concerned. `question` is what we need to know from the member, `late`
    says that `promised_on` passed; `due_on` is then the new date; `clock` is the id of the promise that it keeps.
    `outcome` is our last message in plain words, `result` the id of how the case ended. `rating` is from 1 to 5, 0 for
    none. Texts are plain; the page escapes them.

    Where `locked` is true the case holds what only its member should see and the holder of the link has not shown that
    it is theirs: nothing but the reference and the masked address is filled.
    """

    reference: str
    language: Language
    state: State
    received_on: date
    due_on: date | None
    kind: Kind | None = None
    situation: Situation | None = None
    working_days_left: int | None = None
    late: bool = False
    promised_on: date | None = None
    department: str = ""
    held_by: str = ""
    question: str = ""
    outcome: str = ""
    mail_sent_to: str = ""
    # Mail to that address comes back.
    came_back: bool = False
    merged_into: str = ""
    clock: str = ""
    result: str = ""
    rating: int = 0
    rating_comment: str = ""
    locked: bool = False
    proof: Proof = ""
    # By this code and the reference the case is found again without mail; only on the receipt itself.
    receipt_code: str = ""
    # Who can help with what is not about us, where that is known.
    other_body: str = ""
    other_body_contact: str = ""
    # A letter to the coordinating doctor, ready to sign, can be fetched.
    has_letter: bool = False
    can: frozenset[Act] = frozenset({"add"})
    # Until when the answer to their request for access can be fetched here; None while there is none.
    access_until: date | None = None
    messages: tuple[CaseMessage, ...] = ()
    events: tuple[CaseEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the house noticed in a story while it is being written. It never keeps anybody from sending."""

    distress: bool = False
    medical_adviser: bool = False
    other_body: str = ""
    other_body_contact: str = ""
    # The department that it is most likely for, "" when the words do not say.
    department: Department | Literal[""] = ""


class Door(Protocol):
    """The house behind the form."""

    async def notice(self, text: str, language: Language) -> Noticed:
        """What the words of a story say already."""
        ...

    async def stage(self, files: Sequence[Upload]) -> list[StagedFile]:
        """Keep files that were chosen on an early page of the form, for a day. Raises StoreUnavailableError."""
        ...

    async def staged(self, tokens: Sequence[str]) -> list[StagedFile]:
        """Those of these files that are still there, in order."""
        ...

    async def staged_files(self, tokens: Sequence[str]) -> list[Upload]:
        """The same with their content."""
        ...

    async def unstage(self, tokens: Sequence[str]) -> None:
        """Forget files: they were sent, or taken off the form."""
        ...

    async def accept(
        self, submission: Submission, *, idempotency_key: str | None, body_hash: str, address: str, wait: bool = True
    ) -> Receipt:
        """Store `submission.to_bytes()` durably, reserve its reference, return the receipt.

        With `wait`, wait a little for the case first, so that the receipt tells its date.

        The same key and hash within 24 hours give the same receipt, in parallel calls too. Raises
        channels.contract.StoreUnavailableError when nothing could be kept, IdempotencyConflictError for another hash.
        """
        ...

    async def case_view(self, token: str, *, wait: bool = False) -> CaseView | None:
        """Return the case of a secret link; None for an unknown, ended or forbidden one, at the same cost.

        Changes nothing. `token` is whatever stood in the address. With `wait`, a message that is just being read is waited
        for a little: who has sent it looks at its receipt.
        """
        ...

    async def letter(self, token: str) -> bytes | None:
        """The ready-to-sign letter of the case as a PDF; None when the link opens no case that has one.

        Raises LetterUnavailableError when it cannot be made just now.
        """
        ...

    async def policy_pdf(self, language: Language) -> bytes:
        """The quality policy as a PDF, the same bytes for everybody. Raises PolicyUnavailableError."""
        ...

    async def add_message(
        self, token: str, addition: Submission, *, idempotency_key: str | None, body_hash: str, address: str
    ) -> bool:
        """Store a further message of the member to the case of a secret link; False when there is no such case.

        `addition.name` and `member_number` are filled when an anonymous sender says who they are; `addition.disagrees`
        when the member does not agree with the answer. Raises as `accept` does.
        """
        ...


def case_path(language: Language, token: str) -> str:
    """Return the path of a secret link, below the public address of the house."""
    return f"/{language}/c/{token}"
