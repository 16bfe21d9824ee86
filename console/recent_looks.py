"""Looks at one thing that follow each other closely count as one, so that the audit says who saw what and not who scrolled."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Final

# So many are remembered; what is forgotten counts anew.
_MOST: Final = 2_000


class RecentLooks:
    """What was looked at, by whom, and counts still: `span` is how long a look counts."""

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._at: OrderedDict[Hashable, datetime] = OrderedDict()

    def holds(self, key: Hashable, now: datetime) -> bool:
        """Whether the last look counts still."""
        last = self._at.get(key)
        return last is not None and now - last < self._span

    def note(self, key: Hashable, now: datetime) -> None:
        """A look that was written down."""
        self._at[key] = now
        self._at.move_to_end(key)
        if len(self._at) > _MOST:
            self._at.popitem(last=False)
