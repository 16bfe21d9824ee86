"""What the register holds of a person in one matter: their words and ours to them, what was noted and asked, and by whom it was
read (GDPR, article 15(1)). Whose a message is, is said by its address and by the name beneath it: two people may share one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from gateway.access_masking import Known, others_among, words_of
from router import deadlines
from store import audit, clocks, correspondence, links, people, related, texts, users, views
from store.access_choices import Matter, Put
from store.access_requests import Request
from store.correspondence import MessageRow
from store.database import Tx
from store.family import family
from store.schema import case_contacts, cases, contacts, messages, notes
from store.schema import people as people_table
from store.viewer import Viewer

# Whose a message is by the name under it: the person's, perhaps, or somebody else's at the same address.
Whose = Literal["theirs", "unsure", "other"]
Sort = Literal["you", "we", "asked", "answered", "note"]
_SORTS: Final[Mapping[str, Sort]] = {"in": "you", "out": "we", "ask": "asked", "dep": "answered"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A message or note that stands in the matter. `offered`: people may put it in or leave it out; `taken`: it is in the
    answer; `author` is whom of us the member knows by it, a department's id, or ""."""

    kind: Literal["note", "message"]
    id: int
    sort: Sort
    at: datetime
    channel: str
    author: str
    subject: str
    text: str
    files: Sequence[str]
    offered: bool
    taken: bool
    reason: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """One matter with everything that an answer may say of it. `whose` is whose matter it seems to be, `name` who wrote first."""

    matter: Matter
    row: Any
    whose: Whose
    name: str
    entries: Sequence[Entry]
    steps: Sequence[tuple[date, str]]
    clocks: Sequence[tuple[str, date, str]]
    said: Mapping[str, Any]
    decision: Mapping[str, Any]
    corrected: Sequence[tuple[date, Mapping[str, Any]]]
    roles: Sequence[str]
    sent_to: Sequence[str]
    known: Known
    # Words of other people that are left out whole, and nobody may put in.
    of_others: int

    @property
    def departments(self) -> list[tuple[date, str]]:
        """Which departments were asked, and when."""
        return [(deadlines.received_day(one.at), one.author) for one in self.entries if one.sort == "asked"]


def whose_name(subject: str, given: str) -> Whose:
    """Whether a name that was written is the person's: two words of it at least, or all that is known of it."""
    mine, said = words_of(subject), words_of(given)
    if not said or (said < mine and len(said) == 1):
        return "unsure"
    if said == mine or (len(said & mine) > 1 and (said <= mine or mine <= said)):
        return "theirs"
    return "other"


async def several_at(tx: Tx, request: Request) -> bool:
    """Whether somebody of another name has written from an address of this person: what bears no name may then be either's."""
    names = await _names_at(tx, request.person_id)
    return any(whose_name(request.name, name) == "other" for name in names)


async def _names_at(tx: Tx, person_id: int) -> set[str]:
    query = (
        select(messages.c.sender_name)
        .join(contacts, contacts.c.id == messages.c.contact_id)
        .where(contacts.c.person_id == person_id, messages.c.direction == "in")
        .distinct()
    )
    place = texts.Place("messages", "sender_name")
    return {texts.read(stored, place) for stored in await tx.conn.scalars(query)}


