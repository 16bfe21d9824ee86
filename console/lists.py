"""The lists: a queue by urgency, one's own cases and closed ones, narrowed by what stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from config.vocabulary import QUEUES
from console import filters, kept_views, urgency
from console.filters import Chosen
from console.list_acting import acting, standing
from console.site import Site, Who
from console.view_links import address
from router import deadlines
from store import lists, users
from store.database import Tx
from store.kept_views import LONGEST_NAME
from store.lists import PAGE, Filter
from store.views import Row

# A day or sixteen digits of microseconds, a dot, and an id that a database takes.
_LONGEST_CURSOR: Final = 28
_MOST_IN_DISTRESS: Final = 200
# So many closed cases are looked at for one page of those that a filter asks for; a link looks further back.
_LOOKED_AT: Final = 20_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Lists:
    """Handlers of `/console/`, `/console/mine` and `/console/queue/{queue}`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def everything(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Cases of all queues. Who reads no case at all is told what they are here for."""
        if not who.may("reads"):
            return await self._site.page("no_cases.html", who, guessed="guessed" in request.query)
        return await self._list(request, who, None, filters.chosen(request.query))

    async def mine(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One's own cases."""
        return await self._list(request, who, None, filters.chosen(request.query, show="mine"))

    async def queue(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One queue."""
        queue = request.match_info["queue"]
        if queue not in QUEUES or not who.viewer.has_queue(queue):
            raise web.HTTPNotFound
        return await self._list(request, who, queue, filters.chosen(request.query))

    async def _list(self, request: web.Request, who: Who, queue: str | None, chosen: Chosen) -> web.Response:
        after = request.query.get("after", "")
        today = deadlines.received_day(who.now)
        wanted = chosen.filter(queue, today)
        async with self._site.store.read() as tx:
            found = await _rows(tx, who, wanted, chosen, after)
            people = [user for user in await users.listing(tx) if user.role in ("mediator", "supervisor")]
            acts = await acting(tx, who, request.query, queue, found.all, today)
            is_empty = not found.all and not after and not chosen.narrowed and chosen.show == "all"
            last = (
                await lists.closed(tx, who.viewer, wanted.but(urgent=None, resting=None), limit=1) if is_empty else ()
            )
        rows, more = found.rows[:PAGE], len(found.rows) > PAGE
        groups = () if chosen.show in ("closed", "resting") else urgency.grouped(rows, today)
        resting = urgency.by_reason(rows if chosen.show == "resting" else found.resting[:PAGE])
        closed = rows if chosen.show == "closed" else ()
        listed = [*found.first, *(row for group in groups for row in group.rows), *closed]
        listed += [row for _, part in resting for row in part]
        is_own = request.path.endswith("/mine")
        # The tab of one's own cases is the page itself there.
        shown = chosen.but(show="all") if is_own else chosen
        return await self._site.page(
            "list.html",
            who,
            here=queue or ("mine" if is_own else "all"),
            queue=queue,
            chosen=chosen,
            link=lambda **changed: f"{request.path}{shown.but(**changed).query()}",
            choices=filters.CHOICES,
            shows=filters.SHOWS,
            people=people,
            first=found.first,
            groups=groups,
            resting=resting,
            more_rest=len(found.resting) > PAGE,
            closed=closed,
            last_closed=last[0].closed_at if last else None,
            **standing(listed, request.query),
            back=f"{request.path}{shown.query(after=after)}",
            acting=who.may("handles") and chosen.show != "closed",
            after=after,
            next=f"{request.path}{shown.query(after=_cursor(rows[-1], chosen.show))}" if more else "",
            reached=found.reached and deadlines.received_day(found.reached[0]),
            further=f"{request.path}{shown.query(after=_moment_text(found.reached))}" if found.reached else "",
            path=request.path,
            view_path="" if is_own else address(queue, chosen),
            events="" if after else f"/console/events{chosen.query(queue=queue or '')}",
            view_said=kept_views.said(request.query),
            longest_name=LONGEST_NAME,
            **acts,
            **_said(request),
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """The cases of a page: those in distress and those that rest, on the first page of open cases, and all others, one more
    than a page has where there are more."""

    rows: Sequence[Row]
    first: Sequence[Row] = ()
    resting: Sequence[Row] = ()
    # Where to go on looking, when not all closed cases were looked at.
    reached: tuple[datetime, int] | None = None

    @property
    def all(self) -> Sequence[Row]:
        """As they are shown."""
        return [*self.first, *self.rows[:PAGE], *self.resting[:PAGE]]


async def _rows(tx: Tx, who: Who, wanted: Filter, chosen: Chosen, after: str) -> _Found:
    if chosen.show == "closed":
        return await _closed(tx, who, wanted, chosen, _moment_cursor(after))
    if chosen.show == "resting":
        return _Found(await lists.resting(tx, who.viewer, wanted, after=_day_cursor(after), limit=PAGE + 1))
    others = wanted.but(urgent=False, resting=False)
    rows = await lists.listing(tx, who.viewer, others, after=_day_cursor(after), limit=PAGE + 1)
    if after:
        return _Found(rows)
    # Somebody in distress is read first, whatever their case waits for.
    first = await lists.listing(tx, who.viewer, wanted.but(urgent=True), limit=_MOST_IN_DISTRESS)
    return _Found(rows, first, await lists.resting(tx, who.viewer, wanted.but(urgent=False), limit=PAGE + 1))


async def _closed(tx: Tx, who: Who, wanted: Filter, chosen: Chosen, before: tuple[datetime, int] | None) -> _Found:
    back_to = await lists.reach(tx, wanted, before=before, cases_back=_LOOKED_AT) if chosen.narrowed else None
    rows = await lists.closed(tx, who.viewer, wanted, before=before, back_to=back_to, limit=PAGE + 1)
    return _Found(rows, reached=back_to if len(rows) <= PAGE else None)


async def first_page(tx: Tx, who: Who, wanted: Filter, chosen: Chosen) -> Sequence[Row]:
    """What the first page of a list shows."""
    return (await _rows(tx, who, wanted, chosen, "")).all


def _said(request: web.Request) -> dict[str, Any]:
    """What the page before did, to be told on this one."""
    moved = request.query.get("moved", "")
    return {
        "guessed": "guessed" in request.query,
        "moved": moved if moved in QUEUES else "",
        "sealed": "sealed" in request.query,
    }


def _cursor(row: Row, show: str) -> str:
    if show == "closed":
        return _moment_text((row.closed_at or _EPOCH, row.id))
    day = row.paused_until if show == "resting" else row.due_on
    return f"{(day or date.max).isoformat()}.{row.id}"


def _moment_text(place: tuple[datetime, int]) -> str:
    # Whole microseconds: a float of this size would be off by some.
    return f"{(place[0] - _EPOCH) // timedelta(microseconds=1)}.{place[1]}"


def _day_cursor(text: str) -> tuple[date, int] | None:
    day, _, number = text[:_LONGEST_CURSOR].partition(".")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        return None


def _moment_cursor(text: str) -> tuple[datetime, int] | None:
    micros, _, number = text[:_LONGEST_CURSOR].partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), int(number)
    except (ValueError, OverflowError):
        return None
