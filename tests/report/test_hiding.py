"""Rule E3: what is hidden cannot be had back from what is shown, however one subtracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from report.hiding import SMALL, Mark, hidden

_COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1)


def _possible(counts: Mapping[str, int], away: Mapping[str, Mark]) -> Iterator[tuple[int, ...]]:
    """Every way in which the hidden counts add up to what the sum leaves for them, for a reader who knows the rule."""
    left = sum(counts[name] for name in away)
    shown = [count for name, count in counts.items() if name not in away and count >= SMALL]
    marked = "small" in away.values()
    ranges = [
        range(1, SMALL)
        if mark == "small"
        else range(SMALL, min(shown, default=left) + 1)
        if marked
        else range(left + 1)
        for mark in away.values()
    ]
    return (some for some in product(*ranges) if sum(some) == left)


@given(_COUNTS)
def test_nothing_small_is_shown(counts: dict[str, int]) -> None:
    away = hidden(counts)
    assert all(name in away for name, count in counts.items() if 0 < count < SMALL)
    assert all(0 < counts[name] < SMALL for name, mark in away.items() if mark == "small")


@settings(deadline=None)
@given(_COUNTS)
def test_subtracting_gives_no_small_count_back(counts: dict[str, int]) -> None:
    away = hidden(counts)
    possible = list(_possible(counts, away))
    assert tuple(counts[name] for name in away) in possible
    if not away or len(counts) == 1:
        # A single name with all of it is the sum itself, which is told anyway.
        return
    for place, name in enumerate(away):
        if 0 < counts[name] < SMALL:
            assert len({some[place] for some in possible}) > 1, (counts, away)


def test_large_counts_are_shown() -> None:
    assert hidden({"a": 5, "b": 60, "c": 0}) == {}


def test_the_next_smallest_goes_with_a_small_one() -> None:
    assert hidden({"a": 3, "b": 60, "c": 7, "d": 0}) == {"a": "small", "c": "hidden"}


def test_where_the_next_smallest_would_give_it_back_more_are_hidden() -> None:
    # Five beside fives can only be five.
    assert hidden({"a": 2, "b": 5, "c": 5, "d": 40}) == {"a": "small", "b": "hidden", "c": "hidden"}


def test_small_counts_alone_show_nothing_at_all() -> None:
    assert hidden({"a": 1, "b": 1, "c": 0}) == dict.fromkeys("abc", "hidden")
