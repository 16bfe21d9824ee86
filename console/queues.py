"""Queues and departments: what lies in each, who looks after it, and where a department is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from config.departments import departments, queues
from config.vocabulary import DEPARTMENTS, SPECIAL_QUEUES
from console.site import Handler, Site, Who
from router import deadlines
from store import loads, users
from store.loads import Load
from store.users import User


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue as the page shows it. `people` handle its cases; `asked` is where the department's answers come from."""

    queue: str
    load: Load
    people: Sequence[str]
    working_days: int | None
    purpose: str
    asked: str


class Queues:
    """Handler of `/console/queues`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Every queue that the viewer may know of."""
        del request
        async with self._site.store.read() as tx:
            found = await loads.loads(tx, who.viewer, today=deadlines.received_day(who.now))
            colleagues = [user for user in await users.listing(tx) if not user.disabled]
        asked = self._site.desk.departments
        rows = [
            QueueRow(
                queue=queue,
                load=found.get(queue, Load(queue, 0, 0, 0, None)),
                people=[user.name for user in colleagues if _handles(user, queue)],
                working_days=departments()[queue].working_days if queue in DEPARTMENTS else None,
                purpose=queues()[queue].purpose.in_language(who.language) if queue in SPECIAL_QUEUES else "",
                asked=asked.get(queue, ""),
            )
            for queue in (*SPECIAL_QUEUES, *DEPARTMENTS)
            if who.viewer.has_queue(queue)
        ]
        return await self._site.page("queues.html", who, here="queues", rows=rows)


def routes(site: Site) -> list[tuple[str, str, str, Handler, Any]]:
    """The page of this file: method, path, name, handler, right."""
    return [("GET", "/console/queues", "queues", Queues(site).show, "supervises")]


def _handles(user: User, queue: str) -> bool:
    return user.viewer.handles_cases and user.viewer.has_queue(queue)
