"""The quarantine: what could not be worked on, by its error; shown harmlessly, and tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from console.site import Site, Who
from store import audit, inbox, quarantine
from store.quarantine import Kept

# Of a raw message, enough to see what it is; the rest is in the file to save.
SHOWN: Final = 20_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """Items with the same error. `key` names the error in a form."""

    key: str
    error: str
    items: Sequence[Kept]


def by_error(kept: Sequence[Kept]) -> list[Trouble]:
    """The items grouped by error, the error with the oldest item first."""
    groups: dict[str, list[Kept]] = {}
    for item in kept:
        groups.setdefault(item.error, []).append(item)
    return [Trouble(_key(error), error, items) for error, items in groups.items()]


class Quarantine:
    """Handlers of `/console/quarantine`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Everything that is kept."""
        async with self._site.store.read() as tx:
            kept = await quarantine.listing(tx)
        replayed = request.query.get("replayed", "")
        return await self._site.page(
            "quarantine.html",
            who,
            here="quarantine",
            troubles=by_error(kept),
            kept=kept,
            replayed=int(replayed) if replayed.isdecimal() and len(replayed) < 6 else 0,
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
            "quarantined.html", who, here="quarantine", item=item, shown=shown, cut=item.size > SHOWN
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
        return self._site.see_other(f"/console/quarantine?replayed={len(done)}")


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
