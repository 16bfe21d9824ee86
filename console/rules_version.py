"""One version of the rules, what changed with it, and the way back to it: one click, by the way that all rules become live."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from console import rule_words
from console.proof import Proof
from console.rules_contract import NotPublishedError, RuleHouse, Standing
from console.rules_page import readable
from console.site import Site, Who
from console.words import catalogue
from router.ruleset import RuleSet
from store import rule_returns, rule_sets
from store.rule_returns import Return
from store.rule_sets import Published


class RulesVersion:
    """Handlers of `/console/rules/version/…`."""

    def __init__(self, site: Site, house: RuleHouse) -> None:
        self._site, self._house = site, house
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Its rules, what changed from the one before it, and what would change if it came back."""
        return await self._page(request.match_info["version"], who, said=request.query.get("said", ""))

    async def _page(self, wanted: str, who: Who, *, said: str = "", status: int = 200, harmed: int = 0) -> web.Response:
        async with self._site.store.read() as tx:
            history = await rule_sets.history(tx)
            wanted_back = await rule_returns.waiting(tx)
            at_once = await rule_returns.at_once(tx, now=who.now)
        names = [one.version for one in history]
        if wanted not in names:
            raise web.HTTPNotFound
        at = names.index(wanted)
        earlier = history[at + 1] if at + 1 < len(history) else None
        live = next((one for one in history if one.active), None)
        rules = await readable(history[at].body)
        before = await readable(earlier.body) if earlier else None
        now = await readable(live.body) if live and live.version != wanted else None
        t = catalogue()[who.language]
        return await self._site.page(
            "rule_version.html",
            who,
            status=status,
            here="rules",
            version=history[at],
            earlier=earlier,
            live=live,
            rules=rule_words.sentences(rules.rules, t) if rules else None,
            changes=rule_words.differences(before, rules, t) if before and rules else None,
            would_change=rule_words.differences(now, rules, t) if now and rules else None,
            wanted_back=wanted_back if wanted_back and wanted_back.version == wanted else None,
            at_once=at_once == wanted,
            alone=await self._house.may_publish_alone(),
            said=said,
            harmed=harmed,
            given=who.form,
        )

    async def go_back(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Make it live again, or ask another supervisor to confirm that it should be (rules R4, S10)."""
        wanted = request.match_info["version"]
        async with self._site.store.read() as tx:
            version = await rule_sets.of_version(tx, wanted)
        rules = await readable(version.body) if version else None
        if version is None or rules is None:
            raise web.HTTPNotFound
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        try:
            said = await self._return_to(version, rules, who)
        except NotPublishedError as error:
            status = 409 if error.kind == "stale" else 422
            return await self._page(wanted, who, said=error.kind, status=status, harmed=error.harmed)
        return self._site.see_other(f"{_address(wanted)}?said={said}" if said else "/console/rules?done=returned")

    async def _return_to(self, version: Published, rules: RuleSet, who: Who) -> str:
        """What became of it: "asked" when it waits for somebody else, "" when it is live."""
        me = who.viewer.user_id
        comment, harm = (who.form.get(name, "").strip()[:500] for name in ("text", "harm"))
        async with self._site.store.read() as tx:
            live = await rule_sets.active_version(tx)
            waiting = await rule_returns.waiting(tx)
            at_once = await rule_returns.at_once(tx, now=who.now)
        if live == version.version:
            # The first of two clicks brought it back, or somebody else did: it decides, as was wanted.
            return ""
        if live is None or live != who.form.get("live"):
            raise NotPublishedError("stale")
        if waiting and waiting.version == version.version and waiting.asked_by != me:
            await self._house.publish(rules, version.body, _of_both(waiting, me, harm))
        elif at_once == version.version:
            await self._house.publish(rules, version.body, Standing(me, None, comment, harm))
        elif not comment:
            raise NotPublishedError("comment")
        elif await self._house.may_publish_alone():
            await self._house.publish(rules, version.body, Standing(me, None, comment, harm))
        else:
            await self._house.look_ahead(rules, harm)
            async with self._site.store.write() as tx:
                await rule_returns.ask(
                    tx, version=version.version, live=live, comment=comment, harm=harm, user_id=me, now=who.now
                )
            return "asked"
        async with self._site.store.write() as tx:
            await rule_returns.end(tx, user_id=me, now=who.now, confirmed=True)
        return ""

    async def stay(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Forget the return that waits: the live rules stay."""
        async with self._site.store.write() as tx:
            await rule_returns.end(tx, user_id=who.viewer.user_id, now=who.now, confirmed=False)
        return self._site.see_other(f"{_address(request.match_info['version'])}?said=stays")


def _address(version: str) -> str:
    return f"/console/rules/version/{quote(version, safe='')}"


def _of_both(waiting: Return, reader: int, harm: str) -> Standing:
    """Who asked stands for it as its author; who confirms it as its second reader, who may add why harm is right."""
    return Standing(waiting.asked_by, reader, waiting.comment, waiting.harm or harm)
