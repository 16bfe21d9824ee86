"""A case rests until a day, for a reason; it cannot be put off beyond what was promised."""

from __future__ import annotations

from functools import partial

from console.actions import After, WrongFormError, change, version_of
from console.days import day_of
from console.pause_days import pause_days
from console.site import Site, Who
from router import deadlines
from store import pauses, views
from store.cases import StaleError
from store.database import Tx
from store.pauses import REASONS
from store.views import Row


class Pausing:
    """Acts that let a case rest and wake it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def pause(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Let the case rest."""
        del after
        reason = next((known for known in REASONS if known == who.form.get("reason", "")), None)
        if row.state != "open" or row.paused_until is not None:
            raise StaleError(row.id)
        if reason is None:
            raise WrongFormError("no_pause_reason")
        until = day_of(who.form.get("until", ""))
        today = deadlines.received_day(who.now)
        last = pause_days(await views.clocks_of(tx, who.viewer, row.id), today)[reason]
        if until is None or until <= today:
            raise WrongFormError("no_pause_day")
        if until > last:
            raise WrongFormError("pause_too_long")
        detail = {"reason": reason, "until": until.isoformat()}
        await change(tx, who, row, "case.paused", detail, paused_until=until, paused_for=reason)
        await pauses.begin(
            tx,
            row.id,
            reason=reason,
            until=until,
            waiting=deadlines.pausable() if reason == "member" else (),
            author_id=who.viewer.user_id,
            today=today,
            now=who.now,
        )
        return "?done=paused"

    async def wake(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Go on before the day."""
        del after
        moved = partial(deadlines.after_pause, saturdays=self._site.saturdays)
        if not await pauses.wake(tx, row.id, actor=who.actor, moved=moved, now=who.now, version=version_of(who)):
            raise StaleError(row.id)
        return "?done=woken"
