"""The rehearsal: past cases decided again by other rules, from the stored messages and classifications. Nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from channels.message import InboundMessage
from channels.registry import parser_of
from classifier.classification import Classification
from gateway.house import House
from router import deadlines
from router.decide import RuleSet, decide
from router.decision import Facts
from store import history, inbox


@dataclass(frozen=True, slots=True)
class Move:
    """A case that would go elsewhere."""

    reference: str
    before: str
    after: str
    rule_before: str
    rule_after: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be different. Sealed cases are counted, never named."""

    replayed: int
    sealed: int
    moves: tuple[Move, ...]


async def rehearse(house: House, rules: RuleSet, *, days: int, progress: Callable[[int, int], None]) -> Rehearsal:
    """Replay what came in during so many days."""
    async with house.store.read() as tx:
        past = await history.decided_since(tx, house.now() - timedelta(days=days))
    moves: list[Move] = []
    sealed = replayed = 0
    for number, case in enumerate(past, start=1):
        progress(number, len(past))
        async with house.store.read() as tx:
            raw = await inbox.raw_of(tx, case.inbox_id)
        if raw is None:
            continue
        message = await asyncio.to_thread(parser_of(raw.channel), raw, house.own_addresses, house.settings.authserv_id)
        decision = decide(_facts(house, message, case.classification, case.earlier), rules)
        replayed += 1
        if case.sealed or decision.sealed:
            sealed += 1
        elif decision.queue != case.queue:
            moves.append(Move(case.reference, case.queue, decision.queue, case.decided_by, decision.decided_by))
    return Rehearsal(replayed, sealed, tuple(moves))


def _facts(house: House, message: InboundMessage, classification: Classification, earlier: int) -> Facts:
    box = house.mailbox(message.account)
    received_on = deadlines.received_day(message.received_at)
    return Facts(message, classification, box.queue if box else "department", received_on, earlier)
