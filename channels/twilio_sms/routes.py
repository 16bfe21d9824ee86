"""The two addresses that Twilio calls: one for messages to us, one for what became of ours.

A call counts only with Twilio's signature over the address that we are configured with and over every field as it came
(rules H1, H2). The raw body is committed before the answer, which takes two seconds at most (rule H5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from aiohttp import web
from multidict import MultiDictProxy
from twilio.request_validator import HMAC_SHA1, SIGNATURE_HEADER, RequestValidator

from channels.contract import StoreUnavailableError, Submit
from channels.twilio_sms.form import raw_message, read_fields
from channels.twilio_sms.receipts import Receipts, read_callback
from channels.web.body import BodyError, BodyLimits, read_raw

log = structlog.get_logger(__name__)

MESSAGES_PATH: Final = "/hooks/twilio/messages"
STATUS_PATH: Final = "/hooks/twilio/status"
# No answer in words: what the house says goes out through the outbox.
EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response />'

# A WhatsApp message may have 65 000 characters, and each of them twelve bytes once it is encoded.
_LIMITS: Final = BodyLimits(text=1024 * 1024, stall=5, total=10)
_RETRY_AFTER: Final = "120"
# How long a commit that took too long for its answer is waited for when the house closes.
_LAST_SECONDS: Final = 10

_T = TypeVar("_T")


@dataclass
class Webhooks:
    """What the webhooks need. `token` is the account's auth token, `base_url` our public address without a slash at the end.

    `patience`: seconds until Twilio is told 503. What is being committed then is committed all the same: Twilio does not
    come back unless its address says so, and a second delivery is recognised by its id.
    """

    token: str = field(repr=False)
    base_url: str
    submit: Submit
    receipts: Receipts
    clock: Callable[[], datetime]
    patience: float = 2.0
    _late: set[asyncio.Future[Any]] = field(default_factory=set)

    async def message(self, request: web.Request) -> web.Response:
        """A member wrote."""
        body, fields = await self._verified(request, MESSAGES_PATH)
        await self._in_time(self.submit(raw_message(body, fields, self.clock())))
        return web.Response(text=EMPTY_TWIML, content_type="text/xml")

    async def status(self, request: web.Request) -> web.Response:
        """A message of ours came further, or not."""
        _, fields = await self._verified(request, STATUS_PATH)
        callback = read_callback(fields, key=request.query.get("key", ""))
        if callback is None:
            log.info("a status callback said nothing that we know")
        else:
            receipt = callback.receipt
            await self._in_time(self.receipts.note(callback.sid, receipt.status, receipt.error_code, key=callback.key))
        return web.Response(status=204)

    async def close(self, _app: web.Application) -> None:
        """Wait for what is still being committed."""
        if self._late:
            await asyncio.wait(self._late, timeout=_LAST_SECONDS)

    async def _verified(self, request: web.Request, path: str) -> tuple[bytes, MultiDictProxy[str]]:
        """The body and its fields. Raises HTTPForbidden unless Twilio signed exactly this."""
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if not signature:
            raise web.HTTPForbidden
        try:
            body = await read_raw(request, _LIMITS)
            fields = read_fields(body)
        except BodyError as error:
            raise _Refused(error.status) from None
        except ValueError:
            raise web.HTTPForbidden from None
        # The address as configured, the query as received: behind a proxy, host and scheme of the request are not ours.
        _, mark, query = request.raw_path.partition("?")
        address = f"{self.base_url}{path}{mark}{query}"
        if not self._is_signed(address, fields, signature):
            log.warning("a webhook without a good signature was refused", path=path)
            raise web.HTTPForbidden
        return body, fields

    def _is_signed(self, address: str, fields: MultiDictProxy[str], signature: str) -> bool:
        try:
            # The algorithm is ours to choose: a header of the call names another one, and does not count (rule H2).
            return bool(RequestValidator(self.token).validate(address, fields, signature, HMAC_SHA1))
        except ValueError:
            # A query that is no address, or that has no UTF-8.
            return False

    async def _in_time(self, work: Awaitable[_T]) -> _T:
        """The result of `work`, or a 503 after two seconds, while it goes on."""
        task = asyncio.ensure_future(work)
        self._late.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=self.patience)
        if not done:
            log.warning("the store took too long for a webhook")
            raise _Refused(503)
        try:
            return task.result()
        except StoreUnavailableError:
            raise _Refused(503) from None

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._late.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.warning("a webhook could not be kept", error=type(error).__name__)


def add_routes(app: web.Application, hooks: Webhooks) -> None:
    """Open the two addresses; without a token they stay shut and are as unknown as any other (rule H1)."""
    if not hooks.token:
        return
    app.router.add_post(MESSAGES_PATH, _plainly(hooks.message))
    app.router.add_post(STATUS_PATH, _plainly(hooks.status))
    app.on_cleanup.append(hooks.close)


class _Refused(Exception):  # noqa: N818 (an answer, not a defect)
    """The call gets this status and no page: nobody reads it but a program."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _plainly(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
    async def handle(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except _Refused as refused:
            headers = {"Retry-After": _RETRY_AFTER} if refused.status == 503 else {}
            return web.Response(status=refused.status, headers=headers)

    return handle
