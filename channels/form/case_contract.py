"""What the pages of a member's case need from the house beyond looking at it: finding it again, and acts that want a proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, Protocol

from channels.form.contract import CaseView
from config.vocabulary import Language

# What a code is asked for (rule C3): to open a case that holds medical matters, to withdraw a case, to fetch a copy of it, to
# fetch the answer to a request for access (GDPR, article 15).
Purpose = Literal["open", "withdraw", "copy", "access"]
PURPOSES: Final[tuple[Purpose, ...]] = ("open", "withdraw", "copy", "access")
# "sent": a code is on its way. "too_many": this case has had its codes for this hour or day. "none": there is no such
# case, or no address to send one to.
CodeSent = Literal["sent", "too_many", "none"]
# "right", "wrong": try again. "over": there is nothing to try any more, a new code has to be asked for.
CodeOutcome = Literal["right", "wrong", "over"]


@dataclass(frozen=True, slots=True)
class Package:
    """A copy of a case to take away: an archive in an open file without a name, which whoever sends it closes."""

    name: str
    file: BinaryIO


class PackageUnavailableError(Exception):
    """The copy cannot be made just now."""


class PdfUnavailableError(Exception):
    """The PDF cannot be made just now; what it says is on the page too."""


class CaseDoor(Protocol):
    """The house behind the case page. `token` is what the browser's cookie holds, `browser` a secret of this browser."""

    async def find(self, reference: str, contact: str, language: Language) -> None:
        """Send a new link to the mail address on file, if `contact` (mail or telephone) is one of the case's own.

        Returns before anything is looked up, so that the answer tells nothing, its time included (rule F8).
        """
        ...

    async def open_by_receipt(self, reference: str, code: str) -> str | None:
        """A new secret link's token for reference and receipt code; None when they are not of one receipt."""
        ...

    async def send_code(self, token: str, purpose: Purpose, browser: str) -> CodeSent:
        """Send six digits to the address of this link, for one act in one browser."""
        ...

    async def unlock(self, token: str, browser: str, code: str) -> str | CodeOutcome:
        """Try a code for opening: the token of a link that shows everything, else "wrong" or "over"."""
        ...

    async def withdraw(self, token: str, browser: str, code: str) -> CodeOutcome:
        """Try a code, or the receipt's where there is no address, and close the case as withdrawn."""
        ...

    async def copy(
        self, token: str, browser: str, code: str, *, draw: Callable[[CaseView], str]
    ) -> Package | CodeOutcome:
        """Try a code, or the receipt's, and return all that the member sent and was sent, told on a page that `draw` makes.

        Raises PackageUnavailableError.
        """
        ...

    async def fetch_access(self, token: str, browser: str, code: str) -> Package | CodeOutcome:
        """Try a code, and return the answer to the member's request for access, as a second reader approved it."""
        ...

    async def rate(self, token: str, score: int, comment: str) -> bool:
        """Keep how the member thinks their case was handled (1 to 5); False when the link opens no case to rate."""
        ...

    async def revoke(self, token: str) -> bool:
        """End every link to the case but this one, and receipts too where a new link can be mailed; False for none."""
        ...

    async def pdf(self, html: str) -> bytes:
        """A document of ours as a PDF, typeset outside this process. Raises PdfUnavailableError."""
        ...
