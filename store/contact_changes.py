"""A member is reached otherwise from now on: one address comes, takes the place of another, or is not used any more (rule C4).

A member has their own cases of a family (store/parties.py); what was merged into another case is known there as well, and
comes back with its own. So a change follows the merges upwards, and is written down there as if it had been so when they
were made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import and_, delete, or_, select, update

from store import outbox, people
from store.database import Tx
from store.family import family, members
from store.schema import case_contacts, cases, contact_changes, contacts, links, merges, messages
from store.sql import new_id

Act = Literal["add", "replace", "end"]
ACTS: Final[tuple[Act, ...]] = ("add", "replace", "end")


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `case_id` is a case of the member, `outbox_id` what goes out to the old contact."""

    id: int
    case_id: int
    act: Act
    author_id: int | None
    at: datetime
    outbox_id: int | None


@dataclass
class _Before:
    """What was done, so that it can be taken back: each row as it is needed for that."""

    forgot: list[list[Any]] = field(default_factory=list)
    knew: list[list[int]] = field(default_factory=list)
    merges: list[list[int]] = field(default_factory=list)
    first: list[list[int | None]] = field(default_factory=list)

    def kept(self) -> dict[str, Any]:
        return {"forgot": self.forgot, "knew": self.knew, "merges": self.merges, "first": self.first}


