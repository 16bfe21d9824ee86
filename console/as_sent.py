"""An HTML mail as it was sent, made harmless (rule M13): a list of what may stay, and no link that leads anywhere."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Final

import nh3

# Structure only. No img, style, svg, math, form or media; no id, name, class, data-* or hx-* attributes.
_TAGS: Final = frozenset(
    (
        *("a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del"),
        *("div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q"),
        *("s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u"),
        "ul",
    )
)
_ATTRIBUTES: Final = {
    "a": {"href"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
# What stands in these goes with them; of any other element that is not on the list, the text stays.
_WITH_CONTENT: Final = frozenset(
    {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math"}
)
_LONGEST_LINK: Final = 300
_LONGEST: Final = 2_000_000
_VOID: Final = frozenset({"br", "hr", "col"})

# A document of its own in a sandboxed frame: nothing runs, nothing is fetched, nothing can be sent or opened.
POLICY: Final = "default-src 'none'; sandbox; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"


def harmless(html: str) -> str:
    """The whole document to show. Every link stands as text with the address it really has."""
    cleaned = nh3.clean(
        html[:_LONGEST],
        tags=set(_TAGS),
        attributes={name: set(allowed) for name, allowed in _ATTRIBUTES.items()},
        clean_content_tags=set(_WITH_CONTENT),
        url_schemes=set(_SCHEMES),
        link_rel=None,
        strip_comments=True,
    )
    writer = _Links()
    writer.feed(cleaned)
    writer.close()
    return f"<!doctype html><meta charset=utf-8><title>-</title>{''.join(writer.parts)}"


class _Links(HTMLParser):
    """Copies cleaned HTML; a link becomes underlined text with its address behind it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Copy what nh3 let pass."""
        if tag == "a":
            self._addresses.append(dict(attrs).get("href") or "")
            self.parts.append("<u>")
            return
        kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs)
        self.parts.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        """End it, with the true address of a link."""
        if tag == "a":
            address = self._addresses.pop() if self._addresses else ""
            shown = f" <small>[{escape(address[:_LONGEST_LINK])}]</small>" if address else ""
            self.parts.append(f"</u>{shown}")
        elif tag not in _VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Text stays text."""
        self.parts.append(escape(data, quote=False))
