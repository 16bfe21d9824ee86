"""What makes two deliveries of a mail the same item: Message-ID and content, whatever way it took to us."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

# What the writer's own program says (RFC 5322 3.6.2 to 3.6.5, RFC 2045). Everything else is put aside: each server on
# the way adds lines of its own (Received, Delivered-To, Authentication-Results, ARC-*, X-Spam-*, ...), another set on
# every route, and a list of these would never be complete.
_WRITERS_FIELDS = frozenset(
    b"from sender reply-to to cc message-id in-reply-to references subject comments keywords date mime-version".split()
)
_CONTENT_FIELD = b"content-"
# A server's own notion of length, which follows its line ends.
_NOT_CONTENT = frozenset({b"content-length"})
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_LINE_END = re.compile(rb"\r?\n")
# Beyond it a header without end is taken for the body, as the parser does (M3): reading it field by field is slow.
_HEADER_LIMIT = 256 * 1024
# Short enough that a thread at work on it lets the others run.
_SLICE = 256 * 1024


def external_id(raw: bytes) -> str:
    """The identity of a mail: 64 hexadecimal digits over its Message-ID, its writer's other headers and its body.

    The Message-ID alone is chosen by the sender: whoever knows one could make a later mail vanish. Line ends (CRLF or
    LF), blank lines at the very end and header folding do not count, since servers change them. Linear in the size;
    the body is read in slices, never copied whole.
    """
    blank = _BLANK_LINE.search(raw, 0, _HEADER_LIMIT)
    if blank is None or not raw[blank.end() : blank.end() + _SLICE].strip():
        # Without a body, what was written may stand in any line above: everything counts. Two routes may then make two
        # items of it; taking two people's mails for one would lose the second.
        header_end, body_start = (blank.start() if blank else 0), 0
    else:
        header_end, body_start = blank.start(), blank.end()
    digest = hashlib.sha256()
    for name, value in sorted(_writers_fields(raw[:header_end])):
        digest.update(b"%d %s:%s\n" % (len(value), name, value))
    digest.update(b"\n")
    for piece in _body(raw, body_start):
        digest.update(piece)
    return digest.hexdigest()


def _writers_fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in _LINE_END.split(_FOLD.sub(b"", header)):
        name, colon, value = line.partition(b":")
        name = name.strip().lower()
        if not colon or name in _NOT_CONTENT:
            continue
        if name in _WRITERS_FIELDS or name.startswith(_CONTENT_FIELD):
            yield name, b" ".join(value.split())


def _body(raw: bytes, start: int) -> Iterator[bytes]:
    end = len(raw)
    while end > start and raw[end - 1] in b"\r\n":
        end -= 1
    for position in range(start, end, _SLICE):
        yield raw[position : min(position + _SLICE, end)].translate(None, b"\r")
