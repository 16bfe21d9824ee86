"""The figures of a month from what the register counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from report import figures
from report.themes import themes
from store.reporting import ClockEnd, Closed, Group, Told

DAY = date(2026, 10, 15)
AT = datetime(2026, 10, 15, 9, tzinfo=UTC)


def test_a_month_begins_and_ends_in_brussels() -> None:
    start, end = figures.bounds(date(2026, 10, 1))
    # Summer time ends within the month.
    assert start == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert end == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert figures.following(date(2026, 12, 1)) == date(2027, 1, 1)
    assert figures.earlier(date(2026, 1, 1), 13) == date(2024, 12, 1)
    assert figures.last_day(date(2028, 2, 1)) == date(2028, 2, 29)


def test_a_sealed_case_is_counted_apart_from_the_department_it_touches() -> None:
    groups = [
        Group("complaint", "incapacity", "email", "fr", "", sealed=True, count=3),
        Group("complaint", "incapacity", "sms", "nl", "", sealed=False, count=4),
        Group("question", None, "email", "fr", "off_scope", sealed=False, count=2),
    ]
    found = figures.split(groups)
    assert found["department"]["medical"] == 3
    assert found["department"]["incapacity"] == 4
    assert found["department"]["none"] == 2
    assert all(sum(counts.values()) == 9 for counts in found.values())
    assert figures.refused(groups) == {"anonymous": 0, "off_scope": 2}


def test_a_clock_is_kept_on_its_last_day_and_missed_after_it() -> None:
    ends = [
        ClockEnd("result", DAY, "met", datetime(2026, 10, 15, 21, 59, tzinfo=UTC)),
        ClockEnd("result", DAY, "met", datetime(2026, 10, 15, 22, 1, tzinfo=UTC)),
        ClockEnd("result", DAY, "running", None),
        ClockEnd("result", DAY + timedelta(days=9), "paused", None),
        # Those of a refused case end when they begin.
        ClockEnd("acknowledgement", DAY, "met", None),
    ]
    receipt, result = figures.clocks(ends, DAY + timedelta(days=1))
    assert (receipt.due, receipt.kept) == (1, 1)
    assert (result.due, result.kept, result.missed, result.running) == (4, 1, 2, 1)


@given(st.lists(st.floats(0, 1000), min_size=1))
def test_median_and_ninth_are_values_that_some_case_had(hours: list[float]) -> None:
    span = figures.span(hours)
    rounded = [round(value, 4) for value in hours]
    assert span.median in rounded
    assert span.ninth in rounded
    assert sum(value <= span.median for value in rounded) * 2 >= len(hours)
    assert sum(value <= span.ninth for value in rounded) * 10 >= len(hours) * 9


def test_no_case_has_no_median() -> None:
    assert figures.span([]) == figures.Span(count=0)


def test_only_complaints_that_were_handled_count_for_the_result() -> None:
    closed = [
        Closed("complaint", "founded", "", AT, AT + timedelta(hours=10)),
        Closed("complaint", "not_handled_anonymous", "anonymous", AT, AT),
        Closed("question", "explained", "", AT, AT + timedelta(hours=1)),
    ]
    assert figures.resolved(closed) == figures.Span(count=1, median=10, ninth=10)
    assert figures.outcomes(closed) == {"founded": 1, "not_handled_anonymous": 1}


def _told(number: int, text: str, word: str) -> Told:
    start = text.index(word)
    piece = {"label": "digital", "start": start, "end": start + len(word), "text": word, "weight": 1.0, "part": "words"}
    return Told(number, "digital", "email", "Marie Dubois", text, [piece, piece])


def test_a_theme_has_five_cases_and_examples_that_name_nobody() -> None:
    text = "Bonjour. Madame Dubois n'arrive pas à ouvrir l'application depuis mardi. Merci, Marie Dubois"
    few = [_told(number, text, "application") for number in range(4)]
    assert themes(few) == ()
    (found,) = themes([*few, _told(5, "L'APPLICATION ne marche pas, appelez le 0470 11 22 33.", "APPLICATION")])
    assert (found.department, found.word, found.count) == ("digital", "application", 5)
    assert len(found.examples) == 1
    assert "Dubois" not in found.examples[0]
    assert "application" in found.examples[0]
    assert "0470" not in " ".join(found.examples)


def test_a_theme_of_script_and_formulas_stays_text() -> None:
    text = "=cmd|' /C calc'!A0 <script>alert(1)</script> application"
    (found,) = themes([_told(number, text, "application") for number in range(6)])
    assert found.word == "application"
