"""The page of a case, and the fence before it: sealed cases open for those who may, who say why, and it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from channels.reference import parse_reference
from config.causes import causes
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, QUEUES
from console import ready, timeline
from console.answer_checks import Doubt
from console.came_from import carrying
from console.case_file import CaseFile, gathered, opening_words, other_bodies
from console.pause_days import pause_days
from console.placing import with_ready_words
from console.reach_contract import HOWS
from console.reached import reached
from console.recent_looks import RecentLooks
from console.site import Site, Who
from console.trail import trail_of
from console.words import in_house
from router import deadlines
from store import audit, case_around, views
from store.database import Tx
from store.family import goes_on_as
from store.views import Row

# Why somebody opens a sealed case, asked once in this time; short enough that a shift is not a blank cheque.
REASONS: Final = ("handling", "member", "colleague", "supervision")
_REASON_HOLDS: Final = timedelta(hours=8)
# Looks of one person at one part of a case that is not sealed are one look for so long.
_ONE_LOOK: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody had typed when their form could not be taken: it stands in its field again."""

    reply: str | None = None
    note: str = ""
    question: str = ""
    recommendation: str = ""
    asked: str = ""
    due_on: str = ""
    mail: bool = False
    problem: str = ""
    # Of the form that bears this name (the end of its address); the others are as they were.
    form: str = ""
    doubts: tuple[Doubt, ...] = ()
    to: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None