async def collected(
    tx: Tx, viewer: Viewer, request: Request, matter: Matter, put: Mapping[tuple[str, int], Put], *, several: bool
) -> Collected:
    """Read one matter; the viewer may open it."""
    row = (await tx.conn.execute(select(cases).where(cases.c.id == (matter.own or [matter.case_id])[0]))).one()
    every = [
        one
        for one in await correspondence.messages_of(tx, viewer, matter.case_id)
        # What was taken back before it left was said to nobody.
        if one.delivery != "cancelled"
    ]
    theirs = await _contacts_of(tx, request.person_id)
    owners = await _contact_ids(tx, [one.id for one in every])
    own_words = [one for one in every if one.direction == "in" and _is_from(one, owners, theirs, matter)]
    whose = whose_name(request.name, own_words[0].sender_name) if own_words else "unsure"
    entries = _spoken(request, every, owners, theirs, matter, several=several)
    entries += await _noted(tx, viewer, matter)
    acts = [entry for one in matter.own for entry in await audit.of_case(tx, one)]
    return Collected(
        matter=matter,
        row=row,
        whose=whose,
        name=own_words[0].sender_name if own_words else "",
        entries=[_as_put(one, put) for one in sorted(entries, key=lambda one: one.at)],
        steps=_steps(acts),
        clocks=[(one.clock, one.due_on, one.state) for own in matter.own for one in await clocks.promised(tx, own)],
        said=(await views.classification_of(tx, viewer, row.id) or {}) if matter.own else {},
        decision=(await views.decision_of(tx, viewer, row.id) or {}) if matter.own else {},
        corrected=[
            (deadlines.received_day(one.at), one.detail.get("labels") or {})
            for one in acts
            if one.act in ("case.corrected", "case.department")
        ],
        roles=await _roles(tx, acts),
        sent_to=sorted({one.address for one in every if one.direction == "out" and owners.get(one.id) in theirs}),
        known=await _known(tx, viewer, request, matter, every, theirs),
        of_others=sum(one.direction == "in" for one in every) - sum(one.sort == "you" for one in entries),
    )


def _as_put(entry: Entry, put: Mapping[tuple[str, int], Put]) -> Entry:
    said = put.get((entry.kind, entry.id))
    return replace(entry, taken=said.taken, reason=said.reason) if said and entry.offered else entry


def _is_from(one: MessageRow, owners: Mapping[int, int], theirs: Collection[int], matter: Matter) -> bool:
    """Whether the person's address wrote it or got it; who left no address is known by their case alone."""
    return owners[one.id] in theirs if one.id in owners else one.case_id in matter.own


def _spoken(
    request: Request,
    every: Sequence[MessageRow],
    owners: Mapping[int, int],
    theirs: Collection[int],
    matter: Matter,
    *,
    several: bool,
) -> list[Entry]:
    """What was said, without what belongs to other people. Our word belongs to whoever wrote last before it."""
    found: list[Entry] = []
    last: dict[int | None, Whose] = {}
    for one in every:
        if one.direction in ("ask", "dep"):
            if matter.own:
                found.append(_entry(one, taken=one.case_id in matter.own, author=one.situation))
            continue
        if not _is_from(one, owners, theirs, matter) or one.delivery in ("waiting", "taken"):
            continue
        if one.direction == "in":
            last[one.case_id] = whose_name(request.name, one.sender_name)
        whose = last.get(one.case_id, "unsure")
        taken = whose == "theirs" or (whose == "unsure" and not several)
        # Where two share an address, or a name was written otherwise, people say whose it is; whatever else is theirs is not for
        # us to leave out.
        author = one.author if one.direction == "out" else ""
        found.append(_entry(one, taken=taken, author=author, offered=several or not taken))
    return found


def _entry(one: MessageRow, *, taken: bool, author: str, offered: bool = True) -> Entry:
    text = one.reply or one.text
    return Entry(
        kind="message",
        id=one.id,
        sort=_SORTS[one.direction],
        at=one.at,
        channel=one.channel,
        author=author,
        subject=one.subject,
        text=links.masked(text, with_code=one.auto) if one.direction == "out" else text,
        files=[file.name for file in one.files if not file.inline],
        offered=offered,
        taken=taken,
        name=one.sender_name if one.direction == "in" else "",
    )


