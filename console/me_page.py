"""One's own settings: where one is signed in, the password, codes as a second step, undo time, light or dark."""

from __future__ import annotations

import secrets
from typing import Final

from aiohttp import web

from console import passwords
from console.contract import UNDO_CHOICES
from console.passwords import WeakPasswordError
from console.proof import Proof
from console.second_step import new_seed, step_of
from console.site import Site, Who
from console.steps import browser_of, digits, setting_up
from store import own_sessions, passkeys, second_step, users
from store.users import User

THEMES: Final = ("", "light", "dark")
SIZES: Final = ("", "large", "larger")
# What the page may say was just done.
DONE: Final = frozenset({"password", "prefer", "ended", "second_step_off", "passkey", "passkey_off", "last_passkey"})


class MePage:
    """Handlers of `/console/me` and below. Everything here is about the person who is signed in, and nobody else."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page."""
        return await self._draw(request, who)

    async def prefer(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Undo time, light or dark, size of text."""
        del request
        seconds, theme, size = (who.form.get(name, "") for name in ("undo", "theme", "size"))
        if seconds not in ("", *map(str, UNDO_CHOICES)) or theme not in THEMES or size not in SIZES:
            raise web.HTTPBadRequest
        undo = int(seconds) if seconds else None
        async with self._site.store.write() as tx:
            await users.prefer(tx, who.viewer.user_id, undo_seconds=undo, theme=theme, text_size=size)
        return self._done("prefer")

    async def end(self, request: web.Request, who: Who) -> web.StreamResponse:
        """End one of one's other sessions, or all of them."""
        token = self._site.session_cookie.read(request)
        async with self._site.store.write() as tx:
            await own_sessions.end(tx, who.viewer.user_id, token, who.form.get("session", ""), now=who.now)
        return self._done("ended")

    async def password(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Another password, given the one of now; every session ends, and this browser gets a new one."""
        new = who.form.get("new", "")
        problem, seconds = "", 0
        if new != who.form.get("again", ""):
            problem = "differ"
        else:
            try:
                passwords.check(new)
            except WeakPasswordError as error:
                problem = error.reason
        if not problem:
            problem, seconds = await self._proof.problem(request, who, who.form.get("current", ""))
        if problem:
            status = 429 if seconds else 422
            return await self._draw(request, who, problem=problem, seconds=seconds, status=status)
        hashed = await passwords.hashed(new)
        token, user_id = secrets.token_urlsafe(32), who.viewer.user_id
        async with self._site.store.write() as tx:
            await users.set_password(tx, user_id, hashed, actor=who.actor, now=who.now)
            await users.start_session(
                tx,
                user_id,
                token=token,
                csrf=secrets.token_urlsafe(24),
                now=who.now,
                browser=browser_of(request.headers.get("User-Agent", "")),
            )
        answer = self._done("password")
        self._site.session_cookie.set(answer, token)
        return answer

    async def second_step(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The picture for the authenticator. Nothing is kept until a code shows that it was read."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        return await self._draw_second_step(who, new_seed())

    async def set_second_step(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep it, and show the codes for recovery this once."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        step = self._site.second_step
        seed = step.offered(who.form.get("offer", ""), who.csrf)
        found = step_of(seed, digits(who.form.get("code", "")), who.now) if seed is not None else None
        if seed is None or found is None:
            return await self._draw_second_step(who, seed or new_seed(), problem="wrong", status=422)
        async with self._site.store.write() as tx:
            codes = await step.set_up(tx, who.viewer.user_id, seed, step=found, now=who.now)
        return await self._site.page("codes.html", who, here="me", codes=codes)

    async def no_second_step(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Sign in by password alone again, where the house allows it."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        if self._site.second_step_required:
            return await self._draw(request, who, problem="required", status=409)
        async with self._site.store.write() as tx:
            await second_step.forget(tx, who.viewer.user_id, actor=who.actor, now=who.now)
        return self._done("second_step_off")

    async def codes(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Other codes for recovery, shown this once."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        async with self._site.store.write() as tx:
            if not await self._site.second_step.is_set(tx, who.viewer.user_id):
                raise web.HTTPNotFound
            codes = await self._site.second_step.other_codes(tx, who.viewer.user_id, now=who.now)
        return await self._site.page("codes.html", who, here="me", codes=codes)

    def _done(self, what: str) -> web.Response:
        return self._site.see_other(f"/console/me?done={what}")

    async def _draw_second_step(self, who: Who, seed: bytes, *, problem: str = "", status: int = 200) -> web.Response:
        user = await self._self(who)
        offered = setting_up(self._site.second_step, seed, user, who.csrf)
        return await self._site.page("second_step.html", who, status=status, here="me", problem=problem, **offered)

    async def _self(self, who: Who) -> User:
        async with self._site.store.read() as tx:
            user = await users.by_id(tx, who.viewer.user_id)
        if user is None:
            raise web.HTTPNotFound
        return user

    async def _draw(
        self, request: web.Request, who: Who, *, problem: str = "", seconds: int = 0, status: int = 200
    ) -> web.Response:
        done, user_id = request.query.get("done", ""), who.viewer.user_id
        async with self._site.store.read() as tx:
            sessions = await own_sessions.listing(tx, user_id, self._site.session_cookie.read(request), now=who.now)
            has_codes = await second_step.seed_of(tx, user_id) is not None
            keys = await passkeys.of(tx, user_id)
            left = await second_step.codes_left(tx, user_id)
        return await self._site.page(
            "me.html",
            who,
            status=status,
            here="me",
            done=done if done in DONE else "",
            problem=problem,
            seconds=seconds,
            sessions=sessions,
            has_codes=has_codes,
            passkeys=keys,
            passkeys_offered=self._site.passkeys.offered,
            codes_left=left,
            required=self._site.second_step_required,
            undo_choices=UNDO_CHOICES,
            undo_house=int(self._site.desk.undo.total_seconds()),
            themes=THEMES,
            sizes=SIZES,
            shortest=passwords.SHORTEST,
        )
