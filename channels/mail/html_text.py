"""HTML mail to readable plain text, with what the sender hid told apart.

One pass over the tags with a stack, no tree and no recursion: parsers that build trees drop everything below 256 levels
without a word, and unclosed tags of an old Outlook get there.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channels.mail.hidden import Look, Sheet, look_of

MAX_HTML: Final = 1024 * 1024
# How far up an end tag looks for its start tag.
_REACH: Final = 64
_MAX_DEPTH: Final = 5000

_TAG = re.compile(
    r"<(?:(/?)([a-zA-Z][^\s/>]{0,60})((?:[^<>\"']|\"[^\"]{0,20000}\"|'[^']{0,20000}')*)>|(!--)|([!?/][^<>]{0,5000})>)"
)
_NO_TAG = re.compile(r"<[^<]*(?:<(?![a-zA-Z/!?])[^<]*)*+")
_LOOSE_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]{0,20})(?=[\s/>])[^<>]{0,20000}>")
_ATTRIBUTE = re.compile(r"([a-zA-Z_:][\w:.-]{0,60})\s*(?:=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0\u2000-\u200a\u202f\u205f\u3000]+")
_ZERO_WIDTH = re.compile("[\u00ad\u034f\u200b\u200c\u2060\u2061\u180e\ufeff]")
_BLANK_LINES = re.compile(r"\n{3,}")
_GENERIC_LINK = re.compile(
    r"(?:cliquez |klik |click |klicken sie )?(?:ici|hier|here|lien|link|document|bijlage|fichier|bestand|file|datei)\W?",
    re.IGNORECASE,
)

_VOID: Final = frozenset(
    ("area", "base", "basefont", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr")
)
_SKIPPED: Final = frozenset(
    ("script", "style", "title", "template", "noembed", "noframes", "iframe", "svg", "math", "select", "xml")
)
_BLOCKS: Final = frozenset(
    [
        *("address", "article", "aside", "body", "caption", "center", "dd", "details", "dir", "div", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "header", "html", "legend", "li", "main", "menu", "nav", "option"),
        *("section", "summary", "tbody", "tfoot", "thead", "tr"),
    ]
)
_SPACED: Final = frozenset(
    ("blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul")
)
_CLOSED_BY: Final[Mapping[str, frozenset[str]]] = {
    "p": frozenset(["p"]),
    "li": frozenset(["li"]),
    "td": frozenset(["td", "th"]),
    "th": frozenset(["td", "th"]),
    "tr": frozenset(["tr", "td", "th"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "option": frozenset(["option"]),
}
_BARRIERS: Final = frozenset(["table", "ul", "ol", "td", "th", "body", "html"])
# Only these attributes tell how an element looks; elements without any inherit.
_LOOKS = re.compile(r"style|class|hidden|color|bgcolor|background|\bid\b|text", re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    """One open element."""

    tag: str
    look: Look
    pre: bool = False
    number: int = 0
    href: str = ""
    anchor_at: int = 0


class _Writer:
    """Collects the text: blanks folded, breaks made where blocks begin and end."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.hidden: list[str] = []
        self._breaks = 0
        self._space = False
        self._fresh = True

    def text(self, data: str, *, pre: bool) -> None:
        if pre:
            self._flush()
            self.pieces.append(data.replace("\xa0", " "))
            self._fresh = data.endswith("\n")
            return
        folded = _SPACE.sub(" ", data)
        if folded.startswith(" "):
            self._space = True
            folded = folded[1:]
        if not folded:
            return
        trailing = folded.endswith(" ")
        self._flush()
        self.pieces.append(folded[:-1] if trailing else folded)
        self._space = trailing
        self._fresh = False

    def _flush(self) -> None:
        if self._breaks:
            self.pieces.append("\n" * self._breaks)
        elif self._space and not self._fresh:
            self.pieces.append(" ")
        self._breaks = 0
        self._space = False

    def block(self, lines: int) -> None:
        if self.pieces and not (self._fresh and not self._breaks and lines == 1):
            self._breaks = max(self._breaks, lines)
        self._fresh = True
        self._space = False

    def newline(self) -> None:
        self._breaks = min(self._breaks + 1, 3) if self.pieces else 0
        self._fresh = True
        self._space = False

    def cell(self) -> None:
        if not self._fresh:
            self.pieces.append("  ")
            self._space = False

    def prefix(self, mark: str) -> None:
        self._flush()
        self.pieces.append(mark)
        self._fresh = True


