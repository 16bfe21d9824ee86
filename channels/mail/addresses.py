"""Who a mail says it is from: one mailbox, or nobody.

Two programs that read one header differently is how a stranger becomes somebody else (CVE-2023-27043:
`parseaddr("a@good.test <b@evil.test>")` gives a@good.test). So there is one reader, it works on the undecoded header, and
whatever leaves a doubt gives no sender at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from channels.mail.fields import decode_words, one_line, readable, unfold

MAX_NAME: Final = 200
_MAX_ADDRESS: Final = 254
_LOCAL = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]|[\u00a1-\ud7ff\ue000-\ufffd]){1,64}\Z")
_QUOTED_LOCAL = re.compile(r'"[A-Za-z0-9!#$%&\'*+/=?^_`{|}~.\- ]{1,62}"\Z')
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9_\u00a1-\ud7ff](?:[A-Za-z0-9_\-\u00a1-\ud7ff]{0,61}[A-Za-z0-9_\u00a1-\ud7ff])?)"
    r"(?:\.[A-Za-z0-9_\u00a1-\ud7ff](?:[A-Za-z0-9_\-\u00a1-\ud7ff]{0,61}[A-Za-z0-9_\u00a1-\ud7ff])?)*\Z"
)
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\\(.)|([(),;<>])|([^"\\(),;<>]+)|(.)', re.DOTALL)
_QUOTED_NAME = re.compile(r'\A\s*(?:"\s*)*"\s+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


@dataclass(slots=True)
class _Entry:
    """What stands between two commas: words of a name, comments, and what stood in angle brackets."""

    words: list[str] = field(default_factory=list)
    # The words outside quotes, a mark for each quoted one: only there may an address hide.
    bare: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)


def valid_address(address: str) -> bool:
    """Tell whether this is a mailbox that can be shown, stored and answered without rewriting (RFC 5321, 6531)."""
    local, at, domain = address.rpartition("@")
    if not at or len(address) > _MAX_ADDRESS or _INVISIBLE.search(address):
        return False
    if local.startswith('"'):
        return bool(_QUOTED_LOCAL.match(local)) and bool(_DOMAIN.match(domain))
    sound = bool(_LOCAL.match(local)) and not local.startswith("=?")
    return sound and bool(_DOMAIN.match(domain))


def _read(value: str) -> list[_Entry]:
    """Take an address list apart at its commas; quotes, comments (nested) and angle brackets protect what is in them."""
    entries = [_Entry()]
    depth = 0
    comment: list[str] = []
    angle: list[str] | None = None
    for quoted, escaped, special, plain, odd in _TOKEN.findall(value):
        entry = entries[-1]
        is_quoted = not (escaped or special or plain or odd)
        text = _ESCAPE.sub(r"\1", quoted) if is_quoted else escaped or special or plain or odd
        if special == "(":
            depth += 1
        elif special == ")" and depth:
            depth -= 1
            if not depth:
                entry.comments.append("".join(comment))
                comment = []
        elif depth:
            comment.append(text)
        elif special == "<" and angle is None:
            angle = []
        elif special == ">" and angle is not None:
            entry.angles.append("".join(angle))
            angle = None
        elif angle is not None:
            angle.append(f'"{quoted}"' if is_quoted else text)
        elif special in {",", ";"} and special:
            entries.append(_Entry())
        else:
            entry.words.append(text)
            entry.bare.append('"' if is_quoted else text)
    if angle is not None:
        # Never closed: "Marie <marie@example.be".
        entries[-1].angles.append("".join(angle))
    return entries


def _squeeze(text: str) -> str:
    """Take out the blanks that RFC 5322 allows around "@" and dots."""
    return re.sub(r"[ \t\r\n]*([@.])[ \t\r\n]*", r"\1", text.strip()) if not text.isalnum() else text


def _name_of(entry: _Entry, *, before: str) -> str:
    raw = f"{before}, {' '.join(entry.words)}" if before else " ".join(entry.words)
    if not raw.strip() and entry.comments:
        raw = entry.comments[0]
    return one_line(decode_words(raw), MAX_NAME).strip("'\" ")


def single_mailbox(values: list[str]) -> tuple[str, str] | None:
    """Return (address, display name) when these From values are one header with exactly one mailbox, else None.

    The name is decoded, without control and bidi characters, at most 200 characters; it is "" when it shows some other
    address than the one returned. A surname before an unquoted comma ("Dupont, Marie <…>") still is one mailbox.
    """
    if len(values) != 1 or len(values[0]) > 8192:
        return None
    entries = [entry for entry in _read(readable(unfold(values[0]))) if entry.angles or "".join(entry.words).strip()]
    return _mailbox_of(*entries) if 1 <= len(entries) <= 2 else None


def _mailbox_of(*entries: _Entry) -> tuple[str, str] | None:
    *earlier, last = entries
    # Anything with an address in it beside the last entry makes two mailboxes.
    if any(entry.angles or "@" in "".join(entry.words) for entry in earlier):
        return None
    if len(last.angles) > 1 or (earlier and not last.angles):
        return None
    # A quoted name may stand before a bare address; one glued to it is part of something that is no address.
    bare = _squeeze(_QUOTED_NAME.sub("", "".join(last.bare)))
    address = _squeeze(last.angles[0]) if last.angles else bare
    hides_another = bool(last.angles) and "@" in bare and bare.lower() != address.lower()
    if hides_another or not valid_address(address):
        return None
    named = last if last.angles else _Entry(comments=last.comments)
    name = _name_of(named, before=" ".join(earlier[0].words).strip() if earlier else "")
    lies = "@" in name and address.lower() not in name.lower()
    return address, "" if lies or name.lower() == address.lower() else name


_ANY_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,200}@[A-Za-z0-9.\-]{1,200}")


def every_address(value: str) -> list[str]:
    """Return everything that looks like an address in a recipient field, lower-cased; at most 1000."""
    found: list[str] = []
    for match in _ANY_ADDRESS.finditer(unfold(value)):
        found.append(match.group().lower())
        if len(found) >= 1000:
            break
    return found
