"""Reliability, calibration error and coverage curves, counted by hand."""

import numpy as np
import pytest

from classifier.measuring import calibration
from classifier.measuring.calibration import bins, curve, error_of, expected_error
from classifier.measuring.labels import truth
from tests.classifier.measuring.by_hand import answer, answers, record


def test_calibration_error_by_hand() -> None:
    assert expected_error([]) == 0.0
    assert expected_error([(0.95, True), (0.95, True)]) == pytest.approx(0.05)
    # Half in a bin that promises 0.15 and keeps 0.5, half in one that promises 0.85 and keeps 1.
    assert expected_error([(0.15, True), (0.15, False), (0.85, True), (0.85, True)]) == pytest.approx((0.35 + 0.15) / 2)


def test_bins_by_hand() -> None:
    found = bins(np.array([0.0, 0.31, 0.39, 1.0]), np.array([False, True, False, True]))
    assert [(one.low, one.messages) for one in found] == [(0.0, 1), (0.3, 2), (0.9, 1)]
    assert found[1].promised == pytest.approx(0.35)
    assert found[1].true == pytest.approx(0.5)
    assert error_of(found) == pytest.approx(2 / 4 * 0.15)


def test_a_coverage_curve_by_hand() -> None:
    points = curve(np.array([0.9, 0.8, 0.8, 0.2]), np.array([True, True, False, False]))
    # Two messages are equally sure: no threshold lets in one of them alone.
    assert [(p.threshold, p.coverage) for p in points] == [(0.9, 0.25), (0.8, 0.75), (0.2, 1.0)]
    assert [p.precision for p in points] == pytest.approx([1.0, 2 / 3, 0.5])
    assert curve(np.array([]), np.array([], dtype=bool)) == ()


def test_off_scope_covers_what_is_off_scope() -> None:
    records = [
        record(1, flags=["off_scope"], department=None),
        record(2),
        record(3, flags=["off_scope"], department=None),
    ]
    found = answers(*(answer(flags={"off_scope": p}) for p in (0.9, 0.8, 0.7)))
    points = calibration.curves(truth(records), found)["off_scope"]
    assert [p.coverage for p in points] == pytest.approx([0.5, 0.5, 1.0])
    assert [p.precision for p in points] == pytest.approx([1.0, 0.5, 2 / 3])


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    promised = np.linspace(1, 0, 1000)
    points = curve(promised, promised > 0.5)
    assert len(points) <= 60
    assert (points[0].coverage, points[-1].coverage) == pytest.approx((0.001, 1.0))
