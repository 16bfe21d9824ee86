"""The examples of the draft: cases that must route as stated. They are taken from past cases, changed and taken out here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from config.vocabulary import QUEUES
from console import rule_words, shipped_rules
from console.rules_contract import RuleHouse
from console.rules_draft import rules_of
from console.site import Site, Who
from console.words import Words, catalogue
from router import editing
from router.check import unlike
from router.decide import decide
from router.examples import facts_from
from router.fields import FIELDS
from router.ruleset import MAX_EXAMPLES, Actions, Example, RuleError, RuleSet, parse_rules, problems_of
from store import rule_drafts, rule_sets, views
from store.database import Tx
from store.rule_drafts import Draft, StaleDraftError

_HERE: Final = "/console/rules/draft/examples"


@dataclass(frozen=True, slots=True)
class Row:
    """One example: `at` is its place, `facts` what it is about in words, `queue` where it must go, `wrong` what the draft makes
    of it that is not as stated."""

    at: int
    says: str
    facts: str
    queue: str
    wrong: Sequence[str]


class RulesExamples:
    """Handlers of `/console/rules/draft/examples`."""

    def __init__(self, site: Site, house: RuleHouse) -> None:
        self._site, self._house = site, house

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """All of them, or those that do not hold; those first."""
        return await self._page(who, only="failing" in request.query, said=request.query.get("said", ""))

    async def _page(self, who: Who, *, only: bool = False, said: str = "", status: int = 200) -> web.Response:
        async with self._site.store.read() as tx:
            draft = await rule_drafts.current(tx)
        rules = rules_of(draft) if draft else None
        rows = await asyncio.to_thread(_rows, rules, catalogue()[who.language]) if rules else []
        failing = sum(bool(row.wrong) for row in rows)
        return await self._site.page(
            "rule_examples.html",
            who,
            status=status,
            here="rules",
            draft=draft,
            rows=[row for row in rows if not only or row.wrong],
            all=len(rows),
            failing=failing,
            only=only,
            shipped=any(shipped_rules.is_shipped_example(one.says) for one in rules.examples) if rules else False,
            queues=QUEUES,
            said=said,
        )

    async def add(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Take a past case as an example; a draft is begun where there is none. Nothing that its member wrote is taken."""
        del request
        queue = who.form.get("queue", "")
        async with self._site.store.read() as tx:
            row = await views.case_by_reference(tx, who.viewer, who.form.get("reference", "")[:40])
        facts = await self._house.example_of(who.viewer, row.id) if row else None
        if row is None or facts is None or queue not in QUEUES:
            raise web.HTTPNotFound
        example = Example(says=row.reference, facts=dict(facts), queue=queue)
        async with self._site.store.write() as tx:
            draft = await self._draft(tx, who)
            rules = rules_of(draft)
            if len(rules.examples) >= MAX_EXAMPLES:
                return self._site.see_other(f"{_HERE}?said=full")
            # The same case twice would be two opinions about it: the later one counts.
            at = next((n for n, one in enumerate(rules.examples) if one.says == example.says), len(rules.examples))
            await self._save(tx, who, draft, editing.with_example_at(rules, at, example))
        return self._site.see_other(f"{_HERE}?said=added#example-{at}")

    async def change(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Say otherwise what one is about or where it must go, or take it out."""
        del request
        at = who.form.get("at", "")
        try:
            async with self._site.store.write() as tx:
                draft = await rule_drafts.current(tx)
                if draft is None or str(draft.version) != who.form.get("version"):
                    raise StaleDraftError
                rules = rules_of(draft)
                if not at.isdecimal() or len(at) > 5 or int(at) >= len(rules.examples):
                    raise StaleDraftError
                instead = None if who.form.get("act") == "out" else _changed(rules.examples[int(at)], who.form)
                await self._save(tx, who, draft, editing.with_example_at(rules, int(at), instead))
        except StaleDraftError:
            return await self._page(who, said="stale", status=409)
        return self._site.see_other(f"{_HERE}?said=kept")

    async def _draft(self, tx: Tx, who: Who) -> Draft:
        """The draft, begun from the live rules where there is none."""
        draft = await rule_drafts.current(tx)
        if draft is not None:
            return draft
        live = await rule_sets.active(tx)
        try:
            body = parse_rules(live.body).model_dump_json() if live else ""
        except RuleError:
            raise web.HTTPNotFound from None
        if live is None:
            raise web.HTTPNotFound
        await rule_drafts.begin(tx, base=live.version, body=body, user_id=who.viewer.user_id, now=who.now)
        return await self._draft(tx, who)

    async def _save(self, tx: Tx, who: Who, draft: Draft, rules: RuleSet) -> None:
        await rule_drafts.save(
            tx, body=rules.model_dump_json(), version=draft.version, user_id=who.viewer.user_id, now=who.now
        )


def _changed(example: Example, form: Mapping[str, str]) -> Example:
    """Where it must go now. What else was stated about the old place, such as its text, is stated no more."""
    says = " ".join(form.get("says", "").split())[:200]
    says = shipped_rules.kept_says(says, example.says) if says else example.says
    queue = form.get("queue", "")
    if queue not in QUEUES or queue == example.queue:
        return example.model_copy(update={"says": says})
    return Example(says=says, facts=example.facts, queue=queue, sealed=queue == "medical_coordinator")


def _rows(rules: RuleSet, t: Words) -> list[Row]:
    """Those that do not hold first."""
    usable = not problems_of(rules)
    titles = {rule.id: shipped_rules.title(rule, t) for rule in rules.rules}
    rows = []
    for at, example in enumerate(rules.examples):
        wrong: list[str] = [] if usable else [t["rule_example.unknown"]]
        if usable:
            try:
                found = unlike(example, decide(facts_from(example.facts), rules))
                wrong = [_instead(*one, titles, t) for one in found]
            except ValueError:
                wrong = [t["rule_example.unreadable"]]
        rows.append(Row(at, shipped_rules.says(example.says, t), _in_words(example.facts, t), example.queue, wrong))
    return sorted(rows, key=lambda row: not row.wrong)


def _instead(what: str, wanted: Any, found: Any, titles: Mapping[str, str], t: Words) -> str:
    def said(value: Any) -> str:
        match what:
            case "rule":
                return t["rehearsal.by_rule"].replace("{rule}", titles.get(value, value))
            case "sealed":
                return t["rules.seal" if value else "rule_example.not_sealed"]
            case "refused":
                return t[f"rules.refuse.{value}" if value else "rule_example.not_refused"]
        return rule_words.actions(Actions.model_validate({what: value}), t)[0]

    return t["rule_example.instead"].replace("{found}", said(found)).replace("{wanted}", said(wanted))


def _in_words(facts: Mapping[str, Any], t: Words) -> str:
    def called(name: str) -> str:
        return t.of("field", name, otherwise=t.of("rule_example.fact", name, otherwise=name))

    return ", ".join(f"{called(name)}{t.colon} {_value(name, value, t)}" for name, value in facts.items())


def _value(name: str, value: Any, t: Words) -> str:
    if value is None:
        return t["rules.place.none" if name == "department" else "rule_example.unclear"]
    if isinstance(value, bool):
        return t["rules.yes" if value else "rules.no"]
    if isinstance(value, float):
        return rule_words.percent(value, t)
    if isinstance(value, list | tuple):
        return " ".join(_value(name, one, t) for one in value)
    return rule_words.value(FIELDS[name], value, t) if name in FIELDS and isinstance(value, str) else str(value)
