"""Cookies of the public pages: bound to our host, out of reach of scripts, gone with the browser's session."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie. Over https it carries the `__Host-` prefix, which browsers accept only Secure and for this host; a
    plain name serves http on loopback alone."""

    name: str
    secure: bool

    @property
    def full_name(self) -> str:
        """The name as sent."""
        return f"__Host-{self.name}" if self.secure else self.name

    def read(self, request: web.BaseRequest) -> str:
        """Return its value, "" when the browser sent none."""
        return request.cookies.get(self.full_name, "")

    def set(self, response: web.StreamResponse, value: str) -> None:
        """Send it with this answer, until the browser is closed."""
        response.set_cookie(self.full_name, value, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def forget(self, response: web.StreamResponse) -> None:
        """Take it back."""
        response.del_cookie(self.full_name, path="/", secure=self.secure, httponly=True, samesite="Lax")
