"""The HTML part of our mails, made from their plain text: the same words in a page that every reader can show.

The text is plain, with four habits: blank lines between paragraphs, `**bold**` (a line of it is a heading), lines
beginning with "- " for lists, and bare web addresses and telephone numbers, which become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

from config.vocabulary import Language

# Linear on hostile text: each alternative begins with a fixed sign, and no part can match in two ways.
_SPECIAL = re.compile(
    r"(?P<link>https?://[^\s<>\"]{1,500})"
    r"|(?P<phone>(?<![\w/+])(?:\+32[ ]?|0)[1-9](?:[ ./]?[0-9]){7,8}(?![\w/]))"
    r"|\*\*(?P<bold>[^*\n]{1,300})\*\*",
    re.ASCII,
)
_HEADING = re.compile(r"\*\*(?P<words>[^*\n]{1,300})\*\*")
# What ends a sentence rather than an address.
_AFTER_LINK = ".,;:!?)»"
_STYLE = (
    "body{font:1rem/1.5 Verdana,Arial,sans-serif;color:#1b1b1b;background:#fff;max-width:40em;margin:1em auto;padding:0 1em}"
    "h2{font-size:1.1rem;margin:1.5em 0 .5em}a{color:#0a4a8f}"
)


def html_page(text: str, *, language: Language, title: str) -> str:
    """A whole HTML document that says what the text says. Everything is escaped; nothing is loaded from anywhere."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(_blocks(text))
        + "\n</body>\n</html>\n"
    )


def _blocks(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n[ \t]*\n\s*", text.strip()):
        for kind, lines in groupby(paragraph.split("\n"), key=_kind):
            if kind == "heading":
                yield from (f"<h2>{_inline(line.strip()[2:-2])}</h2>" for line in lines)
            elif kind == "item":
                yield "<ul>\n" + "\n".join(f"<li>{_inline(line[2:].strip())}</li>" for line in lines) + "\n</ul>"
            else:
                yield "<p>" + "<br>\n".join(_inline(line) for line in lines) + "</p>"


def _kind(line: str) -> str:
    if _HEADING.fullmatch(line.strip()):
        return "heading"
    return "item" if line.startswith("- ") else "text"


def _inline(line: str) -> str:
    pieces, position = [], 0
    for match in _SPECIAL.finditer(line):
        pieces.append(escape(line[position : match.start()]))
        position = match.end()
        if match["link"]:
            address = match["link"].rstrip(_AFTER_LINK)
            position = match.start() + len(address)
            pieces.append(f'<a href="{escape(address)}">{escape(address)}</a>')
        elif match["phone"]:
            pieces.append(f'<a href="tel:{_dialled(match["phone"])}">{escape(match["phone"])}</a>')
        else:
            pieces.append(f"<strong>{escape(match['bold'])}</strong>")
    return "".join([*pieces, escape(line[position:])])


def _dialled(phone: str) -> str:
    """The number as a telephone dials it from anywhere: +32 for the leading zero."""
    digits = re.sub(r"[^0-9+]", "", phone)
    return digits if digits.startswith("+") else "+32" + digits[1:]
