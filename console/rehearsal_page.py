"""The rehearsal of the draft: begun and stopped here, read as sums, table and cases, and judged case by case."""

from __future__ import annotations

from aiohttp import web

from console import rule_words
from console.rules_contract import RuleHouse
from console.rules_draft import rules_of
from console.site import Site, Who
from console.words import catalogue
from router.rehearsal import HARMS
from router.ruleset import RuleSet, problems_of
from store import audit, rehearsals, rule_drafts, rule_sets
from store.rehearsals import JUDGEMENTS, PAGE, Wanted

_DAYS = (30, 90, 365)
_HERE = "/console/rules/rehearsal"


class RehearsalPage:
    """Handlers of `/console/rules/rehearsal`."""

    def __init__(self, site: Site, house: RuleHouse) -> None:
        self._site, self._house = site, house

    async def begin(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Replay past cases by the draft as it is now."""
        del request
        days = next((one for one in _DAYS if str(one) == who.form.get("days")), _DAYS[1])
        async with self._site.store.read() as tx:
            draft = await rule_drafts.current(tx)
        if draft is None or problems_of(rules_of(draft)):
            return self._site.see_other("/console/rules/draft")
        me = who.viewer.user_id
        number = await self._house.rehearse(draft.base, rules_of(draft), days=days, user_id=me, now=who.now)
        async with self._site.store.write() as tx:
            detail = {"rehearsal": number, "days": days}
            await audit.write(tx, actor=who.actor, act="rules.rehearsed", at=who.now, detail=detail)
        return self._site.see_other(_HERE)

    async def stop(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Stop the one that runs; what it found so far stays."""
        del request
        async with self._site.store.write() as tx:
            latest = await rehearsals.latest(tx, now=who.now)
            if latest is not None:
                await rehearsals.ask_to_stop(tx, latest.id)
        return self._site.see_other(_HERE)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What the last rehearsal found, so far or in all."""
        query = request.query
        wanted = Wanted(query.get("from", ""), query.get("to", ""), "open" in query)
        worst, _, last = query.get("after", "")[:20].partition(".")
        after = (int(worst), int(last)) if worst.isdecimal() and last.isdecimal() else None
        async with self._site.store.read() as tx:
            found = await rehearsals.latest(tx, now=who.now)
            draft = await rule_drafts.current(tx)
            live = await rule_sets.active(tx)
            table = await rehearsals.table(tx, found.id) if found else {}
            judged = await rehearsals.judged(tx, found.id) if found else {}
            changes = await rehearsals.changes(tx, who.viewer, found.id, wanted, after=after) if found else []
        t = catalogue()[who.language]
        rules = RuleSet.model_validate_json(found.body) if found else None
        titles = {rule.id: rule_words.title(rule, t) for rule in rules.rules} if rules else {}
        use = found.sums.get("use", {}) if found else {}
        return await self._site.page(
            "rehearsal.html",
            who,
            here="rules",
            found=found,
            sums=found.sums if found else {},
            stale=bool(found and draft and found.body != draft.body),
            table=table,
            sources=sorted({pair[0] for pair in table}),
            targets=sorted({pair[1] for pair in table}),
            judged=judged,
            changes=changes[:PAGE],
            next=_cursor(changes[PAGE - 1]) if len(changes) > PAGE else "",
            wanted=wanted,
            titles=titles,
            idle=[titles[name] for name, (matched, _, _) in use.items() if not matched and name in titles],
            shadowed=[
                titles[name] for name, (matched, took, _) in use.items() if matched and not took and name in titles
            ],
            live=live,
            judgements=JUDGEMENTS,
            periods=_DAYS,
        )

    async def judge(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Say of one case whether the draft treats it better, the same or worse."""
        judged = who.form.get("judged", "")
        if judged not in JUDGEMENTS:
            raise web.HTTPNotFound
        change = int(request.match_info["change"])
        async with self._site.store.write() as tx:
            rehearsal = await rehearsals.judge(tx, who.viewer, change, judged, who.form.get("text", "").strip()[:500])
            if rehearsal is None:
                raise web.HTTPNotFound
            detail = {"rehearsal": rehearsal, "change": change, "judged": judged}
            await audit.write(tx, actor=who.actor, act="rules.judged", at=who.now, detail=detail)
        return self._site.see_other(f"{_HERE}?open=1#changes")


def _cursor(change: rehearsals.Change) -> str:
    worst = min((rehearsals.NO_HARM, *(_order(harm) for harm in change.harms)))
    return f"{worst}.{change.id}"


def _order(harm: str) -> int:
    return [str(one) for one in HARMS].index(harm)