async def _noted(tx: Tx, viewer: Viewer, matter: Matter) -> list[Entry]:
    """Notes: what we thought of the person is theirs to read; what stands with another member's case is not, unless people say
    so."""
    if not matter.own:
        return []
    query = select(notes.c.id, notes.c.case_id).where(notes.c.case_id.in_(family(matter.case_id)))
    case_of = {row.id: row.case_id for row in await tx.conn.execute(query)}
    return [
        Entry("note", one.id, "note", one.at, "", "", "", one.text, (), True, case_of.get(one.id) in matter.own)
        for one in await views.notes_of(tx, viewer, matter.case_id)
    ]


def _steps(acts: Sequence[audit.Entry]) -> list[tuple[date, str]]:
    """Where the case was, from day to day."""
    found: list[tuple[date, str]] = []
    for entry in acts:
        queue = entry.detail.get("queue") if entry.act != "case.moved" else entry.detail.get("to")
        moves = entry.act in ("case.opened", "case.moved", "case.disagreed", "case.reopened")
        if moves and queue and (not found or found[-1][1] != queue):
            found.append((deadlines.received_day(entry.at), str(queue)))
    return found


async def _roles(tx: Tx, acts: Sequence[audit.Entry]) -> list[str]:
    """In which roles people of ours handled or read it."""
    actors = {entry.actor for entry in acts}
    return sorted({user.role for user in await users.listing(tx) if f"user:{user.id}" in actors})


async def _contacts_of(tx: Tx, person_id: int) -> frozenset[int]:
    return frozenset(await tx.conn.scalars(select(contacts.c.id).where(contacts.c.person_id == person_id)))


async def _contact_ids(tx: Tx, message_ids: Sequence[int]) -> dict[int, int]:
    query = select(messages.c.id, messages.c.contact_id).where(
        messages.c.id.in_(message_ids), messages.c.contact_id.is_not(None)
    )
    return {row.id: row.contact_id for row in await tx.conn.execute(query)}


async def _known(
    tx: Tx,
    viewer: Viewer,
    request: Request,
    matter: Matter,
    every: Sequence[MessageRow],
    theirs: Collection[int],
) -> Known:
    """Who is who in this matter: the person, whom of us they know, and everybody else whose name may be met."""
    on_case = family(matter.case_id)
    own = select(contacts.c.address, contacts.c.id).join(case_contacts, case_contacts.c.contact_id == contacts.c.id)
    addresses = [
        row.address
        for row in await tx.conn.execute(own.where(case_contacts.c.case_id.in_(on_case)))
        if row.id in theirs
    ]
    person = await people.person_of(tx, request.person_id)
    is_named_so = whose_name(request.name, person.name) == "theirs"
    seen = {one.author for one in every if one.direction == "out" and one.author}
    others = [user.name for user in await users.listing(tx) if user.name not in seen]
    others += [name for name in await _people_around(tx, viewer, matter) if name]
    others += [one.sender_name for one in every if one.direction == "in"]
    references = select(cases.c.reference).where(cases.c.person_id == request.person_id)
    return Known(
        name=request.name,
        own=[*addresses, *([person.member_number] if is_named_so and person.member_number else [])],
        references=[matter.reference, *await tx.conn.scalars(references)],
        seen=sorted(seen),
        others=others_among([*others, *await _names_at(tx, request.person_id)], request.name),
    )


async def _people_around(tx: Tx, viewer: Viewer, matter: Matter) -> list[str]:
    """The members of the cases of this matter and of those that are linked to it, and everybody who is known on it."""
    linked = [one.reference for one in await related.of_case(tx, viewer, matter.case_id)]
    on_case = family(matter.case_id)
    of_cases = select(cases.c.person_id).where(cases.c.id.in_(on_case) | cases.c.reference.in_(linked))
    of_contacts = select(contacts.c.person_id).join(case_contacts, case_contacts.c.contact_id == contacts.c.id)
    query = select(people_table.c.name).where(
        people_table.c.id.in_(of_cases) | people_table.c.id.in_(of_contacts.where(case_contacts.c.case_id.in_(on_case)))
    )
    return [texts.read(stored, people.NAME) for stored in await tx.conn.scalars(query)]
