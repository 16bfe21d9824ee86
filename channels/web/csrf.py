"""Against forms that another website makes our visitors send (security rule S8).

Two proofs are asked of every unsafe request: the browser's own word about where it comes from (`Sec-Fetch-Site`, or
`Origin` from browsers that do not send it), and a token in the form that only a page of ours can contain, because it is
made from a cookie that only this browser holds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

_COOKIE_LENGTH: Final = 22


def same_origin(request: web.BaseRequest, base_url: str) -> bool:
    """Say whether the browser lets this request pass for one of our own pages'. Callers that are no browsers pass.

    `Origin: null` passes: it is what browsers send for a form on a page with `Referrer-Policy: no-referrer`, as ours
    are. Those that still lack `Sec-Fetch-Site` are then held by the token alone.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin", "null")
    parts = urlsplit(base_url)
    return origin in ("null", f"{parts.scheme}://{parts.netloc}")


def new_cookie() -> str:
    """Return a fresh value for the cookie: 128 random bits, 22 characters."""
    return secrets.token_urlsafe(16)


def is_cookie(value: str) -> bool:
    """Say whether this may be a cookie of ours, by its shape."""
    return len(value) == _COOKIE_LENGTH and value.isascii() and value.replace("-", "").replace("_", "").isalnum()


def token(secret: bytes, purpose: str, cookie: str) -> str:
    """Return the token for the form: HMAC-SHA256 over purpose and cookie, in hexadecimal."""
    return hmac.new(secret, f"csrf\0{purpose}\0{cookie}".encode(), hashlib.sha256).hexdigest()


def is_valid(secret: bytes, purpose: str, cookie: str, given: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(token(secret, purpose, cookie).encode(), given.encode("utf-8", "replace"))
