"""HTML mail as lines, each knowing whether the sender's program marked it as quoted history or as signature.

The tree is walked without recursion, so that a mail nested a hundred thousand deep is only long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final, Literal

import lxml.etree  # type: ignore[import-untyped]  # lxml ships no types, and we use two functions of it.

# "maybe": a blockquote that nothing says to be history; people indent with it too. "shown": what Gmail's quote button
# makes, around something that the sender shows us; history only under an introduction.
Quote = Literal["no", "maybe", "shown", "yes"]


@dataclass(slots=True)
class Line:
    """One line of text. `group` numbers the blockquote it stands in; `boundary`: history begins here, says the program."""

    text: str
    quote: Quote = "no"
    group: int = 0
    signature: bool = False
    boundary: bool = False


_SKIPPED: Final = frozenset(("script", "style", "head", "title", "template", "noscript", "object", "svg", "math"))
_BREAKING: Final = frozenset(
    [
        *(
            "p",
            "div",
            "br",
            "tr",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "table",
            "blockquote",
            "hr",
            "ul",
            "ol",
            "pre",
        ),
        *("body", "section", "article", "header", "footer", "center", "form", "fieldset", "dl", "dt", "dd", "address"),
    ]
)
_TAG: Final = re.compile(r"<[^<>]*>")
_HIDDEN_STYLES: Final = ("display:none", "visibility:hidden", "mso-hide:all")

# Containers of the history, by a part of their class or id: Gmail, Yahoo, Proton, Outlook on the web, on mobiles and on
# the Mac, Thunderbird, Tuta, Zoho. Programs that quote each other put "x_" or "ydp1234" before the name.
_QUOTE_MARKS: Final = (
    "gmail_quote",
    "gmail_attr",
    "yahoo_quoted",
    "protonmail_quote",
    "moz-cite-prefix",
    "tutanota_quote",
    "zmail_extra",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "olk_src_body_section",
    "replyheader",
)
_BOUNDARY_MARKS: Final = ("divrplyfwdmsg", "appendonsend", "outlookmessageheader", "stopspelling", "zwchr")
_SIGNATURE_MARKS: Final = (
    "gmail_signature",
    "moz-signature",
    "ms-outlook-mobile-signature",
    "applemailsignature",
    "apple-mail-signature",
    "protonmail_signature",
    "io-ox-signature",
    "composer_signature",
    "yahoo-signature",
    "yahoo_signature",
)
_MARKS: Final = re.compile("|".join((*_QUOTE_MARKS, *_BOUNDARY_MARKS, *_SIGNATURE_MARKS, "signature$")))


@dataclass(slots=True)
class _State:
    """Where the walk is: what the elements around say about the text that comes next."""

    lines: list[Line] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    skipping: int = 0
    preformatted: int = 0
    containers: int = 0
    quotes: list[tuple[Quote, int]] = field(default_factory=list)
    signatures: int = 0
    groups: int = 0
    boundary: bool = False
    # Inside Gmail's container: after its first blockquote, what stands beside the blockquotes is an answer.
    answers_from: list[bool] = field(default_factory=list)

    def flush(self) -> None:
        """End the line that is being written, when there is one."""
        if not self.pieces:
            return
        text = "".join(self.pieces)
        self.pieces.clear()
        for part in text.split("\n") if self.preformatted else (" ".join(text.split()),):
            self.emit(part)

    def emit(self, text: str) -> None:
        """Write one line with what is known of it here."""
        quote, group = self.quotes[-1] if self.quotes else ("no", 0)
        if quote == "no" and self.containers and not (self.answers_from and self.answers_from[-1]):
            quote = "yes"
        line = Line(text, quote, group, self.signatures > 0, self.boundary and bool(text))
        if text:
            self.boundary = False
        self.lines.append(line)

    def blank(self) -> None:
        """Leave one blank line, never two."""
        self.flush()
        if self.lines and self.lines[-1].text:
            self.emit("")


def read(html: str, *, fresh: bool = False) -> list[Line]:
    """Give the lines of an HTML body; an empty list when there is nothing that could be read.

    `fresh`: by its subject the mail answers nothing, so that what is merely indented is no history.
    """
    root = _tree(html)
    if root is None:
        return _stripped(html)
    state = _State()
    # What each open element changed, to be undone when it ends.
    undo: list[tuple[str, ...]] = []
    for event, element in lxml.etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if event == "start":
            undo.append(_enter(state, element, tag) if isinstance(tag, str) else ("skip",))
            if not isinstance(tag, str):
                state.skipping += 1
            elif not state.skipping and element.text:
                state.pieces.append(element.text)
        else:
            _leave(state, tag, undo.pop())
            if not state.skipping and element.tail and element is not root:
                state.pieces.append(element.tail)
    state.flush()
    _settle_maybes(state.lines, fresh=fresh)
    return state.lines


def _tree(html: str) -> Any:
    """Parse what may be anything; None where libxml2 finds no element, or stops at its limit of 2 048 levels."""
    parser = lxml.etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml.etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (lxml.etree.XMLSyntaxError, ValueError):
        return None
    last = parser.error_log.last_error
    return None if last is not None and last.type_name == "ERR_RESOURCE_LIMIT" else root


def _stripped(html: str) -> list[Line]:
    """Give the text of what has no usable tree: less exact, but nothing of it is lost."""
    text = unescape(_TAG.sub("\n", html))
    return [Line(" ".join(line.split())) for line in text.split("\n")]


def _enter(state: _State, element: Any, tag: str) -> tuple[str, ...]:
    """Take account of an element that begins; returns what `_leave` must undo."""
    attributes = element.attrib
    changes: list[str] = []
    if tag in _SKIPPED or (attributes and _is_hidden(attributes)):
        state.skipping += 1
        return ("skip",)
    if state.skipping:
        return ()
    if tag in _BREAKING:
        _break(state, tag, attributes)
        if tag == "pre":
            state.preformatted += 1
            changes.append("pre")
    elif tag in {"td", "th"}:
        state.pieces.append(" ")
    marks = f"{attributes.get('class', '')} {attributes.get('id', '')}"[:300].casefold() if attributes else ""
    if tag == "blockquote":
        state.groups += 1
        outer = state.quotes[-1][0] if state.quotes else "no"
        kind = "yes" if outer == "yes" or state.containers else _blockquote_kind(attributes, marks)
        state.quotes.append((kind, state.groups))
        changes.append("quote")
    elif len(marks) > 1 and _MARKS.search(marks) is not None:
        changes.extend(_marked(state, marks))
    if attributes and tag == "div" and "border-top" in (style := _style(attributes)) and "solid" in style:
        state.boundary = True
    if attributes and "data-signatureblock" in attributes:
        state.signatures += 1
        changes.append("signature")
    return tuple(changes)


def _marked(state: _State, marks: str) -> list[str]:
    """Take account of a class or id by which programs mark history and signatures."""
    changes = []
    if any(mark in marks for mark in _QUOTE_MARKS):
        state.containers += 1
        changes.append("container")
        if "gmail_quote" in marks:
            state.answers_from.append(False)
            changes.append("answers")
    if any(mark in marks for mark in _SIGNATURE_MARKS) or marks.endswith((" signature", " x_signature")):
        state.signatures += 1
        changes.append("signature")
    if any(mark in marks for mark in _BOUNDARY_MARKS):
        state.boundary = True
    return changes


def _leave(state: _State, tag: object, changes: tuple[str, ...]) -> None:
    """Undo what an element changed."""
    if "skip" in changes:
        state.skipping -= 1
        return
    if state.skipping:
        return
    if tag in _BREAKING and tag != "br":
        state.flush()
    for change in changes:
        if change == "pre":
            state.preformatted -= 1
        elif change == "quote":
            state.quotes.pop()
            if state.answers_from and not state.quotes:
                state.answers_from[-1] = True
        elif change == "container":
            state.containers -= 1
        elif change == "answers":
            state.answers_from.pop()
        else:
            state.signatures -= 1


def _break(state: _State, tag: str, attributes: dict[str, str]) -> None:
    """Begin a new line; paragraphs are set apart by a blank one, except Outlook's, which have no margin."""
    if tag == "br":
        if state.pieces:
            state.flush()
        else:
            state.emit("")
    elif tag == "p" and "msonormal" not in attributes.get("class", "").casefold():
        state.blank()
    else:
        state.flush()
        if tag == "hr":
            state.emit("________")
        elif tag == "li":
            state.pieces.append("- ")


