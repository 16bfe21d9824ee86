"""Thresholds by hand-made points: promises are kept by the lower end of an interval, distress is found."""

import numpy as np
import pytest

from classifier import calibration

P = np.array([0.99, 0.98, 0.97, 0.9, 0.6, 0.4, 0.3, 0.2], dtype=np.float32)
TRUTH = np.array([1, 1, 1, 1, 0, 1, 0, 0], dtype=bool)


@pytest.mark.parametrize(("hits", "count", "lower"), [(0, 0, 0.0), (50, 50, 0.968), (60, 60, 0.973), (95, 100, 0.913)])
def test_wilson(hits: int, count: int, lower: float) -> None:
    assert calibration.wilson_lower(hits, count) == pytest.approx(lower, abs=0.002)


def test_four_right_ones_do_not_show_that_a_refusal_is_safe() -> None:
    assert calibration.precise(P, TRUTH) == 0.95


def test_many_wrong_ones_show_that_nobody_may_be_refused() -> None:
    truth = np.zeros(40, dtype=bool)
    truth[:5] = True
    assert calibration.precise(np.full(40, 0.99, dtype=np.float32), truth) > 1


def test_a_hundred_right_ones_do() -> None:
    p = np.concatenate((np.full(100, 0.96), np.full(50, 0.92), np.full(100, 0.1))).astype(np.float32)
    truth = np.concatenate((np.ones(100), np.zeros(50), np.zeros(100))).astype(bool)
    assert calibration.precise(p, truth) == pytest.approx(0.96, abs=0.001)


def test_the_best_threshold_and_the_one_that_finds_enough() -> None:
    assert 0.3 < calibration.best(P, TRUTH, beta=1.0, low=0.1, high=0.95) <= 0.4
    assert 0.6 < calibration.best(P, TRUTH, beta=0.2, low=0.1, high=0.95) <= 0.9
    assert calibration.recalling(P, TRUTH, least=1.0) == pytest.approx(0.39, abs=0.011)
    assert calibration.recalling(P, TRUTH, least=0.8) == pytest.approx(0.5)
    assert calibration.recalling(np.zeros(3, dtype=np.float32), np.ones(3, dtype=bool), least=0.9) == pytest.approx(0.1)
