"""Access tokens for mailboxes that take no password: OAuth 2.0 refresh tokens (RFC 6749 6), used with XOAUTH2."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from config.mailboxes import MailboxSettings

_SECONDS = 30
# A token is renewed so long before its end, so that it does not end during a log-in.
_MARGIN = 60
_DEFAULT_LIFE = 300
_MAX_ANSWER = 64 * 1024


class TokenRefusedError(Exception):
    """The token server refuses us: an operator must renew the authorisation."""


class TokenUnavailableError(Exception):
    """The token server cannot be reached or says nonsense; it may do better later."""


class _Answer(BaseModel):
    """What a token server answers (RFC 6749 5.1)."""

    access_token: str = Field(min_length=1, pattern=r"^[\x21-\x7e]+$", repr=False)
    expires_in: int = Field(_DEFAULT_LIFE, ge=0)
    refresh_token: str = Field("", repr=False)


def sasl_xoauth2(user: str, token: str) -> bytes:
    """The initial response of the XOAUTH2 mechanism."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


@dataclass(slots=True)
class TokenSource:
    """The access tokens of one mailbox. Keeps the last while it is valid, and the refresh token the server gave last."""

    mailbox: MailboxSettings
    clock: Callable[[], float] = time.monotonic
    _token: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False)
    _refresh_token: str = field(default="", init=False, repr=False)

    async def token(self) -> str:
        """A valid access token. Raises TokenRefusedError or TokenUnavailableError."""
        if not self._token or self.clock() >= self._until:
            await self._renew()
        return self._token

    def forget(self) -> None:
        """Ask for another next time: the mail server did not like this one."""
        self._token = ""

    async def _renew(self) -> None:
        box = self.mailbox
        if not _is_safe(box.oauth_token_url):
            raise TokenRefusedError("oauth_token_url must be https")
        form = {
            "grant_type": "refresh_token",
            "client_id": box.oauth_client_id,
            "client_secret": box.oauth_client_secret.get_secret_value(),
            "refresh_token": self._refresh_token or box.oauth_refresh_token.get_secret_value(),
            "scope": box.oauth_scope,
        }
        form = {name: value for name, value in form.items() if value}
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                # A redirect would carry the secrets elsewhere.
                session.post(box.oauth_token_url, data=form, allow_redirects=False) as answer,
            ):
                status, body = answer.status, await answer.content.read(_MAX_ANSWER)
        except (aiohttp.ClientError, OSError) as error:
            raise TokenUnavailableError(type(error).__name__) from None
        if status in (400, 401, 403):
            raise TokenRefusedError(f"HTTP {status}")
        if status != 200:
            raise TokenUnavailableError(f"HTTP {status}")
        self._keep(body)

    def _keep(self, body: bytes) -> None:
        try:
            answer = _Answer.model_validate_json(body)
        except ValidationError:
            raise TokenUnavailableError("not a token answer") from None
        self._token = answer.access_token
        self._until = self.clock() + max(0, answer.expires_in - _MARGIN)
        # Some servers give a new refresh token each time and take the old one back (RFC 6749 6).
        self._refresh_token = answer.refresh_token or self._refresh_token


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
