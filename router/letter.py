"""The ready-to-sign letter to the coordinating doctor of the union, in the member's own words, as HTML.

Everything that a member wrote is escaped, cut to bounds and never interpreted: no link becomes one, nothing is fetched.
`router.pdf` makes a PDF of it, in a process of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Final

from config.directory import directory
from config.letter import letter_words
from config.vocabulary import Language
from router.dates import in_full
from router.texts import parse, render

MAX_TEXT: Final = 20_000
# Line breaks cost pages: at 40 lines a page this stays well below those of `router.pdf`.
MAX_LINES: Final = 1_000
_MAX_FILES: Final = 10
# The typesetter needs time that grows with the square of a paragraph's lines, and of a word's letters: both are cut.
_BLOCK_LINES: Final = 30
_HAND_LINES: Final = 8
_HAND_LINE: Final = "<span class='blank hand'></span>"
_LONG_WORD: Final = re.compile(r"\S{60}")
_STYLE: Final = (Path(__file__).resolve().parent / "letter.css").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class LetterData:
    """What goes into one letter. `files` are the names of what the member sent with the message."""

    language: Language
    reference: str
    text: str
    written_on: date
    name: str = ""
    address: tuple[str, ...] = ()
    member_number: str = ""
    contact: str = ""
    files: tuple[str, ...] = ()


def letter_html(data: LetterData) -> str:
    """The letter as one HTML document without any outside resource. Pure."""
    words = letter_words(data.language)
    values = {
        "office": directory().office.name,
        "reference": _line(data.reference),
        "written_on": in_full(data.written_on, data.language),
    }

    def said(text: str) -> str:
        return escape(_filled(text, data.language, values))

    lines, cut = _lines(data.text)
    story = "".join(_paragraph(block) for block in _blocks(lines))
    if not story:
        # Only files came, or only a subject: room to write the complaint by hand.
        story = f"<p>{_HAND_LINE * _HAND_LINES}</p>"
    if cut:
        story += f"<p>{said(words.cut)}</p>"
    files = "".join(f"<li>{escape(_line(name))}</li>" for name in data.files[:_MAX_FILES])
    enclosed = f"<h2>{said(words.enclosed)}</h2><ul>{files}</ul>" if files else ""
    addressee = "<br>".join(escape(line) for line in directory().coordinator.lines)
    page = escape(words.page).split("{page}")
    footer_start, (footer_middle, footer_end) = page[0], page[1].split("{pages}")
    return (
        f'<!DOCTYPE html><html lang="{data.language}"><head><meta charset="utf-8">'
        f"<title>{said(words.subject)}</title><style>{_STYLE}"
        f'@page {{ @bottom-right {{ content: "{footer_start}" counter(page) "{footer_middle}" counter(pages) '
        f'"{footer_end}"; }} }}</style></head><body>'
        f'<p class="note">{said(words.note)}</p>'
        f"<address class='from'>{_sender(data)}</address>"
        f"<address class='to' lang='fr'>{addressee}</address>"
        f"<p class='place'>{said(words.place_and_date)} <span class='blank town'></span>"
        f"{said(words.on_the)} <span class='blank day'></span></p>"
        f"<h1>{said(words.subject)}</h1><p class='reference'>{said(words.reference)}</p>"
        f"<p>{said(words.salutation)}</p><p>{said(words.opening)}</p>"
        f"<blockquote>{story}</blockquote><p>{said(words.request)}</p>{enclosed}"
        f"<div class='end'><p>{said(words.closing)}</p>"
        f"<p class='sign'>{said(words.signature)}</p><p class='signed'>{escape(_line(data.name))}</p></div>"
        "</body></html>"
    )


def _sender(data: LetterData) -> str:
    words = letter_words(data.language)
    rows = [f"<b>{escape(_line(data.name))}</b>" if data.name else _blank(words.sender)]
    rows += [escape(_line(line)) for line in data.address] or [
        _blank(words.address),
        "<span class='blank wide'></span>",
    ]
    rows.append(
        f"{escape(words.member_number)} {escape(_line(data.member_number))}"
        if data.member_number
        else _blank(words.member_number)
    )
    if data.contact:
        rows.append(escape(_line(data.contact)))
    return "<br>".join(rows)


def _blank(label: str) -> str:
    return f"<span class='label'>{escape(label)}</span> <span class='blank'></span>"


def _filled(text: str, language: Language, values: dict[str, str]) -> str:
    return render(parse(text, language), values, frozenset())


def _line(text: str) -> str:
    """One line of foreign text: no control or direction signs, at most 200 characters."""
    kept = (" " if sign.isspace() else sign for sign in text if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join("".join(kept).split())[:200]


def _lines(text: str) -> tuple[list[str], bool]:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [_clean(line) for line in plain[:MAX_TEXT].split("\n")]
    return lines[:MAX_LINES], len(plain) > MAX_TEXT or len(lines) > MAX_LINES


def _clean(line: str) -> str:
    kept = "".join(
        " " if sign == "\t" else sign for sign in line if sign == "\t" or unicodedata.category(sign)[0] != "C"
    )
    # A zero-width space: the word may break there, and nothing shows.
    return _LONG_WORD.sub(lambda match: match.group() + "\u200b", kept)


def _paragraph(block: list[str]) -> str:
    pieces = [block[start : start + _BLOCK_LINES] for start in range(0, len(block), _BLOCK_LINES)]
    made = ["<br>".join(escape(line) for line in piece) for piece in pieces]
    return "".join(f'<p class="goes-on">{text}</p>' for text in made[:-1]) + f"<p>{made[-1]}</p>"


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Paragraphs: lines between empty ones. Any number of empty lines makes one gap."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]
