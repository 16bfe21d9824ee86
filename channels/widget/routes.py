"""Everything the web chat needs, put into an application in one call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from channels.viruses import NoScanner, Scanner
from channels.web import pages as web_pages
from channels.web.address import networks
from channels.web.body import continue_if_wanted
from channels.web.limits import Limiter
from channels.web.pages import Pages
from channels.web.static import StaticFiles
from channels.widget import loader
from channels.widget.contract import ChatDoor
from channels.widget.frame import TEMPLATES, FramePages
from channels.widget.live import Live
from channels.widget.posting import Posting
from channels.widget.site import Site, WidgetLimits, origin_of
from channels.widget.uploading import Uploading
from config.vocabulary import Way

STATIC: Final[Path] = web_pages.HERE / "static" / "widget"
_LANGUAGE: Final = "{language:fr|nl|de|en}"


def add_routes(
    app: web.Application,
    *,
    door: ChatDoor,
    limiter: Limiter,
    scanner: Scanner | None = None,
    base_url: str,
    hosts: Sequence[str],
    trusted_proxies: Sequence[str] = (),
    limits: WidgetLimits | None = None,
    down: Collection[Way] = (),
) -> None:
    """Add the loader, the frame, the socket, the plain requests and the demonstration.

    `hosts` are the origins of the pages that may embed the chat ("https://www.example.org"); without any the chat is off,
    and all its addresses are not found. Our own origin may always, once it is on. The application must run
    `channels.web.middleware.middlewares(base_url)`.
    """
    if not hosts:
        return
    own = origin_of(base_url)
    site = Site(
        door=door,
        limiter=limiter,
        hosts=tuple(dict.fromkeys((own, *hosts))),
        trusted=networks(tuple(trusted_proxies)),
        pages=Pages(base_url, [TEMPLATES], StaticFiles(STATIC, prefix="/widget/static"), down),
        scanner=scanner or NoScanner(),
        limits=limits or WidgetLimits(),
    )
    script, frame, live, posting, files = (
        loader.made(),
        FramePages(site),
        Live(site),
        Posting(site),
        Uploading(site),
    )
    get, post = app.router.add_get, app.router.add_post
    get("/widget.js", script.serve_script, name="widget-loader")
    get("/widget.css", script.serve_sheet, name="widget-sheet")
    get(f"/widget/frame/{_LANGUAGE}", frame.frame, name="widget-frame")
    get("/widget/demo", frame.demo, name="widget-demo")
    get(f"/widget/demo/{_LANGUAGE}", frame.demo, name="widget-demo-language")
    get("/widget/socket", live.connect, name="widget-socket")
    post("/widget/begin", posting.begin, name="widget-begin")
    post("/widget/say", posting.say, name="widget-say")
    post("/widget/poll", posting.poll, name="widget-poll")
    post(f"/widget/files/{_LANGUAGE}", files.add, name="widget-file", expect_handler=continue_if_wanted)
    post(f"/widget/files/{_LANGUAGE}/remove", files.remove, name="widget-file-remove")
    site.pages.static.add_to(app)
    app.on_shutdown.append(live.end)
