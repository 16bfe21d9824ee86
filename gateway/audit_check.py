"""Whether the audit is what was written: every entry is what its link says, no link is missing, and each head that was kept
outside stands in the chain, so that neither was its end cut off nor the whole written anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway import audit_heads
from gateway.audit_heads import Head, Heads
from gateway.house import House
from store import audit_chain, operations
from store.audit_chain import End, Link, Unlinked
from store.database import Store, Tx

# An entry has its link within seconds; one that has none for so long differs.
FRESH: Final = timedelta(minutes=15)
_LINKS_AT_ONCE: Final = 2_000
_ENTRIES_AT_ONCE: Final = 50_000
# So many numbers are named of each thing that is wrong.
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. `end`: where the chain ends; `begun`: where the look began; `known`: the last head that was kept."""

    begun: int
    end: End
    known: Head | None
    unlinked: Unlinked
    differences: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was changed or taken away."""
        return not self.differences


@dataclass
class _Walk:
    """The chain as it is gone along, from `end`, one batch after the other."""

    end: End
    wanted: dict[int, set[bytes]]
    changed: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    holes: list[int] = field(default_factory=list)
    strange: list[int] = field(default_factory=list)
    _before: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        self._before = (self.end.digest,)
        self._hold_against_heads(self.end)

    def take(self, links: Sequence[Link]) -> None:
        """Go on along these. Hashes them all: not for the event loop."""
        for link in links:
            self._take(link)

    def _take(self, link: Link) -> None:
        kept = link.digest if isinstance(link.digest, bytes) else b""
        if link.position != self.end.position + 1:
            self.holes.append(self.end.position + 1)
            # What stood before this link is gone, so that nothing can be said of it; the next one is held against it.
            self._before = (kept,)
        elif link.entry is None:
            self.gone.append(link.audit_id)
            self._before = (kept,)
        else:
            made = [audit_chain.digest_of(before, link.entry) for before in self._before]
            self._before = (kept,)
            if kept not in made:
                self.changed.append(link.audit_id)
                # Where the link itself was changed, and not the entry, the next one still follows what it was made of.
                self._before = (kept, made[0])
        self.end = End(link.position, kept)
        self._hold_against_heads(self.end)

    def _hold_against_heads(self, end: End) -> None:
        if self.wanted.pop(end.position, {end.digest}) != {end.digest}:
            self.strange.append(end.position)


async def verify(
    store: Store,
    folder: Path,
    *,
    now: datetime,
    since: date | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verified:
    """Go along the whole chain; with `since` from the last head before that day, which is believed.

    `progress` is told how many links of how many were seen. Nothing is kept in memory but the heads and what is wrong.
    """
    # Read first: the chain may grow meanwhile, and never ends before a head that was kept of it.
    heads = await asyncio.to_thread(audit_heads.read, folder)
    async with store.read() as tx:
        start = await _start(tx, heads, since)
        total = (await audit_chain.end(tx)).position
    walk, begun = _Walk(start, _wanted(heads)), start.position
    while True:
        async with store.read() as tx:
            links = await audit_chain.walk(tx, after=walk.end.position, most=_LINKS_AT_ONCE)
        if not links:
            break
        await asyncio.to_thread(walk.take, links)
        progress(walk.end.position, total)
    unlinked, gone_before = await _without_link(store)
    differences = (
        *_of_entries(walk),
        *_of_heads(walk, heads, begun),
        *_of_unlinked(unlinked, gone_before, now),
    )
    known = heads.heads[-1] if heads and heads.heads else None
    return Verified(begun, walk.end, known, unlinked, differences)


async def _without_link(store: Store) -> tuple[Unlinked, int]:
    found = some = Unlinked()
    while some is found or some.seen:
        async with store.read() as tx:
            some = await audit_chain.unlinked(tx, after=found.last, most=_ENTRIES_AT_ONCE)
        found = found.beside(some)
    async with store.read() as tx:
        return found, await audit_chain.gone_before(tx)


async def _start(tx: Tx, heads: Heads | None, since: date | None) -> End:
    """The last head before that day, as it stands in the chain; the beginning where it does not stand there at all."""
    earlier = [head.end.position for head in heads.heads if since and head.day < since] if heads else []
    links = await audit_chain.walk(tx, after=earlier[-1] - 1, most=1) if earlier and earlier[-1] else []
    return End(earlier[-1], bytes(links[0].digest)) if links and links[0].position == earlier[-1] else End()


def _wanted(heads: Heads | None) -> dict[int, set[bytes]]:
    """The digests that must stand at each place. After a restore nothing is asked of what came after the state restored."""
    wanted: dict[int, set[bytes]] = {}
    for head in heads.heads if heads else ():
        if head.restored:
            wanted = {position: digests for position, digests in wanted.items() if position <= head.end.position}
        wanted.setdefault(head.end.position, set()).add(head.end.digest)
    return wanted


def _of_entries(walk: _Walk) -> list[str]:
    found = []
    if walk.changed:
        found.append(f"entries of the audit that were changed after they were chained: {_numbers(walk.changed)}")
    if walk.gone:
        found.append(f"entries of the audit that are gone: {_numbers(walk.gone)}")
    if walk.holes:
        found.append(f"places where links of the audit's chain are gone: {_numbers(walk.holes, 'link')}")
    return found


def _of_heads(walk: _Walk, heads: Heads | None, begun: int) -> list[str]:
    if heads is None:
        if not walk.end.position:
            return []
        return [f"{audit_heads.NAME} is missing in the data folder: nothing outside says where the audit ended"]
    found = []
    if heads.unreadable:
        found.append(f"lines of {audit_heads.NAME} that are none: {_numbers(heads.unreadable, 'line')}")
    if heads.heads and heads.heads[0].end != End() and not any(head.restored for head in heads.heads):
        found.append(f"{audit_heads.NAME} does not begin with the beginning of the chain: its first lines are gone")
    if walk.strange:
        found.append(
            f"heads that are not in the chain of the audit, which was written anew: {_numbers(walk.strange, 'link')}"
        )
    # Places that were never reached. What lies before the beginning of the look was not looked for.
    beyond = [position for position in walk.wanted if position > max(begun, walk.end.position)]
    if beyond:
        day = max(head.day for head in heads.heads if head.end.position == max(beyond))
        found.append(
            f"the end of the audit was cut off: it ends at link {walk.end.position}, "
            f"and the head of {day} stands at link {max(beyond)}"
        )
    within = sorted(position for position in walk.wanted if begun < position <= walk.end.position)
    if within:
        found.append(f"heads whose link is gone: {_numbers(within, 'link')}")
    return found


def _of_unlinked(unlinked: Unlinked, gone_before: int, now: datetime) -> list[str]:
    found = []
    if unlinked.oldest is not None and now - unlinked.oldest > FRESH:
        words = f"entries of the audit without a link: {unlinked.count}, the oldest for {_span(now - unlinked.oldest)}"
        found.append(f"{words}; {unlinked.forgotten} of them will get none" if unlinked.forgotten else words)
    if gone_before:
        found.append(f"entries of the audit that went before they had a link: {gone_before}")
    return found


def _numbers(found: Sequence[object], what: str = "number") -> str:
    named = ", ".join(str(one) for one in found[:_NAMED])
    return f"{len(found)} ({what} {named}{', …' if len(found) > _NAMED else ''})"


def _span(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    for length, name in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * length:
            return f"{minutes // length} {name}s"
    return f"{minutes} minutes"


async def checked(
    house: House, *, now: datetime, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Verified:
    """As `verify`, of the whole chain; when it was done and what came of it is kept for who asks in the console."""
    found = await verify(house.store, house.settings.data, now=now, progress=progress)
    async with house.store.write() as tx:
        detail = {"position": found.end.position, "differences": len(found.differences)}
        await operations.beat(tx, audit_chain.VERIFIED, "sound" if found.sound else "differs", detail, now=now)
    return found
