"""Twilio's calls: believed by their signature alone, kept before they are answered, never slow (H1, H2, H3, H5)."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import io
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs
from twilio.twiml.messaging_response import MessagingResponse

from channels.contract import StoreUnavailableError
from channels.message import RawMessage
from channels.twilio_sms.routes import EMPTY_TWIML, MESSAGES_PATH, STATUS_PATH, Webhooks, add_routes
from channels.web.middleware import middlewares
from tests.servers.twilio import MEMBER, SMS_NUMBER, TOKEN, call, inbound, sid, signature

PUBLIC = "https://complaints.house.example"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
STATUS = [("MessageSid", sid(7)), ("MessageStatus", "delivered"), ("To", MEMBER), ("From", SMS_NUMBER)]
BOTH = pytest.mark.parametrize(("path", "fields"), [(MESSAGES_PATH, inbound()), (STATUS_PATH, STATUS)])


@dataclass
class Store:
    """Keeps what the webhooks hand over; `delay` seconds late, or not at all while it is `away`."""

    kept: dict[tuple[str, str], RawMessage] = field(default_factory=dict)
    repeated: int = 0
    noted: list[tuple[str, str, str, str]] = field(default_factory=list)
    delay: float = 0
    away: bool = False

    async def submit(self, raw: RawMessage) -> bool:
        await asyncio.sleep(self.delay)
        if self.away:
            raise StoreUnavailableError
        new = (raw.channel, raw.external_id) not in self.kept
        self.kept.setdefault((raw.channel, raw.external_id), raw)
        self.repeated += not new
        return new

    async def note(self, sid: str, status: str, error_code: str, *, key: str) -> None:
        await asyncio.sleep(self.delay)
        if self.away:
            raise StoreUnavailableError
        self.noted.append((sid, status, error_code, key))

    @property
    def touched(self) -> bool:
        return bool(self.kept or self.noted)


@dataclass
class House:
    """The two webhooks behind a real server, and a client."""

    store: Store
    session: ClientSession
    url: str

    async def call(self, path: str, fields: list[tuple[str, str]], **options: object) -> int:
        answer = await call(self.session, self.url + path, PUBLIC + path, fields, **options)  # type: ignore[arg-type]
        await answer.read()
        return answer.status


async def served(store: Store, token: str = TOKEN, patience: float = 2.0) -> AsyncIterator[House]:
    app = web.Application(middlewares=middlewares(PUBLIC))
    add_routes(app, Webhooks(token, PUBLIC, store.submit, store, lambda: NOW, patience=patience))
    async with TestServer(app) as server, ClientSession() as session:
        yield House(store, session, f"http://127.0.0.1:{server.port}")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async for each in served(Store()):
        yield each


async def test_a_message_is_kept_raw_and_answered_with_nothing_to_say(house: House) -> None:
    fields = inbound("J’attends depuis août & ça dure = trop ?")
    answer = await call(house.session, house.url + MESSAGES_PATH, PUBLIC + MESSAGES_PATH, fields)
    assert (answer.status, answer.content_type, await answer.text()) == (200, "text/xml", EMPTY_TWIML)
    assert str(MessagingResponse()) == EMPTY_TWIML
    (raw,) = house.store.kept.values()
    assert (raw.channel, raw.account, raw.external_id, raw.received_at) == ("sms", SMS_NUMBER, sid(1), NOW)
    assert raw.envelope == {"address": MEMBER}
    assert parse_qsl(raw.body.decode(), keep_blank_values=True) == fields


async def test_whatsapp_is_told_from_sms(house: House) -> None:
    assert await house.call(MESSAGES_PATH, inbound(whatsapp=True)) == 200
    (raw,) = house.store.kept.values()
    assert (raw.channel, raw.account, raw.envelope["address"]) == ("whatsapp", "+3225550123", MEMBER)


@BOTH
async def test_without_a_token_the_doors_are_shut(path: str, fields: list[tuple[str, str]]) -> None:
    async for house in served(Store(), token=""):
        # Signed with the empty secret too: it is none.
        for token in ("", TOKEN):
            assert await house.call(path, fields, token=token) == 404
        assert not house.store.touched


@BOTH
@pytest.mark.parametrize(
    "said",
    [
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"X-Twilio-Signature": "not base 64 \u00e9"},
        # An attacker's own key and algorithm, named where Twilio names them.
        {
            "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
            "X-Twilio-Signature": "x",
        },
    ],
)
async def test_a_call_without_a_good_signature_is_refused(
    house: House, path: str, fields: list[tuple[str, str]], said: dict[str, str]
) -> None:
    assert await house.call(path, fields, headers=said) == 403
    assert not house.store.touched


@BOTH
@pytest.mark.parametrize("token", ["", "another token", TOKEN + " "])
async def test_another_secret_is_refused(house: House, path: str, fields: list[tuple[str, str]], token: str) -> None:
    assert await house.call(path, fields, token=token) == 403
    assert not house.store.touched


async def test_no_signature_at_all_is_refused_before_the_body_is_read(house: House) -> None:
    answer = await house.session.post(house.url + MESSAGES_PATH, data=io.BytesIO(b"x" * 3_000_000))
    assert answer.status == 403
    assert not house.store.touched


async def test_the_header_does_not_pick_the_algorithm(house: House) -> None:
    """A good signature stays good, whatever the header says of how it was made; SHA-256 of the same token is none."""
    settings = {"X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}
    assert await house.call(MESSAGES_PATH, inbound(), headers=settings) == 200
    text = PUBLIC + MESSAGES_PATH + "".join(name + value for name, value in sorted(inbound(number=2)))
    stronger = b64encode(hmac.new(TOKEN.encode(), text.encode(), "sha256").digest()).decode()
    assert (
        await house.call(MESSAGES_PATH, inbound(number=2), headers=settings | {"X-Twilio-Signature": stronger}) == 403
    )


async def test_repeated_fields_are_signed_whole(house: House) -> None:
    fields = [*inbound(), ("Choice", "two"), ("Choice", "one"), ("Choice", "one")]
    assert await house.call(MESSAGES_PATH, fields) == 200
    other = [*inbound(number=2), ("Choice", "one"), ("Choice", "two")]
    said = {"X-Twilio-Signature": signature(PUBLIC + MESSAGES_PATH, [*inbound(number=2), ("Choice", "one")])}
    assert await house.call(MESSAGES_PATH, other, headers=said) == 403


@pytest.mark.parametrize("changed", ["Body", "From", "MessageSid", "FromCity"])
async def test_every_field_is_covered(house: House, changed: str) -> None:
    signed = signature(PUBLIC + MESSAGES_PATH, inbound())
    fields = [(name, value + "1" if name == changed else value) for name, value in inbound()]
    assert await house.call(MESSAGES_PATH, fields, headers={"X-Twilio-Signature": signed}) == 403
    assert not house.store.touched


async def test_the_configured_address_counts_behind_a_proxy(house: House) -> None:
    proxied = {"Host": "10.0.0.7:8080", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert await house.call(MESSAGES_PATH, inbound(), headers=proxied) == 200
    # Signed for the address that the request names, and that the proxy does: neither is ours.
    for address in ("http://evil.example", house.url, "https://evil.example"):
        said = {"X-Twilio-Signature": signature(address + MESSAGES_PATH, inbound(number=2))}
        assert await house.call(MESSAGES_PATH, inbound(number=2), headers=said | proxied) == 403
    assert len(house.store.kept) == 1


async def test_a_signature_is_good_for_its_own_address_only(house: House) -> None:
    said = {"X-Twilio-Signature": signature(PUBLIC + STATUS_PATH, inbound())}
    assert await house.call(MESSAGES_PATH, inbound(), headers=said) == 403


async def test_the_query_is_signed_as_it_was_received(house: House) -> None:
    path = STATUS_PATH + "?key=ack-12&again=%61b%2F"
    assert await house.call(path, STATUS) == 204
    assert house.store.noted == [(sid(7), "delivered", "", "ack-12")]
    said = {"X-Twilio-Signature": signature(PUBLIC + path, STATUS)}
    assert await house.call(STATUS_PATH + "?key=ack-12&again=ab%2F", STATUS, headers=said) == 403
    assert await house.call(STATUS_PATH, STATUS, headers=said) == 403


async def test_replays_in_parallel_are_one_message(house: House) -> None:
    answers = await asyncio.gather(*(house.call(MESSAGES_PATH, inbound()) for _ in range(20)))
    assert set(answers) == {200}
    assert len(house.store.kept) == 1
    assert house.store.repeated == 19


async def test_a_signed_message_without_a_name_is_kept_under_its_content(house: House) -> None:
    fields = [(name, value) for name, value in inbound() if name != "MessageSid"]
    assert [await house.call(MESSAGES_PATH, fields) for _ in range(2)] == [200, 200]
    ((_, name),) = house.store.kept
    assert name.startswith("sha256:")


@BOTH
async def test_a_store_that_is_away_is_later(house: House, path: str, fields: list[tuple[str, str]]) -> None:
    house.store.away = True
    answer = await call(house.session, house.url + path, PUBLIC + path, fields)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")


@BOTH
async def test_a_slow_store_is_later_within_two_seconds_and_loses_nothing(
    path: str, fields: list[tuple[str, str]]
) -> None:
    async for house in served(Store(delay=2.6)):
        started = asyncio.get_running_loop().time()
        assert await house.call(path, fields) == 503
        assert 1.9 < asyncio.get_running_loop().time() - started < 2.5
        assert not house.store.touched
    # The house waits for it when it closes: Twilio would not have come again.
    assert house.store.touched


async def test_what_fails_late_is_no_noise(house: House) -> None:
    store = Store(delay=0.1, away=True)
    async for slow in served(store, patience=0.01):
        with capture_logs() as logs:
            assert await slow.call(MESSAGES_PATH, inbound()) == 503
            await asyncio.sleep(0.2)
    assert any(entry.get("error") == "StoreUnavailableError" for entry in logs)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"Body=" + b"x" * (1024 * 1024), {}, 413),
        (gzip.compress(b"Body=x"), {"Content-Encoding": "gzip"}, 415),
        (b"&".join(b"f%d=1" % number for number in range(500)), {}, 403),
        (b"\xff\xfe\x00%zz&&=&%ED%A0%80", {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}, 403),
        (b'{"Body": "x"}', {"Content-Type": "application/json"}, 403),
    ],
    ids=["too large", "compressed", "too many fields", "no utf-8", "json"],
)
async def test_what_is_no_form_of_twilio_is_refused(
    house: House, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await house.session.post(
        house.url + MESSAGES_PATH, data=io.BytesIO(body), headers={"X-Twilio-Signature": "AAAA", **headers}
    )
    assert answer.status == status
    assert not house.store.touched


@pytest.mark.parametrize("target", ["?\u00e9=1", "?[", "?a=%ff", "?"])
async def test_any_query_gets_an_answer(house: House, target: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    body = urlencode(inbound()).encode()
    head = f"POST {MESSAGES_PATH}{target} HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode("latin-1") + body)
    line = await reader.readline()
    writer.close()
    assert line.split()[1] in (b"403", b"400")


async def test_only_posts_are_taken(house: House) -> None:
    assert (await house.session.get(house.url + MESSAGES_PATH)).status == 405


async def test_nothing_that_was_said_is_in_a_log(house: House) -> None:
    with capture_logs() as logs:
        await house.call(MESSAGES_PATH, inbound("mot-secret", ProfileName="Nom Secret"))
        await house.call(MESSAGES_PATH, inbound("mot-secret"), token="wrong")
        house.store.away = True
        await house.call(MESSAGES_PATH, inbound("mot-secret", number=3))
    assert "secret" not in repr(logs).lower()
    assert MEMBER not in repr(logs)
    assert sid(1) not in repr(logs)


@pytest.mark.parametrize("status", ["unheard-of", "receiving", ""])
async def test_a_callback_that_says_nothing_we_know_is_taken_and_forgotten(house: House, status: str) -> None:
    assert await house.call(STATUS_PATH, [("MessageSid", sid(7)), ("MessageStatus", status)]) == 204
    assert house.store.noted == []


def test_the_signer_of_these_tests_is_twilios() -> None:
    """The example of Twilio's documentation on security."""
    caller, called = "+14158675309", "+18005551212"
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": caller, "Digits": "1234", "From": caller, "To": called}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature(url, fields.items(), "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
