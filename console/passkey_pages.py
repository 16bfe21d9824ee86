"""One's own passkeys: added, each under a name, and removed; and what a browser is to sign (rules S6, S10)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.proof import Proof
from console.rights import Right
from console.site import Handler, Site, Who
from console.steps import browser_of
from store import passkeys, second_step, users

# The field of the answer that makes a passkey: apart from the one that proves who one is, which may come beside it.
_MADE: Final = "made"
_LONGEST_NAME: Final = 60
_MOST: Final = 20


class PasskeyPages:
    """Handlers below `/console/me/passkeys`, and of `/console/passkey`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._proof = Proof(site)

    def routes(self) -> list[tuple[str, str, str, Handler, Right]]:
        """Method, path, name, handler, and the right it asks for."""
        return [
            ("GET", "/console/me/passkeys", "me-passkeys", self.show, "any"),
            ("POST", "/console/me/passkeys", "me-passkey-add", self.add, "any"),
            ("POST", "/console/me/passkeys/ask", "me-passkey-ask", self.ask_to_add, "any"),
            ("POST", "/console/me/passkeys/remove", "me-passkey-remove", self.remove, "any"),
            ("POST", "/console/passkey", "passkey-ask", self.ask_to_sign, "any"),
        ]

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page to add one."""
        if (asked := await self._wanted(request, who)) is not None:
            return asked
        return await self._draw(request, who)

    async def ask_to_add(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What the browser is to make one from; for whoever has just proved who they are, and nobody else."""
        if (asked := await self._wanted(request, who)) is not None:
            return asked
        async with self._site.store.write() as tx:
            user = await users.by_id(tx, who.viewer.user_id)
            if user is None:
                raise web.HTTPNotFound
            options = await self._site.passkeys.to_add(tx, self._token(request), user, now=who.now)
        return web.json_response(options, headers={"Cache-Control": "no-store"})

    async def add(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep the one that the browser made. With the first second step come codes for recovery, shown this once."""
        if (asked := await self._wanted(request, who)) is not None:
            return asked
        user_id, name = who.viewer.user_id, " ".join(who.form.get("name", "").split())
        if not name or len(name) > _LONGEST_NAME:
            return await self._draw(request, who, problem="name", status=422)
        async with self._site.store.write() as tx:
            is_first = not await self._site.second_step.is_set(tx, user_id)
            given = who.form.get(_MADE, "")
            added = len(await passkeys.of(tx, user_id)) < _MOST and await self._site.passkeys.added(
                tx, self._token(request), user_id, given, name=name, now=who.now
            )
            codes = await self._site.second_step.other_codes(tx, user_id, now=who.now) if added and is_first else ()
        if not added:
            return await self._draw(request, who, problem="made", status=422)
        if codes:
            return await self._site.page("codes.html", who, here="me", codes=codes)
        return self._site.see_other("/console/me?done=passkey")

    async def remove(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Remove one of one's own, under whichever address it was made; the last one only where the house lets people in
        without a second step."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        number, user_id = who.form.get("key", ""), who.viewer.user_id
        if not (number.isdecimal() and len(number) <= 15):
            raise web.HTTPNotFound
        async with self._site.store.write() as tx:
            has_codes = await second_step.seed_of(tx, user_id) is not None
            is_last = not has_codes and len(await passkeys.of(tx, user_id)) == 1
            if is_last and self._site.second_step_required:
                return self._site.see_other("/console/me?done=last_passkey")
            if not await passkeys.remove(tx, user_id, int(number), now=who.now):
                raise web.HTTPNotFound
            if is_last:
                await second_step.forget(tx, user_id, actor=who.actor, now=who.now)
        return self._site.see_other("/console/me?done=passkey_off")

    async def ask_to_sign(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What one of one's own passkeys is to sign as fresh proof."""
        async with self._site.store.write() as tx:
            if not await passkeys.has_any(tx, who.viewer.user_id):
                raise web.HTTPNotFound
            options = await self._site.passkeys.to_sign(
                tx, self._token(request), who.viewer.user_id, "proof", now=who.now
            )
        return web.json_response(options, headers={"Cache-Control": "no-store"})

    async def _wanted(self, request: web.Request, who: Who) -> web.Response | None:
        if not self._site.passkeys.offered:
            raise web.HTTPNotFound
        return await self._proof.wanted(request, who)

    def _token(self, request: web.Request) -> str:
        return self._site.session_cookie.read(request)

    async def _draw(self, request: web.Request, who: Who, *, problem: str = "", status: int = 200) -> web.Response:
        suggested = browser_of(request.headers.get("User-Agent", ""))
        return await self._site.page(
            "passkey.html",
            who,
            status=status,
            here="me",
            problem=problem,
            name=who.form.get("name", suggested),
            field=_MADE,
            longest=_LONGEST_NAME,
        )
