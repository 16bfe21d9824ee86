"""Dates and times as members read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from router.dates import in_full, time_of_day


@pytest.mark.parametrize(
    ("language", "day", "time"),
    [
        ("fr", "jeudi 17 décembre 2026", "14\u00a0h\u00a030"),
        ("nl", "donderdag 17 december 2026", "14.30\u00a0uur"),
        ("de", "Donnerstag, 17. Dezember 2026", "14:30\u00a0Uhr"),
        ("en", "Thursday 17 December 2026", "14:30"),
    ],
)
def test_each_language(language, day, time):
    assert in_full(date(2026, 12, 17), language) == day
    # Half past one in universal time is half past two in Brussels, in winter.
    assert time_of_day(datetime(2026, 12, 17, 13, 30, tzinfo=UTC), language) == time


def test_the_first_of_a_month_in_french():
    assert in_full(date(2027, 1, 1), "fr") == "vendredi 1er janvier 2027"
    assert in_full(date(2027, 1, 11), "fr") == "lundi 11 janvier 2027"


def test_summer_time():
    assert time_of_day(datetime(2026, 7, 1, 7, 5, tzinfo=UTC), "fr") == "9\u00a0h\u00a005"
