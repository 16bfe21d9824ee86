"""The rehearsal: past cases decided by the live rules and by others, from the stored messages and classifications.

Nothing is changed and nothing is sent. Raw messages are read again in the child that parses, within its bounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from channels.message import InboundMessage
from gateway.house import House, active_rules
from gateway.reading import ParserSettings, Parsing
from router import deadlines
from router.decide import RuleSet
from router.decision import Facts
from router.rehearsal import Change, Harm
from router.rehearsal import rehearse as replay
from store import history, inbox
from store.history import Decided

_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Move:
    """A case that would be treated in another way; `harms` says what its member could lose, the worst first."""

    reference: str
    before: str
    after: str
    rule_before: str
    rule_after: str
    harms: tuple[Harm, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be different, harm first. Sealed cases are counted and never named: `sealed` of them were replayed, and
    `harmed` counts them too."""

    replayed: int
    sealed: int
    harmed: int
    moves: tuple[Move, ...]


async def rehearse(
    house: House,
    rules: RuleSet,
    *,
    days: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Rehearsal:
    """Replay what came in during so many days under the live rules and under these."""
    live = await active_rules(house)
    settings = house.settings
    async with house.store.read() as tx:
        past = await history.decided_since(tx, house.now() - timedelta(days=days))
    parsing = Parsing(
        ParserSettings(house.own_addresses, settings.authserv_id, settings.parse_memory_mb, settings.parse_cpu_seconds),
        seconds=settings.parse_cpu_seconds,
    )
    sealed = {case.reference for case in past if case.sealed}
    replayed, changes = 0, list[Change]()
    try:
        for start in range(0, len(past), _AT_ONCE):
            some = past[start : start + _AT_ONCE]
            facts = await _facts(house, parsing, some)
            found = await asyncio.to_thread(replay, facts, live, rules, saturdays=settings.saturdays_are_working_days)
            replayed += found.cases
            changes += found.changes
            progress(start + len(some), len(past))
    finally:
        await parsing.close()
    sealed |= {change.case for change in changes if change.old.sealed or change.new.sealed}
    named = sorted((change for change in changes if change.case not in sealed), key=lambda each: -len(each.harms))
    return Rehearsal(replayed, len(sealed), sum(bool(change.harms) for change in changes), tuple(map(_move, named)))


async def _facts(house: House, parsing: Parsing, some: Sequence[Decided]) -> list[tuple[str, Facts]]:
    """What the rules are asked about, for those cases whose message can still be read."""
    readable = []
    for case in some:
        async with house.store.read() as tx:
            raw = await inbox.raw_of(tx, case.inbox_id)
        if raw is not None:
            readable.append((case, raw))
    parsed = await parsing.parse([raw for _, raw in readable])
    return [
        (
            case.reference,
            Facts(
                message,
                case.classification,
                house.default_queue(message.account),
                deadlines.received_day(message.received_at),
                case.earlier,
            ),
        )
        for (case, _), message in zip(readable, parsed, strict=True)
        if isinstance(message, InboundMessage)
    ]


def _move(change: Change) -> Move:
    old, new = change.old, change.new
    return Move(change.case, old.queue, new.queue, old.decided_by, new.decided_by, change.harms)
