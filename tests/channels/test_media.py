"""Files at a provider: from listed hosts at public addresses, with a password that goes nowhere else (H4)."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from channels.media import Account, Failed, Sources, fetch, is_public
from channels.message import Attachment, MediaLink
from tests.servers.certificates import Certificates
from tests.servers.twilio import SID, TOKEN, Twilio

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 2000
PATH = f"/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"


def sources(twilio: Twilio, **more: object) -> Sources:
    """Twilio on loopback, which wants a password."""
    own = twilio.url.removeprefix("http://")
    made = Sources(hosts=frozenset(), accounts={own: Account(SID, TOKEN)}, own=frozenset({own}))
    return replace(made, **more)  # type: ignore[arg-type]


@dataclass
class Canary:
    """A listener on loopback that must see nothing: it counts who connects, and what they say first."""

    port: int = 0
    seen: list[bytes] = field(default_factory=list)

    async def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append(await reader.read(2000))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        await writer.drain()
        writer.close()


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    made = Canary()
    server = await asyncio.start_server(made.met, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


def names(**known: Sequence[str]) -> object:
    """Resolves these hosts ("_" for "." in their names) and no other."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host.replace(".", "_") not in known:
            raise OSError
        return known[host.replace(".", "_")]

    return resolve


async def test_a_file_is_fetched_with_our_password(twilio: Twilio) -> None:
    twilio.media[PATH] = ("image/jpeg", JPEG)
    found = await fetch(MediaLink(twilio.url + PATH, "image/jpeg", "ME1"), sources(twilio))
    assert found == Attachment("ME1.jpg", "image/jpeg", JPEG, declared_type="image/jpeg")


@pytest.mark.parametrize(
    ("content", "declared", "kind", "name"),
    [
        (b"MZ" + b"x" * 100, "image/jpeg", "application/vnd.microsoft.portable-executable", "ME1.bin"),
        (b"<html><script>", "image/png", "text/html", "ME1.html"),
        (b"%PDF-1.7", "", "application/pdf", "ME1.pdf"),
        (b"\x01\x02", "audio/amr", "audio/amr", "ME1.amr"),
        (b"", "", "application/octet-stream", "ME1.bin"),
    ],
)
async def test_the_type_is_what_the_bytes_are(
    twilio: Twilio, content: bytes, declared: str, kind: str, name: str
) -> None:
    twilio.media[PATH] = (declared or "application/pdf", content)
    found = await fetch(MediaLink(twilio.url + PATH, declared, "ME1"), sources(twilio))
    assert isinstance(found, Attachment)
    assert (found.type, found.name) == (kind, name)


async def test_a_name_that_the_sender_gave_is_kept(twilio: Twilio) -> None:
    twilio.media[PATH] = ("image/jpeg", JPEG)
    found = await fetch(MediaLink(twilio.url + PATH, name="brief van de arts.jpg"), sources(twilio))
    assert isinstance(found, Attachment)
    assert found.name == "brief van de arts.jpg"


async def test_redirects_are_followed_three_times(twilio: Twilio) -> None:
    twilio.media["/end"] = ("image/jpeg", JPEG)
    twilio.redirects |= {"/1": "/2", "/2": twilio.url + "/3", "/3": "/end", "/0": "/1"}
    assert isinstance(await fetch(MediaLink(twilio.url + "/1"), sources(twilio)), Attachment)
    assert await fetch(MediaLink(twilio.url + "/0"), sources(twilio)) == Failed("not_allowed")


