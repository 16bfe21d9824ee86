"""Which earlier messages a mail says it belongs to. All of it is the sender's claim, to be checked by whoever joins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from channels.mail.addresses import every_address
from channels.mail.fields import Headers, unfold
from channels.message import ThreadKeys
from channels.reference import find_references

MAX_REFERENCES: Final = 50
_MAX_TAGS: Final = 20
_ID = re.compile(r"<([^<>\s\"]{1,900}|\"[^\"<>\s]{1,200}\"@[^<>\s]{1,255})>")
_BARE_ID = re.compile(r"[^<>\s\"]{1,450}@[^<>\s\"]{1,450}")
_SPACES = re.compile(r"\s+")
# Fields that tell whom a mail was for; the envelope is asked as well, for Bcc and forwarding.
_RECIPIENTS: Final = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


def _ids(value: str) -> list[str]:
    """Return the message identifiers in a field, with angle brackets, without the blanks that some relays fold in."""
    found = _ID.findall(unfold(value)) or [
        _SPACES.sub("", inner) for inner in re.findall(r"<([^<>]{1,900})>", value)[:1]
    ]
    if not found:
        bare = _BARE_ID.search(value)
        found = [bare.group()] if bare else []
    return [f"<{each}>" for each in found if each and each.isprintable()]


def _tags(values: Iterable[str], own_addresses: frozenset[str]) -> tuple[str, ...]:
    """Return the parts after "+" of those addresses whose rest is an address of the house, once each, in order."""
    own = {address.lower() for address in own_addresses}
    found: dict[str, None] = {}
    for value in values:
        for address in every_address(value):
            local, _, domain = address.rpartition("@")
            base, plus, tag = local.partition("+")
            if plus and tag and f"{base}@{domain}" in own:
                found.setdefault(tag)
    return tuple(found)[:_MAX_TAGS]


def thread_keys(
    headers: Headers, *, recipients: str, own_addresses: frozenset[str], subject: str, new_text: str
) -> ThreadKeys:
    """Return the thread keys of a mail. Identifiers keep their angle brackets, as RFC 5322 writes them.

    `recipients`: the envelope's, separated by blanks. Of References the last 50 count, once each.
    """
    references = list(dict.fromkeys(_ids(" ".join(headers.all("references")))))
    own_id = _ids(headers.get("message-id"))
    values = [value for name in _RECIPIENTS for value in headers.all(name)]
    return ThreadKeys(
        message_id=own_id[0] if own_id else "",
        in_reply_to=tuple(dict.fromkeys(_ids(headers.get("in-reply-to"))))[:10],
        references=tuple(references[-MAX_REFERENCES:]),
        reply_tags=_tags([*values, recipients], own_addresses),
        quoted_references=find_references(f"{subject}\n{new_text}"),
    )
