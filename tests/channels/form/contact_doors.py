"""A member's details in memory, beside the door of the form: codes lie in a mailbox that tests read."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from channels.form.case_contract import CodeOutcome, CodeSent
from channels.form.contact_contract import NewContact, OwnContact, Refused
from channels.message import Sender
from channels.web import contact_field
from channels.web.contact_field import Wrong
from tests.channels.form.doors import MemoryDoor


@dataclass
class MemoryContactDoor:
    """As channels.form.contact_contract.ContactDoor says. `mailed` is (address, code), the newest last."""

    door: MemoryDoor
    mailed: list[tuple[str, str]] = field(default_factory=list)
    codes: dict[tuple[str, str, NewContact, str], str] = field(default_factory=dict)
    limited: bool = False

    def read(self, typed: str) -> Sender | Wrong:
        """The contact that was typed."""
        return contact_field.read(typed, ("32", "31"))

    async def mine(self, token: str) -> Sequence[OwnContact]:
        """The one to which the link went."""
        case = self.door.cases.get(token)
        shown = case.mail_sent_to if case and not case.locked else ""
        return [OwnContact(7, "email", shown, arrives=not case.came_back, changes=True)] if case and shown else []

    async def ask(self, token: str, browser: str, wanted: NewContact) -> CodeSent | Refused:
        """Put a code into the mailbox on file."""
        if self.limited:
            return "too_many"
        return self._send("contact", token, browser, wanted, self.door.cases[token].mail_sent_to)

    async def prove(self, token: str, browser: str, wanted: NewContact, code: str) -> CodeSent | CodeOutcome:
        """Put the second one into the new mailbox."""
        outcome = self._try("contact", token, browser, wanted, code)
        return self._send("confirm", token, browser, wanted, wanted.sender.address) if outcome == "right" else outcome

    async def confirm(self, token: str, browser: str, wanted: NewContact, code: str) -> str | CodeOutcome:
        """A new token, whose case is written to at the new address."""
        outcome = self._try("confirm", token, browser, wanted, code)
        if outcome != "right":
            return outcome
        made = secrets.token_urlsafe(16)
        shown = contact_field.masked(wanted.sender.kind, wanted.sender.address)
        self.door.cases[made] = replace(self.door.cases.pop(token), mail_sent_to=shown)
        return made

    def _send(self, step: str, token: str, browser: str, wanted: NewContact, to: str) -> CodeSent:
        code = f"{200_000 + len(self.mailed)}"
        self.codes[step, token, wanted, browser] = code
        self.mailed.append((to, code))
        return "sent"

    def _try(self, step: str, token: str, browser: str, wanted: NewContact, code: str) -> CodeOutcome:
        known = self.codes.get((step, token, wanted, browser))
        if known != code:
            return "over" if known is None else "wrong"
        del self.codes[step, token, wanted, browser]
        return "right"
