"""When a request for access is to be answered: one month, as Regulation 1182/71 counts it (GDPR, article 12(3))."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.public_holidays import legal_holidays
from router.deadlines import answer_due


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-24", "2026-12-24"),
        # Sunday, then Saturday.
        ("2026-11-20", "2026-12-21"),
        ("2026-09-17", "2026-10-19"),
        # The end of a month that the next one does not have; 2028 is a leap year.
        ("2026-01-31", "2026-03-02"),
        ("2027-01-29", "2027-03-01"),
        ("2028-01-31", "2028-02-29"),
        ("2026-08-31", "2026-09-30"),
        # Christmas on a Friday, and the weekend after it; New Year's Day.
        ("2026-11-25", "2026-12-28"),
        ("2026-12-01", "2027-01-04"),
        # All Saints on a Sunday, 15 August on a Saturday, Easter Monday.
        ("2026-10-01", "2026-11-02"),
        ("2026-07-15", "2026-08-17"),
        ("2026-03-06", "2026-04-07"),
    ],
)
def test_one_month_later_on_a_working_day(asked: str, due: str) -> None:
    assert answer_due(date.fromisoformat(asked)) == date.fromisoformat(due)


@given(st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_it_is_never_early_never_on_a_day_off_and_never_later_than_it_must(asked: date) -> None:
    due = answer_due(asked)
    year, month = divmod(asked.year * 12 + asked.month, 12)
    ends = date(year, month + 1, min(asked.day, monthrange(year, month + 1)[1]))
    assert due >= ends
    off = [ends + timedelta(days=n) for n in range((due - ends).days)]
    assert all(day.weekday() >= 5 or day in legal_holidays(day.year) for day in off)
    assert due.weekday() < 5
    assert due not in legal_holidays(due.year)
