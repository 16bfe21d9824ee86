"""How a door does, for the page of doors and for the rail of every page, which must say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from store import doors, operations
from store.database import Tx
from store.doors import Entrance
from store.operations import Beat

# As the mail process, the clock and our own looks at a door name their signs.
MAILBOX: Final = "mailbox:"
_SILENCE: Final = "silence:"
_CHECK: Final = "check:"
# A mailbox that has given no sign of life for so long is not watched.
_SILENT: Final = timedelta(seconds=90)
_LATE: Final = timedelta(minutes=15)
# So long a look that found a silent door working is believed: nobody may have written.
_LOOKED: Final = timedelta(hours=24)

State = Literal["works", "silent", "late", "away"]


def by_name(beats: Sequence[Beat]) -> dict[str, Beat]:
    """Signs of life by their names."""
    return {beat.name: beat for beat in beats}


def check_name(channel: str, account: str) -> str:
    """The sign under which the last look at a door is kept."""
    return f"{_CHECK}{channel}:{account}"


def state_of(
    channel: str, account: str, entrance: Entrance | None, beats: Mapping[str, Beat], now: datetime
) -> tuple[State, datetime | None, str]:
    """How a door does, since when, and what its server said."""
    check = beats.get(check_name(channel, account))
    # Only these two are fetched by us; by the other doors messages are brought.
    watched = beats.get({"telegram": "telegram", "email": f"{MAILBOX}{account}"}.get(channel, ""))
    if watched and _away(watched, now):
        return "away", watched.at, str(watched.detail.get("error", ""))
    # What came in after a look that found trouble shows that the trouble is over.
    if check and check.state != "answers" and (entrance is None or entrance.last_at < check.at):
        return "away", check.at, ""
    if entrance and entrance.oldest and now - entrance.oldest > _LATE:
        return "late", entrance.oldest, ""
    silent = beats.get(f"{_SILENCE}{account}")
    if entrance and silent and silent.state == "silent" and not _heard_since(silent, entrance, check, now):
        return "silent", entrance.last_at, ""
    return "works", None, ""


def _away(beat: Beat, now: datetime) -> bool:
    return beat.state != "watching" or now - beat.at > _SILENT


def _heard_since(silent: Beat, entrance: Entrance, check: Beat | None, now: datetime) -> bool:
    """Whether something came in, or a look found the door working, since the clock noted its silence."""
    looked = check is not None and check.state == "answers" and silent.at <= check.at and now - check.at < _LOOKED
    return entrance.last_at > silent.at or looked


async def in_trouble(tx: Tx, now: datetime) -> int:
    """How many doors need somebody. Only those of which a sign says that they may are looked at, since every page asks."""
    beats = by_name(await operations.beats(tx))
    waiting = await doors.oldest_waiting(tx)
    suspects = {name for name, oldest in waiting.items() if now - oldest > _LATE}
    for beat in beats.values():
        if beat.name.startswith(_CHECK) and beat.state != "answers":
            channel, _, account = beat.name.removeprefix(_CHECK).partition(":")
            suspects.add((channel, account))
        elif beat.name.startswith(MAILBOX) and "@" in beat.name and _away(beat, now):
            suspects.add(("email", beat.name.removeprefix(MAILBOX)))
    silent = [beat.name.removeprefix(_SILENCE) for beat in beats.values() if _is_silence(beat)]
    suspects |= set(await doors.doors_of(tx, silent))
    if (telegram := beats.get("telegram")) and _away(telegram, now):
        suspects |= set(await doors.doors_of_channel(tx, "telegram"))
    found = 0
    for channel, account in suspects:
        last = await doors.last_by(tx, channel, account)
        entrance = Entrance(channel, account, last, 0, 0, waiting.get((channel, account))) if last else None
        found += state_of(channel, account, entrance, beats, now)[0] != "works"
    return found


def _is_silence(beat: Beat) -> bool:
    return beat.name.startswith(_SILENCE) and beat.state == "silent"
