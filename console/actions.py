"""What every act on a case goes through: the fence, one transaction, and the case again, with the version of the form.

When the case has changed meanwhile, nothing is done: the page shows what changed and keeps what was typed (rule S11). The acts
themselves stand in modules of their own: answering, moving, noting, closing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from console.answer_checks import Doubt
from console.came_from import carrying
from console.case_page import CasePage, LockedError, ReasonWantedError, Typed
from console.closing_page import ClosingPage
from console.contract import NoWayBackError, TooLongError
from console.site import Handler, Site, Who
from console.twice import done_before
from store import cases, views
from store.cases import StaleError
from store.database import Tx
from store.views import Row

_LONGEST_TEXT: Final = 20_000
# An act on a case that was found and may be opened: what to show next, as the end of its address.
Act = Callable[[Tx, Who, Row, "After"], Awaitable[str]]


class After:
    """What is left to do once the transaction is committed."""

    def __init__(self) -> None:
        self.departing: list[int] = []


class WrongFormError(Exception):
    """The form lacks something; `problem` names the sentence that says what, `doubts` what is asked about before sending."""

    def __init__(self, problem: str, doubts: tuple[Doubt, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.doubts = doubts


class Actions:
    """The frame around the acts on a case."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page
        self._closing = ClosingPage(site, page)

    def on_case(self, act: Act) -> Handler:
        """The handler of one act: the fence, one transaction, and then the case again."""

        async def handler(request: web.Request, who: Who) -> web.StreamResponse:
            after = After()
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
            except WrongFormError as error:
                return await self._again(request, who, error.problem, status=422, doubts=error.doubts)
            for outbox_id in after.departing:
                await self._site.desk.wake_delivery(outbox_id)
            return self._site.see_other(
                end if end.startswith("/") else carrying(f"/console/case/{row.reference}{end}", who.came)
            )

        return handler

    async def _twice(self, request: web.Request, who: Who) -> web.Response | None:
        """Where it was the same press once more: the page that the first one led to."""
        act, made = request.path.rpartition("/")[2], moment_of(who.form.get("seen", ""))
        if made is None:
            return None
        text = who.form.get("text", "").replace("\r\n", "\n").strip()
        async with self._site.store.read() as tx:
            row = await self._page.find(tx, who, request)
            end = await done_before(tx, who, row, act, text, made)
        return (
            self._site.see_other(carrying(f"/console/case/{row.reference}{end}", who.came)) if end is not None else None
        )

    async def _again(
        self, request: web.Request, who: Who, problem: str, *, status: int, doubts: tuple[Doubt, ...] = ()
    ) -> web.Response:
        if problem == "stale" and (told := await self._twice(request, who)) is not None:
            return told
        if request.path.endswith("/close"):
            return await self._closing.draw(request, who, who.form, status=status, problem=problem, doubts=doubts)
        text = who.form.get("text", "")
        field = request.path.rpartition("/")[2]
        typed = Typed(
            reply=(text or None) if field not in ("note", "ask", "recommend") else None,
            note=text if field == "note" else "",
            question=text if field == "ask" else "",
            recommendation=text if field == "recommend" else "",
            asked=who.form.get("department", "") if field in ("ask", "recommend") else "",
            due_on=who.form.get("due_on", "") if field == "recommend" else "",
            mail=field == "recommend" and bool(who.form.get("mail")),
            problem=problem,
            form=field,
            doubts=doubts,
            to=who.form.get("to", ""),
            contact=dict(who.form) if field == "contact" else {},
            since=moment_of(who.form.get("seen", "")) if problem == "stale" else None,
        )
        return await self._page.draw(request, who, typed, status=status)


async def change(tx: Tx, who: Who, row: Row, act: str, detail: dict[str, Any] | None = None, **values: Any) -> None:
    """Change columns of the case, if it is still as the form showed it; raises StaleError."""
    await cases.change(
        tx,
        row.id,
        actor=who.actor,
        act=act,
        now=who.now,
        version=version_of(who),
        detail=detail,
        unread=False,
        **values,
    )


async def also_change(tx: Tx, who: Who, case_id: int, act: str, detail: dict[str, Any], **values: Any) -> None:
    """A change that follows from another one in the same transaction: the version was checked there."""
    await cases.change(tx, case_id, actor=who.actor, act=act, now=who.now, detail=detail, **values)


async def current_version(tx: Tx, who: Who, case_id: int) -> int:
    """The version that the case has by now."""
    row = await views.case(tx, who.viewer, case_id)
    return row.version if row else 0


def version_of(who: Who) -> int:
    """The version that the form was made from; a form without one is older than any."""
    text = who.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def text_of(who: Who) -> str:
    """What was typed. Raises WrongFormError for nothing, and for too much."""
    text = who.form.get("text", "").replace("\r\n", "\n").strip()
    if not text:
        raise WrongFormError("empty")
    if len(text) > _LONGEST_TEXT:
        raise WrongFormError("too_long")
    return text


def same_words(text: str, draft: str) -> bool:
    """Whether nothing was written between greeting and signature."""
    return text.split() == draft.split()


def moment_of(text: str) -> datetime | None:
    """The moment that a form names, such as when its page was made; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
