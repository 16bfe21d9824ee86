"""The draft of new rules: made from the live ones, changed rule by rule, checked on each change, proposed and published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from config.departments import NOTIFIABLE
from console import rule_words, shipped_rules
from console.proof import Proof
from console.rule_form import PRIORITIES, REFUSALS, goes_on, rule_from
from console.rule_problems import all_problems, failing_examples, in_words
from console.rules_contract import NotPublishedError, RuleHouse, Standing
from console.rules_page import readable
from console.site import Site, Who
from console.words import Words, catalogue
from router import editing
from router.fields import FIELDS
from router.problems import Problem
from router.ruleset import RULE_QUEUES, SITUATIONS, RuleError, RuleSet, parse_rules, problems_of
from store import rehearsals, rule_drafts, rule_sets
from store.database import Tx
from store.rule_drafts import Draft, StaleDraftError

_HERE: Final = "/console/rules/draft"


class RulesDraft:
    """Handlers of `/console/rules/draft` and below."""

    def __init__(self, site: Site, house: RuleHouse) -> None:
        self._site, self._house = site, house
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The draft, with what is wrong with it and what each rule would take."""
        moved = (request.query.get("moved", ""), request.query.get("was", "")[:4])
        return await self._page(who, said=request.query.get("said", ""), moved=moved)

    async def _page(
        self, who: Who, *, said: str = "", status: int = 200, harmed: int = 0, moved: tuple[str, str] = ("", "")
    ) -> web.Response:
        t = catalogue()[who.language]
        async with self._site.store.read() as tx:
            draft = await rule_drafts.current(tx)
            begun = await rule_drafts.begun(tx) if draft else None
            live = await rule_sets.active(tx)
            latest = await rehearsals.latest(tx, now=who.now)
        rules = rules_of(draft) if draft else None
        decide = await readable(live.body) if live else None
        changes = rule_words.differences(decide, rules, t) if decide and rules else []
        problems = await asyncio.to_thread(all_problems, rules) if rules else []
        counted = await self._house.count(who.viewer, rules, who.now) if rules and not problems_of(rules) else {}
        return await self._site.page(
            "rule_draft.html",
            who,
            status=status,
            here="rules",
            draft=draft,
            begun=begun,
            live=live,
            changes=changes,
            rules=rule_words.sentences(rules.rules, t) if rules else (),
            examples=len(rules.examples) if rules else 0,
            failing=len(failing_examples(problems)),
            problems=_told(problems, rules, t) if rules else (),
            counted=counted,
            latest=latest,
            fresh=bool(draft and latest and latest.body == draft.body and latest.state == "done"),
            said=said,
            harmed=harmed,
            given=who.form,
            moved=moved[0],
            was=moved[1] if moved[1].isdecimal() else "",
            alone=await self._house.may_publish_alone(),
        )

    async def begin(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Make a draft from the live rules, or from an earlier version to go back to it."""
        wanted = who.form.get("from", "")
        del request
        async with self._site.store.write() as tx:
            source = await rule_sets.of_version(tx, wanted) if wanted else await rule_sets.active(tx)
            live = await rule_sets.active(tx)
            if source is None or live is None:
                raise web.HTTPNotFound
            try:
                rules = parse_rules(source.body)
            except RuleError:
                raise web.HTTPNotFound from None
            await rule_drafts.begin(
                tx, base=live.version, body=rules.model_dump_json(), user_id=who.viewer.user_id, now=who.now
            )
        return self._site.see_other(_HERE)

    async def change(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Move a rule, take it out, add one, or throw the draft away."""
        del request
        rule, act = who.form.get("rule", ""), who.form.get("act", "")
        try:
            async with self._site.store.write() as tx:
                draft = await self._at(tx, who)
                rules = rules_of(draft)
                ids = [one.id for one in rules.rules]
                target = f"{_HERE}#rule-{rule}"
                if act == "drop":
                    await rule_drafts.throw_away(tx, version=draft.version, user_id=who.viewer.user_id, now=who.now)
                    return self._site.see_other("/console/rules")
                if act == "add":
                    rules, name = editing.added(rules, catalogue()[who.language]["rule_draft.new_rule"])
                    target = f"{_HERE}/rule/{name}"
                elif rule not in ids:
                    raise StaleDraftError
                elif act in ("up", "down", "to"):
                    was, to = ids.index(rule), who.form.get("to", "")
                    place = {"up": was - 1, "down": was + 1}.get(
                        act, int(to) if to.isdecimal() and len(to) < 4 else was
                    )
                    rules = editing.moved(rules, rule, place)
                    # An undo is no news that wants undoing.
                    target = target if "undo" in who.form else f"{_HERE}?moved={rule}&was={was}#rule-{rule}"
                elif act == "out":
                    rules, target = editing.without(rules, rule), _HERE
                await self._save(tx, who, draft, rules)
        except StaleDraftError:
            return await self._page(who, said="stale", status=409)
        return self._site.see_other(target)

    async def edit(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One rule of the draft, opened into its conditions and actions."""
        async with self._site.store.read() as tx:
            draft = await rule_drafts.current(tx)
        rules = rules_of(draft) if draft else None
        rule = next((one for one in rules.rules if one.id == request.match_info["rule"]), None) if rules else None
        if draft is None or rules is None or rule is None:
            raise web.HTTPNotFound
        t = catalogue()[who.language]
        problems = await asyncio.to_thread(all_problems, rules)
        return await self._site.page(
            "rule_edit.html",
            who,
            here="rules",
            draft=draft,
            rule=rule,
            heading=shipped_rules.title(rule, t),
            why=shipped_rules.why(rule, t),
            shipped=shipped_rules.is_shipped(rule),
            groups=[(group, getattr(rule, group)) for group in rule_words.GROUPS],
            fields=FIELDS,
            names={name: rule_words.field_name(field, t) for name, field in FIELDS.items()},
            percent=lambda chance: rule_words.percent(chance, t),
            value_words=lambda field, one: rule_words.value(FIELDS[field], one, t),
            told=[(name, rule_words.told(name, t)) for name in NOTIFIABLE],
            queues=RULE_QUEUES,
            priorities=PRIORITIES,
            situations=SITUATIONS,
            refusals=REFUSALS,
            problems=[one for one in _told(problems, rules, t) if one[1] == rule.id],
        )

    async def keep(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep what was changed about one rule."""
        name = request.match_info["rule"]
        try:
            async with self._site.store.write() as tx:
                draft = await self._at(tx, who)
                rules = rules_of(draft)
                rule = next((one for one in rules.rules if one.id == name), None)
                if rule is None:
                    raise StaleDraftError
                await self._save(tx, who, draft, editing.changed(rules, rule_from(who.form, rule)))
        except StaleDraftError:
            return await self._page(who, said="stale", status=409)
        return self._site.see_other(f"{_HERE}/rule/{name}" if goes_on(who.form) else f"{_HERE}#rule-{name}")

    async def publish(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Say that the draft is ready or, as another person, make it live (rules R4, S10)."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        try:
            async with self._site.store.read() as tx:
                draft = await self._at(tx, who)
            own = draft.proposed_by in (None, who.viewer.user_id)
            if own and not await self._house.may_publish_alone():
                await self._ask_for_reading(who, draft)
                return self._site.see_other(f"{_HERE}?said=proposed")
            async with self._site.store.read() as tx:
                latest = await rehearsals.latest(tx, now=who.now)
                if latest is None or latest.body != draft.body or latest.state != "done":
                    raise NotPublishedError("rehearse")
                await _weighed(tx, who, draft, draft.harm or _said(who, "harm"))
            await self._make_live(who, draft)
        except StaleDraftError:
            return await self._page(who, said="stale", status=409)
        except NotPublishedError as error:
            return await self._page(who, said=error.kind, status=422, harmed=error.harmed)
        return self._site.see_other("/console/rules?done=published")

    async def _ask_for_reading(self, who: Who, draft: Draft) -> None:
        """Whoever asks gives the reasons which publishing will want, so that the second reader lacks none of them."""
        comment, harm = _said(who, "text"), _said(who, "harm")
        if not comment:
            raise NotPublishedError("comment")
        async with self._site.store.read() as tx:
            await _weighed(tx, who, draft, harm)
        await self._house.look_ahead(rules_of(draft), harm)
        async with self._site.store.write() as tx:
            await rule_drafts.propose(
                tx, version=draft.version, user_id=who.viewer.user_id, comment=comment, harm=harm, now=who.now
            )

    async def send_back(self, request: web.Request, who: Who) -> web.StreamResponse:
        """As its second reader, give the draft back to whoever asked for the reading, with a word."""
        del request
        try:
            async with self._site.store.write() as tx:
                draft = await self._at(tx, who)
                if not (word := _said(who, "text")):
                    raise NotPublishedError("word")
                await rule_drafts.send_back(
                    tx, version=draft.version, user_id=who.viewer.user_id, word=word, now=who.now
                )
        except StaleDraftError:
            return await self._page(who, said="stale", status=409)
        except NotPublishedError as error:
            return await self._page(who, said=error.kind, status=422)
        return self._site.see_other(f"{_HERE}?said=sent_back")

    async def _make_live(self, who: Who, draft: Draft) -> None:
        """The version is named by the day, and by the change of the draft that it was."""
        comment = draft.comment or _said(who, "text")
        if not comment:
            raise NotPublishedError("comment")
        rules = rules_of(draft).model_copy(update={"version": f"{who.now:%Y-%m-%d %H%M%S}.{draft.version}"})
        author = draft.proposed_by or who.viewer.user_id
        reader = who.viewer.user_id if author != who.viewer.user_id else None
        harm = draft.harm or _said(who, "harm")
        await self._house.publish(rules, editing.as_file(rules), Standing(author, reader, comment, harm))
        async with self._site.store.write() as tx:
            await rule_drafts.throw_away(
                tx, version=draft.version, user_id=who.viewer.user_id, now=who.now, published=True
            )

    async def _at(self, tx: Tx, who: Who) -> Draft:
        """The draft that the form was made from."""
        draft = await rule_drafts.current(tx)
        if draft is None or str(draft.version) != who.form.get("version", ""):
            raise StaleDraftError
        return draft

    async def _save(self, tx: Tx, who: Who, draft: Draft, rules: RuleSet) -> None:
        await rule_drafts.save(
            tx, body=rules.model_dump_json(), version=draft.version, user_id=who.viewer.user_id, now=who.now
        )


def rules_of(draft: Draft) -> RuleSet:
    """The rules of a draft; they have the right shape and need not be sound."""
    return RuleSet.model_validate_json(draft.body)


async def _weighed(tx: Tx, who: Who, draft: Draft, harm: str) -> None:
    """What a colleague judged worse is mended, or whoever stands for the rules says why it is right."""
    latest = await rehearsals.latest(tx, now=who.now)
    judged = await rehearsals.judged(tx, latest.id) if latest and latest.body == draft.body else {}
    if judged.get("worse") and not harm:
        raise NotPublishedError("worse", judged["worse"])


def _said(who: Who, name: str) -> str:
    """What a form was sent with in one of its fields of words."""
    return who.form.get(name, "").strip()[:500]


def _told(problems: Sequence[str], rules: RuleSet, t: Words) -> list[tuple[str, str]]:
    """The problems in words, with the rule of each; examples have a page of their own."""
    others = (one for one in problems if not (isinstance(one, Problem) and one.kind == "example"))
    return [in_words(one, rules, t) for one in others]