async def test_a_redirect_keeps_its_signature_as_it_is_written(twilio: Twilio) -> None:
    twilio.redirects["/1"] = "/2?Signature=a%2Bb%2F~&x=%7e"
    asked = []

    async def end(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(body=JPEG)

    app = web.Application()
    app.router.add_get("/2", end)
    async with TestServer(app) as other:
        twilio.redirects["/1"] = f"http://127.0.0.1:{other.port}/2?Signature=a%2Bb%2F~&x=%7e"
        own = frozenset({twilio.url.removeprefix("http://"), f"127.0.0.1:{other.port}"})
        assert isinstance(await fetch(MediaLink(twilio.url + "/1"), sources(twilio, own=own)), Attachment)
    assert asked == ["/2?Signature=a%2Bb%2F~&x=%7e"]


async def test_the_password_is_not_sent_on(twilio: Twilio, canary: Canary) -> None:
    """Even to a host that is listed: it goes to the one that it is for."""
    other = f"127.0.0.1:{canary.port}"
    twilio.redirects["/1"] = f"http://{other}/file"
    own = frozenset({twilio.url.removeprefix("http://"), other})
    assert isinstance(await fetch(MediaLink(twilio.url + "/1"), sources(twilio, own=own)), Attachment)
    (said,) = canary.seen
    secret = base64.b64encode(f"{SID}:{TOKEN}".encode())
    assert b"authorization" not in said.lower()
    assert secret not in said
    assert any("Authorization" in headers for _, headers in twilio.asked)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://0:{port}/",
        "//127.0.0.1:{port}/",
        "http://good.example:{port}/",
        "https://good.example@127.0.0.1:{port}/",
        "https://user:password@good.example/",
        "https://good.example:{port}/",
        "https://good.example.evil.example/",
        "https://evil.example/?good.example",
        "https://good.example\\@127.0.0.1:{port}/",
        "https://good.exa\tmple/",
        "ftp://good.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://good.example:99999/",
        "https://[good.example/",
        "",
    ],
)
async def test_no_address_leads_anywhere_else(twilio: Twilio, canary: Canary, target: str) -> None:
    """Neither as the address of a file nor as where a listed host sends us; the listener on loopback sees nothing."""
    url = target.format(port=canary.port)
    resolve = names(good_example=["127.0.0.1"], localhost=["127.0.0.1"], evil_example=["127.0.0.1"])
    listed = sources(twilio, hosts=frozenset({"good.example"}))
    assert await fetch(MediaLink(url), listed, resolve=resolve) == Failed("not_allowed")  # type: ignore[arg-type]
    twilio.redirects["/1"] = url.replace("\t", "%09") or " "
    assert await fetch(MediaLink(twilio.url + "/1"), listed) == Failed("not_allowed")
    assert canary.seen == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:7f00:1"],
        ["::127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["fd00::7"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        # One good address does not make up for a bad one beside it.
        ["203.0.114.7", "127.0.0.1"],
        [],
    ],
)
async def test_a_listed_name_that_leads_inside_is_refused(canary: Canary, addresses: list[str]) -> None:
    host = f"good.example:{canary.port}"
    found = await fetch(
        MediaLink(f"https://{host}/"),
        Sources(hosts=frozenset({host}), accounts={host: Account(SID, TOKEN)}),
        resolve=names(good_example=addresses),  # type: ignore[arg-type]
    )
    assert found == Failed("not_allowed")
    assert canary.seen == []


async def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    """A name that answers otherwise the second time changes nothing: nobody asks a second time."""
    asked = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    app = web.Application()
    app.router.add_get("/", _its_host)
    async with TestServer(app) as server:
        # No machine knows this name but by `resolve`.
        host = f"media.example:{server.port}"
        own = Sources(hosts=frozenset(), own=frozenset({host}))
        found = await fetch(MediaLink(f"http://{host}/"), own, resolve=resolve)
    assert isinstance(found, Attachment)
    assert found.content == host.encode()
    assert asked == ["media.example"]


async def test_a_host_shows_its_certificate(certificates: Certificates) -> None:
    app = web.Application()
    app.router.add_get("/", _its_host)
    port = unused_port()
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=certificates.server_context()).start()
    own = Sources(hosts=frozenset(), own=frozenset({f"localhost:{port}"}))
    link = MediaLink(f"https://localhost:{port}/")
    assert isinstance(await fetch(link, own, tls=certificates.client_context()), Attachment)
    # Nobody vouches for this one by default.
    assert await fetch(link, own) == Failed("unavailable")
    await runner.cleanup()


async def test_a_name_and_password_in_an_address_are_refused(twilio: Twilio) -> None:
    twilio.media[PATH] = ("image/jpeg", JPEG)
    for who in (f"{SID}:x@", f"{SID}@", ":x@"):
        url = twilio.url.replace("http://", f"http://{who}") + PATH
        assert await fetch(MediaLink(url), sources(twilio)) == Failed("not_allowed")
    assert twilio.asked == []


async def _its_host(request: web.Request) -> web.Response:
    return web.Response(text=request.headers["Host"])


