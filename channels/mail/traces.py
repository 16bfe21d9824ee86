"""What a mail shows of who or what wrote it: the facts on which the checks for robots rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Final

from channels.mail.mail_headers import Fields, content_type, parts
from channels.mail.robot_phrases import DAEMONS, FORM_WORDS, INVITATION_WORDS, NOBODIES, PROGRAMS

_ENCLOSED: Final = re.compile(r"<([^<>]{1,400})>")
_ADDRESS: Final = re.compile(r"[^\s<>,;:\"()\[\]@]{1,64}@[A-Za-z0-9.-]{1,253}")
_READ: Final = 20_000
_MOST_TEXTS: Final = 5
# From so many words on it is something said.
_SENTENCE: Final = 6


@dataclass(frozen=True, slots=True)
class Mail:
    """What the checks look at."""

    message: Message
    fields: Fields
    text: str
    # The beginning and the end of the text in lower case, with plain apostrophes.
    lowered: str
    subject: str
    senders: list[str]
    own: frozenset[str]
    null_return_path: bool


def is_null_return_path(fields: Fields, envelope: Mapping[str, str]) -> bool:
    """Tell whether the mail says that nobody is to be told when it does not arrive (RFC 5321 section 4.5.5)."""
    if "mail_from" in envelope:
        return envelope["mail_from"].strip() in {"", "<>"}
    return fields.get("return-path") == "<>" or fields.get("x-envelope-from") == "<>"


def senders_of(fields: Fields) -> list[str]:
    """Give the addresses of From in lower case; those in a name do not count beside one in angle brackets."""
    value = fields.get("from")
    enclosed = [found.casefold() for inner in _ENCLOSED.findall(value) for found in _ADDRESS.findall(inner)]
    return enclosed or fields.addresses("from")


def without_tag(address: str) -> str:
    """Give an address without the tag after "+"."""
    local, at, domain = address.rpartition("@")
    return local.partition("+")[0] + at + domain


def local_part(address: str) -> str:
    """Give what stands before the "@", without the tag after "+"."""
    return address.partition("@")[0].partition("+")[0]


def written_by_hand(mail: Mail) -> bool:
    """Tell whether the mail names the program in which somebody wrote it."""
    return any(mail.fields.get(name).casefold().startswith(PROGRAMS) for name in ("user-agent", "x-mailer"))


def passed_on(mail: Mail) -> bool:
    """Tell whether a report stands beside a person's words: programs attach its parts when somebody forwards it."""
    root = content_type(mail.message)
    if root == "multipart/report" or not root.startswith("multipart/") or mail.null_return_path or is_daemon(mail):
        return False
    return bool(mail.text.strip())


def comments(mail: Mail) -> bool:
    """Tell whether somebody typed a sentence into an answer to an invitation, beside what calendars write themselves."""
    plain = [part for part, depth in parts(mail.message) if depth <= 2 and content_type(part) in {"text/plain", ""}]
    said = " ".join(_decoded(part) for part in plain[:_MOST_TEXTS]).casefold()
    return len(said.split()) >= _SENTENCE and not any(word in said for word in INVITATION_WORDS)


def _decoded(part: Message) -> str:
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError):
        return ""
    return data[:_READ].decode("utf-8", "replace") if isinstance(data, bytes) else ""


def is_daemon(mail: Mail) -> bool:
    """Tell whether the sender is a mail server: by its address, or by a bare "MAILER-DAEMON" without a domain."""
    # A small house's postmaster is a person, whose mail program says so.
    if any(local_part(sender) in DAEMONS for sender in mail.senders) and not written_by_hand(mail):
        return True
    sender = mail.fields.get("from").casefold()
    return "mailer-daemon" in sender or sender.startswith(("mail delivery s", '"mail delivery s'))


def names_us(mail: Mail) -> bool:
    """Tell whether one of our addresses is among the recipients that the sender named."""
    return any(without_tag(address) in mail.own for address in mail.fields.addresses("to", "cc"))


def through_a_list(mail: Mail) -> bool:
    """Tell whether a list passed the mail on: by its fields, or by the sender that old lists name beside the author."""
    if any(mail.fields.has(name) for name in ("list-id", "list-post", "x-beenthere", "mailing-list")):
        return True
    return any(
        local_part(sender).startswith("owner-") or local_part(sender).endswith(("-owner", "-request", "-bounces"))
        for sender in mail.fields.addresses("sender")
    )


def stands_for_somebody(mail: Mail) -> bool:
    """Tell whether a mail "from us" is a member's: a group puts its own address there, and so does a form on our site.

    Both say whom to answer. What we send ourselves carries our loop mark, or the mark of automatic mail.
    """
    if mail.fields.get("auto-submitted").casefold() not in {"", "no"} or mail.null_return_path:
        return False
    others = mail.fields.addresses("reply-to", "x-original-from")
    return any(without_tag(one) not in mail.own and not local_part(one).startswith(NOBODIES) for one in others)


def has_person_behind(mail: Mail) -> bool:
    """Tell whether a system passes on what somebody typed: it says that it is a form, or answers go to a person."""
    answers = mail.fields.addresses("reply-to")
    if any(not local_part(address).startswith(NOBODIES) for address in answers if address not in mail.senders):
        return True
    return any(word in mail.lowered for word in FORM_WORDS)
