"""Pictures of the measures as SVG, drawn by hand: no library, no script, readable on a phone, in the dark and in print.

Each picture is 360 units wide, so that its letters have at least ten pixels on the smallest phone. `alone` makes a file of
it; inside a page the style stands once, in the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from classifier.measuring.bootstrap import Estimate
from classifier.measuring.calibration import Bin, Point
from classifier.measuring.mistakes import Confusion

WIDTH: Final = 360
STYLE: Final = Path(__file__).with_name("pictures.css").read_text(encoding="utf-8")


class Picture(NamedTuple):
    """A picture: the name of its file, what it shows, the same in words for who does not see it, height and contents."""

    name: str
    title: str
    words: str
    height: int
    body: str

    def inline(self) -> str:
        """For a page that has `STYLE`."""
        return self._drawn()

    def alone(self) -> str:
        """As a file of its own, which has a size: without one, a document would stretch it over its whole width."""
        before = f'<style>{STYLE}</style><rect class="paper" width="{WIDTH}" height="{self.height}"/>'
        return self._drawn(f' width="{WIDTH}" height="{self.height}"', before) + "\n"

    def _drawn(self, size: str = "", before: str = "") -> str:
        title, words = f"{self.name}-title", f"{self.name}-words"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart"{size} viewBox="0 0 {WIDTH} {self.height}" role="img" '
            f'aria-labelledby="{title} {words}"><title id="{title}">{escape(self.title)}</title>'
            f'<desc id="{words}">{escape(self.words)}</desc>{before}{self.body}</svg>'
        )


def _text(x: float, y: float, words: str, look: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{_class(look)}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{_class(look)}/>'


def _class(look: str) -> str:
    return f' class="{look}"' if look else ""


def scored(name: str, title: str, rows: Sequence[tuple[str, Estimate, float | None]]) -> Picture:
    """F1 of each label as a dot, its interval as a bar, its aim (where it has one) as a dashed mark."""
    left, right, step, top = 122, WIDTH - 44, 22, 26
    height = top + step * len(rows) + 24

    def at(value: float) -> float:
        return left + (right - left) * value

    parts = [_line(at(x / 4), top - 6, at(x / 4), height - 22, "rule") for x in range(5)]
    parts += [_text(at(x / 4), height - 8, f"{x / 4:g}", "soft middle") for x in range(5)]
    for number, (label, found, aim) in enumerate(rows):
        y = top + step * number + 6
        parts.append(_text(left - 8, y + 4, label, "right"))
        if found.known:
            low, high = (found.low, found.high) if not math.isnan(found.low) else (found.value, found.value)
            parts.append(_line(at(low), y, at(high), y, "l1"))
            parts.append(f'<circle cx="{at(found.value):.1f}" cy="{y}" r="4.5" class="c1"/>')
        if aim is not None:
            parts.append(_line(at(aim), y - 8, at(aim), y + 8, "aim"))
        parts.append(_text(WIDTH - 4, y + 4, f"{found.value:.2f}" if found.known else "–", "right bold"))
    parts.append(_text(4, 12, "dot: F1 · bar: 95 % interval · dashed: aim", "soft"))
    told = "; ".join(
        f"{label} {found.value:.2f} ({found.low:.2f} to {found.high:.2f})" for label, found, _ in rows if found.known
    )
    return Picture(name, title, f"{told}.", height, "".join(parts))


def heat(name: str, title: str, confusion: Confusion) -> Picture:
    """A confusion matrix: each row shares one; the darker a field, the larger its share of the row."""
    count = len(confusion.labels)
    left, top = 128, 34
    side = (WIDTH - left - 4) / count
    tall = min(side, 34.0)
    parts = [_text(4, 12, "row: what it is · column: what it was called", "soft")]
    parts += [_text(left + side * (x + 0.5), top - 6, str(x + 1), "soft middle") for x in range(count)]
    for row, (label, counts) in enumerate(zip(confusion.labels, confusion.counts, strict=True)):
        y, total = top + tall * row, max(1, sum(counts))
        parts.append(_text(left - 8, y + tall / 2 + 4, f"{row + 1} {label}", "right"))
        for column, number in enumerate(counts):
            x, held = left + side * column, number / total
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{side - 1:.1f}" height="{tall - 1:.1f}" class="rule"/>')
            if number:
                # Nothing between pale and full, where neither dark nor light letters could be read.
                shade = min(0.35, held) if held < 0.5 else 1.0
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{side - 1:.1f}" height="{tall - 1:.1f}" class="heat" '
                    f'fill-opacity="{shade:.2f}"/>'
                )
                look = "middle on" if held >= 0.5 else "middle"
                parts.append(_text(x + side / 2 - 0.5, y + tall / 2 + 4, str(number), look))
    told = "; ".join(_confused(confusion, row) for row in range(count) if sum(confusion.counts[row]))
    return Picture(name, title, f"{told}.", int(top + tall * count + 6), "".join(parts))


def _confused(confusion: Confusion, row: int) -> str:
    counts = confusion.counts[row]
    others = sorted((-number, place) for place, number in enumerate(counts) if number and place != row)[:2]
    taken = ", ".join(f"{-number} called {confusion.labels[place]}" for number, place in others)
    return f"{confusion.labels[row]}: {counts[row]} of {sum(counts)} right" + (f", {taken}" if taken else "")


def reliability(name: str, title: str, found: Sequence[Bin], error: float) -> Picture:
    """What was promised against what came true; the larger a dot, the more messages. On the diagonal, promises hold."""
    left, top, side = 40, 30, 300
    bottom = top + side * 0.62

    def at(promised: float, true: float) -> tuple[float, float]:
        return left + side * promised, bottom - (bottom - top) * true

    parts = [*_frame(left, top, side, bottom), _line(*at(0, 0), *at(1, 1), "aim")]
    most = max((one.messages for one in found), default=1)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(one.promised, one.true) for one in found))
    parts.append(f'<polyline points="{points}" class="l1"/>')
    for one in found:
        x, y = at(one.promised, one.true)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 5 * (one.messages / most) ** 0.5:.1f}" class="c1"/>')
    parts.append(_text(left + side / 2, bottom + 30, "probability that was given", "soft middle"))
    parts.append(_text(4, 14, f"calibration error {error:.3f}", "bold"))
    told = "; ".join(f"promised {one.promised:.2f}, came true {one.true:.2f}, {one.messages} messages" for one in found)
    return Picture(name, title, f"Calibration error {error:.3f}. {told}.", int(bottom + 38), "".join(parts))


def _frame(left: float, top: float, side: float, bottom: float) -> list[str]:
    parts: list[str] = []
    for tick in range(5):
        share = tick / 4
        x, y = left + side * share, bottom - (bottom - top) * share
        parts += [_line(left, y, left + side, y, "rule"), _line(x, top, x, bottom, "rule")]
        parts += [
            _text(left - 6, y + 4, f"{share:g}", "soft right"),
            _text(x, bottom + 14, f"{share:g}", "soft middle"),
        ]
    return parts


def coverage(name: str, title: str, curves: Mapping[str, Sequence[Point]]) -> Picture:
    """What is right among the surest, as more are let in: one line for each question, told apart by dashes and by name."""
    left, top, side = 40, 34, 300
    bottom = top + side * 0.62
    parts = _frame(left, top, side, bottom)
    told: list[str] = []
    for number, (question, points) in enumerate(curves.items(), start=1):
        drawn = " ".join(
            f"{left + side * one.coverage:.1f},{bottom - (bottom - top) * one.precision:.1f}" for one in points
        )
        parts.append(f'<polyline points="{drawn}" class="l{number}"/>')
        x = 4 + 118 * (number - 1)
        parts += [_line(x, 12, x + 24, 12, f"l{number}"), _text(x + 30, 16, question)]
        told.append(f"{question}: " + ", ".join(_told(points)))
    parts.append(_text(left + side / 2, bottom + 30, "share of messages decided (off_scope: found)", "soft middle"))
    return Picture(name, title, "; ".join(told) + ".", int(bottom + 38), "".join(parts))


def _told(points: Sequence[Point]) -> list[str]:
    """The curve in words, at the first point that covers a half, eight tenths, and all."""
    words: list[str] = []
    for wanted in (0.5, 0.8, 1.0):
        reached = next((one for one in points if one.coverage >= wanted), None)
        if reached:
            words.append(f"{reached.precision:.2f} right at {reached.coverage:.0%}")
    return words or ["nothing was decided"]


def compared(name: str, title: str, rows: Sequence[tuple[str, Mapping[str, float]]]) -> Picture:
    """Classifiers beside each other: for each a bar for each figure (at most three)."""
    left, right, thick, gap, top = 8, WIDTH - 44, 10, 26, 26
    each = gap + thick * max((len(figures) for _, figures in rows), default=0)
    parts: list[str] = []
    for number, figure in enumerate(dict.fromkeys(name for _, figures in rows for name in figures), start=1):
        x = 4 + 118 * (number - 1)
        parts += [f'<rect x="{x}" y="7" width="12" height="9" class="c{number}"/>', _text(x + 17, 16, figure)]
    for row, (label, figures) in enumerate(rows):
        y = top + each * row + 14
        parts.append(_text(left, y, label, "bold" if row == 0 else ""))
        for number, value in enumerate(figures.values(), start=1):
            place = y + 5 + thick * (number - 1)
            wide = (right - left) * max(0.0, value)
            parts.append(f'<rect x="{left}" y="{place}" width="{wide:.1f}" height="{thick - 2}" class="c{number}"/>')
            parts.append(_text(left + wide + 4, place + thick - 2, f"{value:.2f}", "soft"))
    told = "; ".join(
        f"{label}: " + ", ".join(f"{figure} {value:.2f}" for figure, value in figures.items())
        for label, figures in rows
    )
    return Picture(name, title, f"{told}.", top + each * len(rows) + 4, "".join(parts))
