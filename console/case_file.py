"""Everything that the page of a case shows, gathered in one snapshot for one viewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Final, cast

from config.directory import directory
from config.vocabulary import Language
from config.wording import wording
from console import story, timeline, undelivered
from console.contract import LONGEST, Recipient
from console.explanation import Why, explained, moves
from console.reached import Reached
from console.site import Who
from store import (
    access_requests,
    audit,
    case_around,
    contact_changes,
    corrections,
    correspondence,
    drafts,
    merging,
    people,
    questions,
    ratings,
    recommendations,
    related,
    resending,
    users,
    views,
)
from store.access_requests import Request
from store.audit import Entry
from store.case_around import OtherCase
from store.clocks import ClockRow
from store.corrections import Correction
from store.correspondence import FileRow, HeldRow, MessageRow
from store.database import Tx
from store.drafts import Draft
from store.family import members
from store.merging import Merged
from store.people import Contact, Person
from store.questions import Question
from store.ratings import Rating
from store.recommendations import Recommendation
from store.related import Related
from store.users import User
from store.views import Row

# What a merge and its way back say on the case that went; the one that it went into says the same the other way round.
_OF_WHO_LEFT: Final = ("case.merged", "case.unmerged")


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody opened the sealed case."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case whole. `recipients` are those to whom an answer can go, its own member first."""

    row: Row
    items: Sequence[timeline.Item]
    why: Why | None
    clocks: Sequence[ClockRow]
    member: Person | None
    contacts: Sequence[Contact]
    others: Sequence[OtherCase]
    files: Sequence[tuple[MessageRow, FileRow]]
    held: Sequence[HeldRow]
    departing: Mapping[int, datetime]
    fates: Mapping[int, str]
    people: Sequence[User]
    colleagues: Sequence[User]
    names: Mapping[str, str]
    looks: Sequence[Look]
    messages: Sequence[MessageRow]
    rating: Rating | None
    drafts: Mapping[str, Draft]
    questions: Mapping[int, Question]
    recommendations: Sequence[Recommendation]
    merged: Sequence[Merged] = ()
    related: Sequence[Related] = ()
    # Answers that can go out again, and those that did: as which message.
    again: Sequence[MessageRow] = ()
    sent_again: Mapping[int, int] = field(default_factory=dict)
    # How the member is reached, and what the viewer may change of it.
    reached: Reached = field(default_factory=Reached)
    # The conversation that goes on with the member right now.
    talk_id: int | None = None
    recipients: Sequence[Recipient] = ()
    # Requests for access that its member made on it, the latest first.
    access: Sequence[Request] = ()
    # What people changed of what was decided automatically, the first first: labels, and where it lies.
    corrected: Sequence[Correction] = ()
    moved: Sequence[Entry] = ()

    @property
    def way_back(self) -> str:
        """How an answer reaches the first of them (console.contract.Way), "" when it would reach nobody."""
        return self.recipients[0].way if self.recipients else ""

    @property
    def longest(self) -> int:
        """Characters that an answer may have."""
        return max((LONGEST[one.way] for one in self.recipients), default=0)

    def recipient(self, chosen: str) -> Recipient | None:
        """The one that a form names by the number of their case, else the first; None when there is nobody."""
        return next((one for one in self.recipients if str(one.case_id) == chosen), next(iter(self.recipients), None))

    def named(self, message: MessageRow) -> str:
        """What the member is called to whom a message goes; after a merge that may be another one than the case's own."""
        other = next((one for one in self.recipients if one.case_id == message.case_id), None)
        return other.name if other else self.member.name if self.member else ""

    @property
    def calls_themselves(self) -> str:
        """The name under the member's first message, else the one that they are known by: two people may share an address."""
        own = (one for one in self.messages if one.direction == "in" and one.case_id == self.row.id)
        first = next(own, None)
        return (first.sender_name if first else "") or (self.member.name if self.member else "")

    @property
    def undelivered(self) -> Sequence[MessageRow]:
        """What did not reach the member."""
        return undelivered.still(self.messages, self.sent_again)

    @property
    def asked_in_vain(self) -> Sequence[Question]:
        """Questions to departments that no answer has come to."""
        return [question for question in self.questions.values() if question.answered_at is None]

    @property
    def unanswered(self) -> bool:
        """Whether the last message of a person is the member's."""
        spoken = [
            message
            for message in self.messages
            if message.direction in ("in", "out") and not message.auto and message.delivery != "cancelled"
        ]
        return bool(spoken) and spoken[-1].direction == "in"


