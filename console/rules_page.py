"""The rules as they decide now, read as sentences, with the cases behind each; and every version that ever decided."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from console import rule_words, shipped_rules
from console.rules_contract import RuleHouse
from console.site import Site, Who
from console.words import catalogue
from router.decide import RuleError, RuleSet, parse_rules
from store import rule_drafts, rule_hits, rule_returns, rule_sets, views
from store.rule_hits import How, Tally

# Periods that are offered, in days; the first is taken where none is asked for.
PERIODS: Final = (30, 90)


class RulesPage:
    """Handlers of `/console/rules` and of the cases below it."""

    def __init__(self, site: Site, house: RuleHouse) -> None:
        self._site, self._house = site, house

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The rules in force."""
        days = period(request)
        async with self._site.store.read() as tx:
            live = await rule_sets.active(tx)
            tallies = await rule_hits.counts(tx, who.viewer, _since(who.now, days))
            published = await rule_sets.publications(tx)
            wanted_back = await rule_returns.waiting(tx)
            at_once = await rule_returns.at_once(tx, now=who.now)
            comments = {version.version: version.comment for version in await rule_sets.history(tx)}
            draft = await rule_drafts.current(tx) if who.may("supervises") else None
            begun = await rule_drafts.begun(tx) if draft else None
        rules = await readable(live.body) if live else None
        return await self._site.page(
            "rules.html",
            who,
            here="rules",
            live=live,
            rules=rule_words.sentences(rules.rules, catalogue()[who.language]) if rules else (),
            tallies=tallies,
            nothing=Tally(),
            days=days,
            periods=PERIODS,
            published=published,
            comments=comments,
            wanted_back=wanted_back,
            at_once=at_once,
            begun=begun,
            draft=draft,
            done=done if (done := request.query.get("done", "")) in ("published", "returned") else "",
            alone=await self._house.may_publish_alone(),
        )

    async def cases(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The cases in which one rule took part, or nearly did, as far as the colleague may open them."""
        days, rule = period(request), request.match_info["rule"]
        how: How = "near" if request.query.get("how") == "near" else "hits"
        before = request.query.get("before", "")
        last = int(before) if before.isdecimal() and len(before) < 16 else None
        async with self._site.store.read() as tx:
            live = await rule_sets.active(tx)
            rules = await readable(live.body) if live else None
            found = next((one for one in rules.rules if one.id == rule), None) if rules else None
            if found is None:
                raise web.HTTPNotFound
            ids = await rule_hits.cases_of(
                tx, who.viewer, rule, how, _since(who.now, days), before=last, limit=rule_hits.PAGE + 1
            )
            rows = [await views.case(tx, who.viewer, case_id) for case_id in ids[: rule_hits.PAGE]]
        return await self._site.page(
            "rule_cases.html",
            who,
            here="rules",
            rule=found.id,
            heading=shipped_rules.title(found, catalogue()[who.language]),
            how=how,
            days=days,
            rows=[row for row in rows if row is not None],
            next=ids[rule_hits.PAGE - 1] if len(ids) > rule_hits.PAGE else None,
        )


def period(request: web.Request) -> int:
    """The days that were asked for, of those that are offered."""
    asked = request.query.get("days", "")
    return next((days for days in PERIODS if str(days) == asked), PERIODS[0])


async def readable(body: str) -> RuleSet | None:
    """The rules of a version; None for one that this Guichet cannot read any more."""
    try:
        return await asyncio.to_thread(parse_rules, body)
    except RuleError:
        return None


def _since(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
