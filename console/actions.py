"""What people do to a case: each a plain form with the version of the case it was made from.

When the case has changed meanwhile, nothing is done: the page shows what changed and keeps what was typed (rule S11).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, cast

from aiohttp import web

from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, QUEUES, Department
from console.case_file import CaseFile, gathered, opening_words
from console.case_page import OUTCOMES, CasePage, LockedError, ReasonWantedError, Typed
from console.contract import NoWayBackError, TooLongError
from console.site import Handler, Site, Who
from router import deadlines
from store import cases, clocks, corrections, correspondence, outbox, people, search, views
from store.cases import StaleError
from store.corrections import NothingToCorrectError
from store.database import Tx
from store.labels import WrongLabelsError
from store.views import Row

_LONGEST_TEXT: Final = 20_000
# An act on a case that was found and may be opened: what to show next, as the end of its address.
Act = Callable[[Tx, Who, Row, "_After"], Awaitable[str]]


class _After:
    """What is left to do once the transaction is committed."""

    def __init__(self) -> None:
        self.departing: list[int] = []


class _WrongFormError(Exception):
    """The form lacks something; `problem` names the sentence that says what."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Actions:
    """Handlers of the forms on a case."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    def on_case(self, act: Act) -> Handler:
        """The handler of one act: the fence, one transaction, and then the case again."""

        async def handler(request: web.Request, who: Who) -> web.StreamResponse:
            after = _After()
            try:
                async with self._site.store.write() as tx:
                    row = await self._page.find(tx, who, request)
                    end = await act(tx, who, row, after)
            except (LockedError, ReasonWantedError) as error:
                return await self._page.refusal(who, error)
            except StaleError:
                return await self._again(request, who, "stale", status=409)
            except NoWayBackError:
                return await self._again(request, who, "no_way_back", status=409)
            except TooLongError:
                return await self._again(request, who, "too_long_for_phone", status=422)
            except _WrongFormError as error:
                return await self._again(request, who, error.problem, status=422)
            for outbox_id in after.departing:
                await self._site.desk.wake_delivery(outbox_id)
            return self._site.see_other(end if end.startswith("/") else f"/console/case/{row.reference}{end}")

        return handler

    async def _again(self, request: web.Request, who: Who, problem: str, *, status: int) -> web.Response:
        if request.path.endswith("/close"):
            return await self._page.draw_closing(request, who, who.form, status=status, problem=problem)
        text = who.form.get("text", "")
        is_note = request.path.endswith("/note")
        typed = Typed(
            reply=None if is_note or not text else text,
            note=text if is_note else "",
            problem=problem,
            since=_moment(who.form.get("seen", "")) if problem == "stale" else None,
        )
        return await self._page.draw(request, who, typed, status=status)

    async def take(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Make the case one's own."""
        del after
        await _change(tx, who, row, "case.taken", assignee_id=who.viewer.user_id)
        return "?done=taken"

    async def assign(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Give the case to a colleague who may have it, or to nobody."""
        del after
        wanted = who.form.get("assignee", "")
        file = await gathered(tx, who, row)
        user = next((user for user in file.people if str(user.id) == wanted), None)
        if wanted and user is None:
            raise _WrongFormError("unknown_person")
        detail = {"to": f"user:{user.id}" if user else ""}
        await _change(tx, who, row, "case.assigned", detail, assignee_id=user.id if user else None)
        return "?done=assigned"

    async def note(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Write something down that the member never sees. It changes nothing, so it cannot come too late."""
        del after
        text = _text(who)
        await cases.add_note(tx, row.id, who.viewer.user_id, text, now=who.now)
        return "?done=noted#last"

    async def reply(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Answer the member; who answers has the case from then on."""
        text = _text(who)
        if _same(text, opening_words(await gathered(tx, who, row), who.viewer.name)):
            raise _WrongFormError("empty")
        version = _version(who)
        outbox_id = await self._site.desk.reply(tx, who.viewer, row.id, text, now=who.now, version=version)
        if row.assignee_id is None:
            await _set(tx, who, row.id, "case.taken", {}, assignee_id=who.viewer.user_id)
        after.departing.append(outbox_id)
        return "?done=sent#last"

    async def undo(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Take an answer back, if it has not left: the outbox's one conditional update decides."""
        del after
        wanted = who.form.get("outbox", "")
        message = next(
            (
                m
                for m in await correspondence.messages_of(tx, who.viewer, row.id)
                if m.outbox_id and str(m.outbox_id) == wanted
            ),
            None,
        )
        # Receipts and other people's answers are not one's own to take back.
        if message is None or message.outbox_id is None or message.auto or message.author_id != who.viewer.user_id:
            raise _WrongFormError("not_yours")
        if not await outbox.cancel(tx, message.outbox_id, now=who.now):
            return "?done=too_late"
        if row.state == "closed" and row.outcome != "withdrawn":
            # It was the last message of the closing: what it said of the end is taken back with it.
            await cases.reopen(tx, row.id, actor=who.actor, now=who.now)
        await _set(tx, who, row.id, "case.answer_undone", {"message": message.id})
        return f"?done=undone&draft={message.id}#write"

    async def move(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Send the case to another queue. What goes to the medical advisers' queue is sealed from then on."""
        del after
        queue = who.form.get("queue", "")
        if queue not in QUEUES:
            raise _WrongFormError("unknown_queue")
        values: dict[str, Any] = {"queue": queue, "assignee_id": None}
        if queue in DEPARTMENTS:
            values["department"] = queue
        if queue == "medical_coordinator":
            values["sealed"] = True
        await _change(tx, who, row, "case.moved", {"from": row.queue, "to": queue}, **values)
        if queue == "medical_coordinator":
            await search.remove(tx, row.id)
        department = queue if queue in DEPARTMENTS else row.department
        await self._clocks(tx, row, queue, cast("Department | None", department))
        if queue == "medical_coordinator" and not who.viewer.medical:
            return f"/console/queue/{row.queue}?moved={queue}"
        return "?done=moved"

    async def department(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Correct which department it is about."""
        del after
        department = who.form.get("department", "") or None
        if department is not None and department not in DEPARTMENTS:
            raise _WrongFormError("unknown_department")
        detail = {"from": row.department or "", "to": department or ""}
        try:
            # What the classifier said was wrong then, and it can learn from it.
            await corrections.correct(
                tx, who.viewer, row.id, {"department": department}, now=who.now, version=_version(who)
            )
        except NothingToCorrectError:
            await _change(tx, who, row, "case.department", detail, department=department)
        await self._clocks(tx, row, row.queue, department)
        return "?done=department"

    async def correct(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Correct what the classifier said of the message that opened the case: its kind and flags. What is about the medical
        adviser is sealed from then on."""
        del after
        kind = who.form.get("kind", "")
        wanted: dict[str, Any] = {"kind": kind} if kind in KINDS and kind != row.kind else {}
        for flag in FLAGS:
            holds = f"flag-{flag}" in who.form
            if holds != bool(row.flags.get(flag)):
                wanted[flag] = holds
        try:
            await corrections.correct(tx, who.viewer, row.id, wanted, now=who.now, version=_version(who))
        except NothingToCorrectError:
            raise _WrongFormError("nothing_corrected") from None
        except WrongLabelsError:
            raise _WrongFormError("wrong_labels") from None
        if wanted.get("doctor") and not who.viewer.medical:
            return f"/console/queue/{row.queue}?sealed"
        return "?done=corrected"

    async def reachable(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """The member's address works again: automatic messages may go there."""
        del after
        wanted = who.form.get("contact", "")
        known = await people.contacts_of_case(tx, row.id)
        contact = next((one for one in known if str(one.id) == wanted and one.unreachable), None)
        if contact is None:
            raise StaleError(row.id)
        await _change(tx, who, row, "contact.reachable", {"contact": contact.id})
        await people.reachable_again(tx, contact.id)
        return "?done=reachable"

    async def _clocks(self, tx: Tx, row: Row, queue: str, department: Department | None) -> None:
        if row.state != "open":
            return
        wanted = deadlines.clocks_for(
            _Going(queue, department, row.situation, row.refused),
            deadlines.received_day(row.received_at),
            saturdays=self._site.saturdays,
        )
        results = [(clock.id, clock.due_on, clock.source) for clock in wanted if clock.kind == "result"]
        await clocks.tighten(tx, row.id, results)

    async def reopen(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Go on with a closed case."""
        del after
        if row.state != "closed" or row.version != _version(who):
            raise StaleError(row.id)
        await cases.reopen(tx, row.id, actor=who.actor, now=who.now, queue="triage" if row.refused else None)
        return "?done=reopened"

    async def close(self, tx: Tx, who: Who, row: Row, after: _After) -> str:
        """Close the case with its outcome, with or without a last message to the member."""
        outcome = who.form.get("outcome", "")
        if outcome not in OUTCOMES:
            raise _WrongFormError("no_outcome")
        if row.state != "open":
            raise StaleError(row.id)
        version = _version(who)
        sends = who.form.get("how") == "send"
        if sends:
            file: CaseFile = await gathered(tx, who, row)
            text = _text(who)
            if _same(text, opening_words(file, who.viewer.name)):
                raise _WrongFormError("empty")
            outbox_id = await self._site.desk.reply(tx, who.viewer, row.id, text, now=who.now, version=version)
            after.departing.append(outbox_id)
            version = await _current_version(tx, who, row.id)
        await cases.close(tx, row.id, outcome=outcome, actor=who.actor, now=who.now, version=version)
        return "?done=closed_sent" if sends else "?done=closed"

    async def join_held(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A held message belongs to the case that it names: a person has looked."""
        return await self._held(request, who, "joined")

    async def own_case(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A held message is a matter of its own."""
        return await self._held(request, who, "own_case")

    async def _held(self, request: web.Request, who: Who, done: str) -> web.Response:
        held_id = int(request.match_info["held"])
        desk = self._site.desk
        async with self._site.store.write() as tx:
            waiting = {held.id: held for held in await correspondence.held_messages(tx, who.viewer)}
            held = waiting.get(held_id)
            if held is None:
                raise web.HTTPNotFound
            row = await views.case(tx, who.viewer, held.case_id)
            if row is None or not await self._page.may_read(tx, who, row):
                raise web.HTTPNotFound
            if done == "joined":
                await desk.join_held(tx, who.viewer, held_id, now=who.now)
            else:
                await desk.open_held_as_own_case(tx, who.viewer, held_id, now=who.now)
        # Either way the item is read again with what the person said.
        await desk.wake_intake([held.inbox_id])
        return self._site.see_other(f"/console/case/{held.reference}?done={done}")


class _Going:
    """A case on its way to another queue, as the clocks want a decision."""

    def __init__(self, queue: str, department: Department | None, situation: str, refused: str) -> None:
        self.queue = queue
        self.department = department
        self.situation = situation
        self.refused = refused


async def _change(tx: Tx, who: Who, row: Row, act: str, detail: dict[str, Any] | None = None, **values: Any) -> None:
    await cases.change(
        tx,
        row.id,
        actor=who.actor,
        act=act,
        now=who.now,
        version=_version(who),
        detail=detail,
        unread=False,
        **values,
    )


async def _set(tx: Tx, who: Who, case_id: int, act: str, detail: dict[str, Any], **values: Any) -> None:
    """A change that follows from another one in the same transaction: the version was checked there."""
    await cases.change(tx, case_id, actor=who.actor, act=act, now=who.now, detail=detail, **values)


async def _current_version(tx: Tx, who: Who, case_id: int) -> int:
    row = await views.case(tx, who.viewer, case_id)
    return row.version if row else 0


def _version(who: Who) -> int:
    """The version that the form was made from; a form without one is older than any."""
    text = who.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _text(who: Who) -> str:
    text = who.form.get("text", "").replace("\r\n", "\n").strip()
    if not text:
        raise _WrongFormError("empty")
    if len(text) > _LONGEST_TEXT:
        raise _WrongFormError("too_long")
    return text


def _same(text: str, draft: str) -> bool:
    """Whether nothing was written between greeting and signature."""
    return text.split() == draft.split()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
