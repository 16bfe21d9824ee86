"""Cases that wait: for the member, for a department, for a day; and colleagues who call each other to a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from console.mentioning import named_in
from console.pause_days import pause_days
from gateway.demo.handling import Handling, Life
from gateway.demo.templates import in_house
from router import deadlines
from store import cases, clocks, mentions, pauses, users
from store.database import Tx

_CALLS: Final = {
    "fr": (
        "@{name} tu avais eu un cas semblable en début d'année, tu te souviens de la suite donnée ?",
        "@{name} peux-tu relire ma réponse avant que je l'envoie ? Je la trouve un peu sèche.",
        "@{name} le membre demande à te parler, il dit que tu connais le dossier.",
    ),
    "nl": (
        "@{name} jij had in het voorjaar een gelijkaardig dossier, weet je nog hoe dat afliep?",
        "@{name} kun je mijn antwoord eens nalezen voor het vertrekt? Ik vind het wat droog.",
        "@{name} het lid vraagt naar jou, je kent het dossier blijkbaar.",
    ),
}


@dataclass(frozen=True, slots=True)
class Resting:
    """Lets cases rest, and colleagues call each other."""

    handling: Handling

    async def pause(self, tx: Tx, life: Life, reason: pauses.Reason, now: datetime, *, days: int = 0) -> bool:
        """Let a case rest as long as its promises allow, or for so many days; False where they allow nothing."""
        row = await self.handling.row(tx, life.case_id)
        if row is None or row.paused_until is not None:
            return False
        today = deadlines.received_day(now)
        last = pause_days(await clocks.promised(tx, row.id), today)[reason]
        wanted: date = today + timedelta(days=days or self.handling.rng.randrange(3, 12))
        until = min(last, wanted)
        if until <= today:
            return False
        who = self.handling.somebody(row)
        detail = {"reason": reason, "until": until.isoformat()}
        await self.handling.change(
            tx, row, who, "case.paused", now, detail=detail, paused_until=until, paused_for=reason
        )
        waiting = deadlines.pausable() if reason == "member" else ()
        await pauses.begin(
            tx, row.id, reason=reason, until=until, waiting=waiting, author_id=who.user_id, today=today, now=now
        )
        return True

    async def call(self, tx: Tx, life: Life, now: datetime, *, seen: bool = True) -> None:
        """A colleague asks another one to look at a case, who does."""
        row = await self.handling.row(tx, life.case_id)
        if row is None:
            return
        author, rng = self.handling.somebody(row), self.handling.rng
        others = [one for one in self.handling.staff if one != author and (one.medical or not row.sealed)]
        if not others:
            return
        called = rng.choice(others)
        text = rng.choice(_CALLS[in_house(life.language)]).format(name=called.name)
        await cases.add_note(tx, row.id, author.user_id, text, now=now)
        for user in named_in(text, await users.listing(tx)):
            await mentions.add(tx, row.id, user.id, "note", author_id=author.user_id, now=now)
        if seen:
            await mentions.seen(tx, called, case_id=row.id, now=now + timedelta(hours=2))
