"""Header values that cannot become other headers, and how we write them on the wire.

The standard library decodes encoded words in a value that is set, then refuses it if a line end comes out (so that one
subject would make an acknowledgement fail for ever), and its folding has more than once turned a value into two headers
(CVE-2024-6923, CVE-2026-1299) or lost the quotes of a name. Values are therefore cleaned before they are set, and the
fields that hold other people's words are folded here in the plainest way the RFCs allow.
"""

from __future__ import annotations

import re
import unicodedata
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.policy import EmailPolicy
from typing import Any

MAX_VALUE = 200
MAX_REFERENCES = 20
# Control, format (bidi controls among them), surrogate, private use, unassigned; line and paragraph separators.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,250}@[!-;=?A-~]{1,250}>", re.ASCII)
# RFC 5321 4.5.3.1: 64 and 255 octets. Stricter than RFC 5322, as what goes to other servers should be.
_ADDRESS = re.compile(r"(?P<local>[^\s\"(),:;<>@\[\\\]]{1,64})@(?P<domain>[^\s\"(),:;<>@\[\\\]_]{1,255})")
_WIDTH = 76


class UnusableAddressError(Exception):
    """Mail cannot be sent to, or from, such an address."""


def clean(value: str, limit: int = MAX_VALUE) -> str:
    """The value on one line: no control, format or separator characters, no encoded words, at most `limit` characters."""
    signs = (" " if sign in "\t\r\n" else sign for sign in value[: limit * 4])
    kept = "".join(sign for sign in signs if unicodedata.category(sign) not in _UNWANTED)
    # Not decoded but taken apart: what is an encoded word after decoding another one must not be decoded either.
    return " ".join(kept.replace("=?", "= ?").split())[:limit].strip()


def message_ids(*values: str) -> list[str]:
    """Every well-formed Message-ID in the values, each once and in order, the last twenty."""
    found = dict.fromkeys(each for value in values for each in _MESSAGE_ID.findall(value))
    return list(found)[-MAX_REFERENCES:]


def address(name: str, text: str) -> Address:
    """The address with its display name, the domain in its ASCII form. Raises UnusableAddressError."""
    match = _ADDRESS.fullmatch(text)
    if match is None or any(unicodedata.category(sign) in _UNWANTED for sign in text) or "=?" in text:
        raise UnusableAddressError
    local = match["local"]
    if local.startswith(".") or local.endswith(".") or ".." in local or len(local.encode()) > 64:
        raise UnusableAddressError
    try:
        domain = match["domain"].encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise UnusableAddressError from None
    return Address(clean(name, 60), local, domain)


class MailPolicy(EmailPolicy):
    """SMTP's line ends; names, subjects and references folded without the library's refolding."""

    def fold(self, name: str, value: Any) -> str:
        """One header field with its line ends, as text."""
        words = self._words(name, value)
        return super().fold(name, value) if words is None else f"{name}: {words}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header field with its line ends, as bytes."""
        words = self._words(name, value)
        if words is None:
            return super().fold_binary(name, value)
        return f"{name}: {words}{self.linesep}".encode("utf-8" if self.utf8 else "ascii")

    def _words(self, name: str, value: Any) -> str | None:
        kind = name.lower()
        if kind in ("references", "in-reply-to"):
            return f"{self.linesep} ".join(str(value).split())
        if kind == "subject":
            return _encoded(str(value), self.linesep, len("Subject: "))
        if isinstance(value, AddressHeader):
            return f",{self.linesep} ".join(_mailbox(each, self.linesep) for each in value.addresses)
        return None


def _mailbox(one: Address, linesep: str) -> str:
    if not one.display_name:
        return one.addr_spec
    name = one.display_name
    if name.isascii():
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        name = _encoded(name, linesep, len("Reply-To: "))
    # On a line of its own when the two would be too long together.
    gap = " " if len(name) + len(one.addr_spec) + 14 < _WIDTH else f"{linesep} "
    return f"{name}{gap}<{one.addr_spec}>"


def _encoded(value: str, linesep: str, taken: int) -> str:
    """The value in ASCII, folded at its blanks or written in encoded words of at most 75 characters (RFC 2047 2)."""
    if not value.isascii():
        return Header(value, "utf-8", maxlinelen=_WIDTH).encode(
            linesep=linesep, splitchars=" ", maxlinelen=_WIDTH - taken
        )
    lines, line = [], ""
    for word in value.split(" "):
        if line and len(line) + len(word) + taken >= _WIDTH:
            lines.append(line)
            line, taken = word, 0
        else:
            line = f"{line} {word}" if line else word
    return f"{linesep} ".join([*lines, line])