async def gathered(tx: Tx, who: Who, row: Row, *, since: datetime | None = None) -> CaseFile:
    """The case as this viewer may see it; the caller has made sure that they may open it."""
    viewer = who.viewer
    messages = await correspondence.messages_of(tx, viewer, row.id)
    said = await views.classification_of(tx, viewer, row.id)
    why = explained(await views.decision_of(tx, viewer, row.id), said)
    merged = await merging.merged_into(tx, viewer, row.id)
    # What was done to the case and, before they were merged, to those that go on in it.
    acts = {one: await audit.of_case(tx, one) for one in await members(tx, row.id)}
    entries = sorted(chain.from_iterable(_told_once(row.id, acts)), key=lambda entry: entry.at)
    names = await case_around.names(tx)
    opening = next((message for message in messages if message.direction == "in"), None)
    marked = None
    if opening is not None and why is not None and said:
        marks = story.marks_in(opening.reply or opening.text, said.get("evidence", ()), why.numbers)
        marked = (opening.id, marks)
    everybody = await users.listing(tx)
    gone = await resending.of_case(tx, viewer, row.id)
    replaced = await contact_changes.replaced(tx, row.id)
    notes = await views.notes_of(tx, viewer, row.id)
    return CaseFile(
        row=row,
        items=timeline.items(messages, notes, entries, names=names, marked=marked, since=since),
        why=why,
        clocks=await views.clocks_of(tx, viewer, row.id),
        member=await people.person_of(tx, row.person_id) if row.person_id is not None else None,
        contacts=await people.contacts_of_case(tx, row.id),
        others=await case_around.other_cases(tx, viewer, row),
        files=[(message, file) for message in messages if message.delivery != "cancelled" for file in message.files],
        held=await correspondence.held_messages(tx, viewer, case_id=row.id) if viewer.handles_cases else (),
        departing=await case_around.departing(tx, viewer, row.id),
        fates=await case_around.fates(tx, viewer, row.id),
        people=[user for user in everybody if may_have(user, row)],
        colleagues=[user for user in everybody if may_be_told(user, row)],
        names=names,
        looks=[
            Look(names.get(entry.actor, entry.actor), entry.at) for entry in entries if entry.act == "case.unsealed"
        ],
        messages=messages,
        rating=await ratings.of_case(tx, row.id),
        drafts=await drafts.of_case(tx, viewer, row.id),
        recommendations=await recommendations.of_case(tx, viewer, row.id),
        questions={
            one.message_id: one for one in await questions.of_case(tx, viewer, row.id) if one.message_id is not None
        },
        merged=merged,
        related=await related.of_case(tx, viewer, row.id),
        again=undelivered.to_send_again(messages, gone, replaced, entries),
        sent_again=gone,
        access=await access_requests.of_case(tx, viewer, row.id),
        corrected=list(reversed(await corrections.listing(tx, viewer, case_id=row.id))),
        moved=moves(acts[row.id]),
    )


def _told_once(case_id: int, acts: Mapping[int, Sequence[Entry]]) -> Iterator[Iterable[Entry]]:
    """The acts of each case of a family. That one went into another, or came out again, is told by the one that goes on."""
    for one, entries in acts.items():
        yield entries if one == case_id else (entry for entry in entries if entry.act not in _OF_WHO_LEFT)


def may_be_told(user: User, row: Row) -> bool:
    """Who can be told of a case: people who read cases, and who may open this one."""
    viewer = user.viewer
    return not user.disabled and viewer.has_queue(row.queue) and (viewer.medical or not row.sealed)


def may_have(user: User, row: Row) -> bool:
    """Who a case may be given to: people who handle cases, and who may open it."""
    viewer = user.viewer
    may_open = viewer.has_queue(row.queue) and (viewer.medical or not row.sealed)
    return not user.disabled and viewer.handles_cases and may_open


def opening_words(file: CaseFile, author: str, to: Recipient | None = None) -> str:
    """How an answer begins and ends, in the language of whom it goes to: the greeting as given, and who signs."""
    to = to or next(iter(file.recipients), None)
    language = to.language if to else cast(Language, file.row.language)
    texts = wording()[language]
    name = to.name if to else file.member.name if file.member else ""
    greeting = texts.greeting.named.replace("{name}", name) if name else texts.greeting.plain
    # The service's name; its addresses are in every receipt already.
    service = texts.signatures["mediation" if file.row.queue == "mediation" else "complaints"].partition(",")[0]
    return f"{greeting}\n\n\n\n{author}\n{service}, Partenamut"


def other_bodies(language: Language) -> Mapping[str, str]:
    """What the other houses are called that members are sent to, by their id."""
    return {body.id: body.names.in_language(language) for body in directory().bodies}
