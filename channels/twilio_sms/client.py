"""Twilio's asynchronous HTTP client, bent where it must be: another address, a bound on time, and what it hides.

The vendor's client knows no base address, ignores its own time-out, and drops the headers of a refusal, `Retry-After` among
them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

# No provider is left alone for longer, whatever it asks for.
_LONGEST_WAIT: Final = 3600.0


class BusyError(Exception):
    """Twilio takes nothing now (429, 5xx). `after_seconds`: when it may be asked again, 0 where it did not say."""

    def __init__(self, status: int, after_seconds: float) -> None:
        super().__init__(status)
        self.status = status
        self.after_seconds = after_seconds


class TwilioHttp(AsyncTwilioHttpClient):  # type: ignore[misc]  # The vendor's package has no types.
    """Sends every request to `base` within `seconds`. Make it inside the running loop, and close it."""

    def __init__(self, base: str, *, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._base = urlsplit(base)

    async def request(self, method: str, url: str, **options: Any) -> Response:
        """As the vendor's, but at our base; raises BusyError where a later try may do better."""
        parts = urlsplit(url)
        if options.get("timeout") is None:
            options["timeout"] = self.timeout
        if auth := options.pop("auth", None):
            # The vendor's way to say it has been given up by aiohttp.
            options["headers"] = {**options.get("headers", {}), "Authorization": aiohttp.encode_basic_auth(*auth)}
        there = urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))
        response = await super().request(method, there, **options)
        if response.status_code == 429 or response.status_code >= 500:
            said = response.headers.get("Retry-After", "") if response.headers else ""
            raise BusyError(response.status_code, seconds_of(said, now=datetime.now(UTC)))
        return response


def seconds_of(retry_after: str, *, now: datetime) -> float:
    """`Retry-After` in seconds, from 0 to an hour; it is a number of them or a date (RFC 9110, 10.2.3)."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(seconds.total_seconds(), 0.0), _LONGEST_WAIT)
