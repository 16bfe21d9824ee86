"""The house behind the rules' pages: counts of what a draft would do, rehearsals in the background, and publishing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import select

from console.rules_contract import COUNTED_DAYS, Grounds, NotPublishedError, Standing
from gateway.grounds import grounds
from gateway.house import House, active_rules
from gateway.publishing import (
    AloneError,
    HarmError,
    PublishRefusedError,
    Reasons,
    VersionError,
    look_ahead,
    may_publish_alone,
    publish,
)
from gateway.rehearsal import Part, facts_of, replayed_parts
from router import rehearsal
from router.columns import Columns, cases
from router.examples import short_of
from router.fates import Outcome, fates
from router.fields import FIELDS
from router.rehearsal import HARMS, Change, RuleUse
from router.ruleset import RuleSet
from store import past, rehearsals, users
from store.past import Past
from store.rehearsals import NO_HARM, NewChange
from store.schema import cases as case_table
from store.viewer import Viewer

log = structlog.get_logger(__name__)

# So long the columns of the past are kept for the next count.
_KEPT: Final = timedelta(minutes=5)
_NOT_PRIVATE: Final = tuple(name for name, one in FIELDS.items() if not one.private)


@dataclass
class HouseRules:
    """As console.rules_contract.RuleHouse says."""

    house: House
    running: set[asyncio.Task[None]] = field(default_factory=set)
    _columns: list[tuple[Sequence[int], Columns]] = field(default_factory=list)
    _read_at: datetime | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def count(self, viewer: Viewer, rules: RuleSet, now: datetime) -> Mapping[str, RuleUse]:
        """What each rule would do with the cases of the last days that the viewer may see."""
        async with self._one_at_a_time:
            known = all(columns.knows(rules) for _, columns in self._columns)
            if self._read_at is None or not known or not timedelta(0) <= now - self._read_at < _KEPT:
                self._columns = [part async for part in self._past(rules, now)]
                self._read_at = now
        since = now - timedelta(days=COUNTED_DAYS)
        async with self.house.store.read() as tx:
            rows = await tx.conn.execute(
                select(case_table.c.id).where(case_table.c.received_at >= since, viewer.may_see())
            )
            visible = {int(row[0]) for row in rows}
        return await asyncio.to_thread(_counted, self._columns, rules, visible)

    async def _past(self, rules: RuleSet, now: datetime) -> Any:
        def columns(some: Sequence[Past]) -> Columns:
            return Columns((facts_of(self.house, case) for case in some), (rules,), _NOT_PRIVATE)

        async for some in past.parts(self.house.store, now - timedelta(days=COUNTED_DAYS), now, words=rules.asks_words):
            yield [case.case_id for case in some], await asyncio.to_thread(columns, some)

    async def rehearse(self, rules: RuleSet, *, days: int, user_id: int, now: datetime) -> int:
        """Begin a rehearsal in the background; its id."""
        since, live = now - timedelta(days=days), await active_rules(self.house)
        total = await past.count(self.house.store, since, now)
        async with self.house.store.write() as tx:
            number = await rehearsals.begin(
                tx,
                base=live.version,
                body=rules.model_dump_json(),
                days=days,
                until=now,
                total=total,
                user_id=user_id,
                now=now,
            )
        task = asyncio.create_task(self._run(number, live, rules, since, now))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return number

    async def end(self) -> None:
        """Stop what runs, when the process ends; each is noted as failed."""
        for task in list(self.running):
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    async def _run(self, number: int, live: RuleSet, rules: RuleSet, since: datetime, until: datetime) -> None:
        state = "failed"
        try:
            state = await self._replay(number, live, rules, since, until)
        except Exception as error:  # whatever it was, the page says that it ended
            log.exception("a rehearsal failed", rehearsal=number, error=type(error).__name__)
        finally:
            async with self.house.store.write() as tx:
                await rehearsals.end(tx, number, state)

    async def _replay(self, number: int, live: RuleSet, rules: RuleSet, since: datetime, until: datetime) -> str:
        found, sealed = rehearsal.Rehearsal(), 0
        async for part in replayed_parts(self.house, live, rules, since, until):
            changes = [_kept(part, change) for change in part.found.changes]
            sealed += sum(case.sealed for case in part.cases)
            found = found.with_more(part.without_changes())
            sums = _sums(found, sealed)
            async with self.house.store.write() as tx:
                going = await rehearsals.go_on(tx, number, done=found.cases, sums=sums, changes=changes, now=until)
            if not going:
                return "stopped"
        return "done"

    async def grounds(self, viewer: Viewer, cases: Sequence[int], old: RuleSet, new: RuleSet) -> Mapping[int, Grounds]:
        """Why some past cases are decided as they are."""
        return await grounds(self.house, viewer, cases, old, new)

    async def example_of(self, viewer: Viewer, case: int) -> Mapping[str, Any] | None:
        """The facts of a past case, for an example."""
        async with self.house.store.read() as tx:
            found = await past.unsealed(tx, viewer, [case])
        return short_of(facts_of(self.house, found[0])) if found else None

    async def may_publish_alone(self) -> bool:
        """Whether one supervisor is enough."""
        async with self.house.store.read() as tx:
            return await may_publish_alone(tx, self.house)

    async def publish(self, rules: RuleSet, body: str, standing: Standing) -> None:
        """Make the rules live. Raises NotPublishedError."""
        async with self.house.store.read() as tx:
            logins = {user.id: user.login for user in await users.listing(tx)}
        reasons = Reasons(
            standing.comment,
            logins.get(standing.author_id, ""),
            logins.get(standing.reader_id, "") if standing.reader_id else "",
            standing.harm,
        )
        with _said_to_the_console():
            await publish(self.house, rules, body, reasons)

    async def look_ahead(self, rules: RuleSet, harm: str) -> None:
        """What publishing would find missing, but for who stands for it. Raises NotPublishedError."""
        with _said_to_the_console():
            await look_ahead(self.house, rules, harm)


@contextmanager
def _said_to_the_console() -> Iterator[None]:
    try:
        yield
    except HarmError as error:
        raise NotPublishedError("harm", error.harmed, error.cases) from None
    except AloneError:
        raise NotPublishedError("alone") from None
    except VersionError:
        raise NotPublishedError("version") from None
    except PublishRefusedError:
        raise NotPublishedError("problems") from None


def _counted(
    parts: Sequence[tuple[Sequence[int], Columns]], rules: RuleSet, visible: set[int]
) -> Mapping[str, RuleUse]:
    use = {rule.id: [0, 0, 0] for rule in rules.rules}
    for ids, columns in parts:
        seen = cases(number in visible for number in ids)
        found = fates(columns, rules)
        for rule, sums in use.items():
            for at, sets in enumerate((found.matched, found.took, found.decided)):
                sums[at] += (sets.get(rule, 0) & seen).bit_count()
    return {rule: RuleUse(*sums) for rule, sums in use.items()}


def _kept(part: Part, change: Change) -> NewChange:
    return NewChange(
        part.case_of(change).case_id,
        part.touches_a_sealed_case(change),
        _told(change.old),
        _told(change.new),
        change.harms,
        HARMS.index(change.harms[0]) if change.harms else NO_HARM,
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "queue": outcome.queue,
        "rule": outcome.decided_by,
        "situation": outcome.situation,
        "priority": outcome.priority,
        "sealed": outcome.sealed,
        "refused": outcome.refused,
        "acknowledge": outcome.acknowledge,
        "notify": sorted(outcome.notify),
    }


def _sums(found: rehearsal.Rehearsal, sealed: int) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "changed": found.changed,
        "moved": sum(found.moves.values()),
        "other_text": found.other_text,
        "harms": dict(found.harms),
        "harmed": found.harmed_cases,
        "sealed": sealed,
        "load": {queue: list(pair) for queue, pair in found.load.items()},
        "use": {rule: [one.matched, one.took, one.decided] for rule, one in found.use.items()},
    }
