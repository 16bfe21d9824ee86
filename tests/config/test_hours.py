"""When the phone line is open: Brussels' clock, legal holidays, closed days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.hours import BRUSSELS, Hours, Standing, load_hours
from config.strict_yaml import DataError

WEEK = Hours.model_validate(
    {
        "phone": [
            {"days": ["mon", "tue", "wed", "thu"], "opens": "08:00", "closes": "18:00"},
            {"days": ["fri"], "opens": "08:00", "closes": "17:00"},
        ],
        "closed_on": [date(2026, 5, 15)],
    }
)


@pytest.mark.parametrize(
    ("moment", "is_open", "until"),
    [
        ("2026-11-24 07:59", False, "2026-11-24 08:00"),
        ("2026-11-24 08:00", True, "2026-11-24 18:00"),
        ("2026-11-24 17:59", True, "2026-11-24 18:00"),
        ("2026-11-24 18:00", False, "2026-11-25 08:00"),
        ("2026-11-27 17:00", False, "2026-11-30 08:00"),
        # Christmas is a Friday; Ascension is a Thursday, and the Friday after it a closed day of the house.
        ("2026-12-25 10:00", False, "2026-12-28 08:00"),
        ("2026-05-14 10:00", False, "2026-05-18 08:00"),
        # The weekend in which the clock goes back, and New Year's Eve.
        ("2026-10-23 18:00", False, "2026-10-26 08:00"),
        ("2026-12-31 19:00", False, "2027-01-04 08:00"),
    ],
)
def test_open_or_closed_and_until_when(moment: str, is_open: bool, until: str) -> None:
    local = datetime.fromisoformat(moment).replace(tzinfo=BRUSSELS)
    expected = Standing(open=is_open, until=datetime.fromisoformat(until).replace(tzinfo=BRUSSELS))
    assert WEEK.standing(local) == expected
    assert WEEK.standing(local.astimezone(UTC)) == expected


def test_a_line_that_does_not_open_again_is_no_error() -> None:
    sundays = [date.fromordinal(date(2026, 11, 29).toordinal() + 7 * week) for week in range(12)]
    closed = Hours.model_validate(
        {"phone": [{"days": ["sun"], "opens": "08:00", "closes": "18:00"}], "closed_on": sundays}
    )
    assert closed.standing(datetime(2026, 11, 24, tzinfo=UTC)) is None


def test_days_in_a_row_are_one_run() -> None:
    shift = Hours.model_validate(
        {"phone": [{"days": ["tue", "thu", "mon", "sun"], "opens": "08:00", "closes": "18:00"}]}
    ).phone[0]
    assert shift.runs == ((0, 1), (3, 3), (6, 6))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('phone:\n  - {days: [mon], opens: "18:00", closes: "08:00"}', "open before it closes"),
        (
            'phone:\n  - {days: [mon], opens: "08:00", closes: "09:00"}\n  - {days: [mon], opens: "10:00", closes: "11:00"}',
            "named twice",
        ),
        ('phone:\n  - {days: [monday], opens: "08:00", closes: "09:00"}', "must be 'mon'"),
        ("phone: []", "at least 1"),
    ],
)
def test_wrong_hours_are_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hours.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        load_hours(path)
