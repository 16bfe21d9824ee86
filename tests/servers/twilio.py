"""Twilio on loopback: it takes and lists messages as the Messages API does, keeps media behind a password, and calls and signs
webhooks.

The signature is made here by hand, from Twilio's description, and not by the library that checks it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

SID = "AC" + "0" * 31 + "1"
TOKEN = "a token of the tests"
SMS_NUMBER = "+3225550122"
WHATSAPP_NUMBER = "+3225550123"
MEMBER = "+32470001103"
MESSAGES: Final = f"/2010-04-01/Accounts/{SID}/Messages"
# As Twilio has it: so many by default, and never more.
PAGE, LARGEST_PAGE = 50, 1000


def sid(number: int, kind: str = "SM") -> str:
    """The name of a message (SM, MM) or file (ME) as Twilio makes them."""
    return f"{kind}{number:032x}"


def signature(url: str, fields: Iterable[tuple[str, str]], token: str = TOKEN) -> str:
    """X-Twilio-Signature: the address, then every field's name and value, sorted, each different value once."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def inbound(text: str = "Bonjour", *, number: int = 1, whatsapp: bool = False, **more: str) -> list[tuple[str, str]]:
    """The fields of a message to us."""
    prefix = "whatsapp:" if whatsapp else ""
    fields = {
        "ToCountry": "BE",
        "SmsMessageSid": sid(number),
        "NumMedia": "0",
        "SmsSid": sid(number),
        "SmsStatus": "received",
        "FromCity": "",
        "Body": text,
        "To": prefix + (WHATSAPP_NUMBER if whatsapp else SMS_NUMBER),
        "NumSegments": "1",
        "MessageSid": sid(number),
        "AccountSid": SID,
        "From": prefix + MEMBER,
        "ApiVersion": "2010-04-01",
    }
    return list((fields | more).items())


