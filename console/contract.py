"""What the console needs from the house behind it: sending, opening cases from what was put aside, reading raw messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from channels.message import InboundMessage
from config.vocabulary import Language
from router.decision import Decision
from store.database import Tx
from store.viewer import Viewer

# How long an answer waits in the outbox as shipped, so that it can be taken back.
UNDO: Final = timedelta(seconds=10)
# Seconds that a colleague may choose in its place.
UNDO_CHOICES: Final = (0, 10, 20)

# How an answer reaches the member: by mail, on WhatsApp or Telegram; "phone": a text message says that it is there, and they
# read it on the page of their case; "page": they read it on the page of their case
# alone. In a web chat that is still open a colleague answers in the conversation (console.talk_contract).
Way = Literal["email", "phone", "whatsapp", "telegram", "page"]
# Characters that an answer may have: two or three screens of a telephone where it is read there.
LONGEST: Final[Mapping[Way, int]] = {
    "email": 20_000, "page": 20_000, "phone": 20_000, "telegram": 8_000, "whatsapp": 1_400,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to whom an answer can go: the member of a case, or one of several after a merge. They are written to under the
    reference of their own case, in its language. `address` is "" where they read it on their page alone."""

    case_id: int
    reference: str
    person_id: int | None
    name: str
    language: Language
    way: Way
    address: str


@dataclass(frozen=True, slots=True)
class Particular:
    """A number or address of somebody: in its plain form, and as it was written."""

    value: str
    written: str


class NoWayBackError(Exception):
    """The member of this case left no address that we can answer to."""


class TooLongError(Exception):
    """The answer is longer than the way to this member takes."""


class NoDepartmentError(Exception):
    """No address of this department is known."""


@dataclass(frozen=True, slots=True)
class QuestionMail:
    """What stands around the words of a question: the subject, which names nobody, and what the house says below."""

    subject: str
    below: str
    language: Language


class Desk(Protocol):
    """The house. Everything with a `tx` happens inside the caller's transaction and is undone with it."""

    @property
    def undo(self) -> timedelta:
        """How long an answer waits in the outbox, where its author has not chosen otherwise."""
        ...

    async def reply(
        self, tx: Tx, viewer: Viewer, case_id: int, text: str, *, now: datetime, version: int, to: int | None = None
    ) -> int:
        """Put an answer to the member into the outbox, due once it cannot be taken back, by the channel the case came from.
        `to` is the case of one of its recipients; without it, the first.

        Keeps it as a message of the case with `author_id` and raises the case's version with the act "case.answered".
        Returns the outbox id. Raises store.cases.StaleError when the case is past `version`, NoWayBackError when
        there is nobody to send to, TooLongError for more than `LONGEST` of that way.
        """
        ...

    async def recipients(self, tx: Tx, case_id: int) -> Sequence[Recipient]:
        """To whom an answer to a case can go now, its own member first; none when nobody would get it."""
        ...

    def account(self, language: Language) -> str:
        """The mailbox that writes to members in this language."""
        ...

    @property
    def departments(self) -> Mapping[str, str]:
        """The departments that can be asked by mail, with their addresses."""
        ...

    async def ask(
        self,
        tx: Tx,
        viewer: Viewer,
        case_id: int,
        department: str,
        text: str,
        *,
        mail: QuestionMail,
        now: datetime,
        version: int,
    ) -> int:
        """Put a question to a department into the outbox, due at `now + undo`; its answer comes back into the case.

        Keeps it as a message of the case with the direction "ask" and raises the case's version with the act "case.asked".
        Returns the outbox id. Raises store.cases.StaleError, and NoDepartmentError where no address is known.
        """
        ...

    async def tell(self, tx: Tx, queue: str, reference: str, *, sealed: bool, now: datetime) -> Sequence[int]:
        """Let the people of a queue know by mail that a case waits there; of a sealed one, those who may open it.

        The mail says nothing of the case but where it is. Returns what was put into the outbox.
        """
        ...

    async def spoken(self, text: str) -> Language | None:
        """The language that a text is in; None where nobody can be sure."""
        ...

    async def particulars(self, text: str) -> Sequence[Particular]:
        """The numbers and addresses of people in a text; those of the house and of other bodies are none."""
        ...

    async def join_held(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """Let a held message join the case that it names; its sender is known on the case from then on."""
        ...

    async def open_held_as_own_case(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """Let a held message become a case of its own."""
        ...

    async def not_a_robot(self, tx: Tx, viewer: Viewer, item_id: int, *, now: datetime) -> bool:
        """Let a message that was taken for an automatic one be read again as a person's; False when it is none."""
        ...

    async def decided_now(self, viewer: Viewer, case_id: int) -> Decision | None:
        """What today's rules would decide of a case with its labels as people left them; nothing is changed.

        None where the message that opened it cannot be read any more.
        """
        ...

    async def understood(self, item_id: int) -> InboundMessage | None:
        """Read a raw item again, within the bounds of parsing; None when it is gone or cannot be read."""
        ...

    async def wake_delivery(self, outbox_id: int) -> None:
        """After the commit: something waits to go out."""
        ...

    async def wake_intake(self, item_ids: Sequence[int]) -> None:
        """After the commit: these items are to be worked on (again). Empty: look whether something is."""
        ...
