"""What stands between a right password and the console: a password of one's own where somebody else made the first one.

Until it is done the session is a half one: it opens the page of its step and nothing else, for ten minutes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from channels.web import csrf
from channels.web.body import BodyError, BodyLimits, read_form
from console import passwords
from console.passwords import WeakPasswordError
from console.paths import next_path
from console.site import Site
from store import users
from store.database import Tx
from store.users import Session, User

LIMITS: Final = BodyLimits(body=16 * 1024, text=16 * 1024, files=0, parts=10)
_CHOOSING: Final = "/console/sign-in/password"


class Steps:
    """Begins sessions; handlers of `/console/sign-in/password`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def begin(self, tx: Tx, user: User, *, target: str, now: datetime) -> web.Response:
        """A new session for this person, whole or with a step before it; the answer leads there."""
        token = secrets.token_urlsafe(32)
        pending = "" if user.once_until is None else "password"
        await users.start_session(tx, user.id, token=token, csrf=secrets.token_urlsafe(24), now=now, pending=pending)
        answer = self._site.see_other(f"{_CHOOSING}?{urlencode({'next': target})}" if pending else target)
        self._site.session_cookie.set(answer, token)
        return answer

    async def show_password(self, request: web.Request) -> web.StreamResponse:
        """The page for a password of one's own."""
        now = self._site.clock()
        session = await self._half(request, "password", now)
        if session is None:
            return self._site.see_other("/console/sign-in")
        return self._draw(request, session, request.query, now)

    async def choose_password(self, request: web.Request) -> web.StreamResponse:
        """Take it; the first password is no more, and the session is a whole one."""
        site, now = self._site, self._site.clock()
        session = await self._half(request, "password", now)
        form = await self._form(request)
        if session is None:
            return site.see_other("/console/sign-in")
        if not self._ours(request, session, form):
            return self._draw(request, session, form, now, problem="again", status=403)
        if problem := await _wrong(session.user, form):
            return self._draw(request, session, form, now, problem=problem, status=422)
        hashed = await passwords.hashed(form["new"])
        async with site.store.write() as tx:
            await users.set_password(tx, session.user.id, hashed, actor=f"user:{session.user.id}", now=now)
            user = await users.by_id(tx, session.user.id)
            if user is None or user.disabled:
                return site.see_other("/console/sign-in")
            return await self.begin(tx, user, target=next_path(form.get("next", "")), now=now)

    async def _half(self, request: web.Request, pending: str, now: datetime) -> Session | None:
        """The half session of this browser, when this is its step."""
        token = self._site.session_cookie.read(request)
        if not token:
            return None
        async with self._site.store.read() as tx:
            session = await users.half_session_of(tx, token, now=now)
        return session if session is not None and session.pending == pending else None

    async def _form(self, request: web.Request) -> Mapping[str, str]:
        try:
            return (await read_form(request, LIMITS, with_files=False)).fields
        except BodyError:
            raise web.HTTPBadRequest from None

    def _ours(self, request: web.Request, session: Session, form: Mapping[str, str]) -> bool:
        given = form.get("csrf", "").encode("utf-8", "replace")
        return csrf.same_origin(request, self._site.base_url) and secrets.compare_digest(given, session.csrf.encode())

    def _draw(
        self,
        request: web.Request,
        session: Session,
        form: Mapping[str, str],
        now: datetime,
        *,
        problem: str = "",
        status: int = 200,
    ) -> web.Response:
        return self._site.pages.page(
            "choose_password.html",
            self._site.language(request),
            now,
            status=status,
            csrf=session.csrf,
            login=session.user.login,
            next=next_path(form.get("next", "")),
            problem=problem,
            shortest=passwords.SHORTEST,
        )


async def _wrong(user: User, form: Mapping[str, str]) -> str:
    """What is wrong with the password that was chosen; "" for nothing."""
    new = form.get("new", "")
    if new != form.get("again", ""):
        return "differ"
    try:
        passwords.check(new)
    except WeakPasswordError as error:
        return error.reason
    # The first one is known to whoever made it.
    return "same" if await passwords.verify(user.password, new) else ""