class CasePage:
    """Handlers of `/console/case/{reference}` and its pages; `find` is the fence for every handler of a case."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._looks = RecentLooks(_ONE_LOOK)

    async def find(self, tx: Tx, who: Who, request: web.Request) -> Row:
        """The case of the address, when this person may open it now.

        Raises HTTPNotFound for a reference that we never gave, LockedError for a sealed case and a person without the
        right, ReasonWantedError when they have not said yet why they open it, MergedError for one that goes on in another.
        """
        reference = parse_reference(request.match_info["reference"])
        row = await views.case_by_reference(tx, who.viewer, reference) if reference else None
        if row is None:
            raise web.HTTPNotFound
        if row.merged_into is not None:
            await self._elsewhere(tx, who, row)
        if row.locked:
            raise LockedError(row)
        if not await self.may_read(tx, who, row):
            raise ReasonWantedError(row)
        return row

    async def _elsewhere(self, tx: Tx, who: Who, row: Row) -> None:
        going_on = await goes_on_as(tx, row.id)
        into = await views.case(tx, who.viewer, going_on.id)
        if into is None or into.merged_into is not None:
            raise web.HTTPNotFound
        raise MergedError(row, into)

    async def may_read(self, tx: Tx, who: Who, row: Row) -> bool:
        """Whether the case is open to this person now: unsealed, theirs, or they have said why they open it."""
        if row.locked:
            return False
        if not row.sealed or row.assignee_id == who.viewer.user_id:
            return True
        return await case_around.opened_since(tx, who.viewer, row.id, since=who.now - _REASON_HOLDS)

    async def refusal(self, who: Who, error: LockedError | ReasonWantedError) -> web.Response:
        """The page in place of a case that does not open: that it exists, and who may, or the question why, or where it
        goes on. What was typed for a case that was merged meanwhile is given back."""
        if isinstance(error, MergedError):
            into = f"/console/case/{error.into.reference}?merged={error.row.reference}"
            typed = who.form.get("text", "")
            if not typed.strip():
                return self._site.see_other(carrying(into, who.came))
            return await self._site.page(
                "merged_meanwhile.html", who, status=409, row=error.row, into=error.into, typed=typed, path=into
            )
        if isinstance(error, LockedError):
            return await self._site.page("sealed.html", who, status=403, row=error.row)
        return await self._site.page("why_sealed.html", who, status=403, row=error.row, reasons=REASONS)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The case."""
        return await self.draw(request, who, Typed(), status=200)

    async def draw(self, request: web.Request, who: Who, typed: Typed, *, status: int) -> web.Response:
        """The case, with what was typed before."""
        try:
            file = await self.file(request, who, since=typed.since)
        except (LockedError, ReasonWantedError) as error:
            return await self.refusal(who, error)
        to = file.recipient(typed.to or request.query.get("to", ""))
        draft = opening_words(file, who.viewer.name, to)
        spoken = in_house(file.row.language, who.language)
        kept = file.drafts.get("reply")
        reply = typed.reply if typed.reply is not None else (kept.text if kept else draft)
        done = request.query.get("done", "")
        # Once somebody corrected it, the card says what the rules make of it now; before, it would say the same twice.
        corrected = any(one.undone_at is None for one in file.corrected)
        today = await self._site.desk.decided_now(who.viewer, file.row.id) if corrected else None
        async with self._site.store.read() as tx:
            trail = await trail_of(tx, who, file.row)
        return await self._site.page(
            "case.html",
            who,
            status=status,
            trail=trail,
            here=file.row.queue,
            file=file,
            row=file.row,
            days=timeline.days(file.items),
            last_note=max((item.note.id for item in file.items if item.note), default=0),
            news=[item for item in file.items if item.new],
            why=file.why,
            today=today,
            reread=today if done in _REREAD else None,
            typed=typed,
            to=to,
            openings={one.case_id: opening_words(file, who.viewer.name, one) for one in file.recipients},
            reply=reply,
            draft=draft,
            kept=file.drafts,
            from_draft=kept is not None and typed.reply is None,
            pause_days=pause_days(file.clocks, deadlines.received_day(who.now)),
            ready=ready.offered("answers", file, who),
            ready_questions=ready.offered("questions", file, who, language=spoken),
            asks_in=spoken,
            departments_asked=[one for one in DEPARTMENTS if one in self._site.desk.departments],
            done=done if done in DONE else "",
            undo_seconds=self._undo_seconds(who),
            came_from=parse_reference(request.query.get("merged", "")) or "",
            queues=QUEUES,
            departments=DEPARTMENTS,
            bodies=other_bodies(who.language),
            causes=causes().names(who.language),
            labels_kinds=KINDS,
            labels_flags=FLAGS,
            hows=HOWS,
        )

    async def ready(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The case again, with a ready text put into the answer or the question that was typed so far."""
        async with self._site.store.read() as tx:
            try:
                row = await self.find(tx, who, request)
            except (LockedError, ReasonWantedError) as error:
                return await self.refusal(who, error)
            file = await gathered(tx, who, row)
            file = replace(file, recipients=await self._site.desk.recipients(tx, row.id))
        typed, name = who.form.get("text", "").replace("\r\n", "\n"), who.form.get("ready", "")
        if who.form.get("purpose") == "question":
            found = ready.chosen("questions", name, file, who, language=in_house(row.language, who.language))
            words = with_ready_words(typed, found.words, "") if found else typed
            asked = Typed(question=words, asked=who.form.get("department", ""), form="ask")
            return await self.draw(request, who, asked, status=200)
        found = ready.chosen("answers", name, file, who)
        to = file.recipient(who.form.get("to", ""))
        words = with_ready_words(typed, found.words, opening_words(file, who.viewer.name, to)) if found else typed
        return await self.draw(request, who, Typed(reply=words, to=who.form.get("to", "")), status=200)

    def _undo_seconds(self, who: Who) -> int:
        house = int(self._site.desk.undo.total_seconds())
        return house if who.undo_seconds is None else who.undo_seconds

    async def file(self, request: web.Request, who: Who, *, since: datetime | None = None) -> CaseFile:
        """Everything about the case; raises as `find`."""
        async with self._site.store.read() as tx:
            row = await self.find(tx, who, request)
            file = await gathered(tx, who, row, since=since)
            file = replace(
                file,
                talk_id=await self._site.talks.of_case(tx, who.viewer, row.id),
                reached=await reached(self._site, tx, who, row),
                recipients=await self._site.desk.recipients(tx, row.id),
            )
        await self.note_look(who, row, "case")
        return file

    async def note_look(self, who: Who, row: Row, what: str, **detail: Any) -> None:
        """Reading a case is an act: of a sealed one each look (rule L4), of others each part of it once in a while."""
        key = (who.viewer.user_id, row.id, what, *detail.values())
        if not row.sealed and self._looks.holds(key, who.now):
            return
        async with self._site.store.write() as tx:
            await audit.write(
                tx,
                actor=who.actor,
                act="case.viewed" if row.sealed else "case.seen",
                at=who.now,
                case_id=row.id,
                detail={"what": what, **detail},
            )
        self._looks.note(key, who.now)

    async def say_why(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Record why somebody opens a sealed case, and open it."""
        reason = who.form.get("reason", "")
        async with self._site.store.write() as tx:
            try:
                row = await self.find(tx, who, request)
            except LockedError as error:
                return await self.refusal(who, error)
            except ReasonWantedError as error:
                row = error.row
            if reason in REASONS:
                await audit.write(
                    tx, actor=who.actor, act="case.unsealed", at=who.now, case_id=row.id, detail={"reason": reason}
                )
        return self._site.see_other(carrying(f"/console/case/{row.reference}", who.came))


class LockedError(Exception):
    """The case is sealed, and this person may not open it."""

    def __init__(self, row: Row) -> None:
        super().__init__(row.id)
        self.row = row


class MergedError(LockedError):
    """The case goes on in another one, `into`."""

    def __init__(self, row: Row, into: Row) -> None:
        super().__init__(row)
        self.into = into


class ReasonWantedError(Exception):
    """The case is sealed, and this person has not said yet why they open it."""

    def __init__(self, row: Row) -> None:
        super().__init__(row.id)
        self.row = row


# After these the page says what the rules make of it now.
_REREAD: Final = frozenset({"corrected", "department"})
# What a page may say was just done; the words are in the catalogue under "done".
DONE: Final = frozenset(
    {
        "taken",
        "assigned",
        "noted",
        "sent",
        "draft",
        "draft_gone",
        "undone",
        "asked",
        "recommended",
        "followed",
        "paused",
        "woken",
        "reachable",
        "too_late",
        "moved",
        "department",
        "corrected",
        "reopened",
        "closed",
        "closed_sent",
        "joined",
        "own_case",
        "merged",
        "unmerged",
        "linked",
        "unlinked",
        "contact",
        "contact_untold",
        "contact_undone",
        "split",
        "unchanged",
    }
)