async def served(app: web.Application, **more: object) -> AsyncIterator[tuple[str, Sources]]:
    async with TestServer(app) as server:
        host = f"127.0.0.1:{server.port}"
        yield f"http://{host}/", replace(Sources(frozenset(), own=frozenset({host})), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("announced", [True, False])
async def test_what_is_too_large_is_not_read_to_its_end(announced: bool) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse(headers={"Content-Length": "20000001"} if announced else {})
        await answer.prepare(request)
        try:
            for _ in range(2000):
                await answer.write(b"x" * 65_536)
                sent += 65_536
        except (ConnectionError, RuntimeError):
            pass
        return answer

    app = web.Application()
    app.router.add_get("/", endless)
    async for url, listed in served(app):
        assert await fetch(MediaLink(url), listed) == Failed("too_large")
    assert sent < 40_000_000


async def test_twenty_megabytes_still_come() -> None:
    app = web.Application()
    app.router.add_get("/", _all_that_may_come)
    async for url, listed in served(app):
        found = await fetch(MediaLink(url), listed)
        assert isinstance(found, Attachment)
        assert found.size == 20_000_000


async def _all_that_may_come(_: web.Request) -> web.Response:
    return web.Response(body=io.BytesIO(b"x" * 20_000_000))


@pytest.mark.parametrize("slow", ["headers", "body"])
async def test_a_slow_host_is_given_up(slow: str) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        if slow == "headers":
            await asyncio.sleep(20)
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"x")
            await asyncio.sleep(0.05)
        return answer

    app = web.Application()
    app.router.add_get("/", drip)
    async for url, listed in served(app, seconds=0.3):
        started = asyncio.get_running_loop().time()
        assert await fetch(MediaLink(url), listed) == Failed("too_slow")
        assert asyncio.get_running_loop().time() - started < 2


async def test_packed_answers_are_not_unpacked() -> None:
    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})

    app = web.Application()
    app.router.add_get("/", bomb)
    async for url, listed in served(app):
        assert await fetch(MediaLink(url), listed) == Failed("encoded")


@pytest.mark.parametrize(("path", "reason"), [("/404", "missing"), (PATH, "refused")])
async def test_refusals_may_be_tried_again(twilio: Twilio, path: str, reason: str) -> None:
    twilio.media[PATH] = ("image/jpeg", JPEG)
    listed = sources(twilio) if path == "/404" else sources(twilio, accounts={})
    found = await fetch(MediaLink(twilio.url + path), listed)
    assert found == Failed(reason)  # type: ignore[arg-type]
    assert isinstance(found, Failed)
    assert found.later


async def test_nobody_there_may_be_tried_again_and_what_is_not_allowed_not(twilio: Twilio) -> None:
    dead = f"127.0.0.1:{unused_port()}"
    found = await fetch(MediaLink(f"http://{dead}/"), sources(twilio, own=frozenset({dead})))
    assert found == Failed("unavailable")
    nameless = Sources(frozenset({"good.example"}))
    assert await fetch(MediaLink("https://good.example/"), nameless, resolve=names()) == found  # type: ignore[arg-type]
    assert Failed("unavailable").later
    assert not Failed("not_allowed").later
    assert not Failed("too_large").later


async def test_no_address_is_in_a_log(twilio: Twilio) -> None:
    with capture_logs() as logs:
        await fetch(MediaLink(twilio.url + "/qzsecret", "x/qzsecret", "qzsecret", "qzsecret"), sources(twilio))
        await fetch(MediaLink("https://qzsecret.example/"), sources(twilio))
    assert len(logs) == 2
    assert "qzsecret" not in repr(logs)
    assert TOKEN not in repr(sources(twilio))


@given(st.text(max_size=200))
async def test_any_address_is_an_answer(text: str) -> None:
    async def nowhere(host: str, _port: int) -> Sequence[str]:
        raise OSError(host)

    listed = Sources(frozenset({"good.example"}))
    for url in (text, f"https://{text}", f"https://good.example/{text}"):
        found = await fetch(MediaLink(url), listed, resolve=nowhere)
        assert found in (Failed("not_allowed"), Failed("unavailable"))


@pytest.mark.parametrize("address", ["8.8.8.8", "203.0.114.7", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_inside_an_ipv6_one(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    mapped = f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}"
    six = f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1"
    assert is_public(str(address)) == is_public(mapped) == is_public(six)


@given(
    st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8") | st.ip_addresses(network="fc00::/7")
)
def test_no_private_address_is_public(address: object) -> None:
    assert not is_public(str(address))
