"""What the rules of today say of a case, with the labels that people have put right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from channels.message import InboundMessage
from classifier.classification import Classification
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS
from gateway.house import House, active_rules
from router import deadlines
from router.decide import decide
from router.decision import Decision, Facts
from store import correspondence, history, people, views
from store.viewer import Viewer
from store.views import Row


class Reads(Protocol):
    """Reads a raw item again; None when it is gone."""

    async def understood(self, item_id: int) -> InboundMessage | None: ...


async def decided_now(house: House, reads: Reads, viewer: Viewer, case_id: int) -> Decision | None:
    """The decision that today's rules would make; None for a case whose first message cannot be read any more."""
    async with house.store.read() as tx:
        row = await views.case(tx, viewer, case_id)
        said = await views.classification_of(tx, viewer, case_id)
        messages = await correspondence.messages_of(tx, viewer, case_id)
        earlier = await people.count_cases(tx, row.person_id) - 1 if row is not None and row.person_id else 0
    item_id = next((one.inbox_id for one in messages if one.direction == "in" and one.inbox_id), None)
    if row is None or row.locked or said is None or item_id is None:
        return None
    message = await reads.understood(item_id)
    if message is None:
        return None
    facts = Facts(
        message,
        put_right(history.classification_from(said), row),
        house.default_queue(message.account),
        deadlines.received_day(row.received_at),
        max(0, earlier),
    )
    return await asyncio.to_thread(decide, facts, await active_rules(house))


def put_right(found: Classification, row: Row) -> Classification:
    """The classification as people left the labels of the case: what they changed is certain, the rest as it was read."""
    chances: dict[str, Any] = dict(found.probabilities)
    certain: set[str] = set()
    if row.kind in KINDS and row.kind != found.kind:
        chances["kind"] = {kind: float(kind == row.kind) for kind in KINDS}
        certain.add("kind")
    for flag in FLAGS:
        if bool(row.flags.get(flag)) != bool(found.flags.get(flag)):
            chances[flag] = float(bool(row.flags.get(flag)))
            certain.add(flag)
    departments = found.departments
    department = next((name for name in DEPARTMENTS if name == row.department), None)
    if department != found.department:
        others = tuple((name, 0.0) for name, _ in found.departments if name != department)
        departments = ((department, 1.0), *others) if department else others
        certain.add("department")
    because: Mapping[Any, Any] = {name: why for name, why in found.because.items() if name not in certain}
    return replace(
        found,
        kind=next((kind for kind in KINDS if kind == row.kind), found.kind),
        flags={flag: bool(row.flags.get(flag)) for flag in FLAGS},
        department=department,
        departments=departments,
        probabilities=chances,
        abstained=tuple(name for name in found.abstained if name not in certain),
        because=dict(because),
    )
