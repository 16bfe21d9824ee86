"""What a sender made invisible in HTML mail: enough of CSS to tell, by element, whether its text can be seen.

Preview texts of newsletters hide by display, height and size; frauds hide by colour and position. Text that no reader saw
is no evidence (a classifier must not be steered by it), yet it is shown to staff as such.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

Colour = tuple[int, int, int]

_WHITE: Final[Colour] = (255, 255, 255)
_BLACK: Final[Colour] = (0, 0, 0)
# Text smaller than this many CSS pixels cannot be read; 1pt is 1.33 px.
_SMALLEST: Final = 2.0
# Two colours nearer than this in every channel look the same.
_SAME: Final = 20
_MAX_CSS: Final = 128 * 1024
_MAX_RULES: Final = 500
_NAMED: Final[Mapping[str, Colour]] = {
    "white": _WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250),
    "azure": (240, 255, 255), "black": _BLACK, "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "yellow": (255, 255, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192),
    "navy": (0, 0, 128), "maroon": (128, 0, 0), "purple": (128, 0, 128), "teal": (0, 128, 128),
    "orange": (255, 165, 0), "lightgray": (211, 211, 211), "lightgrey": (211, 211, 211),
}  # fmt: skip
_SIZES: Final = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "smaller": 13.0}
_UNITS: Final = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 3.78, "cm": 37.8, "in": 96.0}
_NUMBER = re.compile(r"([+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}))\s*([a-z%]*)")
_HEX = re.compile(r"#([0-9a-f]{3,8})\b")
_RGB = re.compile(r"rgba?\(\s*([\d.]{1,9}%?)[\s,]+([\d.]{1,9}%?)[\s,]+([\d.]{1,9}%?)(?:[\s,/]+([\d.]{1,9})(%?))?\s*\)")
_WORD = re.compile(r"[a-z-]+")
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})[ \t\n]?")
_HSL = re.compile(r"hsla?\(\s*([\d.]{1,9})(?:deg)?[\s,]+([\d.]{1,9})%[\s,]+([\d.]{1,9})%")
_NO_ROOM = re.compile(r"inset\(\s*(?:5\d|[6-9]\d|100)(?:\.\d+)?%\s*\)|(?:circle|ellipse)\(\s*0")
_SCALED_AWAY = re.compile(r"scale\(\s*0+\s*[,)]")
_FAR = re.compile(r"translate(?:3d|[xy])?\(\s*(?:[\d.]+[a-z]*\s*,\s*)?-\s*\d{3,}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]{0,4000})\}")
_MAY_HIDE = re.compile(
    r"display|visibility|hidden|hide|opacity|color|font-size\s*:|font\s*:|overflow|position|indent|transform|margin-left"
    r"|clip|\\|<body[^>]{0,500}\stext|<style",
    re.IGNORECASE,
)
_SIMPLE = re.compile(r"([a-z][a-z0-9]*)?([.#][a-z_-][\w-]*)?\Z")


@dataclass(frozen=True, slots=True)
class Look:
    """How text inside an element looks. `gone`: nothing in it can be seen, whatever its children say.

    `ink` and `paper` are the colours of text and ground; None means unknown (a picture, a gradient).
    """

    gone: bool = False
    invisible: bool = False
    size: float = 16.0
    ink: Colour | None = _BLACK
    paper: Colour | None = _WHITE
    # Whether text placed here is invisible to a reader; worked out once, asked at every tag.
    hidden: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Work out `hidden`."""
        if self.gone or self.invisible or self.size < _SMALLEST or _same_colour(self.ink, self.paper):
            object.__setattr__(self, "hidden", True)


def _same_colour(ink: Colour | None, paper: Colour | None) -> bool:
    if ink is None or paper is None:
        return False
    return all(abs(one - other) <= _SAME for one, other in zip(ink, paper, strict=True))


