"""Fresh proof (rule S10): before people, rights, rules, texts, exports or erasure, whoever sits there gives their password
again, a code of their authenticator, or uses a passkey.

A handler asks in its first line, for a form and for a page alike:

    if (asked := await self._proof.wanted(request, who)) is not None:
        return asked

The page that asks holds everything that was sent, so that nothing is lost: the form goes to the same handler once more, with
the password beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from aiohttp import web

from channels.web.address import limit_key
from console import passkeys, passwords
from console.paths import is_ours
from console.site import Site, Who
from store import kept_forms, sign_ins, users
from store import passkeys as store_passkeys

FRESH: Final = timedelta(minutes=5)
# The field of the password; never given back in a page, nor handed on.
FIELD: Final = "proof"
# Where a form waits for who comes back from signing in elsewhere.
KEPT: Final = "/console/proof/kept"
# How the addresses end that answer with a file, so that the page that asked stays where it is.
_FILES: Final = ("/export", "/archive")


class Proof:
    """Asks for the password again where the last one given is older than five minutes."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def wanted(self, request: web.Request, who: Who) -> web.Response | None:
        """The page that asks; None when the proof is fresh, or comes with this form and is right."""
        # A clock that was set back makes no proof last longer.
        if who.proved_at is not None and abs(who.now - who.proved_at) < FRESH:
            return None
        given = who.form.get(FIELD, "")
        if not given and not who.form.get(passkeys.FIELD):
            return await self._ask(request, who)
        problem, seconds = await self.problem(request, who, given)
        if problem:
            status = 429 if seconds else 403
            return await self._ask(request, who, problem=problem, seconds=seconds, status=status)
        return None

    async def problem(self, request: web.Request, who: Who, given: str) -> tuple[str, int]:
        """What is wrong with a password or code, or with what a passkey signed in its place: "" for nothing, "wrong", or "wait"
        and for how many seconds."""
        if seconds := await self._must_wait(request, who):
            return "wait", seconds
        return ("", 0) if await self._is_right(request, who, given) else ("wrong", 0)

    async def give(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The password for a page that was asked for (there is no form to send again): then on to that page."""
        next_ = who.form.get("next", "")
        if not is_ours(next_):
            raise web.HTTPNotFound
        return await self.wanted(request, who) or self._site.see_other(next_)

    async def kept(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The form that waited while its person signed in elsewhere, to be sent on; the first page where there is none."""
        async with self._site.store.read() as tx:
            content = await kept_forms.of(tx, self._site.session_cookie.read(request), who.viewer.user_id, now=who.now)
        opened = self._site.second_step.open(content, _bound_to(who)) if content is not None else None
        if opened is None:
            return await self._site.page("kept_form.html", who, status=404, to="", fields={})
        to, fields = json.loads(opened)
        return await self._site.page("kept_form.html", who, to=to, fields=fields)

    async def _keep(self, request: web.Request, who: Who) -> bool:
        """Keep what was sent, where its person may prove who they are elsewhere: the way there and back loses a page."""
        if not (self._site.account_name and is_ours(request.path_qs)):
            return False
        content = json.dumps([request.path_qs, _handed_on(who.form)]).encode()
        async with self._site.store.write() as tx:
            await kept_forms.keep(
                tx,
                self._site.session_cookie.read(request),
                who.viewer.user_id,
                self._site.second_step.seal(content, _bound_to(who)),
                now=who.now,
            )
        return True

    async def _ask(
        self, request: web.Request, who: Who, *, problem: str = "", seconds: int = 0, status: int = 403
    ) -> web.Response:
        is_form = request.method == "POST"
        kept = is_form and await self._keep(request, who)
        fields = _handed_on(who.form)
        async with self._site.store.read() as tx:
            has_passkey = self._site.passkeys.offered and await store_passkeys.has_any(tx, who.viewer.user_id)
        return await self._site.page(
            "prove.html",
            who,
            status=status,
            # The address may hold what was looked for; it goes back to this browser alone.
            to=request.path_qs if is_form else "/console/proof",
            fields=fields if is_form else {"next": request.path_qs},
            field=FIELD,
            has_passkey=has_passkey,
            passkey_field=passkeys.FIELD,
            account=self._site.account_name,
            kept=KEPT if kept else request.path,
            brings_file=request.path.endswith(_FILES),
            problem=problem,
            seconds=seconds,
        )

    async def _must_wait(self, request: web.Request, who: Who) -> int:
        """Count this try before it is looked at; the seconds to wait, 0 when it may be looked at."""
        key, address = _key(who), limit_key(self._site.address(request))
        async with self._site.store.write() as tx:
            wait = await sign_ins.wait_for(tx, key, address, now=who.now)
            if not wait:
                await sign_ins.note_failure(tx, key, address, now=who.now)
        return ceil(wait.total_seconds())

    async def _is_right(self, request: web.Request, who: Who, given: str) -> bool:
        async with self._site.store.read() as tx:
            user = await users.by_id(tx, who.viewer.user_id)
        if user is None:
            return False
        right = bool(given) and await passwords.verify(user.password, given)
        now: datetime = self._site.clock()
        token, by_key = self._site.session_cookie.read(request), who.form.get(passkeys.FIELD, "")
        async with self._site.store.write() as tx:
            if by_key and not given:
                right = await self._site.passkeys.is_right(tx, token, user.id, "proof", by_key, now=now)
            # Six digits are no password of ours, so what was given is one or the other.
            if not right and not await self._site.second_step.is_right(tx, user.id, given[:40], now=now):
                return False
            await sign_ins.forget_failures(tx, _key(who), limit_key(self._site.address(request)))
            await users.note_proof(tx, token, now=now)
        return True


def _handed_on(form: Mapping[str, str]) -> dict[str, str]:
    """What was sent, without what proved who sent it."""
    return {name: value for name, value in form.items() if name not in ("csrf", FIELD, passkeys.FIELD)}


def _bound_to(who: Who) -> str:
    return f"kept form:{who.viewer.user_id}"


def _key(who: Who) -> str:
    # Apart from the sign-in: who guesses at an open desk must not make its owner wait elsewhere.
    return f"proof:{who.viewer.user_id}"
