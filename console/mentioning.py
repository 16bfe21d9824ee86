"""Naming a colleague in a note: "@Anne Lemaire", or "@Anne" where there is one Anne."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from console.rights import Right
from console.site import Handler, Site, Who
from store import mentions
from store.users import User

_ID: Final = r"\d{1,15}"


def named_in(text: str, people: Sequence[User]) -> list[User]:
    """The colleagues that a text names, each once, in the order of `people`."""
    firsts = Counter(_first(user) for user in people)
    found = []
    rest = text.casefold()
    # The longest name first: who is called by name and surname is not also somebody else's first name.
    for user in sorted(people, key=lambda one: -len(one.name)):
        calls = [user.name.casefold(), user.login.partition("@")[0].casefold()]
        calls += [_first(user)] if firsts[_first(user)] == 1 else []
        pattern = rf"(?<!\w)@(?:{'|'.join(re.escape(call) for call in calls)})(?!\w)"
        rest, times = re.subn(pattern, " ", rest)
        if times:
            found.append(user)
    return sorted(found, key=people.index)


def _first(user: User) -> str:
    return user.name.partition(" ")[0].casefold()


class Mentions:
    """Handlers of `/console/mentions`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What colleagues want this person to look at."""
        del request
        async with self._site.store.read() as tx:
            found = await mentions.of(tx, who.viewer)
        return await self._site.page("mentions.html", who, here="mentions", found=found)

    async def seen(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One of them was looked at, or all."""
        wanted = request.match_info.get("mention")
        async with self._site.store.write() as tx:
            await mentions.seen(tx, who.viewer, mention_id=int(wanted) if wanted else None, now=who.now)
        return self._site.see_other("/console/mentions")


def mention_routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right each asks for."""
    page = Mentions(site)
    return [
        ("GET", "/console/mentions", "mentions", page.show, "reads"),
        ("POST", "/console/mentions/seen", "mentions-seen", page.seen, "reads"),
        ("POST", f"/console/mentions/{{mention:{_ID}}}/seen", "mention-seen", page.seen, "reads"),
    ]


def told(form: Mapping[str, str], text: str, people: Sequence[User]) -> list[User]:
    """Whom a note is for: those it names, and the one chosen beside it."""
    chosen = [user for user in people if str(user.id) == form.get("tell", "")]
    return list(dict.fromkeys([*named_in(text, people), *chosen]))
