"""Small counts that could point at a person are hidden, and enough beside them that sums do not give them back (rule E3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

# A count under this, in a split that sets medical matters apart or in what leaves the house, is not shown.
SMALL: Final = 5
# What stands in the place of a count: that it is under 5 (and not 0), or nothing about it.
Mark = Literal["small", "hidden"]


def hidden(counts: Mapping[str, int]) -> dict[str, Mark]:
    """What must not be shown beside the sum of all, and what may be said instead.

    With one small count hidden, the sum and the others would give it back: the next smallest is hidden too, and more of them
    until the small ones may be at least two things each, even for a reader who knows this rule: a hidden large count is at
    least 5, and not larger than the smallest that is shown.

    Where no large ones are left that could help, nothing is shown at all, zeros included, because then even which names are
    empty says too much.
    """
    small = [name for name, count in counts.items() if 0 < count < SMALL]
    if not small:
        return {}
    large = sorted((name for name, count in counts.items() if count >= SMALL), key=lambda name: (counts[name], name))
    for more in range(1, len(large) + 1):
        away = large[:more]
        if _open(counts, small, away, most=counts[large[more]] if more < len(large) else None):
            return {**dict.fromkeys(small, "small"), **dict.fromkeys(away, "hidden")}
    return dict.fromkeys(counts, "hidden")


def _open(counts: Mapping[str, int], small: list[str], away: list[str], *, most: int | None) -> bool:
    """Whether the small counts together may be at least two sums, each from 1 to 4 and those in `away` from 5 to `most`."""
    total = sum(counts[name] for name in (*small, *away))
    least_of_small = max(len(small), total - len(away) * most if most is not None else 0)
    most_of_small = min((SMALL - 1) * len(small), total - SMALL * len(away))
    return most_of_small > least_of_small


def blurred(part: int, of: int, read: Callable[[int, int], object]) -> bool:
    """Whether a share reads the same with one more or one less of each: then it gives no hidden count among its parts back.

    None and all are left out: a hidden count is at least one.
    """
    near = [(part + more, of + every) for more in (-1, 0, 1) for every in (-1, 0, 1)]
    possible = [one for one in near if 0 < one[0] < one[1]]
    return all(read(*one) == read(part, of) for one in possible)