def _unescaped(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if 32 <= number < 0xD800 else ""


@lru_cache(maxsize=1024)
def declarations(style: str) -> Mapping[str, str]:
    """Return the declarations of a style attribute, names and values in lower case."""
    found: dict[str, str] = {}
    # What is important is not overruled by what comes later.
    fixed: set[str] = set()
    # Browsers read "dis\\70 lay" as "display".
    plain = _CSS_ESCAPE.sub(_unescaped, _COMMENT.sub("", style[:4000])).lower()
    for piece in plain.split(";")[:100]:
        name, colon, value = piece.partition(":")
        if not colon or name.strip() in fixed:
            continue
        found[name.strip()] = value.replace("!important", "").strip()
        if "!important" in value:
            fixed.add(name.strip())
    return found


def _length(value: str, base: float) -> float | None:
    match = _NUMBER.match(value.removeprefix("calc("))
    if not match:
        return None
    number, unit = float(match[1]), match[2]
    if unit in {"em", "rem", "ex", "ch"}:
        return number * (16.0 if unit == "rem" else base)
    if unit == "%":
        return number * base / 100
    return number * _UNITS[unit] if unit in _UNITS else None


@lru_cache(maxsize=1024)
def colour(value: str) -> Colour | bool | None:
    """Return the colour in a CSS or HTML value, False when it is transparent, None when it names none."""
    value = value.strip().lower()
    if "transparent" in value:
        return False
    if match := _HEX.search(value) or re.match(r"([0-9a-f]{6})\Z", value):
        digits = match[1]
        if len(digits) in {3, 4}:
            digits = "".join(digit * 2 for digit in digits)
        if len(digits) == 8 and int(digits[6:], 16) < 26:
            return False
        return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)) if len(digits) in {6, 8} else None
    if match := _RGB.search(value):
        if match[4] and _decimal(match[4]) / (100 if match[5] else 1) < 0.1:
            return False
        red, green, blue = (_channel(match[index]) for index in (1, 2, 3))
        return red, green, blue
    return _by_hue(value) or next((_NAMED[word] for word in _WORD.findall(value) if word in _NAMED), None)


def _by_hue(value: str) -> Colour | None:
    match = _HSL.search(value)
    if match is None:
        return None
    hue, saturation, lightness = (_decimal(part) for part in match.groups())
    shares = colorsys.hls_to_rgb(hue % 360 / 360, min(lightness, 100) / 100, min(saturation, 100) / 100)
    red, green, blue = (round(255 * share) for share in shares)
    return red, green, blue


def _decimal(text: str) -> float:
    whole, _, rest = text.partition(".")
    return float(f"{whole or 0}.{rest.replace('.', '') or 0}")


