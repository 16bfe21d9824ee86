"""Due dates against the calendar on the wall: Belgian holidays, the turn of the year, summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from config.departments import departments
from router.deadlines import (
    add_working_days,
    clocks_for,
    earliest,
    in_words,
    is_working_day,
    promised,
    received_day,
    reminders,
    with_pauses,
    working_days_between,
)


def decided(queue="mediation", department=None, situation="mediation", refused=""):
    return SimpleNamespace(queue=queue, department=department, situation=situation, refused=refused)


def due(clocks):
    return {clock.id: clock.due_on for clock in clocks}


def test_mediation_and_the_union_over_the_turn_of_the_year():
    clocks = clocks_for(decided(), date(2026, 12, 4))
    assert due(clocks) == {
        "acknowledgement": date(2026, 12, 12),
        "result": date(2027, 1, 6),
        "union": date(2027, 1, 3),
    }
    assert earliest(clocks).id == "union"
    assert earliest(clocks, acknowledged=False).id == "acknowledgement"
    assert promised(decided(), clocks) == date(2027, 1, 3)
    assert all(clock.source for clock in clocks)


def test_mediation_result_leads_in_an_ordinary_month():
    clocks = clocks_for(decided(), date(2026, 11, 18))
    assert due(clocks)["result"] == promised(decided(), clocks) == date(2026, 12, 17)


def test_the_national_holiday_and_the_assumption_on_a_saturday():
    assert add_working_days(date(2026, 7, 20), 21) == date(2026, 8, 19)


def test_saturdays_count_only_where_the_setting_says_so():
    assert is_working_day(date(2026, 11, 21), saturdays=True)
    assert not is_working_day(date(2026, 11, 21))
    assert not is_working_day(date(2026, 11, 22), saturdays=True)
    with_saturdays = clocks_for(decided(), date(2026, 12, 4), saturdays=True)
    # 5 to 24 December are 17 working days with their Saturdays, then 26, 28, 29 and 30.
    assert due(with_saturdays)["result"] == date(2026, 12, 30)


@pytest.mark.parametrize("n", [*range(-40, 41)])
def test_adding_and_counting_agree(n):
    start = date(2026, 12, 4)
    assert working_days_between(start, add_working_days(start, n)) == n


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # Half past midnight in Brussels, in winter and in summer.
        (datetime(2026, 11, 18, 23, 30, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), date(2026, 7, 2)),
        # The nights when the clocks change: 25 October 2026 and 28 March 2027.
        (datetime(2026, 10, 24, 21, 59, tzinfo=UTC), date(2026, 10, 24)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), date(2026, 10, 26)),
        (datetime(2027, 3, 27, 22, 59, tzinfo=UTC), date(2027, 3, 27)),
        (datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_day_of_receipt_is_the_day_in_brussels(moment, day):
    assert received_day(moment) == day


def test_a_moment_without_a_zone_has_no_day():
    with pytest.raises(ValueError, match="time zone"):
        received_day(datetime(2026, 11, 18, 23, 30))  # noqa: DTZ001  # The naive moment is the point.


def test_each_department_has_its_own_date_and_never_the_21_days():
    for name, entry in departments().items():
        clocks = clocks_for(decided(name, name, "department"), date(2026, 11, 18))
        assert "result" not in due(clocks)
        assert due(clocks)["department"] == add_working_days(date(2026, 11, 18), entry.working_days)
        assert ("data_protection" in due(clocks)) is (name == "privacy")


def test_one_month_ends_on_the_last_day_of_a_shorter_month():
    clocks = clocks_for(decided("privacy", "privacy", "department"), date(2027, 1, 31))
    assert due(clocks)["data_protection"] == date(2027, 2, 28)


def test_refused_cases_and_thanks_wait_for_their_receipt_only():
    for case in (decided("triage", None, "off_scope", "off_scope"), decided("branches", "branches", "compliment")):
        clocks = clocks_for(case, date(2026, 11, 18))
        assert list(due(clocks)) == ["acknowledgement"]
        assert earliest(clocks) is None
        assert promised(case, clocks) is None


def test_triage_promises_the_union_date_and_the_coordinating_doctor_none():
    triage = decided("triage", None, "triage")
    assert promised(triage, clocks_for(triage, date(2026, 11, 18))) == date(2026, 12, 18)
    medical = decided("medical_coordinator", None, "medical")
    assert promised(medical, clocks_for(medical, date(2026, 11, 18))) is None


def test_a_pause_moves_our_own_clock_and_not_the_union_one():
    clocks = clocks_for(decided(), date(2026, 11, 18))
    paused = with_pauses(clocks, [(date(2026, 11, 20), date(2026, 11, 25))])
    assert due(paused)["result"] == add_working_days(date(2026, 12, 17), 3)
    assert due(paused)["union"] == due(clocks)["union"]


def test_reminders_before_and_escalation_after():
    clock = clocks_for(decided(), date(2026, 11, 18))[1]
    assert clock.id == "result"
    planned = reminders(clock, date(2026, 11, 24))
    assert [(r.kind, r.on, r.working_days_left) for r in planned] == [
        ("reminder", date(2026, 12, 10), 5),
        ("reminder", date(2026, 12, 16), 1),
        ("escalation", date(2026, 12, 18), -1),
    ]
    assert [r.kind for r in reminders(clock, date(2026, 12, 17))] == ["escalation"]
    late = reminders(clock, date(2026, 12, 23))
    assert [(r.on, r.working_days_left) for r in late] == [(date(2026, 12, 23), -4)]


@pytest.mark.parametrize(
    ("due_on", "today", "words"),
    [
        (
            date(2026, 12, 17),
            date(2026, 11, 24),
            ("dans 17 jours ouvrables", "over 17 werkdagen", "in 17 Arbeitstagen", "in 17 working days"),
        ),
        (date(2026, 11, 24), date(2026, 11, 24), ("aujourd’hui", "vandaag", "heute", "today")),
        (date(2026, 11, 25), date(2026, 11, 24), ("demain", "morgen", "morgen", "tomorrow")),
        (
            date(2026, 11, 23),
            date(2026, 11, 20),
            ("dans 1 jour ouvrable", "over 1 werkdag", "in 1 Arbeitstag", "in 1 working day"),
        ),
        (
            date(2026, 11, 20),
            date(2026, 11, 24),
            ("en retard de 2 jours ouvrables", "2 werkdagen te laat", "2 Arbeitstage verspätet", "2 working days late"),
        ),
        # Read on a Friday, due on Sunday; read on Saturday, due the day before.
        (date(2027, 1, 3), date(2027, 1, 1), ("dans 2 jours", "over 2 dagen", "in 2 Tagen", "in 2 days")),
        (
            date(2026, 11, 20),
            date(2026, 11, 21),
            ("en retard de 1 jour", "1 dag te laat", "1 Tag verspätet", "1 day late"),
        ),
    ],
)
def test_how_long_is_left_in_words(due_on, today, words):
    assert tuple(in_words(due_on, today, language) for language in ("fr", "nl", "de", "en")) == words
