"""The colours of the style sheet keep WCAG's contrast (1.4.3: 4.5 for text, 1.4.11: 3 for borders), light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_CSS = (Path(__file__).resolve().parents[3] / "channels/web/static/public.css").read_text(encoding="utf-8")


def _palette(dark: bool) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", _CSS, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", blocks[0]))
    return {**colours, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", blocks[1]))} if dark else colours


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ratio(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_contrast(dark: bool) -> None:
    colours = _palette(dark)
    text = [(ink, ground) for ink in ("ink", "soft", "accent", "danger", "warn") for ground in ("paper", "ground")]
    text += [("on-accent", "accent"), ("ground", "ink"), ("warn", "warn-soft"), ("ok", "ok-soft"), ("soft", "ok-soft")]
    text += [("ink", ground) for ground in ("ok-soft", "warn-soft", "accent-soft")]
    for ink, ground in text:
        assert _ratio(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for ground in ("paper", "ground"):
        assert _ratio(colours["edge"], colours[ground]) >= 3, ground
