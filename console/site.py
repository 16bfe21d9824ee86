"""What the console's handlers share: the parts they need, who is signed in, and the guard before every page."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from channels.viruses import Scanner
from channels.web import csrf
from channels.web.address import Networks, client_address
from channels.web.body import BodyError, BodyLimits, Form, read_form
from channels.web.cookies import Cookie
from channels.web.limits import Limiter
from console import view_links, words
from console.came_from import came_from
from console.contract import Desk
from console.door_state import in_trouble
from console.pages import ConsolePages
from console.passkeys import Passkeys
from console.places import PLACES
from console.reach_contract import Reach
from console.rights import Right, may
from console.second_step import SecondStep
from console.talk_contract import Talks
from console.text_cells import REFUSING
from console.typed import typed_fields
from console.words import ConsoleLanguage
from router import deadlines
from store import awaited, sign_ins, users, worklist
from store.database import Store
from store.viewer import Viewer

# Between two notes that a session is in use; far below its idle time, and a page then costs no write.
_TOUCH_EVERY: Final = timedelta(seconds=60)
# "/console" itself is no page; what is below it may be.
_TOP: Final = 1
_LIMITS: Final = BodyLimits(body=256 * 1024, text=256 * 1024, files=0, parts=400)
_WITH_FILES: Final = BodyLimits(text=256 * 1024)
_NOTHING: Final = Form({})


@dataclass(frozen=True, slots=True)
class Who:
    """The colleague behind a request, and the form they sent, if any."""

    viewer: Viewer
    language: ConsoleLanguage
    csrf: str
    now: datetime
    form: Mapping[str, str]
    # The same with its files, on the pages that take some.
    sent: Form = _NOTHING
    # When they last gave their password or a code; see console.proof.
    proved_at: datetime | None = None
    # How they want the console: seconds to take an answer back (None: as the house has it), and "light" or "dark"
    # in place of what their browser says.
    undo_seconds: int | None = None
    theme: str = ""
    # "large" or "larger" for bigger text.
    text_size: str = ""
    # The list from which they opened the case that they are at, "" when it was from elsewhere.
    came: str = ""

    @property
    def actor(self) -> str:
        """How the audit names them."""
        return f"user:{self.viewer.user_id}"

    def may(self, right: Right) -> bool:
        """Whether their role has a right."""
        return may(self.viewer, right)


Handler = Callable[[web.Request, Who], Awaitable[web.StreamResponse]]
_AnyHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Site:
    """The parts that handlers need. `secret` signs the token of the sign-in form."""

    store: Store
    desk: Desk
    talks: Talks
    reach: Reach
    limiter: Limiter
    base_url: str
    secret: bytes
    trusted: Networks
    pages: ConsolePages
    session_cookie: Cookie
    visit_cookie: Cookie
    language_cookie: Cookie
    # What was asked of an OpenID Connect issuer, sealed, on the way there and back.
    account_cookie: Cookie
    clock: Callable[[], datetime]
    saturdays: bool
    scanner: Scanner
    second_step: SecondStep
    passkeys: Passkeys
    # Whether everybody must have one.
    second_step_required: bool
    # What the account is called with which colleagues sign in; "" where they cannot.
    account_name: str

    def language(self, request: web.Request) -> ConsoleLanguage:
        """The language of the console for this browser."""
        return words.chosen(self.language_cookie.read(request), request.headers.get("Accept-Language", ""))

    def address(self, request: web.Request) -> str:
        """The address of the sender."""
        return client_address(request, self.trusted)

    def see_other(self, path: str) -> web.Response:
        """Send the browser to a page of ours, below the configured address."""
        return web.Response(status=303, headers={"Location": f"{self.base_url}{path}", "Cache-Control": "no-store"})

    def who(self, session: users.Session, language: ConsoleLanguage, now: datetime, form: Mapping[str, str]) -> Who:
        """The colleague of a session, with the rights that they have now."""
        user = session.user
        return Who(
            user.viewer,
            language,
            session.csrf,
            now,
            form,
            proved_at=session.proved_at,
            undo_seconds=user.undo_seconds,
            theme=user.theme,
            text_size=user.text_size,
        )

    def guarded(
        self, handler: Handler, right: Right, *, files: bool = False
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler behind the guard: signed in, the right role, and, for a POST, a form that is ours, with its files where
        the page takes some."""

        async def guard(request: web.Request) -> web.StreamResponse:
            now = self.clock()
            session = await self.session(request, now)
            sent = await self._sent(request, files and session is not None) if request.method == "POST" else _NOTHING
            form = sent.fields
            if session is None:
                return self._signed_out(request, form, now)
            who = replace(
                self.who(session, self.language(request), now, form), sent=sent, came=came_from(request.query, form)
            )
            if request.method == "POST" and not self._ours(request, who):
                return await self._not_ours(request, who)
            if not who.may(right):
                return await self.page("forbidden.html", who, status=403)
            try:
                return await handler(request, who)
            except web.HTTPNotFound:
                # A colleague gets a way on from here; the public page would send them to the member's letter.
                return await self.page("not_found.html", who, status=404)

        return guard

    @web.middleware
    async def no_such_page(self, request: web.Request, handler: _AnyHandler) -> web.StreamResponse:
        """A colleague who is signed in and asks for an address below /console/ that leads nowhere gets a way on from there.

        Errors of pages that exist are answered by the guard; everybody else is told so by the public pages.
        """
        try:
            return await handler(request)
        except web.HTTPNotFound as error:
            nowhere = request.match_info.http_exception is not None and request.path.startswith("/console/")
            session = await self.session(request, self.clock()) if nowhere else None
            if session is None:
                raise error from None
            who = self.who(session, self.language(request), self.clock(), {})
            return await self.page("not_found.html", who, status=404)

    async def page(
        self,
        template: str,
        who: Who,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        here: str = "",
        **context: Any,
    ) -> web.Response:
        """A page in the console's frame: the rail with its counts, the search field, the person's menu."""
        async with self.store.read() as tx:
            rail = await worklist.rail(tx, who.viewer, today=deadlines.received_day(who.now))
            waiting = await self.talks.waiting(tx, who.viewer)
            views = await view_links.links(tx, who.viewer)
            to_read = {
                "rules": await awaited.rules(tx, who.viewer),
                "texts": len(await awaited.texts(tx, who.viewer, REFUSING)),
            }
            doors_in_trouble = await in_trouble(tx, who.now) if who.may("supervises") else 0
        return self.pages.page(
            template,
            who.language,
            who.now,
            status=status,
            headers=headers,
            who=who,
            rail=rail,
            waiting=waiting,
            views=views,
            doors_in_trouble=doors_in_trouble,
            to_read=to_read,
            places=[place for place in PLACES if who.may(place.right)],
            here=here,
            csrf=who.csrf,
            **context,
        )

    async def session(self, request: web.Request, now: datetime) -> users.Session | None:
        """The session of this browser, noted as in use; None when there is none (any more)."""
        token = self.session_cookie.read(request)
        if not token:
            return None
        async with self.store.read() as tx:
            session = await users.session_of(tx, token, now=now)
            seen_at = await sign_ins.seen_at(tx, token) if session else None
        if seen_at is not None and now - seen_at > _TOUCH_EVERY:
            async with self.store.write() as tx:
                await users.touch_session(tx, token, now=now)
        return session

    async def _sent(self, request: web.Request, files: bool) -> Form:
        try:
            return await read_form(request, _WITH_FILES if files else _LIMITS, with_files=files)
        except BodyError as error:
            raise _REFUSALS.get(error.status, web.HTTPBadRequest) from None

    async def _not_ours(self, request: web.Request, who: Who) -> web.Response:
        """Refuse a form without the token of this session.

        When it is from a page of ours, it was opened in an earlier session: what was typed there is given back.
        """
        if not csrf.same_origin(request, self.base_url):
            raise web.HTTPForbidden
        typed = typed_fields(who.form)
        return await self.page("old_form.html", who, status=403, typed=typed, back=_page_of(request))

    def _ours(self, request: web.Request, who: Who) -> bool:
        given = who.form.get("csrf", "").encode("utf-8", "replace")
        return csrf.same_origin(request, self.base_url) and secrets.compare_digest(given, who.csrf.encode())

    def _signed_out(self, request: web.Request, form: Mapping[str, str], now: datetime) -> web.Response:
        """Nobody is signed in (any more): what was typed is given back, everything else goes to the sign-in page."""
        # Words that another site makes a browser send are not repeated.
        typed = typed_fields(form) if request.method == "POST" and csrf.same_origin(request, self.base_url) else []
        if typed:
            return self.pages.page(
                "signed_out.html", self.language(request), now, status=401, typed=typed, next=_page_of(request)
            )
        # A link to a narrowed list is one that a colleague sent: it leads there after the sign-in too.
        narrowed = f"?{urlencode(list(request.query.items()))}" if request.query else ""
        asked = "" if request.method == "POST" else f"?{urlencode({'next': request.path + narrowed}, safe='/')}"
        return self.see_other(f"/console/sign-in{asked}")


def _page_of(request: web.Request) -> str:
    """The page to which a form belongs: the nearest one above its address, at the latest the list of cases."""
    pages = [
        route.resource.get_info() for route in request.app.router.routes() if route.method == "GET" and route.resource
    ]
    path = request.path
    while path.count("/") > _TOP:
        if any(path == page.get("path") or ("pattern" in page and page["pattern"].fullmatch(path)) for page in pages):
            return path
        path = path.rpartition("/")[0]
    return "/console/"


_REFUSALS: Final[Mapping[int, type[web.HTTPException]]] = {
    408: web.HTTPRequestTimeout,
    415: web.HTTPUnsupportedMediaType,
}
