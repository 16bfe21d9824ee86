"""Signing in and out (rules S3, S4, S5), and the choice of the console's language."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from aiohttp import web

from channels.web import csrf
from channels.web.address import limit_key
from channels.web.body import BodyError, BodyLimits, read_form
from console import passwords
from console.paths import next_path
from console.site import Site, Who
from console.steps import Steps
from console.words import LANGUAGES
from store import sign_ins, users
from store.users import User

_LIMITS: Final = BodyLimits(body=16 * 1024, text=16 * 1024, files=0, parts=10)
_PURPOSE: Final = "console sign-in"
# Why an account was refused, as `console.oidc_page` says it in the address.
_ACCOUNT_PROBLEMS: Final = {word: word for word in ("no_role", "disabled", "denied", "unreachable", "other")}
_YEAR_SECONDS: Final = 365 * 24 * 3600


class SignIn:
    """Handlers of `/console/sign-in`, `/console/sign-out`, `/console/language` and `/console/session`."""

    def __init__(self, site: Site, steps: Steps) -> None:
        self._site = site
        self._steps = steps

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The form. The cookie that its token is made from is given out here."""
        return self._draw(request, self._site.clock(), {"next": request.query.get("next", "")})

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Check login and password; a new session for who they are, the same words and the same cost for all others."""
        site, now = self._site, self._site.clock()
        visit = site.visit_cookie.read(request)
        try:
            form = (await read_form(request, _LIMITS, with_files=False)).fields
        except BodyError:
            raise web.HTTPBadRequest from None
        ours = csrf.is_cookie(visit) and csrf.is_valid(site.secret, _PURPOSE, visit, form.get("csrf", ""))
        if not (csrf.same_origin(request, site.base_url) and ours):
            return self._draw(request, now, form, problem="again", status=403)
        login, password = form.get("login", "")[:120], form.get("password", "")
        if not login.strip() or not password:
            return self._draw(request, now, form, problem="empty", status=422)
        address = limit_key(site.address(request))
        wait = await site.limiter.take("sign-in", address, rate=1, burst=40, per_day=0)
        if not wait:
            async with site.store.write() as tx:
                wait = ceil((await sign_ins.wait_for(tx, login, address, now=now)).total_seconds())
                user = await users.by_login(tx, login)
                if not wait:
                    # Counted before the password is looked at, and forgotten when it is right: tries that arrive
                    # together would else all pass before the first has failed.
                    await sign_ins.note_failure(tx, login, address, now=now)
        if wait:
            return self._must_wait(request, now, form, wait)
        right = await passwords.verify(user.password if user else None, password)
        if user is None or user.disabled or not right or _is_over(user, now):
            return await self._refused(request, form, login, address, user, now)
        return await self._entered(request, form, login, address, user)

    async def _refused(
        self,
        request: web.Request,
        form: Mapping[str, str],
        login: str,
        address: str,
        user: User | None,
        now: datetime,
    ) -> web.Response:
        async with self._site.store.write() as tx:
            wait = await sign_ins.wait_for(tx, login, address, now=now)
            if user is not None and wait > timedelta(0):
                await sign_ins.note_wait(tx, user.id, now=now)
        if wait > timedelta(0):
            return self._must_wait(request, now, form, ceil(wait.total_seconds()))
        return self._draw(request, now, form, problem="wrong", status=403)

    async def _entered(
        self, request: web.Request, form: Mapping[str, str], login: str, address: str, user: User
    ) -> web.Response:
        site = self._site
        now = site.clock()
        before = site.session_cookie.read(request)
        async with site.store.write() as tx:
            waits, _ = await sign_ins.waits_since_last(tx, user.id)
            if before:
                await users.end_session(tx, before, now=now)
            await sign_ins.forget_failures(tx, login, address)
            # Their owner is told when somebody guessed at the password meanwhile.
            target = "/console/?guessed" if waits else next_path(form.get("next", ""))
            answer = await self._steps.begin(tx, request, user, target=target, now=now)
        site.visit_cookie.forget(answer)
        return answer

    def _must_wait(self, request: web.Request, now: datetime, form: Mapping[str, str], seconds: int) -> web.Response:
        answer = self._draw(request, now, form, problem="wait", seconds=seconds, status=429)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _draw(
        self,
        request: web.Request,
        now: datetime,
        form: Mapping[str, str],
        *,
        problem: str = "",
        seconds: int = 0,
        status: int = 200,
    ) -> web.Response:
        site = self._site
        visit = site.visit_cookie.read(request)
        if not csrf.is_cookie(visit):
            visit = csrf.new_cookie()
        answer = site.pages.page(
            "sign_in.html",
            site.language(request),
            now,
            status=status,
            csrf=csrf.token(site.secret, _PURPOSE, visit),
            login=form.get("login", ""),
            next=next_path(form.get("next", "")),
            problem=problem,
            seconds=seconds,
            account=site.account_name,
            account_problem=_ACCOUNT_PROBLEMS.get(request.query.get("account", ""), "") if not problem else "",
        )
        site.visit_cookie.set(answer, visit)
        return answer

    async def leave(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Sign out: the session ends in the store, not only in this browser."""
        async with self._site.store.write() as tx:
            await users.end_session(tx, self._site.session_cookie.read(request), now=who.now)
        answer = self._site.see_other("/console/sign-in")
        self._site.session_cookie.forget(answer)
        # What the browser still holds of the pages goes too.
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    async def alive(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep the session of somebody who is still there; the guard has noted it."""
        del request, who
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    async def choose_language(self, request: web.Request) -> web.StreamResponse:
        """Keep the language of the console in a cookie of its own, signed in or not."""
        site = self._site
        try:
            form = (await read_form(request, _LIMITS, with_files=False)).fields
        except BodyError:
            raise web.HTTPBadRequest from None
        if not csrf.same_origin(request, site.base_url):
            raise web.HTTPForbidden
        if not await self._is_ours(request, form.get("csrf", "")):
            # The session of the page has ended, or it was open for too long.
            return site.see_other("/console/sign-in")
        wanted = form.get("language", "")
        path = form.get("next", "")
        answer = site.see_other(path if path == "/console/sign-in" else next_path(path))
        if wanted in LANGUAGES:
            cookie = site.language_cookie
            answer.set_cookie(
                cookie.full_name,
                wanted,
                max_age=_YEAR_SECONDS,
                path="/",
                secure=cookie.secure,
                httponly=True,
                samesite="Lax",
            )
        return answer

    async def _is_ours(self, request: web.Request, given: str) -> bool:
        """Whether the token is that of the session, or of the sign-in form of this browser."""
        site = self._site
        visit = site.visit_cookie.read(request)
        if csrf.is_cookie(visit) and csrf.is_valid(site.secret, _PURPOSE, visit, given):
            return True
        session = await site.session(request, site.clock())
        return session is not None and secrets.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode())


def _is_over(user: User, now: datetime) -> bool:
    """Whether a password that somebody else made was not used in time."""
    return user.once_until is not None and user.once_until < now
