"""The month in figures, from the register, as the Executive Committee is told them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from router.deadlines import BRUSSELS
from store import history_counts
from store.database import Tx

# A count this small, in a split that sets medical matters apart, could point at a person.
SMALL: Final = 5


@dataclass(frozen=True, slots=True)
class Month:
    """One month. `splits` holds printable counts: "< 5" where the exact one could point at a person."""

    first: date
    received: int
    closed: int
    late: int
    splits: Mapping[str, Mapping[str, str]]

    def as_json(self) -> dict[str, Any]:
        """For `guichet report --json`."""
        return {
            "month": f"{self.first:%Y-%m}",
            "received": self.received,
            "closed": self.closed,
            "late": self.late,
            "splits": {title: dict(counts) for title, counts in self.splits.items()},
        }


async def month_report(tx: Tx, first: date) -> Month:
    """Count what was received in the month that begins on `first`, in Brussels."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    rows = await history_counts.received_between(tx, _midnight(first), _midnight(following))
    return Month(
        first=first,
        received=len(rows),
        closed=sum(row.state == "closed" for row in rows),
        late=sum(row.late for row in rows),
        splits={
            "kind": _counts(Counter(row.kind for row in rows)),
            "queue": _hidden(Counter(row.queue for row in rows)),
            "channel": _counts(Counter(row.channel for row in rows)),
            "language": _counts(Counter(row.language for row in rows)),
            "outcome": _counts(Counter(row.outcome or "open" for row in rows)),
        },
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BRUSSELS)


def _counts(counter: Counter[str]) -> dict[str, str]:
    return {name: str(count) for name, count in counter.most_common()}


def _hidden(counter: Counter[str]) -> dict[str, str]:
    """Hide small counts, and the next smallest with them, so that the total does not give them back."""
    shown = _counts(counter)
    small = [name for name, count in counter.items() if count < SMALL]
    if small and len(counter) > len(small):
        rest = [name for name in counter if name not in small]
        small.append(min(rest, key=lambda name: counter[name]))
    return shown | {name: ("< 5" if counter[name] < SMALL else "hidden") for name in small}
