"""The header block as received: cutting it from the bytes, decoding words (RFC 2047) and parameters (RFC 2231).

Python's own header value parser is slow, recurses, and raises on truncated values; these functions are linear, bounded and
never raise. A value is kept as `str` with surrogate escapes for 8-bit bytes, the form that `email.message` uses too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from channels.mail.charset import decode

# Bounds of what is kept of one header block, in bytes and fields.
MAX_BLOCK: Final = 256 * 1024
MAX_FIELD: Final = 64 * 1024
MAX_FIELDS: Final = 1000
# How far a block is read at all. Beyond, what follows counts as body.
_MAX_SCAN: Final = 8 * 1024 * 1024
_MAX_SCAN_FIELDS: Final = 120_000

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*(?:\n[ \t][^\n]*){0,5000}+)(?:\n|\Z)")
_BLANK = re.compile(rb"\r?(?:\n|\Z)")
_LEADING = re.compile(rb"(?:[ \t]{0,200}\r?\n){0,1000}+(?:>?From [^\n]*(?:\n|\Z))?")
_LINE = re.compile(rb"[^\n]*(?:\n|\Z)")
_FOLD = re.compile(r"\r?\n(?=[ \t])|[\r\n]")
# Names that only a mail's header has; a block with none of them is text that happens to hold a colon.
_KNOWN: Final = frozenset(
    b"from to cc subject date message-id mime-version content-type content-transfer-encoding content-disposition content-id "
    b"received return-path reply-to sender delivered-to x-original-to in-reply-to references auto-submitted x-mailer "
    b"content-description content-location list-id dkim-signature authentication-results bcc resent-from precedence "
    b"reporting-mta final-recipient original-recipient action status".split()
)
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_CONTINUED = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?\Z")
_TRAILING_COMMENT = re.compile(r"\s*\([^()]*\)\s*\Z")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one header block, in order, with the first value of each name at hand."""

    fields: tuple[tuple[str, str], ...] = ()
    _first: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, fields: list[tuple[str, str]]) -> Headers:
        """Index the fields by lower-cased name; of repeated ones the first (topmost) counts."""
        return cls(tuple(fields), {name.lower(): value for name, value in reversed(fields)})

    def get(self, name: str) -> str:
        """Return the raw value of the topmost field of this (lower-case) name, or ""."""
        return self._first.get(name, "")

    def all(self, name: str) -> list[str]:
        """Return the raw values of all fields of this (lower-case) name, top to bottom."""
        return [value for key, value in self.fields if key.lower() == name]


