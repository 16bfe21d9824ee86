"""What people do with an answer to a request for access: begin it, choose and mask, hand it over, return and approve it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from console.access_contract import AccessHouse, DraftCase
from console.access_pages import AccessPages, Opened
from console.actions import Actions, After, WrongFormError, version_of
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.days import day_of
from console.proof import Proof
from console.rights import Right
from console.site import Handler, Site, Who
from router import deadlines
from store import access_choices, access_requests, audit, threads
from store.access_choices import Chosen, Put
from store.access_requests import IDENTITIES, Request, SameReaderError, StaleRequestError
from store.database import Tx
from store.views import Row

_CASE: Final = "/console/case/{reference}"
_ONE: Final = r"/console/access/{request:\d{1,15}}"
_LONGEST_NAME: Final = 200
_LONGEST_WORDS: Final = 2_000
_MOST_PHRASES: Final = 100
_SHORTEST_PHRASE: Final = 2
# A request that is older than this was answered long ago, or its day is a slip of the keyboard.
_LONGEST_AGO: Final = timedelta(days=365)
# An act on a request: where its page is to stand afterwards.
Act = Callable[[Tx, Who, Opened, After], Awaitable[str]]


class AccessActs:
    """Handlers of everything that changes a request."""

    def __init__(self, site: Site, house: AccessHouse, pages: AccessPages) -> None:
        self._site = site
        self._house = house
        self._pages = pages
        self._cases = CasePage(site)
        self._proof = Proof(site)

    async def begin(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Begin an answer for the member of a case; where one is open already, go on with that."""
        del after
        if row.person_id is None:
            raise WrongFormError("access_nobody")
        # Of two presses at once the second waits, and goes on with what the first began.
        await threads.current(tx, row.id, held=True)
        open_one = await access_requests.open_of(tx, who.viewer, row.person_id, row.id)
        if open_one is not None:
            return f"/console/access/{open_one.id}"
        identity = next((one for one in IDENTITIES if one == who.form.get("identity", "")), None)
        name = " ".join(who.form.get("name", "").split())[:_LONGEST_NAME]
        if identity is None or not name:
            raise WrongFormError("access_who")
        asked_on = _asked_on(who)
        days = (asked_on, deadlines.answer_due(asked_on))
        number = await access_requests.begin(
            tx, who.viewer, row.id, row.person_id, name=name, identity=identity, days=days, now=who.now
        )
        made = await access_requests.of_id(tx, who.viewer, number)
        if made is None:
            raise web.HTTPNotFound
        counts = await self._house.first_choices(tx, who.viewer, made, now=who.now)
        await _note(tx, who, made, "access.collected", dict(counts))
        return f"/console/access/{number}?done=begun"

    async def case(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Put a case in, or leave it out."""
        del after
        one = _case_of(who, opened)
        before = await access_choices.cases_of(tx, opened.request.id)
        kept = before.get(one.case_id, Chosen(taken=False))
        taken = who.form.get("do") == "take"
        await self._prepared(tx, who, opened)
        chosen = Chosen(taken, kept.also, kept.shown)
        await access_choices.choose_case(tx, who.viewer, opened.request.id, one.case_id, chosen, now=who.now)
        detail = {"request": opened.request.id, "taken": taken}
        await audit.write(tx, actor=who.actor, act="access.case", at=who.now, case_id=one.case_id, detail=detail)
        return f"?done=case#case-{one.reference}"

    async def mask(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Say what else is masked in a case, and what was found wrongly."""
        del after
        one = _case_of(who, opened)
        phrases = [" ".join(line.split())[:_LONGEST_NAME] for line in who.form.get("also", "").splitlines()]
        also = list(dict.fromkeys(phrase for phrase in phrases if len(phrase) >= _SHORTEST_PHRASE))[:_MOST_PHRASES]
        shown = [text for name, text in who.form.items() if name.startswith("show-")]
        await self._prepared(tx, who, opened)
        chosen = Chosen(one.standing == "taken", also, shown)
        await access_choices.choose_case(tx, who.viewer, opened.request.id, one.case_id, chosen, now=who.now)
        detail = {"request": opened.request.id, "also": len(also), "shown": len(shown)}
        await audit.write(tx, actor=who.actor, act="access.masked", at=who.now, case_id=one.case_id, detail=detail)
        return f"?done=masked#case-{one.reference}"

    async def item(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Put a note or a message in, or leave it out and say why."""
        del after
        one = _case_of(who, opened)
        wanted = (who.form.get("kind", ""), who.form.get("item", ""))
        offered = next((item for item in one.offered if (item.kind, str(item.id)) == wanted), None)
        if offered is None:
            raise WrongFormError("stale")
        taken, reason = who.form.get("do") == "take", who.form.get("reason", "").strip()[:_LONGEST_WORDS]
        if not taken and not reason:
            raise WrongFormError("reason")
        await self._prepared(tx, who, opened)
        number = opened.request.id
        put = Put(taken, "" if taken else reason)
        await access_choices.choose_item(
            tx, who.viewer, number, one.case_id, (offered.kind, offered.id), put, now=who.now
        )
        detail = {"request": number, "kind": offered.kind, "item": offered.id, "taken": taken}
        await audit.write(tx, actor=who.actor, act="access.item", at=who.now, case_id=one.case_id, detail=detail)
        return f"?done=item#case-{one.reference}"

    async def send(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Hand the draft to a second reader."""
        del after
        if not opened.draft.complete:
            raise WrongFormError("incomplete")
        body = await self._house.frozen(tx, who.viewer, opened.request, now=who.now)
        await access_requests.hand_over(tx, who.viewer, opened.request, body, version=version_of(who), now=who.now)
        return "?done=sent"

    async def again(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Take it back into one's hands: what was approved can no longer be fetched."""
        del after
        if opened.request.state in ("draft", "ended"):
            raise StaleRequestError(opened.request.id)
        await access_requests.changed(tx, who.viewer, opened.request, version=version_of(who), now=who.now)
        return "?done=again"

    async def end(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Give it up, and say why."""
        del after
        reason = who.form.get("text", "").strip()[:_LONGEST_WORDS]
        if not reason:
            raise WrongFormError("end")
        await access_requests.end(tx, who.viewer, opened.request, reason, version=version_of(who), now=who.now)
        return "?done=ended"

    async def give_back(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """The second reader wants something changed."""
        del after
        if opened.request.state != "reading":
            raise StaleRequestError(opened.request.id)
        if not opened.readable or not opened.body:
            raise WrongFormError("unread")
        comment = who.form.get("text", "").strip()[:_LONGEST_WORDS]
        if not comment:
            raise WrongFormError("comment")
        await access_requests.give_back(tx, who.viewer, opened.request, comment, version=version_of(who), now=who.now)
        return "?done=returned"

    async def approve(self, tx: Tx, who: Who, opened: Opened, after: After) -> str:
        """Let exactly what was read be fetched, and tell the member that it is there."""
        one = opened.request
        if who.form.get("hash", "") != one.body_hash:
            raise StaleRequestError(one.id)
        if not opened.readable or not opened.body:
            raise WrongFormError("unread")
        archive = await asyncio.to_thread(self._house.archive, opened.body)
        contact = await self._house.contact_of(tx, one)
        await access_requests.approve(tx, who.viewer, one, archive, contact, version=version_of(who), now=who.now)
        if contact is not None and (sent := await self._house.tell(tx, one, contact, now=who.now)) is not None:
            after.departing.append(sent)
        return "?done=approved"

    def on(self, act: Act, *, proven: bool = False) -> Handler:
        """The handler of an act: the fence, one transaction, and then the page again."""

        async def handler(request: web.Request, who: Who) -> web.StreamResponse:
            if proven and (asked := await self._proof.wanted(request, who)) is not None:
                return asked
            after, typed = After(), _typed(who)
            try:
                async with self._site.store.write() as tx:
                    end = await act(tx, who, await self._pages.opened(tx, who, request), after)
            except (LockedError, ReasonWantedError) as error:
                return await self._cases.refusal(who, error)
            except StaleRequestError:
                return await self._pages.draw(request, who, problem="stale", status=409, typed=typed)
            except SameReaderError:
                return await self._pages.draw(request, who, problem="same", status=403)
            except WrongFormError as error:
                return await self._pages.draw(request, who, problem=error.problem, status=422, typed=typed)
            for outbox_id in after.departing:
                await self._site.desk.wake_delivery(outbox_id)
            return self._site.see_other(f"/console/access/{request.match_info['request']}{end}")

        return handler

    async def _prepared(self, tx: Tx, who: Who, opened: Opened) -> None:
        if opened.request.state != "draft":
            raise StaleRequestError(opened.request.id)
        await access_requests.changed(tx, who.viewer, opened.request, version=version_of(who), now=who.now)


def _typed(who: Who) -> str:
    """What was written in a form, whichever it was."""
    return next((text for name in ("text", "also", "reason") if (text := who.form.get(name, "").strip())), "")


def _asked_on(who: Who) -> date:
    """The day on which the member asked; today where none was given. Raises WrongFormError."""
    today, typed = deadlines.received_day(who.now), who.form.get("asked_on", "")
    day = day_of(typed) if typed else today
    if day is None or not today - _LONGEST_AGO <= day <= today:
        raise WrongFormError("access_day")
    return day


def _case_of(who: Who, opened: Opened) -> DraftCase:
    """The case that the form is about, where this person reads it now."""
    one = next((one for one in opened.draft.cases if str(one.case_id) == who.form.get("case", "")), None)
    if one is None or not one.readable:
        raise WrongFormError("stale")
    return one


async def _note(tx: Tx, who: Who, request: Request, act: str, detail: dict[str, int]) -> None:
    whole = {"request": request.id, **detail}
    await audit.write(tx, actor=who.actor, act=act, at=who.now, case_id=request.case_id, detail=whole)


def routes(site: Site, house: AccessHouse) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right each asks for."""
    pages = AccessPages(site, house)
    acts = AccessActs(site, house, pages)
    on_case = Actions(site, CasePage(site)).on_case
    return [
        ("POST", f"{_CASE}/access", "case-access", on_case(acts.begin), "handles"),
        ("GET", "/console/access", "access", pages.listed, "handles"),
        ("GET", _ONE, "access-one", pages.show, "handles"),
        ("GET", f"{_ONE}/archive", "access-archive", pages.archive, "handles"),
        ("POST", f"{_ONE}/case", "access-case", acts.on(acts.case), "handles"),
        ("POST", f"{_ONE}/mask", "access-mask", acts.on(acts.mask), "handles"),
        ("POST", f"{_ONE}/item", "access-item", acts.on(acts.item), "handles"),
        ("POST", f"{_ONE}/send", "access-send", acts.on(acts.send), "handles"),
        ("POST", f"{_ONE}/again", "access-again", acts.on(acts.again), "handles"),
        ("POST", f"{_ONE}/end", "access-end", acts.on(acts.end), "handles"),
        ("POST", f"{_ONE}/return", "access-back", acts.on(acts.give_back), "handles"),
        ("POST", f"{_ONE}/approve", "access-approve", acts.on(acts.approve, proven=True), "handles"),
    ]
