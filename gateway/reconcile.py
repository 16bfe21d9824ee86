"""The reconciliation: every item has exactly one fate, every case its item and its acknowledgement, every row its file, and every
mailbox what the register says it brought."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from store import inbox, operations, soundness
from store.database import Store, Tx
from store.operations import Tally

# What arrived within this time may still be in work.
FRESH: Final = timedelta(minutes=15)
_FILES_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Report:
    """What the register holds and where it contradicts itself or its mailboxes."""

    tallies: Sequence[Tally]
    differences: tuple[str, ...]
    waiting: int
    quarantined: int

    @property
    def sound(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        return not self.differences

    def beside(self, differences: Sequence[str]) -> Report:
        """The report with what others found."""
        return replace(self, differences=(*self.differences, *differences))

    def as_json(self) -> dict[str, Any]:
        """For `guichet reconcile --json`."""
        return {
            "sound": self.sound,
            "differences": list(self.differences),
            "waiting": self.waiting,
            "quarantined": self.quarantined,
            "accounts": [
                {
                    "account": tally.account,
                    "channel": tally.channel,
                    "deliveries": tally.deliveries,
                    "items": tally.items,
                    "fates": dict(tally.fates),
                    "open": tally.open,
                }
                for tally in self.tallies
            ],
        }


async def reconcile(
    store: Store,
    *,
    now: datetime,
    since: datetime | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Compare the fates with what the doors say they took in, and look for what must never be.

    `progress` is told how many files of how many were read: they are all read, outside of any transaction.
    """
    async with store.read() as tx:
        report = await _rows(tx, now, since)
        names = await soundness.file_names(tx)
    lost = 0
    for start in range(0, len(names), _FILES_AT_ONCE):
        some = names[start : start + _FILES_AT_ONCE]
        lost += await asyncio.to_thread(soundness.lost, store.files, some)
        progress(start + len(some), len(names))
    if not lost:
        return report
    return report.beside([f"files that are lost or damaged: {lost}"])


async def _rows(tx: Tx, now: datetime, since: datetime | None) -> Report:
    tallies = await operations.tallies(tx, since=since)
    backlog = await inbox.backlog(tx)
    counts = await operations.contradictions(tx) | {"cases_not_acknowledged": await soundness.unacknowledged(tx)}
    differences = [f"{name.replace('_', ' ')}: {count}" for name, count in counts.items() if count]
    if backlog.oldest and now - backlog.oldest > FRESH:
        differences.append(
            f"items that wait for more than {int(FRESH.total_seconds() // 60)} minutes: {backlog.waiting}"
        )
    for beat in await operations.beats(tx):
        if not beat.name.startswith("mailbox:"):
            continue
        account = beat.name.removeprefix("mailbox:")
        delivered = int(beat.detail.get("new", 0))
        # The mail process counts what was new since it started; the register must hold at least as much.
        kept = await operations.kept_since(tx, account=account, since=_moment(beat.detail.get("since")))
        if kept < delivered:
            differences.append(f"{account}: {delivered} handed over, {kept} in the register")
        failed = int(beat.detail.get("failed", 0))
        if failed:
            differences.append(f"{account}: {failed} could not be taken over and lie in its folder for failures")
    return Report(tallies, tuple(differences), backlog.waiting, backlog.quarantined)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
