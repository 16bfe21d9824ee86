"""The quarantine: what could not be worked on, by its error; shown harmlessly, and tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from aiohttp import web

from console.site import Site, Who
from store import audit, inbox, quarantine
from store.quarantine import Kept
from store.troubles import kind_of

# Of a raw message, enough to see what it is; the rest is in the file to save.
SHOWN: Final = 20_000

# Of so many that were tried again at once the page says what became of them.
_FOLLOWED: Final = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """Items with the same error. `key` names the error in a form, `kind` the sentence that says it."""

    key: str
    kind: str
    error: str
    items: Sequence[Kept]


def by_error(kept: Sequence[Kept]) -> list[Trouble]:
    """The items grouped by error, the error with the oldest item first."""
    groups: dict[str, list[Kept]] = {}
    for item in kept:
        groups.setdefault(item.error, []).append(item)
    return [Trouble(_key(error), kind_of(error), error, items) for error, items in groups.items()]


class Quarantine:
    """Handlers of `/console/quarantine`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Everything that is kept."""
        async with self._site.store.read() as tx:
            kept = await quarantine.listing(tx)
            aside = await quarantine.were_set_aside(tx)
            tried = _ids(request.query.get("again", ""))
            again = await quarantine.after_again(tx, who.viewer, tried) if tried else []
        return await self._site.page(
            "quarantine.html",
            who,
            here="quarantine",
            troubles=by_error(kept),
            kept=kept,
            aside=aside,
            again=again,
            tried=",".join(str(item) for item in tried),
            done=_id(request.query.get("aside", "")),
            back=_id(request.query.get("back", "")),
        )

    async def open(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One item raw, as text. Nobody has read what it is about, so it opens for those who may see medical matters,
        and that it was opened is recorded (rules S2, L4)."""
        async with self._site.store.read() as tx:
            item = await quarantine.one(tx, int(request.match_info["item"]))
        if item is None:
            raise web.HTTPNotFound
        shown = await raw_text(self._site, who, item)
        return await self._site.page(
            "quarantined.html",
            who,
            here="quarantine",
            item=item,
            kind=kind_of(item.error),
            shown=shown,
            cut=item.size > SHOWN,
            reasons=get_args(quarantine.Reason),
        )

    async def replay(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Try one item again, or all with one error."""
        del request
        async with self._site.store.read() as tx:
            kept = await quarantine.listing(tx)
        wanted, key = who.form.get("item", ""), who.form.get("error", "")
        chosen = [item for item in kept if (str(item.id) == wanted if wanted else _key(item.error) == key)]
        async with self._site.store.write() as tx:
            done = [item.id for item in chosen if await quarantine.replay(tx, item.id, actor=who.actor, now=who.now)]
        await self._site.desk.wake_intake(done)
        return self._site.see_other(f"/console/quarantine?again={','.join(str(item) for item in done[:_FOLLOWED])}")

    async def set_aside(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Nobody waits for an answer to this, for one of the listed reasons. Only those who may read it can tell."""
        item = int(request.match_info["item"])
        reason = next((one for one in get_args(quarantine.Reason) if one == who.form.get("reason")), None)
        if reason is None or not who.viewer.medical:
            # Its page says who may read it, and asks for a reason.
            return self._site.see_other(f"/console/quarantine/{item}")
        async with self._site.store.write() as tx:
            if not await quarantine.set_aside(tx, item, reason=reason, actor=who.actor, now=who.now):
                raise web.HTTPNotFound
        return self._site.see_other(f"/console/quarantine?aside={item}")

    async def bring_back(self, request: web.Request, who: Who) -> web.StreamResponse:
        """It was a message after all, or may be one."""
        item = int(request.match_info["item"])
        async with self._site.store.write() as tx:
            if not await quarantine.bring_back(tx, item, actor=who.actor, now=who.now):
                raise web.HTTPNotFound
        return self._site.see_other(f"/console/quarantine?back={item}")


async def raw_text(site: Site, who: Who, item: Kept) -> str:
    """What came in, as text that cannot act; that somebody read it is recorded. Nothing for who may not see medical matters,
    since nobody knows what it is about."""
    if not who.viewer.medical:
        return ""
    async with site.store.read() as tx:
        raw = await inbox.raw_of(tx, item.id)
    async with site.store.write() as tx:
        await audit.write(tx, actor=who.actor, act="quarantine.viewed", at=who.now, detail={"item": item.id})
    return _visible(raw.body[:SHOWN].decode("utf-8", "replace")) if raw else ""


def _ids(text: str) -> list[int]:
    return [number for one in text.split(",")[:_FOLLOWED] if (number := _id(one))]


def _id(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def _key(error: str) -> str:
    return hashlib.sha256(error.encode("utf-8", "replace")).hexdigest()[:16]


def _visible(text: str) -> str:
    """Control characters as pictures, so that nothing in a raw message can hide or turn what is beside it around."""
    return "".join(
        sign
        if sign in "\n\t" or sign.isprintable()
        else ""
        if sign == "\r"
        else chr(0x2400 + ord(sign))
        if ord(sign) < 0x20
        else "\ufffd"
        for sign in text
    )