@dataclass
class Twilio:
    """`sent` holds the forms that were posted; `misbehave` says how the next requests are answered, in order.

    A way is a status with Twilio's code ("400/21211"), "429/20429" and "503" with `retry_after`, "slow" (never answers),
    or "lost": it takes the message and breaks the connection before it says so. `misbehave_listing` is the same for questions
    ("lost" is no answer at all); `arrives` lets somebody write to us, whether or not a webhook is called then.
    """

    url: str = ""
    sent: list[dict[str, str]] = field(default_factory=list)
    looked: int = 0
    misbehave: list[str] = field(default_factory=list)
    misbehave_listing: list[str] = field(default_factory=list)
    pages: list[Mapping[str, str]] = field(default_factory=list)
    retry_after: str = ""
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    # What the account is, and where the messages to each of its numbers go.
    status: str = "active"
    brought_to: dict[str, str] = field(default_factory=lambda: {SMS_NUMBER: ""})
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    _listed: list[dict[str, Any]] = field(default_factory=list)
    _files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(5001))

    def arrives(
        self,
        text: str = "Bonjour",
        *,
        whatsapp: bool = False,
        files: Iterable[tuple[str, bytes]] = (),
        ago: timedelta = timedelta(minutes=5),
        **more: str,
    ) -> list[tuple[str, str]]:
        """Somebody wrote to us: it stands in the list. Returns the fields of the webhook, which is not called here."""
        fields = dict(inbound(text, number=next(self._numbers), whatsapp=whatsapp, **more))
        name, at = fields["MessageSid"], datetime.now(UTC) - ago
        self._files[name] = []
        for number, (kind, content) in enumerate(files):
            file = sid(next(self._numbers), "ME")
            path = f"{MESSAGES}/{name}/Media/{file}"
            self.media[path] = (kind, content)
            self._files[name].append(_media(file, name, kind, at))
            fields |= {f"MediaUrl{number}": f"{self.url}{path}", f"MediaContentType{number}": kind}
        fields["NumMedia"] = str(len(self._files[name]))
        resource = _resource(name, fields, at)
        self._listed.append(resource | {"direction": "inbound", "status": "received", "date_sent": format_datetime(at)})
        return list(fields.items())

    def app(self) -> web.Application:
        """What it answers."""
        app = web.Application()
        app.router.add_post(f"{MESSAGES}.json", self._create)
        app.router.add_get(f"{MESSAGES}.json", self._list)
        app.router.add_get(MESSAGES + "/{message}/Media.json", self._list_media)
        app.router.add_get(f"/2010-04-01/Accounts/{SID}.json", self._account)
        app.router.add_get(f"/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json", self._own_numbers)
        app.router.add_get("/{path:.*}", self._media)
        return app

    async def _account(self, request: web.Request) -> web.Response:
        refused = await self._not_now(request)
        return refused or web.json_response({"sid": SID, "status": self.status, "friendly_name": "House"})

    async def _own_numbers(self, request: web.Request) -> web.Response:
        if refused := await self._not_now(request):
            return refused
        brought = self.brought_to.get(request.query.get("PhoneNumber", ""))
        found = [] if brought is None else [{"sid": sid(1, "PN"), "account_sid": SID, "sms_url": brought}]
        return web.json_response({"incoming_phone_numbers": found, "next_page_uri": None, "page": 0, "page_size": 50})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if not _is_us(request):
            return _refusal(401, 20003)
        way = self.misbehave.pop(0) if self.misbehave else ""
        if way == "slow":
            await asyncio.sleep(60)
        if way and way != "lost":
            status, _, code = way.partition("/")
            return _refusal(int(status), int(code or status), self.retry_after)
        form = await request.post()
        fields = {name: str(value) for name, value in form.items()}
        self.sent.append(fields)
        message = _resource(sid(len(self.sent) + 1000), fields)
        self._listed.insert(0, message)
        if way == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(message, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        """Newest first, a page at a time; a page after the first needs the token that the one before it gave."""
        if refused := await self._not_now(request):
            return refused
        self.looked += 1
        self.pages.append(dict(request.query))
        wanted = request.query
        found = [
            each
            for each in sorted(self._listed, key=_sent, reverse=True)
            if wanted.get("To", each["to"]) == each["to"]
            and wanted.get("From", each["from"]) == each["from"]
            and _is_of_time(_sent(each), wanted)
        ]
        size = min(int(wanted.get("PageSize", PAGE)), LARGEST_PAGE)
        page = int(wanted.get("Page", 0))
        if page and wanted.get("PageToken") != f"PA{found[page * size - 1]['sid']}":
            return _refusal(400, 20006)
        some, more = found[page * size : (page + 1) * size], len(found) > (page + 1) * size

        def uri(number: int, **token: str) -> str:
            kept = {name: value for name, value in wanted.items() if name not in ("Page", "PageToken", "PageSize")}
            return f"{MESSAGES}.json?{urlencode({**kept, 'PageSize': size, 'Page': number, **token})}"

        return web.json_response(
            {
                "messages": some,
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + len(some) - 1,
                "uri": uri(page),
                "first_page_uri": uri(0),
                "previous_page_uri": uri(page - 1, PageToken="PB") if page else None,
                "next_page_uri": uri(page + 1, PageToken=f"PA{some[-1]['sid']}") if more else None,
            }
        )

    async def _list_media(self, request: web.Request) -> web.Response:
        if refused := await self._not_now(request):
            return refused
        name = request.match_info["message"]
        if name not in self._files:
            return _refusal(404, 20404)
        uri = f"{MESSAGES}/{name}/Media.json?PageSize={PAGE}&Page=0"
        files = self._files[name]
        around = {"page": 0, "page_size": PAGE, "start": 0, "end": len(files) - 1, "uri": uri, "first_page_uri": uri}
        return web.json_response({"media_list": files, "previous_page_uri": None, "next_page_uri": None, **around})

    async def _not_now(self, request: web.Request) -> web.Response | None:
        if not _is_us(request):
            return _refusal(401, 20003)
        way = self.misbehave_listing.pop(0) if self.misbehave_listing else ""
        if way == "slow":
            await asyncio.sleep(60)
        if way == "lost":
            assert request.transport is not None
            request.transport.abort()
        status, _, code = way.partition("/")
        return _refusal(int(status), int(code or status), self.retry_after) if status.isdecimal() else None

    async def _media(self, request: web.Request) -> web.Response:
        path = request.path
        self.asked.append((path, dict(request.headers)))
        if path in self.redirects:
            return web.Response(status=307, headers={"Location": self.redirects[path]})
        if not _is_us(request):
            return _refusal(401, 20003)
        if path not in self.media:
            return _refusal(404, 20404)
        kind, content = self.media[path]
        return web.Response(body=content, headers={"Content-Type": kind})


async def call(
    session: ClientSession,
    address: str,
    public_url: str,
    fields: Iterable[tuple[str, str]],
    *,
    token: str = TOKEN,
    headers: Mapping[str, str] | None = None,
) -> ClientResponse:
    """Call a webhook at `address` as Twilio does, signed for the address that it knows, `public_url`."""
    pairs = list(fields)
    said = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": signature(public_url, pairs, token),
        "I-Twilio-Idempotency-Token": "6b1c3a2e-0000-4000-8000-000000000001",
        "User-Agent": "TwilioProxy/1.1",
    }
    # As it is written: a client that tidies the address would break the signature.
    target = URL(address, encoded=True)
    return await session.post(target, data=urlencode(pairs).encode(), headers={**said, **(headers or {})})


