"""The clock: what must happen because time passed. Reminders, escalation, reconciliation, and tidying.

Each run of a job is one row with its slot (an hour, a day), taken in the transaction that does the job: two clocks
act as one, and a run that was missed is made up once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog

from channels.contract import StoreUnavailableError
from config.deadlines import deadlines as deadlines_data
from gateway import audit_check, report_mail, silence, waking
from gateway.census import ASKED_DAYS, ask_mailboxes
from gateway.chaining import catch_up
from gateway.conversation_clock import look_at_conversations
from gateway.house import House, active_rules
from gateway.notices import tell
from gateway.providers import ask_providers
from gateway.reconcile import Report, reconcile
from router import deadlines
from store import (
    access_requests,
    audit,
    cases,
    codes,
    domain_rates,
    drafts,
    entries,
    forgotten,
    idempotency,
    inbox,
    kept_forms,
    operations,
    sessions,
    users,
)
from store.database import STANDSTILL_SECONDS, Tx

log = structlog.get_logger(__name__)

TICK_SECONDS: Final = 30.0
# A colleague's draft that nobody went on with for so long answers nothing any more.
_DRAFT_DAYS: Final = timedelta(days=30)


def _slot(now: datetime) -> str:
    """Every five minutes of the hour has a name."""
    return now.strftime("%Y-%m-%dT%H:") + f"{now.minute // 5 * 5:02}"


@dataclass
class Clock:
    """The clock process. `today` is the day in Brussels."""

    house: House
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look every half minute at what is due, until told to stop."""
        while not self._stopping.is_set():
            try:
                await self.tick(self.house.now())
            except StoreUnavailableError:
                log.warning("the store cannot be reached; trying again")
            try:
                await asyncio.wait_for(self._stopping.wait(), timeout=TICK_SECONDS)
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def tick(self, now: datetime) -> None:
        """Do whatever is due at this moment and was not done."""
        today = deadlines.received_day(now)
        hour = now.strftime("%Y-%m-%dT%H")
        await self._once("reminders", f"{today}", now, lambda tx: self.remind(tx, today, now))
        await self._reconcile_daily(today, now)
        await self._once("silence", _slot(now), now, lambda tx: self._note_silence(tx, now))
        await self._once("pauses", f"{today}", now, lambda tx: self._wake(tx, today, now))
        await self._once("held", f"{today}", now, lambda tx: self._remind_of_held(tx, now))
        await self._once("tidying", hour, now, lambda tx: self._tidy(tx, now))
        await self._remove_files_daily(today, now)
        await self._free_what_stands_still()
        await self._tell_of_report(today, now)
        await look_at_conversations(self.house, await active_rules(self.house), now=now)
        await self._sweep(now)

    async def _once(self, job: str, slot: str, now: datetime, work: Callable[[Tx], Awaitable[dict[str, Any]]]) -> None:
        async with self.house.store.write() as tx:
            if not await operations.first_to_run(tx, job, slot, now=now):
                return
            result = await work(tx)
            await operations.note_result(tx, job, slot, result)
        log.info("done", job=job, slot=slot, **{f"n_{name}": value for name, value in result.items()})

    async def remind(self, tx: Tx, today: date, now: datetime) -> dict[str, Any]:
        """Put a word on each case whose clock ends soon, and tell the supervisors of each that was missed."""
        saturdays = self.house.settings.saturdays_are_working_days
        remind_before = deadlines_data().reminders
        furthest = deadlines.add_working_days(today, max(remind_before, default=0), saturdays=saturdays)
        given = missed = 0
        for clock in await operations.clocks_due(tx, until=furthest):
            detail = {"clock": clock.clock, "due_on": clock.due_on.isoformat()}
            if clock.due_on < today:
                if await operations.escalated(tx, clock, now=now):
                    missed += 1
                    await cases.change(
                        tx,
                        clock.case_id,
                        actor="system",
                        act="clock.missed",
                        now=now,
                        detail=detail,
                        priority="high",
                        unread=True,
                    )
                    await tell(
                        tx,
                        self.house,
                        deadlines_data().escalate_to,
                        "late",
                        page=f"/console/case/{clock.reference}",
                        sealed=clock.sealed,
                        now=now,
                    )
                continue
            left = deadlines.working_days_between(today, clock.due_on, saturdays=saturdays)
            due = sum(left <= before for before in remind_before)
            if due > clock.reminders and await operations.reminded(tx, clock):
                given += 1
                await cases.change(
                    tx, clock.case_id, actor="system", act="clock.reminder", now=now, detail=detail, unread=True
                )
        return {"reminders": given, "missed": missed}

    async def _tell_of_report(self, today: date, now: datetime) -> None:
        """Once a month the readers of the report are told that it is there, or the supervisors that they are waited for."""
        due = await report_mail.due(self.house, today)
        if due is not None:
            await self._once(
                due.job, f"{due.month:%Y-%m}", now, lambda tx: report_mail.put(tx, self.house, due, now=now)
            )

    async def _reconcile_daily(self, today: date, now: datetime) -> None:
        """Compare once a day, on a snapshot: reading everything must not keep anybody from writing."""
        async with self.house.store.read() as tx:
            if await operations.has_run(tx, "reconciliation", f"{today}"):
                return
        since = now - timedelta(days=ASKED_DAYS)
        report = await reconcile(self.house.store, now=now, since=since)
        report = report.beside(await ask_mailboxes(self.house, since=since, now=now))
        report = report.beside((await ask_providers(self.house, since=since, now=now)).differences)
        # After an upgrade a whole register may wait for its links: what is not linked yet is no difference then.
        await catch_up(self.house.store)
        report = report.beside((await audit_check.checked(self.house, now=now)).differences)
        if not report.sound:
            log.error("the reconciliation found differences", differences=len(report.differences))
        await self._once("reconciliation", f"{today}", now, lambda tx: self._note_reconciliation(tx, report, now))

    async def _note_reconciliation(self, tx: Tx, report: Report, now: datetime) -> dict[str, Any]:
        if not report.sound:
            detail = {"differences": list(report.differences)}
            await audit.write(tx, actor="system", act="reconciliation.differs", at=now, detail=detail)
        return {"differences": len(report.differences)}

    async def _note_silence(self, tx: Tx, now: datetime) -> dict[str, Any]:
        """Leave a sign for each account: readiness tells of those that are silent, until something comes again."""
        silent = {one.account for one in await silence.silences(tx, now=now)}
        told = {beat.name: beat.state for beat in await operations.beats(tx) if beat.name.startswith(silence.SIGN)}
        for account in silent - {name.removeprefix(silence.SIGN) for name, state in told.items() if state == "silent"}:
            await operations.beat(tx, f"{silence.SIGN}{account}", "silent", {}, now=now)
            log.error("nothing has come in for unusually long", account=self._number_of(account))
        for name, state in told.items():
            if state == "silent" and name.removeprefix(silence.SIGN) not in silent:
                await operations.beat(tx, name, "usual", {}, now=now)
        return {"silent": len(silent)}

    def _number_of(self, account: str) -> str:
        """How a log may name an account: by its place among the mailboxes, or "other"."""
        addresses = [box.address.lower() for box in self.house.mailboxes]
        return str(addresses.index(account)) if account in addresses else "other"

    async def _wake(self, tx: Tx, today: date, now: datetime) -> dict[str, Any]:
        return {"woken": await waking.whose_day_came(tx, self.house, today=today, now=now)}

    async def _remind_of_held(self, tx: Tx, now: datetime) -> dict[str, Any]:
        """A message that was held for a day without a decision raises its case again: somebody waits behind it."""
        waiting = await operations.held_since(tx, now - timedelta(days=1))
        for case_id in waiting:
            await cases.change(tx, case_id, actor="system", act="held.reminder", now=now, unread=True)
        return {"held": len(waiting)}

    async def _tidy(self, tx: Tx, now: datetime) -> dict[str, Any]:
        """Drop what has served: expired sessions and keys. Retention of cases hooks in here."""
        ended = await users.forget_old(tx, now=now)
        await kept_forms.forget_old(tx, now=now)
        keys = await idempotency.forget_old(tx, now=now)
        await operations.forget_old_runs(tx, now=now)
        await domain_rates.forget_old(tx, now=now)
        await codes.forget_old(tx, now=now)
        await access_requests.forget_old(tx, now=now)
        await entries.forget_old(tx, life=timedelta(hours=self.house.settings.entry_hours), now=now)
        await drafts.forget_old(tx, before=now - _DRAFT_DAYS)
        days = timedelta(days=self.house.settings.conversation_days)
        talks = await forgotten.without_a_case(tx, before=now - days)
        await forgotten.group_notices(tx, before=now - days)
        await asyncio.to_thread(self.house.staging.forget_old, now=now)
        return {"sessions": ended, "keys": keys, "conversations": talks}

    async def _remove_files_daily(self, today: date, now: datetime) -> None:
        """Remove the files of what was forgotten: outside a transaction, since a disk takes its time."""
        async with self.house.store.read() as tx:
            if await operations.has_run(tx, "files", f"{today}"):
                return
        gone = await forgotten.unnamed_files(self.house.store, now=now)
        await self._once("files", f"{today}", now, lambda _: _result({"files": gone}))

    async def _free_what_stands_still(self) -> None:
        """A process that was stopped in the middle of a statement must not keep its items from the others."""
        async with self.house.store.write() as tx:
            ended = await sessions.end_stuck(tx, longer_than=timedelta(seconds=STANDSTILL_SECONDS))
        if ended:
            log.warning("sessions of a process that stands still were ended", sessions=ended)

    async def _sweep(self, now: datetime) -> None:
        """Wake the workers when something waits that no hint announced."""
        async with self.house.store.read() as tx:
            waiting = await inbox.backlog(tx)
        if waiting.waiting:
            await self.house.arrivals.put(0)
            await self.house.departures.put(0)
        if waiting.oldest and (now - waiting.oldest > timedelta(minutes=15) or waiting.waiting > 1_000):
            log.error("the workers are behind", waiting=waiting.waiting)


async def _result(found: dict[str, Any]) -> dict[str, Any]:
    """What was done before the transaction that notes it."""
    return found
