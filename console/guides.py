"""The guides, read in the console: the Markdown of docs/ in the colleague's language, with its pictures."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import unquote

from aiohttp import web
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from config.vocabulary import Role
from console.pages import HERE
from console.rights import Right
from console.site import Handler, Site, Who
from console.words import LANGUAGES, ConsoleLanguage, printed

DOCS: Final = HERE.parent / "docs"
Guide = Literal["mediator", "agent", "supervisor"]
GUIDES: Final[tuple[Guide, ...]] = get_args(Guide)
# Which one a role finds first: who reads does so on the pages of mediators, who gives access on those of supervisors.
_OF_ROLE: Final[Mapping[Role, Guide]] = {
    "mediator": "mediator",
    "reader": "mediator",
    "agent": "agent",
    "supervisor": "supervisor",
    "administrator": "supervisor",
}
_PICTURE: Final = re.compile(r"(?:\.\./)?screens/([a-z0-9-]+\.png)")
_OTHER: Final = re.compile(rf"guide-({'|'.join(GUIDES)})\.md(#.+)?")


@dataclass(frozen=True, slots=True)
class Page:
    """One guide, drawn. `parts` are the id and the title of each of its parts, `pictures` the names of the files it shows."""

    title: str
    parts: Sequence[tuple[str, str]]
    body: Markup
    pictures: frozenset[str]


def path_of(guide: Guide, language: ConsoleLanguage) -> Path:
    """Where a guide is written."""
    return DOCS / ("" if language == "en" else language) / f"guide-{guide}.md"


@cache
def drawn(guide: Guide, language: ConsoleLanguage) -> Page:
    """A guide as a page. Its links lead to pages of the console or to nothing: who reads here has no docs/ beside them."""
    tokens = _markdown().parse(printed(path_of(guide, language).read_text(encoding="utf-8"), language))
    title, shown = "", set[str]()
    parts: list[tuple[str, str]] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            title = tokens[at + 1].content
        elif token.type == "heading_open" and token.tag == "h2":
            name = anchor(tokens[at + 1].content)
            token.attrSet("id", name)
            parts.append((name, tokens[at + 1].content))
        if token.children:
            token.children, found = _led(token.children)
            shown |= found
    # The title stands in the head of the page.
    body = [token for at, token in enumerate(tokens) if at > 2]
    text = _markdown().renderer.render(body, _markdown().options, {})
    return Page(title, tuple(parts), Markup(text), frozenset(shown))  # noqa: S704  # Made of our own file; HTML in it is escaped.


def anchor(title: str) -> str:
    """What a part is called in an address, as readers of Markdown elsewhere call it: a link between guides works there too."""
    return re.sub(r"[^\w -]", "", title.strip().lower()).replace(" ", "-").strip("-")


@cache
def pictures() -> frozenset[str]:
    """Every picture that a guide shows or leads to; no other file of docs/ can be asked for."""
    return frozenset().union(*(drawn(guide, language).pictures for guide in GUIDES for language in LANGUAGES))


class GuidePages:
    """Handlers of `/console/guide` and below. Guides say nothing of members, so everybody who is signed in reads all of them."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def own(self, _: web.Request, who: Who) -> web.StreamResponse:
        """The guide of one's role."""
        return await self._draw(_OF_ROLE[who.viewer.role], who)

    async def one(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Any guide."""
        named = request.match_info["guide"]
        guide = next((one for one in GUIDES if one == named), None)
        if guide is None:
            raise web.HTTPNotFound
        return await self._draw(guide, who)

    async def picture(self, request: web.Request, _: Who) -> web.StreamResponse:
        """A picture of a guide."""
        name = request.match_info["picture"]
        if name not in pictures():
            raise web.HTTPNotFound
        return web.FileResponse(DOCS / "screens" / name, headers={"Cache-Control": "private, max-age=3600"})

    async def _draw(self, guide: Guide, who: Who) -> web.StreamResponse:
        return await self._site.page(
            "guide.html", who, here="guide", guide=guide, guides=GUIDES, page=drawn(guide, who.language)
        )


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """The routes of the guides: method, path, name, handler and the right each asks for."""
    pages = GuidePages(site)
    return [
        ("GET", "/console/guide", "guide", pages.own, "any"),
        ("GET", "/console/guide/{guide:[a-z]{1,20}}", "guide-one", pages.one, "any"),
        ("GET", r"/console/guide/picture/{picture:[a-z0-9-]{1,60}\.png}", "guide-picture", pages.picture, "any"),
    ]


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}, renderer_cls=_Drawing).enable("table")


class _Drawing(RendererHTML):
    """How the console draws what a guide holds."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A picture, which leads to itself in its full size; it keeps its room while it is fetched."""
        token = tokens[idx]
        source, words = escape(token.attrs["src"]), escape(self.renderInlineAsText(token.children, options, env))
        width, height = _size(Path(str(token.attrs["src"])).name)
        return (
            f'<a class="shot" href="{source}"><img src="{source}" alt="{words}" width="{width}" height="{height}" '
            'loading="lazy"></a>'
        )

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        """A table may be wider than a phone: then it moves in a room of its own."""
        return '<div class="wide"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        """The end of it."""
        return "</table></div>"


def _led(children: Sequence[Token]) -> tuple[list[Token], set[str]]:
    """The pieces of a paragraph with addresses of the console, and the pictures in it. A link to other documents is its words."""
    kept, found, dropped = [], set[str](), False
    for token in children:
        name = "src" if token.type == "image" else "href"
        address = str(token.attrs.get(name, ""))
        if picture := _PICTURE.fullmatch(address):
            found.add(picture.group(1))
            token.attrSet(name, f"/console/guide/picture/{picture.group(1)}")
        elif other := _OTHER.fullmatch(address):
            token.attrSet(name, f"/console/guide/{other.group(1)}{unquote(other.group(2) or '')}")
        elif token.type == "link_open":
            dropped = True
            continue
        if token.type == "link_close" and dropped:
            dropped = False
            continue
        kept.append(token)
    return kept, found


def _size(name: str) -> tuple[int, int]:
    """How wide and high a picture is, as its header says."""
    with (DOCS / "screens" / name).open("rb") as file:
        width, height = struct.unpack(">16x2I", file.read(24))
    return width, height