@dataclass(slots=True)
class _Kept:
    """The fields kept so far, within the bounds."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    known: bool = False
    cut: bool = False

    def add(self, name: bytes, value: bytes) -> None:
        self.known = self.known or name.lower() in _KNOWN
        if len(value) > MAX_FIELD:
            self.cut = True
            # The newest ancestors stand last in References; everywhere else the start says most.
            value = value[-MAX_FIELD:] if name.lower() == b"references" else value[:MAX_FIELD]
        if self.size + len(value) > MAX_BLOCK or len(self.fields) >= MAX_FIELDS:
            self.cut = True
            # What says who wrote, what and how is kept from behind a heap of others too.
            if name.lower() not in _KNOWN or self.size > 2 * MAX_BLOCK or len(self.fields) >= 2 * MAX_FIELDS:
                return
        self.size += len(value) + len(name)
        self.fields.append((name.decode("ascii"), value.decode("ascii", "surrogateescape").strip(" \t\r\n")))


def split_block(data: bytes, start: int, end: int, *, top: bool) -> tuple[Headers, int, set[str]]:
    """Return (headers, where the body starts, defects) of the entity in `data[start:end]`.

    `top`: a whole mail, for which having no header at all is a defect, and which a mailbox line or blank lines may precede.
    Reads at most 8 MiB and 120 000 fields of the block.
    """
    defects: set[str] = set()
    kept = _Kept()
    position = start
    if top or data.startswith((b"From ", b">From "), start, end):
        leading = _LEADING.match(data, start, end)
        position = leading.end() if leading else start
    stop = min(end, position + _MAX_SCAN)
    for _ in range(_MAX_SCAN_FIELDS):
        blank = _BLANK.match(data, position, end)
        if blank:
            position = blank.end()
            break
        match = _FIELD.match(data, position, stop)
        if match:
            kept.add(match[1], match[2])
            position = match.end()
            continue
        defects.add("broken_headers")
        after = _after_rubbish(data, position, stop) if kept.fields else -1
        if after < 0:
            break
        position = after
    else:
        kept.cut = True
    if not kept.known:
        return Headers(), start, {"no_headers"} if top else set()
    if kept.cut:
        defects.add("headers_cut")
    return Headers.of(kept.fields), position, defects


def _after_rubbish(data: bytes, position: int, stop: int) -> int:
    """Return where the header goes on after a line that is no field, or -1 when the body begins here."""
    line = _LINE.match(data, position, stop)
    if not line or line.end() <= position:
        return -1
    following = _FIELD.match(data, line.end(), stop)
    return line.end() if following and following[1].lower() in _KNOWN else -1


def unfold(value: str) -> str:
    """Return the value on one line."""
    return _FOLD.sub("", value) if "\n" in value or "\r" in value else value


def readable(value: str) -> str:
    """Return a raw value with its 8-bit bytes decoded (UTF-8, else Windows Latin); plain ASCII comes back as it is."""
    return value if value.isascii() else decode(value.encode("utf-8", "surrogateescape"))[0]


def _word_bytes(encoding: str, payload: str) -> bytes:
    raw = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b" "), header=False)
    raw = _NOT_BASE64.sub(b"", raw)
    if len(raw) % 4 == 1:
        raw = raw[:-1]
    return base64.b64decode(raw + b"=" * (-len(raw) % 4))


def _words(value: str) -> Iterator[str]:
    """Yield the value in pieces, encoded words decoded; senders cut characters in two, so neighbours are joined first."""
    last = 0
    pending: list[bytes] = []
    charset = ""
    for match in _WORD.finditer(value):
        between = value[last : match.start()]
        name = match[1].split("*")[0].lower()
        if pending and (between or name != charset):
            yield decode(b"".join(pending), charset)[0]
            pending = []
        if between:
            yield readable(between)
        charset = name
        pending.append(_word_bytes(match[2], match[3]))
        last = match.end()
    if pending:
        yield decode(b"".join(pending), charset)[0]
    if last < len(value):
        yield readable(value[last:])


def decode_words(value: str) -> str:
    """Return a header value as text: unfolded, encoded words (RFC 2047) decoded, also those in quotes or glued to text."""
    value = unfold(value)
    if "=?" not in value:
        return readable(value)
    return "".join(_words(_BETWEEN_WORDS.sub(r"\1", value)))


def one_line(text: str, limit: int) -> str:
    """Return text fit for one line on a screen or in a header: no control, bidi or line separator characters, cut."""
    text = _INVISIBLE.sub("", _CONTROL.sub(" ", text[: limit * 8]))
    return " ".join(text.split())[:limit].strip()


def _unquote(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        value = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
        # A backslash before anything else is a path that Windows users' programs forgot to quote.
        return value.replace('\\"', '"').replace("\\\\", "\\")
    return _TRAILING_COMMENT.sub("", value[:1000]).strip().strip("'") if "(" in value else value


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Return (main value in lower case, parameters) of a field such as Content-Type; at most 100 parameters are read.

    Handles RFC 2231 continuations and charsets, and the RFC 2047 words that many senders put in names against the rule.
    """
    value = unfold(value)
    main = value.split(";", 1)[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(value)):
        if count >= 100:
            break
        name, content = match[1].lower(), _unquote(match[2])
        continued = _CONTINUED.match(name)
        if continued:
            number = int(continued[2] or 0)
            extended = continued[2] is None or continued[3] is not None
            pieces.setdefault(continued[1], {}).setdefault(number, (content, extended))
        else:
            plain.setdefault(name, content)
    result = {name: decode_words(content) for name, content in plain.items()}
    result.update({name: _join_2231(parts) for name, parts in pieces.items()})
    return main, result


def _join_2231(parts: dict[int, tuple[str, bool]]) -> str:
    charset = ""
    joined: list[bytes] = []
    for index, (_, (content, extended)) in enumerate(sorted(parts.items())):
        text = content
        if index == 0 and extended and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        joined.append(unquote_to_bytes(raw) if extended else raw)
    return decode(b"".join(joined), charset)[0]
