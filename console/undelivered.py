"""What did not reach the member, and which of it can go out again to where they are reached now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from store.audit import Entry
from store.correspondence import MessageRow
from store.outbox import REPLACED

# What the audit says when a mail came back.
_CAME_BACK: Final = ("message.bounced", "contact.unreachable")


def still(messages: Sequence[MessageRow], again: Mapping[int, int]) -> list[MessageRow]:
    """What did not reach the member, without that whose words went out again."""
    going = _going(messages)
    return [message for message in messages if message.undelivered and again.get(message.id) not in going]


def to_send_again(
    messages: Sequence[MessageRow], again: Mapping[int, int], replaced: Collection[int], entries: Sequence[Entry]
) -> list[MessageRow]:
    """Answers of people that went to an address which the member has not any more, or waited to, and did not arrive there.

    `again`: what went out again, and as which message; `entries` is the audit of the case.
    """
    going, back = _going(messages), _came_back(messages, entries)
    return [
        message
        for message in messages
        if message.direction == "out"
        and not message.auto
        and (message.contact_id in replaced or message.code == REPLACED)
        and (message.undelivered or message.id in back)
        and again.get(message.id) not in going
    ]


def _going(messages: Sequence[MessageRow]) -> set[int]:
    return {message.id for message in messages if message.delivery != "cancelled"}


def _came_back(messages: Sequence[MessageRow], entries: Sequence[Entry]) -> set[int]:
    """For each report that a mail came back: the last one that had gone to that address. The report names no other."""
    found: set[int] = set()
    for entry in entries:
        if entry.act in _CAME_BACK:
            sent = [
                message.id
                for message in messages
                if message.direction == "out"
                and message.contact_id == entry.detail.get("contact")
                and message.delivery == "sent"
                and message.at <= entry.at
            ]
            found |= set(sent[-1:])
    return found
