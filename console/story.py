"""A message as it is read: the words that decided underlined, the far end of a long text folded away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

# A longer message is folded after so many lines, or so many characters where it has no lines.
_LINES: Final = 40
_CHARACTERS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Words of the text, from `start` up to `end`, that spoke for the findings with these numbers."""

    start: int
    end: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A text ready for the page. `rest` is what is folded away, empty for a short one; `lines` counts all of it."""

    first: Markup
    rest: Markup
    lines: int


def told(text: str, marks: Sequence[Mark] = ()) -> Story:
    """A text with its marks, folded when it is long."""
    text = text.replace("\r\n", "\n").strip("\n") if not marks else text
    end = _fold_at(text)
    return Story(_drawn(text, 0, end, marks), _drawn(text, end, len(text), marks), text.count("\n") + 1)


def marks_in(text: str, evidence: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]) -> tuple[Mark, ...]:
    """Where the evidence for the numbered labels stands in the text.

    Evidence whose words are not at its place (found in the subject, or in another reading of the text) is left out, and so
    are whole sentences, which would hide the words in them; of overlapping evidence the longer one is drawn and bears all
    numbers.
    """
    places: dict[tuple[int, int], set[int]] = {}
    for item in evidence:
        start, end, label = int(item["start"]), int(item["end"]), str(item["label"])
        if item.get("part") == "sentence":
            continue
        if label in numbers and 0 <= start < end and text[start:end] == item["text"]:
            places.setdefault((start, end), set()).add(numbers[label])
    found: list[Mark] = []
    for (start, end), bears in sorted(places.items(), key=lambda place: (place[0][0], -place[0][1])):
        if found and start < found[-1].end:
            last = found.pop()
            found.append(Mark(last.start, max(last.end, end), tuple(sorted({*last.numbers, *bears}))))
        else:
            found.append(Mark(start, end, tuple(sorted(bears))))
    return tuple(found)


def _fold_at(text: str) -> int:
    if len(text) <= _CHARACTERS and text.count("\n") < _LINES + 5:
        return len(text)
    lines = text.split("\n")
    end = len("\n".join(lines[:_LINES]))
    if end > _CHARACTERS:
        space = text.rfind(" ", 0, _CHARACTERS)
        end = space if space > _CHARACTERS // 2 else _CHARACTERS
    return end


def _drawn(text: str, start: int, end: int, marks: Sequence[Mark]) -> Markup:
    pieces: list[Markup] = []
    at = start
    for mark in marks:
        first, last = max(mark.start, at), min(mark.end, end)
        if first >= last:
            continue
        pieces.append(escape(text[at:first]))
        numbers = ", ".join(map(str, mark.numbers))
        pieces.append(
            Markup(
                '<mark id="evidence-{}-{}" data-evidence="{}">{}</mark><sup><a href="#finding-{}">{}</a></sup>'
            ).format(
                mark.numbers[0],
                mark.start,
                " ".join(map(str, mark.numbers)),
                text[first:last],
                mark.numbers[0],
                numbers,
            )
        )
        at = last
    pieces.append(escape(text[at:end]))
    return Markup("").join(pieces)