def _channel(text: str) -> int:
    number = text.rstrip("%").split(".")[0] or "0"
    return min(255, int(number) * 255 // 100 if text.endswith("%") else int(number))


def _zero(style: Mapping[str, str], *names: str) -> bool:
    for name in names:
        length = _length(style[name], 16.0) if name in style else None
        if length is not None and length <= 1.0:
            return True
    return False


def _is_gone(style: Mapping[str, str]) -> bool:
    """Tell whether these declarations remove an element with everything in it from view."""
    if style.get("display") == "none" or "all" in style.get("mso-hide", ""):
        return True
    opacity = style.get("opacity") or next(iter(re.findall(r"opacity\(([^)]*)\)", style.get("filter", ""))), "")
    if opacity and (shown := _length(opacity, 1.0)) is not None and shown < 0.1:
        return True
    clipped = style.get("overflow", style.get("overflow-y", "")).startswith(("hidden", "clip"))
    if clipped and _zero(style, "height", "max-height", "width", "max-width"):
        return True
    if style.get("position") in {"absolute", "fixed"} and (
        any((_length(style.get(side, ""), 16.0) or 0) <= -500 for side in ("left", "top", "right", "bottom"))
        or re.match(r"rect\(\s*[01](px)?[\s,]+[01](px)?[\s,]+[01](px)?[\s,]+[01](px)?\s*\)", style.get("clip", ""))
    ):
        return True
    transform = style.get("transform", "")
    if _SCALED_AWAY.search(transform) or _FAR.search(transform) or _NO_ROOM.search(style.get("clip-path", "")):
        return True
    return any((_length(style.get(name, ""), 16.0) or 0) <= -500 for name in ("text-indent", "margin-left"))


def look_of(parent: Look, attributes: Mapping[str, str], style: Mapping[str, str]) -> Look:
    """Return how text looks in an element with these attributes and declarations, inside `parent`."""
    if parent.gone:
        return parent
    if "hidden" in attributes or _is_gone(style):
        return replace(parent, gone=True)
    visibility = style.get("visibility", "")
    invisible = visibility in {"hidden", "collapse"} if visibility and visibility != "inherit" else parent.invisible
    size = parent.size
    if "font-size" in style:
        size = _SIZES.get(style["font-size"], _length(style["font-size"], parent.size) or _zero_or(style, parent.size))
    elif "font" in style and (
        match := re.search(r"(?:^|\s)(\d[\d.]{0,8}\s*(?:px|pt|em|rem|%)|0)(?=[\s/]|$)", style["font"])
    ):
        size = _length(match[1], parent.size) or 0.0
    ink: Colour | None = parent.ink
    given = colour(style.get("color") or attributes.get("color") or attributes.get("text") or "")
    paper = _paper(parent.paper, attributes, style)
    if given is False:
        return Look(True, invisible, size, ink, paper)
    return Look(False, invisible, size, given if isinstance(given, tuple) else ink, paper)


def _zero_or(style: Mapping[str, str], inherited: float) -> float:
    return 0.0 if _length(style["font-size"], inherited) == 0 else inherited


def _paper(inherited: Colour | None, attributes: Mapping[str, str], style: Mapping[str, str]) -> Colour | None:
    if "background" in attributes or "url(" in style.get("background", "") or "gradient" in style.get("background", ""):
        return None
    image = style.get("background-image", "")
    if image and image != "none":
        return None
    given = colour(style.get("background-color") or style.get("background") or attributes.get("bgcolor") or "")
    return given if isinstance(given, tuple) else inherited


def may_hide(source: str) -> bool:
    """Tell whether an HTML mail holds anything at all that can make text invisible; quick, to spare plain ones the rest."""
    return bool(_MAY_HIDE.search(source))


class Sheet:
    """The simple rules of a mail's style blocks: `tag`, `.class`, `#id` and `tag.class`; the rest is not looked at."""

    def __init__(self) -> None:
        """Start without rules."""
        self._rules: dict[str, dict[str, str]] = {}

    def add(self, css: str) -> None:
        """Read one style block, at most 128 KiB and 500 rules. Rules for phones (@media) do not count."""
        for match in _RULE.finditer(_outside_at_rules(_COMMENT.sub("", css[:_MAX_CSS].lower()))):
            if len(self._rules) >= _MAX_RULES:
                return
            for selector in match[1].split(",")[:50]:
                name = selector.strip()
                if name and _SIMPLE.match(name):
                    self._rules.setdefault(name, {}).update(declarations(match[2]))

    def knows(self, tag: str) -> bool:
        """Tell whether there is a rule for every element of this name."""
        return tag in self._rules

    def style(self, tag: str, attributes: Mapping[str, str]) -> Mapping[str, str]:
        """Return all declarations for an element: rules first, its own style attribute over them."""
        own = declarations(attributes["style"]) if "style" in attributes else {}
        if not self._rules:
            return own
        merged = dict(self._rules.get(tag, {}))
        for word in attributes.get("class", "").lower().split()[:20]:
            merged.update(self._rules.get(f".{word}", {}))
            merged.update(self._rules.get(f"{tag}.{word}", {}))
        if "id" in attributes:
            merged.update(self._rules.get(f"#{attributes['id'].lower()}", {}))
        merged.update(own)
        return merged


def _outside_at_rules(css: str) -> str:
    """Return the style sheet without its @-blocks."""
    if "@" not in css:
        return css
    kept: list[str] = []
    depth = 0
    skipping = -1
    for piece in re.split(r"([{}@;])", css):
        if piece == "@" and skipping < 0:
            skipping = depth
        if skipping < 0:
            kept.append(piece)
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth = max(0, depth - 1)
        if skipping >= 0 and depth == skipping and piece in {"}", ";"}:
            skipping = -1
    return "".join(kept)
