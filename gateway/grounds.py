"""Why a past case goes elsewhere by other rules: what the two deciding rules found in it, and the member's words for it."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from classifier.classification import Evidence
from console.rules_contract import Grounds
from gateway.house import House
from gateway.rehearsal import facts_of
from router.decide import decide
from router.decision import Condition, Decision
from router.ruleset import RuleSet
from store import past
from store.past import Past
from store.viewer import Viewer

_LONGEST: Final = 160
_ENDS: Final = ".!?\n"
# So ends the name of a field that says how likely something is; evidence is for the thing itself.
_HOW_LIKELY: Final = "_probability"


async def grounds(
    house: House, viewer: Viewer, ids: Sequence[int], old: RuleSet, new: RuleSet
) -> Mapping[int, Grounds]:
    """Those of some cases, as far as the viewer may see them; a sealed case has none (rule S2)."""
    async with house.store.read() as tx:
        found = await past.unsealed(tx, viewer, ids)
    return await asyncio.to_thread(lambda: {case.case_id: _of(house, case, old, new) for case in found})


def _of(house: House, case: Past, old: RuleSet, new: RuleSet) -> Grounds:
    facts = facts_of(house, case)
    before, after = (_found(decide(facts, rules)) for rules in (old, new))
    about = [condition.field.removesuffix(_HOW_LIKELY) for condition in (*before, *after)]
    said = facts.message.reply or facts.message.text
    return Grounds(facts.classification.language, _words(case.evidence(), about, said), before, after)


def _found(decision: Decision) -> tuple[Condition, ...]:
    """What spoke for the rule that decided; that something is not so is no ground which people look for."""
    rule = next((rule for rule in decision.trace if rule.rule == decision.decided_by), None)
    conditions = rule.conditions if rule else ()
    return tuple(
        one for one in conditions if one.held and not one.test.startswith("not ") and one.field != "abstained_on"
    )


def _words(evidence: Sequence[Evidence], about: Sequence[str], said: str) -> str:
    """The words that weighed most for what the rules ask; else how the member begins."""
    weighed = [one for one in evidence if one.label in about and one.text.strip()]
    if not weighed:
        return textwrap.shorten(said, _LONGEST, placeholder=" …")
    words = max(weighed, key=lambda one: (one.part == "sentence", one.weight)).text
    sentence = _sentence_around(words, said)
    return textwrap.shorten(sentence if len(sentence) <= _LONGEST else words, _LONGEST, placeholder=" …")


def _sentence_around(words: str, said: str) -> str:
    """The sentence that some words stand in; the words alone, where they do not stand in what was said (but in the subject)."""
    at = said.find(words)
    if at < 0:
        return words
    start = max(said.rfind(sign, 0, at) for sign in _ENDS) + 1
    ends = (said.find(sign, at + len(words)) for sign in _ENDS)
    return said[start : min((end + 1 for end in ends if end >= 0), default=len(said))]