def _is_us(request: web.Request) -> bool:
    expected = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    return request.headers.get("Authorization") == expected


def _refusal(status: int, code: int, retry_after: str = "") -> web.Response:
    body = {"code": code, "message": "The 'To' number +32470001103 is not right.", "status": status, "more_info": ""}
    return web.json_response(body, status=status, headers={"Retry-After": retry_after} if retry_after else {})


def _sent(resource: Mapping[str, Any]) -> datetime:
    return parsedate_to_datetime(resource["date_sent"] or resource["date_created"])


def _is_of_time(sent: datetime, wanted: Mapping[str, str]) -> bool:
    """DateSent, DateSent<= and DateSent>=: a day in UTC, or a moment."""

    def bound(name: str) -> datetime | None:
        said = wanted.get(name)
        return datetime.fromisoformat(said).replace(tzinfo=UTC) if said else None

    day, before, after = bound("DateSent"), bound("DateSent<"), bound("DateSent>")
    of_day = day is None or sent.date() == day.date()
    return of_day and (before is None or sent <= before) and (after is None or sent >= after)


def _media(name: str, message: str, kind: str, at: datetime) -> dict[str, Any]:
    return {
        "sid": name,
        "account_sid": SID,
        "parent_sid": message,
        "content_type": kind,
        "date_created": format_datetime(at),
        "date_updated": format_datetime(at),
        "uri": f"{MESSAGES}/{message}/Media/{name}.json",
    }


def _resource(name: str, fields: Mapping[str, str], at: datetime | None = None) -> dict[str, Any]:
    variables = fields.get("ContentVariables", "")
    created = format_datetime(at or datetime.now(UTC))
    return {
        "sid": name,
        "account_sid": SID,
        "to": fields["To"],
        "from": fields["From"],
        "body": fields.get("Body", f"Partenamut: {variables}"),
        "status": "queued",
        "direction": "outbound-api",
        "date_created": created,
        "date_updated": created,
        "date_sent": None,
        "error_code": None,
        "error_message": None,
        "num_media": fields.get("NumMedia", "0"),
        "num_segments": "1",
        "price": None,
        "price_unit": "EUR",
        "api_version": "2010-04-01",
        "messaging_service_sid": None,
        "uri": f"{MESSAGES}/{name}.json",
        "subresource_uris": {"media": f"{MESSAGES}/{name}/Media.json"},
    }


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    """A fresh Twilio: `.url`, `.sent`, `.misbehave`, `.media`, `.redirects`."""
    fake = Twilio()
    server = TestServer(fake.app())
    await server.start_server()
    fake.url = f"http://127.0.0.1:{server.port}"
    yield fake
    await server.close()
