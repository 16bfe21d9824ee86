"""What is done from a list, to one case or to many at once: take, give, move, let rest, put a robot's letter away.

Each case is fenced, checked for its version and audited as on its own page; those that cannot be changed are named with why, and
the others are. The next page says what was done and takes it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast, get_args
from urllib.parse import urlencode

from aiohttp import web

from channels.reference import parse_reference
from config.vocabulary import QUEUES, ROBOT
from console.actions import Act as CaseAct
from console.actions import After, WrongFormError
from console.case_page import CasePage
from console.moving import Moving
from console.paths import is_ours, with_query
from console.pausing import Pausing
from console.rights import Right
from console.site import Handler, Site, Who
from console.suggesting import suggestion
from router import deadlines
from store import cases, guesses, list_acts, views
from store.cases import StaleError
from store.database import Tx
from store.list_acts import Act, Left
from store.pauses import REASONS
from store.views import Row

# The fields of the form that name a case; the value is the version that the list showed, and its place in the list.
_PICK: Final = "pick-"
# What a list leads to the closing page for is done there.
_ACTS: Final = tuple(act for act in get_args(Act) if act != "close")
# What a form may lack: keys of the words below `acted.wrong`.
WRONG: Final = frozenset({"nothing", "none", "one_only", "no_queue", "no_reason"})
_NUMBER: Final = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class _Picked:
    """A case as the list showed it, and where in the list it stood."""

    reference: str
    version: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Done:
    """A case that was changed: what stood in it before, and the queue or the person that it went to."""

    case_id: int
    was: Mapping[str, Any]
    target: str


class Bulk:
    """Handlers of `/console/lists/`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._page = CasePage(site)
        self._moving, self._pausing = Moving(site), Pausing(site)

    async def act(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Do one thing to every case that was chosen, as far as it may be done."""
        del request
        act, picked = who.form.get("act", ""), list(_picked(who.form))
        wrong = _wrong(who, act, picked)
        if wrong:
            return self._back(who, f"acts={wrong}", picked)
        if act == "not_ours":
            back, at = self._place(who, picked)
            asked = urlencode({"outcome": "not_ours", "back": back, "at": at})
            return self._site.see_other(f"/console/case/{picked[0].reference}/close?{asked}")
        after = After()
        changed: dict[int, Mapping[str, Any]] = {}
        targets: set[str] = set()
        left: list[Left] = []
        async with self._site.store.write() as tx:
            for one in picked:
                found = await self._one(tx, who, cast(Act, act), one, after)
                if isinstance(found, Left):
                    left.append(found)
                else:
                    changed[found.case_id] = found.was
                    targets.add(found.target)
            # Suggestions lead to many queues: only where it is one, it is named.
            target = targets.pop() if len(targets) == 1 else ""
            number = await list_acts.keep(tx, who.viewer, cast(Act, act), target, changed, left, now=who.now)
        for outbox_id in after.departing:
            await self._site.desk.wake_delivery(outbox_id)
        return self._back(who, f"did={number}", picked)

    async def undo(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Take back what was done from a list, on every case that nobody has changed since."""
        number = int(request.match_info["act"])
        moved = partial(deadlines.after_pause, saturdays=self._site.saturdays)
        async with self._site.store.write() as tx:
            found = await list_acts.of(tx, who.viewer, number)
            if found is None:
                raise web.HTTPNotFound
            await list_acts.undo(tx, who.viewer, number, moved=moved, now=who.now)
        return self._back(who, f"did={number}")

    def _back(self, who: Who, said: str, picked: Sequence[_Picked] = ()) -> web.Response:
        path, at = self._place(who, picked)
        return self._site.see_other(with_query(path, said + (f"&at={at}" if at else "")))

    def _place(self, who: Who, picked: Sequence[_Picked]) -> tuple[str, str]:
        """The list to go back to, and where in it the first case stood: there the next one stands then."""
        wanted, at = who.form.get("back", ""), who.form.get("at", "")
        at = at or next((one.place for one in picked), "")
        return wanted if is_ours(wanted) else "/console/", at if _NUMBER.fullmatch(at) else ""

    async def _one(self, tx: Tx, who: Who, act: Act, picked: _Picked, after: After) -> _Done | Left:
        """One case: what became of it, or why it was left as it was."""
        row = await views.case_by_reference(tx, who.viewer, picked.reference)
        why = await self._hindrance(tx, who, act, row)
        if row is None or why:
            return Left(picked.reference, why or "gone")
        form = {**who.form, "version": picked.version}
        if act == "accept":
            form["queue"] = suggestion(row, (await guesses.of(tx, who.viewer, [row.id])).get(row.id))
            if not form["queue"] or not who.viewer.has_queue(form["queue"]):
                return Left(row.reference, "no_suggestion")
        was = await list_acts.before(tx, row)
        try:
            await self._do(act)(tx, replace(who, form=form), row, after)
        except StaleError:
            return Left(row.reference, "stale")
        except WrongFormError as error:
            return Left(row.reference, error.problem)
        target = {"move": "queue", "accept": "queue", "assign": "assignee"}.get(act, "")
        return _Done(row.id, was, form.get(target, ""))

    async def _hindrance(self, tx: Tx, who: Who, act: Act, row: Row | None) -> str:
        """Why a case cannot be touched from a list; "" when it can."""
        if row is None or row.merged_into is not None:
            return "gone"
        if row.locked:
            return "sealed"
        if not await self._page.may_read(tx, who, row):
            return "reason"
        if row.state != "open":
            return "closed"
        is_there = {
            "take": row.assignee_id == who.viewer.user_id,
            "assign": str(row.assignee_id or "") == who.form.get("assignee", ""),
            "move": row.queue == who.form.get("queue", ""),
            "pause": row.paused_until is not None,
        }
        return "already" if is_there.get(act) else ""

    def _do(self, act: Act) -> CaseAct:
        acts: Mapping[Act, CaseAct] = {
            "take": self._moving.take,
            "assign": self._moving.assign,
            "move": self._moving.move,
            "accept": self._moving.move,
            "pause": self._pausing.pause,
            "robot": _put_away,
        }
        return acts[act]


async def _put_away(tx: Tx, who: Who, row: Row, after: After) -> str:
    """Close what no person wrote; nobody is written to."""
    del after
    version = int(who.form["version"])
    await cases.close(tx, row.id, outcome=ROBOT, actor=who.actor, now=who.now, version=version)
    return ""


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right that each asks for."""
    bulk = Bulk(site)
    return [
        ("POST", "/console/lists/act", "list-act", bulk.act, "handles"),
        ("POST", r"/console/lists/undo/{act:\d{1,15}}", "list-undo", bulk.undo, "handles"),
    ]


def _picked(form: Mapping[str, str]) -> Iterator[_Picked]:
    for name, value in form.items():
        reference = parse_reference(name.removeprefix(_PICK)) if name.startswith(_PICK) else None
        version, _, place = value.partition(".")
        if reference and _NUMBER.fullmatch(version):
            yield _Picked(reference, version, place)


def _wrong(who: Who, act: str, picked: list[_Picked]) -> str:
    """What the form lacks, before any case is looked at: a key of the words below `acted.wrong`."""
    if act not in (*_ACTS, "not_ours"):
        return "nothing"
    if not picked:
        return "none"
    if act == "not_ours" and len(picked) > 1:
        return "one_only"
    if act == "move" and who.form.get("queue", "") not in QUEUES:
        return "no_queue"
    if act == "pause" and who.form.get("reason", "") not in REASONS:
        return "no_reason"
    return ""