async def make(
    tx: Tx,
    act: Act,
    *,
    case_ids: Sequence[int],
    old_id: int | None,
    new_id: int | None,
    author_id: int | None,
    how: str,
    now: datetime,
) -> int:
    """Change how the member of these cases is reached: all of them are theirs. Returns the number of the change.

    What still waited for an address that is no longer used does not go there, and the links that were sent to it end.
    """
    before = _Before()
    gone_id = None if act == "add" else old_id
    shared = [case_id for own in case_ids for case_id in await _above(tx, own, case_ids, gone_id, new_id, before, now)]
    for case_id in case_ids:
        await _in_case(tx, case_id, gone_id, new_id, before, now=now)
        await _first_choice(tx, case_id, gone_id, new_id, before)
    if gone_id is not None:
        where = [*case_ids, *shared]
        await tx.conn.execute(
            update(links)
            .where(links.c.case_id.in_(where), links.c.contact_id == gone_id, links.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        await outbox.give_up_on(tx, gone_id, where, now=now)
    return await _keep(tx, act, case_ids[0], old_id, new_id, author_id, how, before, now)


async def _keep(
    tx: Tx,
    act: Act,
    case_id: int,
    old_id: int | None,
    contact_id: int | None,
    author_id: int | None,
    how: str,
    before: _Before,
    now: datetime,
) -> int:
    return await new_id(
        tx,
        contact_changes,
        case_id=case_id,
        author_id=author_id,
        act=act,
        old_id=old_id,
        new_id=contact_id,
        how=how,
        at=now,
        outbox_id=None,
        before=before.kept(),
    )


async def _above(
    tx: Tx,
    case_id: int,
    own: Collection[int],
    gone_id: int | None,
    contact_id: int | None,
    before: _Before,
    now: datetime,
) -> list[int]:
    """The same in the cases that this one goes on in, as far as they are another member's. Returns where the old one was known
    through this member alone."""
    shared: list[int] = []
    merged = await _merge_of(tx, case_id)
    while merged is not None and merged.into_id not in own:
        came = list(merged.before["contacts"])
        ends = gone_id if gone_id in came else None
        if ends is not None:
            shared.append(merged.into_id)
        if await _in_case(tx, merged.into_id, ends, contact_id, before, now=now) and contact_id is not None:
            values = {"before": {**merged.before, "contacts": [*came, contact_id]}}
            await tx.conn.execute(update(merges).where(merges.c.id == merged.id).values(**values))
            before.merges.append([merged.id, contact_id])
        merged = await _merge_of(tx, merged.into_id)
    return shared


async def _merge_of(tx: Tx, case_id: int) -> Any:
    return (
        await tx.conn.execute(select(merges).where(merges.c.case_id == case_id, merges.c.undone_at.is_(None)))
    ).one_or_none()


async def _in_case(
    tx: Tx, case_id: int, gone_id: int | None, contact_id: int | None, before: _Before, *, now: datetime
) -> bool:
    """Know the one on a case and the other no more; whether the one is new there."""
    if gone_id is not None:
        ended = await tx.conn.execute(
            delete(case_contacts)
            .where(case_contacts.c.case_id == case_id, case_contacts.c.contact_id == gone_id)
            .returning(case_contacts.c.added_at)
        )
        before.forgot += [[case_id, gone_id, added_at.isoformat()] for (added_at,) in ended]
    if contact_id is None or await people.is_known_on_case(tx, case_id, contact_id):
        return False
    await people.know_on_case(tx, case_id, contact_id, now=now)
    before.knew.append([case_id, contact_id])
    return True


async def _first_choice(tx: Tx, case_id: int, gone_id: int | None, contact_id: int | None, before: _Before) -> None:
    """The contact by which a member is written to first: the new one where there was none, it ended, or nothing arrives there."""
    row = (
        await tx.conn.execute(
            select(cases.c.contact_id, contacts.c.unreachable)
            .outerjoin(contacts, contacts.c.id == cases.c.contact_id)
            .where(cases.c.id == case_id)
        )
    ).one()
    ends = row.contact_id is not None and row.contact_id == gone_id
    if not ends and not (contact_id is not None and (row.contact_id is None or row.unreachable)):
        return
    left = contact_id if contact_id is not None else await _left(tx, case_id)
    before.first.append([case_id, row.contact_id])
    await tx.conn.execute(update(cases).where(cases.c.id == case_id).values(contact_id=left))


async def _let_go(tx: Tx, contact_id: int, case_id: int, *, now: datetime) -> None:
    """An address that was taken back, and that nobody ever wrote from, is nobody's whom we know: it may have been a typing error,
    and who writes from it next is not to be taken for this member."""
    used = (
        select(case_contacts.c.contact_id).where(case_contacts.c.contact_id == contact_id),
        select(messages.c.contact_id).where(messages.c.contact_id == contact_id),
    )
    for query in used:
        if (await tx.conn.execute(query.limit(1))).first() is not None:
            return
    row = (await tx.conn.execute(select(cases.c.person_id, cases.c.language).where(cases.c.id == case_id))).one()
    nobody = await people.new_person(tx, name="", language=row.language, member_number="", now=now)
    theirs = (contacts.c.id == contact_id, contacts.c.person_id == row.person_id)
    await tx.conn.execute(update(contacts).where(*theirs).values(person_id=nobody))


async def _left(tx: Tx, case_id: int) -> int | None:
    """One of the addresses that are still the member's own on this case."""
    came = await came_with_others(tx, case_id)
    known = await people.contacts_of_case(tx, case_id)
    return next((one.id for one in known if one.id not in came), None)


async def came_with_others(tx: Tx, case_id: int) -> set[int]:
    """The contacts that are known on a case only because another one goes on in it."""
    rows = await tx.conn.scalars(
        select(merges.c.before).where(merges.c.into_id == case_id, merges.c.undone_at.is_(None))
    )
    return {contact_id for before in rows for contact_id in before["contacts"]}


async def tell(tx: Tx, change_id: int, outbox_id: int) -> None:
    """What goes out to the old contact."""
    await tx.conn.execute(update(contact_changes).where(contact_changes.c.id == change_id).values(outbox_id=outbox_id))


async def last_of(tx: Tx, case_id: int, *, since: datetime) -> Change | None:
    """The last change on a case or on what goes on in it, made since then and not taken back."""
    of_case = contact_changes.c.case_id.in_(family(case_id))
    row = (
        await tx.conn.execute(select(contact_changes).where(of_case).order_by(contact_changes.c.id.desc()).limit(1))
    ).one_or_none()
    if row is None or row.undone_at is not None or row.at <= since:
        return None
    return Change(row.id, row.case_id, row.act, row.author_id, row.at, row.outbox_id)


async def undo(tx: Tx, change: Change, *, now: datetime) -> bool:
    """Take a change back, in its every place; False when somebody just did. What had not left by then stays unsent: it may have
    been wrong because of the address, and can be sent again."""
    done = (
        await tx.conn.execute(
            update(contact_changes)
            .where(contact_changes.c.id == change.id, contact_changes.c.undone_at.is_(None))
            .values(undone_at=now)
            .returning(contact_changes.c.before, contact_changes.c.old_id)
        )
    ).one_or_none()
    if done is None:
        return False
    for case_id, contact_id in done.before["knew"]:
        mine = (case_contacts.c.case_id == case_id, case_contacts.c.contact_id == contact_id)
        await tx.conn.execute(delete(case_contacts).where(*mine))
    for case_id, contact_id, added_at in done.before["forgot"]:
        await people.know_on_case(tx, case_id, contact_id, now=datetime.fromisoformat(added_at))
    for contact_id in {contact_id for _, contact_id in done.before["knew"]}:
        await _let_go(tx, contact_id, change.case_id, now=now)
    for case_id, contact_id in done.before["first"]:
        await tx.conn.execute(update(cases).where(cases.c.id == case_id).values(contact_id=contact_id))
    for merge_id, contact_id in done.before["merges"]:
        before = (await tx.conn.execute(select(merges.c.before).where(merges.c.id == merge_id))).scalar_one()
        kept = {**before, "contacts": [one for one in before["contacts"] if one != contact_id]}
        await tx.conn.execute(update(merges).where(merges.c.id == merge_id).values(before=kept))
    where = [case_id for case_id, _, _ in done.before["forgot"]]
    await tx.conn.execute(
        update(links)
        .where(links.c.case_id.in_(where), links.c.contact_id == done.old_id, links.c.revoked_at == change.at)
        .values(revoked_at=None)
    )
    return True


async def same_member(tx: Tx, case_id: int, contact_id: int | None) -> set[int | None]:
    """A contact and those in whose place it came, for the member of this case: what was said by them is theirs to read. None
    among them stands for the time when no address was known."""
    person = select(cases.c.person_id).where(cases.c.id == case_id).scalar_subquery()
    rows = await tx.conn.execute(
        select(contact_changes.c.new_id, contact_changes.c.old_id)
        .join(cases, cases.c.id == contact_changes.c.case_id)
        .where(
            contact_changes.c.undone_at.is_(None),
            contact_changes.c.new_id.is_not(None),
            or_(cases.c.id == case_id, and_(cases.c.person_id.is_not(None), cases.c.person_id == person)),
        )
    )
    came: dict[int | None, set[int | None]] = {}
    for new, old in rows:
        came.setdefault(new, set()).add(old)
    found: set[int | None] = set()
    left: set[int | None] = {contact_id}
    while left:
        one = left.pop()
        found.add(one)
        left |= came.get(one, set()) - found
    return found


async def replaced(tx: Tx, case_id: int) -> set[int]:
    """The contacts of a case, or of what goes on in it, that are not used there any more."""
    of_case = await members(tx, case_id)
    known = select(case_contacts.c.contact_id).where(case_contacts.c.case_id.in_(of_case))
    rows = await tx.conn.scalars(
        select(contact_changes.c.old_id).where(
            contact_changes.c.case_id.in_(of_case),
            contact_changes.c.act != "add",
            contact_changes.c.undone_at.is_(None),
            contact_changes.c.old_id.not_in(known),
        )
    )
    return set(rows)
