"""When people write: more on Mondays, less in summer, in the evening by form and chat, hardly at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from config.public_holidays import legal_holidays
from config.vocabulary import Channel, Language
from router.deadlines import BRUSSELS

# Monday to Sunday.
_WEEKDAYS: Final = (1.35, 1.15, 1.05, 1.0, 0.9, 0.35, 0.3)
_MONTHS: Final = (1.2, 1.05, 1.1, 0.95, 0.9, 0.95, 0.75, 0.7, 1.1, 1.15, 1.15, 0.8)
# How often each hour of the day is, from 0 to 23.
_HOURS: Final = (1, 1, 0, 0, 0, 1, 3, 8, 16, 24, 26, 22, 14, 18, 20, 18, 15, 12, 11, 13, 14, 11, 6, 2)
CHANNELS: Final[dict[Channel, int]] = {
    "email": 46, "webform": 24, "phone": 11, "counter": 5, "letter": 4, "chat": 4, "sms": 3, "whatsapp": 2, "telegram": 1,
}  # fmt: skip
LANGUAGES: Final[dict[Language, int]] = {"fr": 53, "nl": 34, "de": 5, "en": 8}


_OPENS: Final = time(8, 30)
_CLOSES: Final = time(17, 0)
_SATURDAY: Final = 5


def first_day(until: datetime, months: int) -> date:
    """The first day of the month that lies so many months before the one of `until`, that one included."""
    today = until.astimezone(BRUSSELS).date()
    month = today.year * 12 + today.month - months
    return date(month // 12, month % 12 + 1, 1)


def moments(n: int, until: datetime, rng: Random, *, months: int) -> list[datetime]:
    """`n` moments in the last `months` months, in order, in UTC and whole seconds; none after `until`."""
    first = first_day(until, months)
    days = [first + timedelta(days=k) for k in range((until.astimezone(BRUSSELS).date() - first).days + 1)]
    weights = [_weight(day, k / len(days)) for k, day in enumerate(days)]
    found: list[datetime] = []
    while len(found) < n:
        day = rng.choices(days, weights)[0]
        hour = rng.choices(range(24), _HOURS)[0]
        at = datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), BRUSSELS).astimezone(UTC)
        if at < until - timedelta(minutes=20):
            found.append(at)
    return sorted(found)


def at_work(moment: datetime) -> datetime:
    """The same moment, if colleagues work then, between half past eight and five; else one of the next hours in which they do."""
    local = moment.astimezone(BRUSSELS)
    day, hour = local.date(), local.time()
    if _is_working_day(day) and _OPENS <= hour < _CLOSES:
        return moment
    if hour >= _CLOSES or not _is_working_day(day):
        day += timedelta(days=1)
        while not _is_working_day(day):
            day += timedelta(days=1)
    # Not all at once when the doors open.
    hour = time(9 + (local.hour + local.minute) % 8, local.minute, local.second)
    return datetime.combine(day, hour, BRUSSELS).astimezone(UTC)


def _is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in legal_holidays(day.year)


def _weight(day: date, age: float) -> float:
    """A little more each month, and few letters on a holiday."""
    holiday = 0.3 if day in legal_holidays(day.year) else 1.0
    return _WEEKDAYS[day.weekday()] * _MONTHS[day.month - 1] * (0.85 + 0.3 * age) * holiday
