"""What stands between a right password and the console: a code, then a password of one's own where somebody else made the
first one, then setting up the codes where everybody must have them.

Until all is done the session is a half one: it opens the page of its step and nothing else, for ten minutes (rule S6).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from channels.web import csrf
from channels.web.address import limit_key
from channels.web.body import BodyError, BodyLimits, read_form
from console import passwords
from console.passkeys import FIELD
from console.passwords import WeakPasswordError
from console.paths import next_path
from console.second_step import SecondStep, in_letters, new_seed, picture, step_of
from console.site import Site
from store import kept_forms, passkeys, sign_ins, users
from store.database import Tx
from store.users import Session, User

LIMITS: Final = BodyLimits(body=16 * 1024, text=16 * 1024, files=0, parts=10)
_PAGES: Final = {
    "code": "/console/sign-in/code",
    "password": "/console/sign-in/password",
    "enrol": "/console/sign-in/second-step",
}
# Tries in a minute of one account, from wherever: six digits are soon guessed. Who gets so far has its password.
_TRIES_A_MINUTE: Final = 5


class Steps:
    """Begins sessions; handlers below `/console/sign-in/`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def begin(
        self,
        tx: Tx,
        request: web.Request,
        user: User,
        *,
        target: str,
        now: datetime,
        code_given: bool = False,
        by_account: bool = False,
    ) -> web.Response:
        """A new session for this person, whole or with a step before it; the answer leads there.

        Who comes from an issuer (`by_account`) has no password of ours, and a second step only where they set one up.
        """
        token = secrets.token_urlsafe(32)
        has_code = await self._site.second_step.is_set(tx, user.id)
        if has_code and not code_given:
            pending = "code"
        elif user.once_until is not None and not by_account:
            pending = "password"
        else:
            must_set_up = self._site.second_step_required and not (has_code or by_account)
            pending = "enrol" if must_set_up else ""
        await users.start_session(
            tx,
            user.id,
            token=token,
            csrf=secrets.token_urlsafe(24),
            now=now,
            pending=pending,
            browser=browser_of(request.headers.get("User-Agent", "")),
        )
        # What waits for this browser goes on with it, if it is still the same person's.
        await kept_forms.move(tx, self._site.session_cookie.read(request), token, user.id)
        answer = self._site.see_other(f"{_PAGES[pending]}?{urlencode({'next': target})}" if pending else target)
        self._site.session_cookie.set(answer, token)
        return answer

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page of the step that this browser is at; the sign-in page when it is at none."""
        now = self._site.clock()
        step = _step(request)
        session = await self._half(request, step, now)
        if session is None:
            return self._site.see_other("/console/sign-in")
        return await self._draw(request, session, request.query, now)

    async def give_code(self, request: web.Request) -> web.StreamResponse:
        """Take a code of the authenticator, one for recovery, or what a passkey signed."""
        site, now = self._site, self._site.clock()
        session, form = await self._half(request, "code", now), await self._form(request)
        if session is None:
            return site.see_other("/console/sign-in")
        if not self._ours(request, session, form):
            return await self._draw(request, session, form, now, problem="again", status=403)
        user = session.user
        if seconds := await self._too_often(request, user):
            return await self._draw(request, session, form, now, problem="wait", seconds=seconds, status=429)
        async with site.store.write() as tx:
            token, by_key = site.session_cookie.read(request), form.get(FIELD, "")
            if (
                await site.passkeys.is_right(tx, token, user.id, "step", by_key, now=now)
                if by_key
                else await site.second_step.is_right(tx, user.id, form.get("code", "")[:40], now=now)
            ):
                await sign_ins.forget_failures(tx, _code_of(user), limit_key(site.address(request)))
                return await self._go_on(tx, request, user, form, now)
        return await self._draw(request, session, form, now, problem="wrong", status=403)

    async def ask_passkey(self, request: web.Request) -> web.StreamResponse:
        """What a passkey of this half session's person is to sign."""
        site, now = self._site, self._site.clock()
        session, form = await self._half(request, "code", now), await self._form(request)
        if session is None or not self._ours(request, session, form):
            raise web.HTTPForbidden
        token = site.session_cookie.read(request)
        async with site.store.write() as tx:
            options = await site.passkeys.to_sign(tx, token, session.user.id, "step", now=now)
        return web.json_response(options, headers={"Cache-Control": "no-store"})

    async def enrol(self, request: web.Request) -> web.StreamResponse:
        """Keep the seed that was shown, once a code shows that it works; then show the codes for recovery."""
        site, now = self._site, self._site.clock()
        session, form = await self._half(request, "enrol", now), await self._form(request)
        if session is None:
            return site.see_other("/console/sign-in")
        if not self._ours(request, session, form):
            return await self._draw(request, session, form, now, problem="again", status=403)
        seed = site.second_step.offered(form.get("offer", ""), session.csrf)
        step = step_of(seed, digits(form.get("code", "")), now) if seed is not None else None
        if seed is None or step is None:
            return await self._draw(request, session, form, now, problem="wrong", status=403)
        async with site.store.write() as tx:
            codes = await site.second_step.set_up(tx, session.user.id, seed, step=step, now=now)
            whole = await self._go_on(tx, request, session.user, form, now)
        page = self._site.pages.page(
            "codes_first.html", site.language(request), now, codes=codes, next=next_path(form.get("next", ""))
        )
        # The browser gets the whole session with this page: the codes are shown once.
        page.cookies.update(whole.cookies)
        return page

    async def _go_on(
        self, tx: Tx, request: web.Request, user: User, form: Mapping[str, str], now: datetime
    ) -> web.Response:
        await users.end_session(tx, self._site.session_cookie.read(request), now=now)
        target = form.get("next", "")
        target = target if target == "/console/?guessed" else next_path(target)
        return await self.begin(tx, request, user, target=target, now=now, code_given=True)

    async def _too_often(self, request: web.Request, user: User) -> int:
        """Count this try before it is looked at; the seconds to wait, 0 when it may be."""
        seconds = await self._site.limiter.take(
            "second step", str(user.id), rate=_TRIES_A_MINUTE, burst=2 * _TRIES_A_MINUTE, per_day=0
        )
        if seconds:
            return seconds
        now, address = self._site.clock(), limit_key(self._site.address(request))
        async with self._site.store.write() as tx:
            wait = await sign_ins.wait_for(tx, _code_of(user), address, now=now)
            if not wait:
                await sign_ins.note_failure(tx, _code_of(user), address, now=now)
        return ceil(wait.total_seconds())

    async def choose_password(self, request: web.Request) -> web.StreamResponse:
        """Take it; the first password is no more, and the session is a whole one."""
        site, now = self._site, self._site.clock()
        session = await self._half(request, "password", now)
        form = await self._form(request)
        if session is None:
            return site.see_other("/console/sign-in")
        if not self._ours(request, session, form):
            return await self._draw(request, session, form, now, problem="again", status=403)
        if problem := await _wrong(session.user, form):
            return await self._draw(request, session, form, now, problem=problem, status=422)
        hashed = await passwords.hashed(form["new"])
        async with site.store.write() as tx:
            await users.set_password(tx, session.user.id, hashed, actor=f"user:{session.user.id}", now=now)
            return await self._go_on(tx, request, replace(session.user, once_until=None), form, now)

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

    async def _draw(
        self,
        request: web.Request,
        session: Session,
        form: Mapping[str, str],
        now: datetime,
        *,
        problem: str = "",
        seconds: int = 0,
        status: int = 200,
    ) -> web.Response:
        user, step = session.user, self._site.second_step
        seed = None
        if session.pending == "enrol":
            # The one that was shown before, so that it need not be read again; nothing is kept until it is confirmed.
            seed = step.offered(form.get("offer", ""), session.csrf) or new_seed()
        async with self._site.store.read() as tx:
            has_passkey = self._site.passkeys.offered and await passkeys.has_any(tx, user.id)
        return self._site.pages.page(
            _TEMPLATES[session.pending],
            self._site.language(request),
            now,
            status=status,
            csrf=session.csrf,
            login=user.login,
            next=form.get("next", ""),
            problem=problem,
            seconds=seconds,
            shortest=passwords.SHORTEST,
            has_passkey=has_passkey,
            passkey_field=FIELD,
            **(setting_up(step, seed, user, session.csrf) if seed is not None else {}),
        )


_TEMPLATES: Final = {"code": "second_code.html", "password": "choose_password.html", "enrol": "enrol.html"}


def setting_up(step: SecondStep, seed: bytes, user: User, session: str) -> Mapping[str, Any]:
    """What a page shows of a seed that is offered: its picture, its letters in groups of four, its form field."""
    letters = in_letters(seed)
    groups = [letters[at : at + 4] for at in range(0, len(letters), 4)]
    return {"picture": picture(seed, user), "letters": groups, "offer": step.offer(seed, session)}


def browser_of(agent: str) -> str:
    """What kind of browser it is, in two words of a closed list: "Firefox, Linux"."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return ", ".join(part for part in (browser, system) if part)


# The first that is found counts: Edge says that it is Chrome, and Chrome that it is Safari.
_BROWSERS: Final = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def digits(given: str) -> str:
    """A code as it was typed, without the blank in its middle."""
    return "".join(given.split())[:6]


def _step(request: web.Request) -> str:
    return next(step for step, path in _PAGES.items() if path == request.path)


def _code_of(user: User) -> str:
    return f"code:{user.id}"


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
