"""The rehearsal of the draft: begun and stopped here, read as sums, table and cases while it runs, and judged case by case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from console import shipped_rules
from console.rehearsal_rows import rows_of
from console.rules_contract import RuleHouse
from console.rules_draft import rules_of
from console.site import Site, Who
from console.words import catalogue
from router.rehearsal import HARMS
from router.ruleset import RuleSet, problems_of
from store import audit, rehearsals, rule_drafts
from store.rehearsals import JUDGEMENTS, PAGE, Change, Rehearsal, Wanted

_DAYS: Final = (30, 90, 365)
_HERE: Final = "/console/rules/rehearsal"


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
        number = await self._house.rehearse(rules_of(draft), days=days, user_id=me, now=who.now)
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
        return await self._site.page("rehearsal.html", who, here="rules", **await self._found(request, who))

    async def found(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The part of the page that changes while it runs, for the script that asks for it anew."""
        return await self._site.page("rehearsal_found.html", who, here="rules", **await self._found(request, who))

    async def _found(self, request: web.Request, who: Who) -> dict[str, Any]:
        wanted = _wanted(request.query)
        worst, _, last = request.query.get("after", "")[:20].partition(".")
        after = (int(worst), int(last)) if worst.isdecimal() and last.isdecimal() else None
        async with self._site.store.read() as tx:
            latest = await rehearsals.latest(tx, now=who.now)
            if latest is None:
                return {"found": None}
            draft = await rule_drafts.current(tx)
            table = await rehearsals.table(tx, latest.id)
            judged = await rehearsals.judged(tx, latest.id)
            # While it runs, cases would move about under the eyes of who reads them: they come when it has ended.
            runs = latest.state == "running"
            changes = [] if runs else await rehearsals.changes(tx, who.viewer, latest.id, wanted, after=after)
        return {
            "found": latest,
            "stale": draft is not None and latest.body != draft.body,
            "table": table,
            "sources": sorted({pair[0] for pair in table}),
            "targets": sorted({pair[1] for pair in table}),
            "judged": judged,
            "rows": await rows_of(self._site.store, self._house, who, latest, changes[:PAGE]),
            "next": _cursor(changes[PAGE - 1]) if len(changes) > PAGE else "",
            "wanted": wanted,
            "here_again": urlencode(_asked(wanted)),
            "judgements": JUDGEMENTS,
            **_rules_in_it(latest, who),
        }

    async def judge(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Say of one case whether the draft treats it better, the same or worse."""
        verdict = who.form.get("judged", "")
        if verdict not in JUDGEMENTS:
            raise web.HTTPNotFound
        change = int(request.match_info["change"])
        async with self._site.store.write() as tx:
            rehearsal = await rehearsals.judge(tx, who.viewer, change, verdict, who.form.get("text", "").strip()[:500])
            if rehearsal is None:
                raise web.HTTPNotFound
            detail = {"rehearsal": rehearsal, "change": change, "judged": verdict}
            await audit.write(tx, actor=who.actor, act="rules.judged", at=who.now, detail=detail)
            sums = await rehearsals.judged(tx, rehearsal)
        if "quiet" in who.form:
            t = catalogue()[who.language]
            said = t["rehearsal.judged"].replace("{left}", str(sums[""]))
            for name in JUDGEMENTS:
                said = said.replace(f"{{{name}}}", str(sums[name]))
            answer = {"sums": said, "judged": t[f"judged.{verdict}"]}
            return web.json_response(answer, dumps=lambda one: json.dumps(one, ensure_ascii=False))
        asked = urlencode(_asked(_wanted(who.form)))
        return self._site.see_other(f"{_HERE}?{asked}#change-{change}")


def _rules_in_it(found: Rehearsal, who: Who) -> dict[str, Sequence[str]]:
    """The rules that fit no case, and those that an earlier one always stops."""
    rules = RuleSet.model_validate_json(found.body)
    titles = {rule.id: shipped_rules.title(rule, catalogue()[who.language]) for rule in rules.rules}
    use = [(titles[name], counts) for name, counts in found.sums.get("use", {}).items() if name in titles]
    return {
        "idle": [title for title, (matched, _, _) in use if not matched],
        "shadowed": [title for title, (matched, took, _) in use if matched and not took],
    }


def _wanted(given: Mapping[str, str]) -> Wanted:
    return Wanted(given.get("from", "")[:24], given.get("to", "")[:24], "open" in given)


def _asked(wanted: Wanted) -> dict[str, str]:
    """The same as a query, of which only what was chosen is written down."""
    asked = {"from": wanted.before, "to": wanted.after, "open": "1" if wanted.open_only else ""}
    return {name: value for name, value in asked.items() if value}


def _cursor(change: Change) -> str:
    worst = min((rehearsals.NO_HARM, *(_order(harm) for harm in change.harms)))
    return f"{worst}.{change.id}"


def _order(harm: str) -> int:
    return [str(one) for one in HARMS].index(harm)
