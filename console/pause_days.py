"""Until when a case may rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from router import deadlines
from store.clocks import ClockRow
from store.pauses import REASONS, Reason

# Longer than this nobody should forget a case, whatever its clocks say.
LONGEST: Final = timedelta(days=60)


def pause_days(clocks: Sequence[ClockRow], today: date) -> Mapping[Reason, date]:
    """For each reason the last day until which a case with these clocks may rest; today where it may not at all."""
    running = [
        (clock.clock, clock.due_on) for clock in clocks if clock.state == "running" and clock.clock != "acknowledgement"
    ]
    found: dict[Reason, date] = {}
    for reason in REASONS:
        promised = deadlines.latest_pause(running, for_member=reason == "member")
        found[reason] = max(today, min(promised or date.max, today + LONGEST))
    return found
