"""What supervisors leave behind in fourteen months: rules and texts that were changed, reports that were approved, lists that are
kept, a draft of rules that was rehearsed and judged."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from config.vocabulary import LANGUAGES, Language
from console.text_cells import shipped_body
from gateway.demo.arriving import Arriving
from gateway.demo.plan import Plan
from gateway.house import House, active_rules
from gateway.house_rules import HouseRules
from gateway.record import Recorder
from report.figures import earlier, following
from report.month import HOUSE, month_report
from router import editing
from router.deadlines import BRUSSELS, received_day
from router.ruleset import RuleSet, load_rules
from store import kept_views, rehearsals, reports, rule_drafts, rule_sets, users, wordings
from store.database import Tx
from store.viewer import Viewer

_DAY: Final = timedelta(days=1)
_REHEARSED_DAYS: Final = 90
_COMMENT: Final = "Two members were refused who meant us after all: refuse at 0.90 and no longer at 0.80."
# So many changes of the draft are judged, in this order; the last is still open.
_JUDGED: Final = (
    ("better", "The branch should not judge itself."),
    ("better", ""),
    ("same", ""),
    ("worse", "A simple matter of hours."),
)
_SENTENCES: Final = (
    (
        "Les indemnités payées en retard restent la première cause de plainte, mais les délais de réponse sont tenus. "
        "La recommandation sur la date de paiement est en place depuis le début du mois."
    ),
    (
        "Davantage de plaintes sur l'application, presque toutes après la mise à jour. "
        "Le Service Center rappelle désormais dans les deux jours."
    ),
    (
        "Un mois calme, avec moins de plaintes fondées. "
        "La plupart des recommandations sont suivies ; une attend un nouveau logiciel."
    ),
)
_VIEWS: Final = (
    ("En retard", None, {"due": "late"}, True),
    ("Nederlands, niet toegewezen", "mediation", {"show": "unassigned", "language": "nl"}, True),
    ("Indemnités par téléphone", "incapacity", {"channel": "phone"}, False),
)
# In the receipt of a compliment: what it said, and what it says since.
_REWORDED: Final[dict[Language, tuple[str, str]]] = {
    "fr": ("Il nous fait plaisir.", "Merci d’avoir pris le temps de l’écrire."),
    "nl": ("Het doet ons plezier.", "Fijn dat u de tijd nam om te schrijven."),
    "de": ("Wir freuen uns darüber.", "Schön, dass Sie sich die Zeit genommen haben."),
    "en": ("We are glad to read it.", "It is good of you to take the time to write."),
}


@dataclass
class Supervising:
    """Plans it. `arriving` decides by new rules from their day on."""

    house: House
    plan: Plan
    arriving: Arriving
    supervisors: tuple[Viewer, ...]

    def plan_all(self) -> None:
        """Everything at its time."""
        until = self.plan.until
        self.plan.alone_at(until - 100 * _DAY, self._publish_rules)
        self.plan.at(until - 70 * _DAY, self._publish_text)
        self.plan.at(until - 25 * _DAY, self._keep_views)
        self.plan.at(until - 3 * _DAY, self._draft_text)
        this_month = received_day(until).replace(day=1)
        for back, sentences in enumerate(_SENTENCES, 1):
            month = earlier(this_month, back)
            at = datetime.combine(following(month) + 5 * _DAY, time(10, 20), BRUSSELS).astimezone(until.tzinfo)
            self.plan.alone_at(at, partial(self._approve, month, sentences))
        self.plan.alone_at(until - timedelta(hours=2), self._rehearse)
        self.plan.at(until - timedelta(minutes=6), self._sign_in)

    @property
    def _who(self) -> Viewer:
        return self.supervisors[0]

    async def _keep_views(self, tx: Tx, now: datetime) -> None:
        for name, queue, chosen, shared in _VIEWS:
            await kept_views.keep(tx, self._who, name, queue, chosen, shared=shared, now=now)

    async def _publish_rules(self, now: datetime) -> None:
        """A second version of the rules, which decides from now on."""
        rules = _changed(await active_rules(self.house), f"{now:%Y-%m-%d %H%M%S}.2", _refusing_later)
        async with self.house.store.write() as tx:
            await rule_sets.publish(
                tx,
                version=rules.version,
                body=editing.as_file(rules),
                comment=_COMMENT,
                author_id=self._who.user_id,
                reader_id=self.supervisors[-1].user_id if len(self.supervisors) > 1 else None,
                now=now,
            )
        self.arriving.recorder = Recorder(self.house, rules)

    async def _rehearse(self, now: datetime) -> None:
        """A draft that is not published yet: rehearsed, and judged in part."""
        live, me = await active_rules(self.house), self._who
        draft = _changed(live, live.version, _counters_to_mediation)
        async with self.house.store.write() as tx:
            await rule_drafts.begin(tx, base=live.version, body=live.model_dump_json(), user_id=me.user_id, now=now)
            await rule_drafts.save(tx, body=draft.model_dump_json(), version=1, user_id=me.user_id, now=now)
        behind = HouseRules(self.house)
        number = await behind.rehearse(draft, days=_REHEARSED_DAYS, user_id=me.user_id, now=now)
        await asyncio.gather(*behind.running)
        async with self.house.store.write() as tx:
            found = await rehearsals.changes(tx, me, number, rehearsals.Wanted())
            for change, (judged, note) in zip(found[:-1], _JUDGED, strict=False):
                await rehearsals.judge(tx, me, change.id, judged, note)

    async def _publish_text(self, tx: Tx, now: datetime) -> None:
        """Members read other words than those that came with the code."""
        body = shipped_body("compliment")
        for language, (was, is_now) in _REWORDED.items():
            body[language]["long"] = body[language]["long"].replace(was, is_now)
        author = self._who.user_id
        await wordings.publish(
            tx, self._who, "compliment", body, old=(), comment="", author_id=author, reader_id=None, now=now
        )

    async def _draft_text(self, tx: Tx, now: datetime) -> None:
        """A text that is written anew in one language; the others have to be read again."""
        body = shipped_body("suggestion")
        body[LANGUAGES[0]]["long"] += "\n\nMerci de nous aider à faire mieux."
        await wordings.save_draft(tx, self._who, "suggestion", body, read_again=(), version=0, now=now)

    async def _approve(self, month: date, sentences: str, now: datetime) -> None:
        """Two sentences about a month, and its figures frozen."""
        report = await month_report(self.house.store, HOUSE, month, today=received_day(now))
        async with self.house.store.write() as tx:
            me = self._who.user_id
            await reports.write(tx, month, sentences, version=0, user_id=me, now=now - timedelta(minutes=9))
            await reports.approve(tx, month, report.model_dump_json(), version=1, user_id=me, now=now)

    async def _sign_in(self, tx: Tx, now: datetime) -> None:
        """Everybody is at work, each in a browser that nobody has the key of."""
        for user in await users.listing(tx):
            if not user.disabled:
                token, csrf = self.house.randomness.token(), self.house.randomness.token()
                await users.start_session(tx, user.id, token=token, csrf=csrf, now=now, browser="Firefox, Windows")


async def publish_shipped_rules(house: House, now: datetime) -> None:
    """The first version decides from before the first message on."""
    path = house.settings.rules
    rules, body = load_rules(path), path.read_text(encoding="utf-8")
    async with house.store.write() as tx:
        if await rule_sets.active(tx) is None:
            comment = "The rules as shipped."
            await rule_sets.publish(tx, version=rules.version, body=body, comment=comment, author_id=None, now=now)


def _changed(rules: RuleSet, version: str, change: Any) -> RuleSet:
    data = rules.model_dump(mode="json", exclude_unset=True)
    change(data["rules"])
    return RuleSet.model_validate(data | {"version": version})


def _refusing_later(rules: list[dict[str, Any]]) -> None:
    not_ours = next(rule for rule in rules if rule["id"] == "not_ours")
    for asked in not_ours["all"]:
        if asked["field"] == "off_scope_probability":
            asked["value"] = 0.9


def _counters_to_mediation(rules: list[dict[str, Any]]) -> None:
    new = {
        "id": "about_the_branch",
        "title": "Said in a branch about a branch",
        "why": "Nobody should be judged by the counter at which they complained.",
        "all": [
            {"field": "department", "test": "in", "value": ["branches", "contact_center"]},
            {"field": "channel", "test": "in", "value": ["counter", "phone", "letter"]},
        ],
        "then": {"queue": "mediation", "situation": "mediation", "stop": True},
    }
    place = next(at for at, rule in enumerate(rules) if rule["id"] == "department")
    rules.insert(place, new)
