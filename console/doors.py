"""The doors of the house: whether each is open, when something last came and went, and what became of what came in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from aiohttp import web

from channels.message import OutboundMessage
from config.vocabulary import CHANNELS
from console.days import day_of, midnight
from console.site import Handler, Site, Who
from console.words import catalogue
from router import deadlines
from store import announcements, audit, doors, operations, outbox
from store.doors import Entrance, Exit, Trial
from store.operations import Beat

# As the mail process and the clock name their signs of life.
_MAILBOX: Final = "mailbox:"
_SILENCE: Final = "silence:"
# A mailbox that has given no sign of life for so long is not watched.
_SILENT: Final = timedelta(seconds=90)
_LATE: Final = timedelta(minutes=15)
_DAYS: Final = 14
FATES: Final = ("opened", "joined", "held", "conversing", "robot", "refused", "duplicate", "quarantined")

State = Literal["works", "silent", "late", "away"]
# The worst first.
_ORDER: Final = {"away": 0, "late": 1, "silent": 2, "works": 3}


@dataclass(frozen=True, slots=True)
class Door:
    """One account on which messages come in, and how it does. `trial` is our last test message to it."""

    channel: str
    account: str
    state: State
    since: datetime | None
    entrance: Entrance | None
    error: str = ""
    trial: Trial | None = None


class Doors:
    """Handlers of `/console/channels` and `/console/fates`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Every door, the ones in trouble first."""
        async with self._site.store.read() as tx:
            entrances = await doors.entrances(tx, now=who.now)
            exits = await doors.exits(tx, now=who.now)
            beats = {beat.name: beat for beat in await operations.beats(tx)}
            mailboxes = _mailboxes(entrances, beats)
            told = await announcements.standing(tx, now=who.now)
            trials = {box: await doors.last_trial(tx, _trial(box)) for box in mailboxes}
        found = [_door(entrance, beats, trials, who.now) for entrance in entrances]
        known = {door.account for door in found}
        found += [_unused(box, beats, trials, who.now) for box in mailboxes if box not in known]
        found.sort(key=lambda door: (_ORDER[door.state], door.channel, door.account))
        used = {door.channel for door in found} | {way.channel for way in exits}
        return await self._site.page(
            "doors.html",
            who,
            here="channels",
            doors=found,
            trouble=sum(door.state != "works" for door in found),
            exits=exits,
            stuck={way.channel for way in exits if _stuck(way, who.now)},
            unused=[channel for channel in CHANNELS if channel not in used],
            mailboxes=set(mailboxes),
            announced=told,
            every_channel=CHANNELS,
            done=done if (done := request.query.get("done", "")) in ("announced", "taken_off") else "",
            tried=request.query.get("tried", "") in mailboxes and request.query["tried"],
        )

    async def try_out(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Send a test message from a mailbox to itself: it goes the whole way out and in, and is kept as our own."""
        del request
        account = who.form.get("account", "")
        async with self._site.store.read() as tx:
            beats = {beat.name: beat for beat in await operations.beats(tx)}
            entrances = await doors.entrances(tx, now=who.now)
        if account not in _mailboxes(entrances, beats):
            raise web.HTTPNotFound
        t = catalogue()[who.language]
        message = OutboundMessage(
            key=f"{_trial(account)}{int(who.now.timestamp() * 1000)}",
            channel="email",
            account=account,
            recipient=account,
            recipient_name="",
            subject=t["doors.trial.subject"],
            text=t["doors.trial.text"],
            language=who.language,
            auto=True,
        )
        async with self._site.store.write() as tx:
            outbox_id = await outbox.put(tx, message, now=who.now)
            await audit.write(tx, actor=who.actor, act="channel.tried", at=who.now, detail={"account": account})
        if outbox_id is not None:
            await self._site.desk.wake_delivery(outbox_id)
        return self._site.see_other(f"/console/channels?tried={account}")

    async def fates(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What came in on each day, by channel, and what became of it."""
        last = day_of(request.query.get("until", "")) or deadlines.received_day(who.now)
        shown = [last - timedelta(days=back) for back in range(_DAYS)]
        async with self._site.store.read() as tx:
            found = await doors.fates(
                tx, [(day, midnight(day)) for day in shown], until=midnight(last + timedelta(days=1))
            )
            wrong = await operations.contradictions(tx)
        return await self._site.page(
            "fates.html",
            who,
            here="fates",
            days=[(day, [row for row in found if row.day == day]) for day in shown],
            sums=doors.in_sum(found),
            items=sum(row.items for row in found),
            open=sum(row.open for row in found),
            fates=FATES,
            wrong={name: count for name, count in wrong.items() if count},
            last=last,
            earlier=last - timedelta(days=_DAYS),
            later=min(last + timedelta(days=_DAYS), deadlines.received_day(who.now)),
        )


def routes(site: Site) -> list[tuple[str, str, str, Handler, Any]]:
    """The pages of this file: method, path, name, handler, right."""
    page = Doors(site)
    return [
        ("GET", "/console/channels", "channels", page.show, "supervises"),
        ("POST", "/console/channels/test", "channels-test", page.try_out, "supervises"),
        ("GET", "/console/fates", "fates", page.fates, "supervises"),
    ]


def _mailboxes(entrances: Sequence[Entrance], beats: Mapping[str, Beat]) -> list[str]:
    """The addresses that get mail: those that are watched, and those that mail ever came to."""
    watched = {name.removeprefix(_MAILBOX) for name in beats if name.startswith(_MAILBOX)}
    # While a mailbox is owned, there is a sign of its lease beside it, under a number.
    named = {name for name in watched if "@" in name}
    return sorted(named | {entrance.account for entrance in entrances if entrance.channel == "email"})


def _door(entrance: Entrance, beats: Mapping[str, Beat], trials: Mapping[str, Trial | None], now: datetime) -> Door:
    account = entrance.account
    trial = trials.get(account) if entrance.channel == "email" else None
    # Only these two are fetched by us; by the other doors messages are brought.
    sign = {"telegram": "telegram", "email": f"{_MAILBOX}{account}"}.get(entrance.channel, "")
    watched = beats.get(sign)
    silent = beats.get(f"{_SILENCE}{account}")
    state: State = "works"
    since = None
    if watched and _away(watched, now):
        state, since = "away", watched.at
    elif entrance.oldest and now - entrance.oldest > _LATE:
        state, since = "late", entrance.oldest
    elif silent and silent.state == "silent":
        state, since = "silent", entrance.last_at
    error = str(watched.detail.get("error", "")) if watched and state == "away" else ""
    return Door(entrance.channel, account, state, since, entrance, error, trial)


def _unused(account: str, beats: Mapping[str, Beat], trials: Mapping[str, Trial | None], now: datetime) -> Door:
    """A mailbox that is watched and never brought anything."""
    beat = beats[f"{_MAILBOX}{account}"]
    away = _away(beat, now)
    error = str(beat.detail.get("error", "")) if away else ""
    return Door("email", account, "away" if away else "works", beat.at if away else None, None, error, trials[account])


def _away(beat: Beat, now: datetime) -> bool:
    return beat.state != "watching" or now - beat.at > _SILENT


def _stuck(way: Exit, now: datetime) -> bool:
    return way.oldest is not None and now - way.oldest > _LATE


def _trial(account: str) -> str:
    """How the keys of test messages to an account begin."""
    return f"test-{hashlib.sha256(account.encode('utf-8', 'replace')).hexdigest()[:16]}-"
