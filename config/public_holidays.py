"""The Belgian legal holidays: days on which nobody of the house is at work. Deadlines and opening hours both ask."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays


@cache
def legal_holidays(year: int) -> frozenset[date]:
    """The legal holidays of a year, those that fall on a Sunday among them."""
    return frozenset(holidays.country_holidays("BE", years=year))
