"""Everything that happened to a case, in one line of time: messages of all channels, notes, and the acts of the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, Literal

from console.story import Mark, Story, told
from router.deadlines import received_day
from store import links
from store.audit import Entry
from store.correspondence import MessageRow
from store.views import NoteRow

# What is told elsewhere on the page (a message, a note), or is about who looked rather than about the case.
SHOWN_ELSEWHERE: Final = frozenset(
    {
        *(
            "case.note",
            "case.answered",
            "case.asked",
            "case.department_answered",
            "case.seen",
            "case.viewed",
            "case.unsealed",
            "message.joined",
        ),
        *("conversation.said", "conversation.viewed"),
        # What is prepared of an answer stands on its own page.
        *("access.collected", "access.case", "access.masked", "access.item"),
    }
)
# A longer run of acts is folded between its first and its last two.
_RUN: Final = 6


@dataclass(frozen=True, slots=True)
class Item:
    """A message, a note, or an act. `new` marks what came after the page was opened from which a form was sent.

    The secret link of the member's page opens it for whoever has it, so no story holds one: no colleague reads it off a
    message of ours, nor off one that quotes it. `hidden` is what the sender of a mail made invisible.
    """

    sort: Literal["message", "note", "event"]
    at: datetime
    message: MessageRow | None = None
    story: Story | None = None
    quoted: Story | None = None
    hidden: Story | None = None
    note: NoteRow | None = None
    act: str = ""
    actor: str = ""
    detail: Mapping[str, Any] | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One message or note, or a run of acts; `folded` is the middle of a long run."""

    items: tuple[Item, ...]
    folded: tuple[Item, ...] = ()
    last: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day in Brussels."""

    day: date
    blocks: tuple[Block, ...]


def items(
    messages: Sequence[MessageRow],
    notes: Sequence[NoteRow],
    entries: Sequence[Entry],
    *,
    names: Mapping[str, str],
    marked: tuple[int, Sequence[Mark]] | None = None,
    since: datetime | None = None,
) -> list[Item]:
    """Everything in its order. `marked` gives the message whose text bears marks; `since` is when the reader last looked."""
    # An answer that was taken back never left: the act says so, and there are no words of it.
    found = [_message(message, marked) for message in messages if message.delivery != "cancelled"]
    found += [Item("note", note.at, note=note, story=told(note.text)) for note in notes]
    found += [
        Item("event", entry.at, act=entry.act, actor=names.get(entry.actor, entry.actor), detail=entry.detail)
        for entry in entries
        if entry.act not in SHOWN_ELSEWHERE
    ]
    order = {"message": 0, "note": 1, "event": 2}
    found.sort(key=lambda item: (item.at, order[item.sort]))
    if since is None:
        return found
    return [_seen(item, since) for item in found]


def days(found: Sequence[Item]) -> tuple[Day, ...]:
    """The items by day, runs of acts folded."""
    return tuple(
        Day(day, tuple(_blocks(list(of_day)))) for day, of_day in groupby(found, lambda item: received_day(item.at))
    )


def _message(message: MessageRow, marked: tuple[int, Sequence[Mark]] | None) -> Item:
    if message.direction in ("out", "ask"):
        # Below what a colleague wrote stand the reference and the link, which are the house's.
        return Item("message", message.at, message=message, story=told(links.masked(message.reply or message.text)))
    shown = message.reply or message.text
    marks = marked[1] if marked and marked[0] == message.id else ()
    quotes_more = bool(message.reply) and len(message.text.strip()) > len(message.reply.strip())
    return Item(
        "message",
        message.at,
        message=message,
        story=told(shown, marks),
        quoted=told(links.masked(message.text)) if quotes_more else None,
        hidden=told(links.masked(message.hidden)) if message.hidden else None,
    )


def _seen(item: Item, since: datetime) -> Item:
    if item.at <= since:
        return item
    return replace(item, new=True)


def _blocks(of_day: list[Item]) -> list[Block]:
    blocks: list[Block] = []
    for is_event, group in groupby(of_day, lambda item: item.sort == "event"):
        run = tuple(group)
        if not is_event:
            blocks += [Block((item,)) for item in run]
        elif len(run) > _RUN:
            blocks.append(Block(run[:2], run[2:-2], run[-2:]))
        else:
            blocks.append(Block(run))
    return blocks
