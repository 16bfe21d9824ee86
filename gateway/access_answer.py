"""The house behind answers to requests for access (GDPR, article 15), as `console.access_contract.AccessHouse` says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select

from config.vocabulary import Language
from console.access_contract import Draft, DraftCase
from gateway import access_writing, answers
from gateway.access_collect import Collected, collected, several_at, whose_name
from gateway.access_compiling import answer_case, masked_in, masker_of, offered_in
from gateway.access_model import Answer
from gateway.house import House
from router import deadlines
from store import access_choices, links, people
from store.access_choices import Chosen, Matter
from store.access_requests import Request
from store.database import Tx
from store.schema import case_contacts, cases, contacts
from store.viewer import Viewer


@dataclass(frozen=True, slots=True)
class HouseAccess:
    """Over the register, and with the outbox."""

    house: House

    async def first_choices(self, tx: Tx, viewer: Viewer, request: Request, *, now: datetime) -> Mapping[str, int]:
        """Put in what is surely theirs."""
        matters = await access_choices.matters_of(tx, viewer, request.person_id)
        several = await several_at(tx, request)
        taken = 0
        for matter in matters:
            found = await collected(tx, viewer, request, matter, {}, several=several)
            # A sealed case is put in by somebody who opens it first, and says why.
            if not matter.sealed and (found.whose == "theirs" or (found.whose == "unsure" and not several)):
                await access_choices.choose_case(tx, viewer, request.id, matter.case_id, Chosen(taken=True), now=now)
                taken += 1
        return {"cases": taken, "open": len(matters) - taken}

    async def draft(self, tx: Tx, viewer: Viewer, request: Request, readable: Mapping[int, bool]) -> Draft:
        """The draft as this viewer may see it."""
        matters = await access_choices.matters_of(tx, viewer, request.person_id)
        chosen = await access_choices.cases_of(tx, request.id)
        several = await several_at(tx, request)
        shown = []
        for matter in matters:
            said = chosen.get(matter.case_id)
            if not readable.get(matter.case_id, True):
                standing = "open" if said is None else "taken" if said.taken else "left"
                closed = DraftCase(matter.case_id, matter.reference, matter.sealed, False, standing, "", "")  # type: ignore[arg-type]  # One of the three.
                shown.append(closed)
                continue
            shown.append(await self._draft_case(tx, viewer, request, matter, said, several=several))
        return Draft(shown, viewer.sees_everything, several)

    async def _draft_case(
        self, tx: Tx, viewer: Viewer, request: Request, matter: Matter, said: Chosen | None, *, several: bool
    ) -> DraftCase:
        put = await access_choices.items_of(tx, request.id)
        found = await collected(tx, viewer, request, matter, put, several=several)
        if said is None or not said.taken:
            standing = "open" if said is None else "left"
            return DraftCase(
                matter.case_id,
                matter.reference,
                matter.sealed,
                True,
                standing,  # type: ignore[arg-type]  # One of the two.
                found.whose,
                found.name,
            )
        masker = masker_of(found, said)
        made = await asyncio.to_thread(answer_case, found, masker)
        return DraftCase(
            case_id=matter.case_id,
            reference=matter.reference,
            sealed=matter.sealed,
            readable=True,
            standing="taken",
            whose=found.whose,
            name=found.name,
            html=access_writing.case_drawn(made, _language(request)),
            masked=masked_in(masker),
            also={phrase: masker.found_also[phrase] for phrase in said.also},
            offered=offered_in(found),
            of_others=found.of_others,
        )

    async def frozen(self, tx: Tx, viewer: Viewer, request: Request, *, now: datetime) -> bytes:
        """The answer, masked, as JSON."""
        matters = await access_choices.matters_of(tx, viewer, request.person_id)
        chosen, put = await access_choices.cases_of(tx, request.id), await access_choices.items_of(tx, request.id)
        several = await several_at(tx, request)
        taken: list[tuple[Collected, Chosen]] = []
        for matter in matters:
            said = chosen.get(matter.case_id)
            if said is not None and said.taken:
                taken.append((await collected(tx, viewer, request, matter, put, several=several), said))
        made = [await asyncio.to_thread(answer_case, found, masker_of(found, said)) for found, said in taken]
        person = await people.person_of(tx, request.person_id)
        is_named_so = whose_name(request.name, person.name) == "theirs"
        addresses = {value for found, _ in taken for value in found.known.own}
        answer = Answer(
            reference=request.reference,
            language=_language(request),
            name=request.name,
            member_number=person.member_number if is_named_so else "",
            contacts=tuple(
                (kind, address) for kind, address in await _contacts(tx, request.person_id) if address in addresses
            ),
            asked_on=request.asked_on,
            made_on=deadlines.received_day(now),
            cases=tuple(made),
        )
        return answer.model_dump_json().encode()

    def drawn(self, body: bytes) -> str:
        """What was frozen, to be read."""
        return access_writing.drawn(Answer.model_validate_json(body))

    def cases_in(self, body: bytes) -> Sequence[int]:
        """The cases in it."""
        return [case.number for case in Answer.model_validate_json(body).cases]

    def archive(self, body: bytes) -> bytes:
        """What was frozen, to be fetched."""
        return access_writing.archive(Answer.model_validate_json(body))

    async def contact_of(self, tx: Tx, request: Request) -> int | None:
        """The mail address of the person on the case on which they asked; the one that the case came from first."""
        query = (
            select(contacts.c.id)
            .join(case_contacts, case_contacts.c.contact_id == contacts.c.id)
            .join(cases, cases.c.id == case_contacts.c.case_id)
            .where(
                cases.c.id == request.case_id,
                contacts.c.person_id == request.person_id,
                contacts.c.kind == "email",
                contacts.c.unreachable.is_(False),
            )
            .order_by((contacts.c.id == cases.c.contact_id).desc(), contacts.c.id)
        )
        found = (await tx.conn.execute(query.limit(1))).scalar()
        return None if found is None else int(found)

    async def tell(self, tx: Tx, request: Request, contact_id: int, *, now: datetime) -> int | None:
        """A link to the page of the case, and nothing of what is in the answer."""
        query = select(contacts).where(contacts.c.id == contact_id)
        row = (await tx.conn.execute(query)).one()
        token = self.house.randomness.token()
        await links.add(tx, token, now=now, case_id=request.case_id, contact_id=contact_id)
        return await answers.send_asked(
            tx,
            self.house,
            "access",
            key=f"access-{request.id}-{request.version}",
            case_id=request.case_id,
            contact=people.Contact(row.id, row.person_id, row.kind, row.address, row.unreachable),
            reference=request.reference,
            language=_language(request),
            case_url=answers.case_url(self.house, _language(request), token),
            now=now,
        )


def _language(request: Request) -> Language:
    return cast(Language, request.language)


async def _contacts(tx: Tx, person_id: int) -> list[tuple[str, str]]:
    query = select(contacts.c.kind, contacts.c.address).where(contacts.c.person_id == person_id)
    return [(row.kind, row.address) for row in await tx.conn.execute(query.order_by(contacts.c.id))]
