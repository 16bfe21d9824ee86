"""What the quick entry needs from the house: recording, the receipt to read aloud, and what the words seem to be about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from channels.web.body import Upload
from config.vocabulary import Department, Flag, Kind, Language
from console.words import ConsoleLanguage
from store.viewer import Viewer

EntryChannel = Literal["counter", "phone", "letter"]
# What the member is given besides the words that are read aloud: a printed slip, or the receipt by mail or text message.
ReceiptWay = Literal["print", "email", "sms"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a colleague typed in; "" for what was not said. `received_at`: when the member said it, or the letter arrived."""

    channel: EntryChannel
    text: str
    language: Language
    received_at: datetime
    name: str = ""
    email: str = ""
    phone: str = ""
    post: str = ""
    member_number: str = ""
    receipt: ReceiptWay = "print"
    files: tuple[Upload, ...] = ()
    # Somebody chose the language; else it is the colleague's own, and the words may tell another.
    language_chosen: bool = False
    # The item in quarantine that is typed in by hand, which gets its fate by it.
    typed_from: int | None = None


@dataclass(frozen=True, slots=True)
class Into:
    """The case that an entry is added to."""

    case_id: int
    reference: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field, as a sentence in the colleague's language."""

    field: str
    sentence: str


class EntryRefusedError(Exception):
    """The entry cannot be recorded as it is."""

    def __init__(self, wrong: tuple[Wrong, ...]) -> None:
        super().__init__(", ".join(one.field for one in wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class EntryReceipt:
    """What the member is told. `due_on` is None where no date is promised or the entry is still `being_read`.

    `code` opens the case together with the reference. `spoken` are the sentences to read aloud, in the member's language.
    `added`: it went to a case that exists. `closed`: it became a sealed case, which this colleague may not read: the receipt
    tells nothing by which it could be. `printed_at`: when its slip was last printed.
    """

    reference: str
    language: Language
    received_on: date
    due_on: date | None
    spoken: tuple[str, ...]
    code: str = ""
    sent_to: str = ""
    has_letter: bool = False
    being_read: bool = False
    added: bool = False
    closed: bool = False
    printed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the words typed so far seem to be. `sure` names the answers that stand by themselves; `read_by_model` is False while
    only lists of words have been asked."""

    kind: Kind | None
    department: Department | None
    flags: tuple[Flag, ...]
    # What they are written in; None where nobody can say yet.
    language: Language | None
    sure: frozenset[str]
    read_by_model: bool


class Entries(Protocol):
    """The house."""

    async def record(
        self,
        viewer: Viewer,
        entry: Entry,
        *,
        client_id: str,
        into: Into | None,
        words_in: ConsoleLanguage,
        now: datetime,
    ) -> None:
        """Keep the entry as a raw item of the intake, once for each `client_id` of this colleague.

        With `into` it becomes a message of that case; the caller has checked that the viewer may open it. What is wrong
        is said in `words_in`. Raises EntryRefusedError, and channels.contract.StoreUnavailableError when nothing was kept.
        """
        ...

    async def receipt(self, viewer: Viewer, client_id: str, *, wait: bool, now: datetime) -> EntryReceipt | None:
        """The receipt of an entry that this colleague recorded; None for any other. With `wait`, the case is waited for."""
        ...

    async def slip_printed(self, viewer: Viewer, client_id: str, *, now: datetime) -> bool:
        """Let the case of an entry of theirs tell that its slip was printed; False where there is no slip (any more)."""
        ...

    async def letter(self, viewer: Viewer, client_id: str, *, now: datetime) -> bytes | None:
        """The letter to the coordinating doctor as a PDF, as long as the receipt is shown; None where there is none.

        For a colleague who may not read the sealed case it has room to write by hand in place of the words.
        Raises LetterNotNowError when it cannot be made just now.
        """
        ...

    def receipts(self) -> tuple[ReceiptWay, ...]:
        """The ways in which this house gives a receipt."""
        ...

    def unfinished_life(self) -> timedelta:
        """How long an entry that nobody records is kept after its last word."""
        ...

    def telephone(self, typed: str) -> str:
        """A telephone number in the one form in which contacts are kept, "" for what is none."""
        ...

    async def suggest(self, text: str, language: Language, channel: EntryChannel, name: str) -> Suggestion:
        """What the words seem to be about. It decides nothing."""
        ...


class LetterNotNowError(Exception):
    """The letter cannot be made just now."""
