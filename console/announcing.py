"""Telling members that a door is in trouble: one sentence in four languages, on the first page, the form and by the robot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from aiohttp import web

from config.announcements import LONGEST, Sentence, announcements
from config.vocabulary import CHANNELS, LANGUAGES, Channel, Language
from console.proof import Proof
from console.site import Handler, Site, Who
from router.deadlines import BRUSSELS
from store import announcements as kept

_PAGE: Final = "/console/channels/announce"
# A sentence that nobody looks after is wrong soon: it ends by itself, the same evening as a rule.
_USUAL: Final = timedelta(hours=4)
_LONGEST_TIME: Final = timedelta(days=14)


class Announcing:
    """Handlers of `/console/channels/announce`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The sentence about a door, begun with a ready one; about mail, where none is named."""
        door = _door(request.query.get("door", "email"))
        ready = request.query.get("ready", "")
        return await self._draw(
            who, door, ready=ready if ready in announcements().ready else next(iter(announcements().ready))
        )

    async def put_up(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let the sentence stand."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        door = _door(who.form.get("door", ""))
        typed, until = _typed(who.form), _moment(who.form.get("until", ""))
        problem = _problem(typed, until, who.now)
        if problem or until is None:
            return await self._draw(who, door, typed=typed, until=until, problem=problem, status=422)
        async with self._site.store.write() as tx:
            await kept.put_up(tx, who.viewer, door, typed, until=until, now=who.now)
        return self._site.see_other("/console/channels?done=announced")

    async def take_off(self, request: web.Request, who: Who) -> web.StreamResponse:
        """End one before its time. Who clicks twice, or after its end, has what they wanted."""
        del request
        number = who.form.get("number", "")
        if not number.isdecimal() or len(number) > 15:
            raise web.HTTPNotFound
        async with self._site.store.write() as tx:
            await kept.take_off(tx, who.viewer, int(number), now=who.now)
        return self._site.see_other("/console/channels?done=taken_off")

    async def _draw(
        self,
        who: Who,
        door: Channel,
        *,
        ready: str = "",
        typed: Sentence | None = None,
        until: datetime | None = None,
        problem: str = "",
        status: int = 200,
    ) -> web.Response:
        async with self._site.store.read() as tx:
            standing = await kept.standing(tx, now=who.now)
        now = who.now.astimezone(BRUSSELS)
        begun = typed or announcements().filled(ready, door, {one.door for one in standing})
        return await self._site.page(
            "announce.html",
            who,
            status=status,
            here="channels",
            door=door,
            ready=ready,
            every_ready=tuple(announcements().ready),
            typed=begun,
            until=_for_field(until or _full_hour(now + _USUAL)),
            last=_for_field(now + _LONGEST_TIME),
            standing=next((one for one in standing if one.door == door), None),
            member_languages=LANGUAGES,
            longest=LONGEST,
            problem=problem,
        )


def routes(site: Site) -> list[tuple[str, str, str, Handler, Any]]:
    """The pages of this file: method, path, name, handler, right."""
    page = Announcing(site)
    return [
        ("GET", _PAGE, "announce", page.show, "supervises"),
        ("POST", _PAGE, "announce-put-up", page.put_up, "supervises"),
        ("POST", f"{_PAGE}/end", "announce-end", page.take_off, "supervises"),
    ]


def _door(text: str) -> Channel:
    found = next((channel for channel in CHANNELS if channel == text), None)
    if found is None:
        raise web.HTTPNotFound
    return found


def _typed(form: Mapping[str, str]) -> dict[Language, str]:
    """The sentence in each language, on one line."""
    languages: tuple[Language, ...] = get_args(Language)
    return {language: " ".join(form.get(f"text-{language}", "").split()) for language in languages}


def _problem(typed: Sentence, until: datetime | None, now: datetime) -> str:
    """What keeps a sentence from being put up; "" for nothing."""
    if not all(typed.values()):
        return "missing"
    if any(len(text) > LONGEST for text in typed.values()):
        return "long"
    if until is None or not now < until <= now + _LONGEST_TIME:
        return "until"
    return ""


def _moment(text: str) -> datetime | None:
    """A moment as a browser's field gives it: the time of Brussels, without saying so."""
    try:
        found = datetime.fromisoformat(text[:16])
    except ValueError:
        return None
    return found.replace(tzinfo=BRUSSELS)


def _for_field(moment: datetime) -> str:
    return f"{moment.astimezone(BRUSSELS):%Y-%m-%dT%H:%M}"


def _full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
