"""When the phone line is open, read from hours.yaml, and whether it is open at a given moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, model_validator

from config.public_holidays import legal_holidays
from config.strict_yaml import validated

SHIPPED: Final = Path(__file__).resolve().parent / "hours.yaml"
BRUSSELS: Final = ZoneInfo("Europe/Brussels")

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
_LOOK_AHEAD_DAYS: Final = 60


class Shift(BaseModel, extra="forbid", frozen=True):
    """Hours that several days share, in Brussels."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)]
    opens: time
    closes: time

    @model_validator(mode="after")
    def _forwards(self) -> Shift:
        if self.opens >= self.closes:
            raise ValueError("it must open before it closes")
        return self

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """The days as first and last of each unbroken row, Monday is 0: mon, tue, thu are (0, 1) and (3, 3)."""
        found: list[tuple[int, int]] = []
        for day in sorted(DAYS.index(name) for name in self.days):
            if found and found[-1][1] == day - 1:
                found[-1] = (found[-1][0], day)
            else:
                found.append((day, day))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the line is open, and when that ends: it closes or opens again at `until`, an aware time in Brussels."""

    open: bool
    until: datetime


class Hours(BaseModel, extra="forbid", frozen=True):
    """The hours of the phone line."""

    phone: Annotated[tuple[Shift, ...], Field(min_length=1)]
    closed_on: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _each_day_once(self) -> Hours:
        named = [day for shift in self.phone for day in shift.days]
        if len(set(named)) != len(named):
            raise ValueError("a day is named twice")
        return self

    def standing(self, moment: datetime) -> Standing | None:
        """Whether somebody answers at this aware moment, and until when that holds; None if not again for two months."""
        now = moment.astimezone(BRUSSELS)
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = now.date() + timedelta(days=ahead)
            shift = self._shift(day)
            if shift is None:
                continue
            opens, closes = (datetime.combine(day, at, BRUSSELS) for at in (shift.opens, shift.closes))
            if now < opens:
                return Standing(open=False, until=opens)
            if now < closes:
                return Standing(open=True, until=closes)
        return None

    def _shift(self, day: date) -> Shift | None:
        if day in self.closed_on or day in legal_holidays(day.year):
            return None
        name = DAYS[day.weekday()]
        return next((shift for shift in self.phone if name in shift.days), None)


def load_hours(path: Path = SHIPPED) -> Hours:
    """Read the hours. Raises DataError, in words, when they are missing or wrong."""
    return validated(Hours, path)


@cache
def hours() -> Hours:
    """The shipped hours, read once."""
    return load_hours()