def _style(attributes: dict[str, str]) -> str:
    return attributes.get("style", "")[:500].replace(" ", "").casefold()


def _is_hidden(attributes: dict[str, str]) -> bool:
    """Tell whether the sender made an element invisible; what nobody saw is not what was said."""
    if "hidden" in attributes:
        return True
    style = _style(attributes)
    return bool(style) and any(hidden in style for hidden in _HIDDEN_STYLES)


def _blockquote_kind(attributes: dict[str, str], marks: str) -> Quote:
    """Tell history from indenting, which Gmail writes with a margin and no border, Outlook with margins only."""
    if "gmail_quote" in marks:
        return "shown"
    if attributes.get("type", "").casefold() == "cite" or attributes.get("cite", "").startswith("mid:"):
        return "yes"
    if "quote" in marks or "cite" in marks or "quotedtext" in attributes.get("itemtype", "").casefold():
        return "yes"
    style = _style(attributes)
    if "border-left" in style and "border-left:none" not in style:
        return "yes"
    if "border:none" in style or "margin:00040px" in style or "margin-top:0" in style:
        return "no"
    return "maybe"


def _settle_maybes(lines: list[Line], *, fresh: bool) -> None:
    """Decide about unmarked blockquotes: history after an introduction, or as the last one of an answer.

    One that a sentence with a colon leads up to is something that the sender shows us.
    """
    from_end = not fresh
    decided: dict[int, Quote] = {}
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if line.quote == "maybe" and line.group not in decided:
            decided[line.group] = "yes" if from_end else "no"
            from_end = False
        elif line.quote == "yes":
            from_end = False
    seen: set[int] = set()
    before = ""
    for line in lines:
        if line.quote in {"maybe", "shown"}:
            if line.group not in seen:
                seen.add(line.group)
                if before.endswith(":"):
                    introduced = any(sign in before for sign in ("@", "20", "19"))
                    decided[line.group] = "yes" if introduced else "no"
            line.quote = decided.get(line.group, "no")
        if line.text:
            before = line.text
