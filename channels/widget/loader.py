"""The one script that other sites load: made once at the start from our file, its words and its style sheet.

It is served to any page; what it can do there is decided by the frame, which only the listed pages may hold (rule W1).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from channels.web import texts
from config.vocabulary import LANGUAGES

FOLDER: Final = Path(__file__).resolve().parent / "launcher"
# What the loader says, under `widget.launcher` in config/pages.
_WORDS: Final = ("open", "close", "name", "new_one", "new_more")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANK: Final = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Loader:
    """The script and the style sheet as they are sent, plain and compressed."""

    script: bytes
    sheet: bytes

    async def serve_script(self, request: web.Request) -> web.StreamResponse:
        """Give `/widget.js`. Sites name it by this address for ever, so browsers ask again after five minutes."""
        return _served(request, self.script, "text/javascript")

    async def serve_sheet(self, request: web.Request) -> web.StreamResponse:
        """Give `/widget.css`, for browsers that know no constructed style sheets."""
        return _served(request, self.sheet, "text/css")


def made() -> Loader:
    """Put words and style into the script. Only comments and line breaks of the sheet go: what is sent can still be read."""
    sheet = _BLANK.sub("", _COMMENT.sub("", (FOLDER / "launcher.css").read_text(encoding="utf-8"))).strip()
    words = {
        language: {name: texts.pages()[language][f"widget.launcher.{name}"] for name in _WORDS}
        for language in LANGUAGES
    }
    script = (FOLDER / "loader.js").read_text(encoding="utf-8")
    for name, value in (("WORDS", words), ("SHEET", sheet)):
        # One pass for each, over a file of ours and from data of ours; JSON is a literal of the language.
        script = script.replace(f'"{{{name}}}"', json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return Loader(script.encode(), sheet.encode())


def _served(request: web.Request, content: bytes, content_type: str) -> web.Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:12]}"'
    headers = {
        "Cache-Control": "public, max-age=300",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        content = gzip.compress(content, mtime=0)
    return web.Response(body=content, content_type=content_type, charset="utf-8", headers=headers)
