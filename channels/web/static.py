"""Static files: few, small, ours. Read once at the start, named by a closed list, kept for ever by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from aiohttp import web

_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class StaticFiles:
    """The files of one folder under one address. A name that is not on the list is not found: no path is ever built
    from what was asked."""

    def __init__(self, folder: Path, *, prefix: str = "/static") -> None:
        self._prefix = prefix
        self._files = {
            path.name: (path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(folder.iterdir())
            if path.suffix in _TYPES
        }
        self._versions = {name: hashlib.sha256(data).hexdigest()[:12] for name, (data, _) in self._files.items()}

    def url(self, name: str) -> str:
        """Return the address of a file, changing with its content. Raises KeyError for a name we do not have."""
        return f"{self._prefix}/{name}?v={self._versions[name]}"

    def add_to(self, app: web.Application) -> None:
        """Serve the files."""
        app.router.add_get(f"{self._prefix}/{{name}}", self._serve, name=f"static{self._prefix.replace('/', '-')}")

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        data, content_type = self._files[name]
        version = self._versions[name]
        if request.headers.get("If-None-Match") == f'"{version}"':
            response = web.Response(status=304)
        else:
            charset = "utf-8" if content_type.startswith("text/") else None
            response = web.Response(body=data, content_type=content_type, charset=charset)
        fresh = request.query.get("v") == version
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
        response.headers["ETag"] = f'"{version}"'
        return response
