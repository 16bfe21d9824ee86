"""The cases that a draft would treat in another way, as they are read one by one: the member's words, now, then, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console import rule_words, shipped_rules
from console.rules_contract import Grounds, RuleHouse
from console.site import Who
from console.words import Words, catalogue
from router.decision import Condition
from router.ruleset import RuleError, RuleSet, parse_rules
from store import rule_sets
from store.database import Store
from store.rehearsals import Change, Rehearsal

_MOST_GROUNDS: Final = 3
_TOLD: Final = ("situation", "priority", "refused", "sealed", "acknowledge", "notify")


@dataclass(frozen=True, slots=True)
class Side:
    """What becomes of a case by one set: `place` is the queue itself, `queue` what it is called. `why`: what its rule found;
    `also`: what else is unlike the other side, in words."""

    place: str
    queue: str
    rule: str
    why: Sequence[str]
    also: Sequence[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One change. `words` are the member's in their `language`, "" where they must not be shown."""

    id: int
    reference: str
    harms: Sequence[str]
    judged: str
    note: str
    sealed: bool
    language: str
    words: str
    before: Side
    after: Side


async def rows_of(
    store: Store, house: RuleHouse, who: Who, found: Rehearsal, changes: Sequence[Change]
) -> Sequence[Row]:
    """Changes that the viewer may see, ready to be read. Of a sealed case nothing is shown of what was found in it."""
    if not changes:
        return ()
    async with store.read() as tx:
        kept = await rule_sets.of_version(tx, found.base)
    draft = RuleSet.model_validate_json(found.body)
    live = await _readable(kept.body) if kept else None
    open_ones = [change.case_id for change in changes if not change.sealed]
    grounds = await house.grounds(who.viewer, open_ones, live, draft) if live else {}
    t = catalogue()[who.language]
    titles = {rule.id: shipped_rules.title(rule, t) for rules in (live, draft) if rules for rule in rules.rules}
    return [_row(change, grounds.get(change.case_id), titles, t) for change in changes]


async def _readable(body: str) -> RuleSet | None:
    """Rules of an earlier Guichet cannot be read any more; then cases are shown without grounds."""
    try:
        return await asyncio.to_thread(parse_rules, body)
    except RuleError:
        return None


def _row(change: Change, grounds: Grounds | None, titles: Mapping[str, str], t: Words) -> Row:
    def side(told: Mapping[str, Any], other: Mapping[str, Any], found: Sequence[Condition]) -> Side:
        rule = str(told["rule"])
        why = [rule_words.found(one, t) for one in found[:_MOST_GROUNDS]]
        return Side(
            str(told["queue"]), t.queue(str(told["queue"])), titles.get(rule, rule), why, _unlike(told, other, t)
        )

    return Row(
        id=change.id,
        reference=change.reference,
        harms=change.harms,
        judged=change.judged,
        note=change.note,
        sealed=change.sealed,
        language=grounds.language if grounds else "",
        words=grounds.words if grounds else "",
        before=side(change.before, change.after, grounds.before if grounds else ()),
        after=side(change.after, change.before, grounds.after if grounds else ()),
    )


def _unlike(told: Mapping[str, Any], other: Mapping[str, Any], t: Words) -> list[str]:
    """What this side does besides that the other does not."""
    lines = []
    for name in _TOLD:
        value = told[name]
        if value == other[name]:
            continue
        if name == "situation":
            lines.append(t["rules.text"].replace("{text}", t.of("situation", value)))
        elif name == "priority":
            lines.append(t["rules.priority"].replace("{priority}", t.of("rules.priorities", value)))
        elif name == "acknowledge":
            lines.append(t["rules.acknowledge" if value else "rules.silent"])
        elif name == "notify" and value:
            lines.append(t["rules.tell"].replace("{who}", ", ".join(rule_words.told(one, t) for one in value)))
        elif name == "refused" and value:
            lines.append(t[f"rules.refuse.{value}"])
        elif name == "sealed" and value:
            lines.append(t["rules.seal"])
    return lines
