"""Static files: few, small, ours. Read once at the start, named by a closed list, kept for ever by their content.

They are compressed once, and only they: a page that holds a token beside what was typed must not be (BREACH).
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@dataclass(frozen=True, slots=True)
class _File:
    content_type: str
    version: str
    plain: bytes
    # None where compression saves nothing.
    packed: bytes | None


class StaticFiles:
    """The files of one folder under one address. A name that is not on the list is not found: no path is ever built
    from what was asked."""

    def __init__(self, folder: Path, *, prefix: str = "/static") -> None:
        self._prefix = prefix
        self._files = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _TYPES}

    def url(self, name: str) -> str:
        """Return the address of a file, changing with its content. Raises KeyError for a name we do not have."""
        return f"{self._prefix}/{name}?v={self._files[name].version}"

    def add_to(self, app: web.Application) -> None:
        """Serve the files."""
        app.router.add_get(f"{self._prefix}/{{name}}", self._serve, name=f"static{self._prefix.replace('/', '-')}")

    async def _serve(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        packed = file.packed if _takes_gzip(request.headers.get("Accept-Encoding", "")) else None
        # Two encodings of one file are two representations, each with its own tag (RFC 9110, 8.8.3.3).
        tag = f'"{file.version}"' if packed is None else f'"{file.version}-gzip"'
        if request.headers.get("If-None-Match") == tag:
            response = web.Response(status=304)
        else:
            charset = "utf-8" if file.content_type.startswith("text/") else None
            response = web.Response(body=packed or file.plain, content_type=file.content_type, charset=charset)
            if packed is not None:
                response.headers["Content-Encoding"] = "gzip"
        fresh = request.query.get("v") == file.version
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
        response.headers["ETag"] = tag
        response.headers["Vary"] = "Accept-Encoding"
        return response


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    packed = gzip.compress(plain, mtime=0)
    small = packed if len(packed) < 0.9 * len(plain) else None
    return _File(_TYPES[path.suffix], hashlib.sha256(plain).hexdigest()[:12], plain, small)


def _takes_gzip(accepted: str) -> bool:
    """Whether the browser says so (RFC 9110, 12.5.3); "gzip;q=0" says no."""
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        if name.strip() == "gzip":
            return parameter.replace(" ", "").rstrip("0.") != "q="
    return False