def _attributes(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(source[:20_000]):
        found.setdefault(name.lower(), html.unescape(double or single or bare))
    return found


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.out = _Writer()
        self.sheet = Sheet()
        self.stack: list[_Open] = [_Open("", Look())]
        self.open: dict[str, int] = {}
        # What was sought once to the end in vain is not sought again: time stays linear.
        self.missing: set[str] = set()

    def run(self) -> tuple[str, str]:
        source, out = self.source, self.out
        position = 0
        while True:
            found = source.find("<", position)
            if found < 0:
                self._data(source[position:])
                break
            if found > position:
                self._data(source[position:found])
            match = _TAG.match(source, found) or _LOOSE_TAG.match(source, found)
            if match is None:
                # A lone "<", or many: text up to the next one that could begin a tag.
                lone = _NO_TAG.match(source, found)
                position = lone.end() if lone else found + 1
                self._data(source[found:position])
            elif match.re is _LOOSE_TAG:
                # Quotes that never close: the element counts, its attributes cannot be read.
                position = match.end()
                if source[found + 1] == "/":
                    self._end(match[1].lower())
                else:
                    self._start(match[1].lower(), "", position)
            elif match[4]:
                position = self._after_comment(found, match.end())
            elif match[5] is not None:
                position = match.end()
            elif match[1]:
                self._end(match[2].lower())
                position = match.end()
            else:
                position = self._start(match[2].lower(), match[3], match.end())
        return _tidy("".join(out.pieces)), _tidy("\n".join(out.hidden))

    def _after_comment(self, start: int, after: int) -> int:
        """Return where a comment ends; one that never does is only its opening, or it would swallow the message."""
        end = self.source.find("-->", start + 4) if "-->" not in self.missing else -1
        if end < 0:
            self.missing.add("-->")
            return after
        return end + 3

    def _data(self, data: str) -> None:
        top = self.stack[-1]
        text = html.unescape(data) if "&" in data else data
        if top.look.hidden:
            visible = _ZERO_WIDTH.sub("", text).strip()
            if visible:
                self.out.hidden.append(_SPACE.sub(" ", visible))
        else:
            self.out.text(text, pre=top.pre)

    def _start(self, tag: str, source: str, end: int) -> int:
        """Enter an element; return where reading goes on."""
        if tag in _SKIPPED:
            return self._skip(tag, source, end)
        self._close_implied(tag)
        parent = self.stack[-1]
        look = parent.look
        attributes: dict[str, str] = {}
        if source and (_LOOKS.search(source) or tag in {"a", "img", "ol"}):
            attributes = _attributes(source)
        if attributes or self.sheet.knows(tag):
            look = look_of(look, attributes, self.sheet.style(tag, attributes))
        if not look.hidden:
            self._layout(tag, attributes)
        if tag in _VOID or len(self.stack) >= _MAX_DEPTH:
            return end
        opened = _Open(tag, look, parent.pre or tag in {"pre", "textarea", "plaintext"})
        if tag == "ol":
            start = attributes.get("start", "")
            # Python refuses to read numbers of thousands of digits.
            opened.number = int(start) if start.isdecimal() and len(start) < 10 else 1
        elif tag == "a":
            opened.href, opened.anchor_at = attributes.get("href", "").strip(), len(self.out.pieces)
        self.stack.append(opened)
        self.open[tag] = self.open.get(tag, 0) + 1
        return end

    def _skip(self, tag: str, source: str, end: int) -> int:
        if source.rstrip().endswith("/") and tag not in {"script", "style", "title"}:
            return end
        close = None if tag in self.missing else re.compile(rf"</{tag}\b[^>]*>", re.I).search(self.source, end)
        if close is None:
            # Never closed: to skip to the end would lose the message.
            self.missing.add(tag)
            return end
        if tag == "style":
            self.sheet.add(self.source[end : close.start()])
        return close.end()

    def _layout(self, tag: str, attributes: Mapping[str, str]) -> None:
        out = self.out
        if tag == "br":
            out.newline()
        elif tag in {"td", "th"}:
            out.cell()
        elif tag == "li":
            out.block(1)
            out.prefix(self._bullet())
        elif tag in {"ul", "ol"}:
            out.block(1 if any(opened.tag == "li" for opened in self.stack[-4:]) else 2)
        elif tag in _SPACED:
            out.block(2)
        elif tag in _BLOCKS:
            out.block(1)
        elif tag == "img":
            # A picture of a smiley is a word; other descriptions are mostly logos.
            alternative = attributes.get("alt", "").strip()
            if alternative and len(alternative) <= 8 and not alternative.isascii() and not alternative.isalnum():
                out.text(alternative, pre=False)

    def _bullet(self) -> str:
        for opened in reversed(self.stack[-8:]):
            if opened.tag == "ol":
                opened.number += 1
                return f"{opened.number - 1}. "
            if opened.tag in {"ul", "menu", "dir"}:
                break
        return "- "

    def _close_implied(self, tag: str) -> None:
        closes = _CLOSED_BY.get(tag)
        if tag in _SPACED and self.stack[-1].tag == "p":
            self._pop()
        if closes is None:
            return
        barriers = _BARRIERS - closes
        if not any(map(self.open.get, closes)):
            return
        for depth in range(len(self.stack) - 1, max(0, len(self.stack) - 1 - _REACH), -1):
            name = self.stack[depth].tag
            if name in closes:
                while len(self.stack) > depth:
                    self._pop()
                # A row closes the cell before it and then the row around that.
                if tag != "tr" or name == "tr":
                    return
            elif name in barriers:
                return

    def _end(self, tag: str) -> None:
        if tag == "br":
            self.out.newline()
            return
        if tag == "p" and not any(opened.tag == "p" for opened in self.stack[-8:]):
            self.out.block(2)
            return
        if not self.open.get(tag):
            return
        table = tag in {"table", "tbody", "thead", "tfoot", "tr", "td", "th"}
        for depth in range(len(self.stack) - 1, max(0, len(self.stack) - 1 - _REACH), -1):
            name = self.stack[depth].tag
            if name == tag:
                while len(self.stack) > depth:
                    self._pop()
                return
            if name in {"td", "th"} and not table:
                return

    def _pop(self) -> None:
        opened = self.stack.pop()
        self.open[opened.tag] -= 1
        if opened.look.hidden:
            return
        if opened.tag == "a" and opened.href:
            self._link(opened)
        elif opened.tag in _SPACED:
            nested = opened.tag in {"ul", "ol"} and any(above.tag == "li" for above in self.stack[-4:])
            self.out.block(1 if nested else 2)
        elif opened.tag in _BLOCKS:
            self.out.block(1)

    def _link(self, opened: _Open) -> None:
        """Write the address behind "here", where the words alone say nothing."""
        words = "".join(self.out.pieces[opened.anchor_at :][-8:]).strip()
        if opened.href.lower().startswith(("http://", "https://")) and _GENERIC_LINK.fullmatch(words[:60]):
            self.out.text(f" <{opened.href[:300]}>", pre=False)


def _tidy(text: str) -> str:
    text = _ZERO_WIDTH.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def html_to_text(source: str) -> tuple[str, str]:
    """Return (visible text, hidden text) of an HTML mail, of at most its first 1 MiB characters.

    Paragraphs are parted by blank lines, items have bullets or numbers, cells of a row stand on one line. Time is linear.
    """
    return _Reader(source[:MAX_HTML].replace("\x00", "")).run()
