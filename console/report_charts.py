"""Charts as SVG, made here: each answers one question, begins at zero and has its numbers on the marks, so that it needs no
legend and can be printed without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 680
_HEIGHT: Final = 190
_FLOOR: Final = 150
_TOP: Final = 26
_ROW: Final = 30
_LABEL: Final = 240
# What fits there of wide letters.
_LONGEST_LABEL: Final = 28
# The last bar is the month that is spoken of; on paper, and where no style sheet reaches, these are the colours.
_MARK: Final = "#0b5c63"
_OTHER: Final = "#8a9097"
_TEXT: Final = "#1a1f24"


@dataclass(frozen=True, slots=True)
class Bar:
    """One mark. `value` None is a gap, which is not zero; `shown` is the number as it is written."""

    label: str
    value: float | None
    shown: str


def columns(title: str, bars: Sequence[Bar]) -> Markup:
    """Bars side by side, for what follows in time; the last one is set off."""
    most = max((bar.value or 0 for bar in bars), default=0) or 1
    step = _WIDTH / max(1, len(bars))
    parts = [
        Markup('<line class="axis" x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="{2}"/>').format(_FLOOR, _WIDTH, _TEXT)
    ]
    for place, bar in enumerate(bars):
        middle = round(step * (place + 0.5), 1)
        parts.append(_text(middle, _FLOOR + 22, bar.label, "middle"))
        if bar.value is None:
            continue
        height = round((_FLOOR - _TOP) * bar.value / most, 1)
        last = place == len(bars) - 1
        parts.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
                "column now" if last else "column",
                round(middle - step * 0.33, 1),
                round(_FLOOR - height, 1),
                round(step * 0.66, 1),
                height,
                _MARK if last else _OTHER,
            )
        )
        parts.append(_text(middle, round(_FLOOR - height - 7, 1), bar.shown, "middle"))
    return _svg(title, _HEIGHT, parts)


def rows(title: str, bars: Sequence[Bar], *, most: float = 0) -> Markup:
    """Bars one below the other, for what has names; `most` is the end of the scale, the longest bar where it is 0."""
    scale = most or max((bar.value or 0 for bar in bars), default=0) or 1
    parts = []
    for place, bar in enumerate(bars):
        top = place * _ROW
        parts.append(_text(_LABEL - 10, top + 20, _short(bar.label), "end"))
        if bar.value is None:
            continue
        width = round((_WIDTH - _LABEL - 70) * bar.value / scale, 1)
        parts.append(
            Markup('<rect class="column now" x="{}" y="{}" width="{}" height="{}" fill="{}"/>').format(
                _LABEL, top + 5, width, _ROW - 10, _MARK
            )
        )
        parts.append(_text(round(_LABEL + width + 8, 1), top + 20, bar.shown, "start"))
    return _svg(title, max(1, len(bars)) * _ROW, parts)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1].rstrip()}…"


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" font-size="14" fill="{}">{}</text>').format(
        x, y, anchor, _TEXT, words
    )


def _svg(title: str, height: int, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" viewBox="0 0 {w} {h}" width="{w}" height="{h}" font-family="sans-serif" '
        'xmlns="http://www.w3.org/2000/svg"><title>{title}</title>{parts}</svg>'
    ).format(w=_WIDTH, h=height, title=title, parts=Markup().join(parts))
