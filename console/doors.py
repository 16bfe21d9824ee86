"""The doors of the house: whether each is open, when something last came and went, and what our last try of it said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from config.vocabulary import CHANNELS
from console.door_contract import DoorChecks, OpenDoor
from console.door_state import State, by_name, check_name, state_of
from console.door_trials import mailboxes_of, trial_key
from console.site import Handler, Site, Who
from store import announcements, doors, operations
from store.doors import Entrance, Exit, Trial
from store.operations import Beat

_LATE: Final = timedelta(minutes=15)
# The worst first.
_ORDER: Final = {"away": 0, "late": 1, "silent": 2, "works": 3}


@dataclass(frozen=True, slots=True)
class Door:
    """One account on which messages come in, and how it does. `check` is our last look at it, `trial` our last test message by
    it, which goes to `recipient`, "" where nobody of ours takes one."""

    channel: str
    account: str
    state: State
    since: datetime | None
    entrance: Entrance | None
    error: str = ""
    check: Beat | None = None
    trial: Trial | None = None
    recipient: str = ""
    can_be_tried: bool = False
    into_files: bool = False


class Doors:
    """Handler of `/console/channels`."""

    def __init__(self, site: Site, checks: DoorChecks) -> None:
        self._site = site
        self._checks = checks

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Every door, the ones in trouble first."""
        async with self._site.store.read() as tx:
            entrances = await doors.entrances(tx, now=who.now)
            exits = await doors.exits(tx, now=who.now)
            beats = by_name(await operations.beats(tx))
            reconciled = await operations.last_result(tx, "reconciliation")
            told = await announcements.standing(tx, now=who.now)
            opened = [
                *(OpenDoor("email", box, box) for box in mailboxes_of(entrances, beats)),
                *self._checks.opened(),
            ]
            trials: dict[tuple[str, str], Trial | None] = {
                (door.channel, door.account): await doors.last_trial(tx, trial_key(door.channel, door.account))
                for door in opened
                if door.recipient
            }
        found = _doors(entrances, opened, beats, trials, who.now)
        used = {door.channel for door in found} | {way.channel for way in exits}
        done, tried = request.query.get("done", ""), request.query.get("tried", "")
        return await self._site.page(
            "doors.html",
            who,
            here="channels",
            doors=found,
            trouble=sum(door.state != "works" for door in found),
            exits=exits,
            stuck={way.channel for way in exits if _stuck(way, who.now)},
            unused=[channel for channel in CHANNELS if channel not in used],
            reconciled=reconciled,
            announced=told,
            every_channel=CHANNELS,
            done=done if done in ("announced", "taken_off") else "",
            tried=next((door for door in found if door.can_be_tried and door.account == tried), None),
        )


def routes(site: Site, checks: DoorChecks) -> list[tuple[str, str, str, Handler, Any]]:
    """The page of this file: method, path, name, handler, right."""
    return [("GET", "/console/channels", "channels", Doors(site, checks).show, "supervises")]


def _doors(
    entrances: Sequence[Entrance],
    opened: Sequence[OpenDoor],
    beats: Mapping[str, Beat],
    trials: Mapping[tuple[str, str], Trial | None],
    now: datetime,
) -> list[Door]:
    """Doors by which something came, and doors that are open although nothing ever came by them."""
    came: dict[tuple[str, str], Entrance] = {(entrance.channel, entrance.account): entrance for entrance in entrances}
    open_now: dict[tuple[str, str], OpenDoor] = {(door.channel, door.account): door for door in opened}
    found = []
    for name in dict.fromkeys((*came, *open_now)):
        channel, account = name
        entrance = came.get(name)
        state, since, error = state_of(channel, account, entrance, beats, now)
        there = open_now.get(name)
        found.append(
            Door(
                channel,
                account,
                state,
                since,
                entrance,
                error,
                beats.get(check_name(channel, account)),
                trials.get(name),
                there.recipient if there else "",
                can_be_tried=there is not None,
                into_files=there is not None and there.into_files,
            )
        )
    return sorted(found, key=lambda door: (_ORDER[door.state], CHANNELS.index(door.channel), door.account))


def _stuck(way: Exit, now: datetime) -> bool:
    return way.oldest is not None and now - way.oldest > _LATE
