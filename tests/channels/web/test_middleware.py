"""S9 and L5 on every answer, and an access log that knows nobody."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import LogCapture

from channels.web.access_log import AccessLogger, server_logger
from channels.web.middleware import CSP, middlewares, security_headers
from channels.web.pages import Pages
from channels.web.server import Runner

Client = TestClient[web.Request, web.Application]


async def _broken(_: web.Request) -> web.Response:
    raise RuntimeError("Marie Dubois, 0470 00 00 00")


async def _redirect(_: web.Request) -> web.Response:
    raise web.HTTPFound("/there")


async def _own_policy(_: web.Request) -> web.Response:
    return web.Response(headers={"Content-Security-Policy": "default-src 'none'; frame-ancestors https://www.example"})


async def _send_raw(client: Client, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(data)
    assert b" 400 Bad Request" in await reader.read(100)
    writer.close()
    await writer.wait_closed()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """An application with one of each trouble."""
    app = web.Application(middlewares=middlewares("https://guichet.example"))
    app.router.add_get("/en/broken", _broken)
    app.router.add_get("/api/v1/broken", _broken)
    app.router.add_get("/away", _redirect)
    app.router.add_get("/widget", _own_policy)
    app.router.add_get("/{language}/c/{token}", _broken, name="case-link")
    Pages("https://guichet.example").static.add_to(app)
    server = TestServer(app)
    client = TestClient(server)
    await server.start_server(access_log_class=AccessLogger, logger=server_logger())
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/en/broken", 500),
        ("GET", "/api/v1/broken", 500),
        ("GET", "/nowhere", 404),
        ("GET", "/api/nowhere", 404),
        ("POST", "/en/broken", 405),
        ("PROPFIND", "/en/broken", 405),
        ("GET", "/away", 302),
        ("GET", "/static/public.css", 200),
        ("GET", "/static/..%2fpages.py", 404),
        ("GET", "/static/", 404),
    ],
)
async def test_headers_on_every_answer(client: Client, method: str, path: str, status: int) -> None:
    answer = await client.request(method, path, allow_redirects=False)
    assert answer.status == status
    assert answer.headers["Content-Security-Policy"] == CSP
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "aiohttp" not in answer.headers["Server"]


async def test_a_page_may_set_its_own_policy(client: Client) -> None:
    assert "frame-ancestors https://www.example" in (await client.get("/widget")).headers["Content-Security-Policy"]


async def test_error_page_gives_a_number_which_the_log_knows(client: Client) -> None:
    logs = LogCapture()
    structlog.configure(processors=[logs])
    try:
        page = await (await client.get("/en/broken", headers={"Accept-Language": "nl"})).text()
        problem = json.loads(await (await client.get("/api/v1/broken", headers={"Accept-Language": "nl"})).read())
    finally:
        structlog.reset_defaults()
    numbers = [entry["number"] for entry in logs.entries if entry["event"] == "request_failed"]
    assert numbers[0] in page
    assert numbers[1] == problem["number"]
    assert problem["title"] == "Er ging iets mis bij ons"
    assert '<html lang="en">' in page
    for text in (page, json.dumps(problem), repr(logs.entries)):
        assert "Dubois" not in text
        assert "Traceback" not in text


async def test_access_log_has_no_path_query_or_address(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    logs = LogCapture()
    structlog.configure(processors=[logs])
    caplog.set_level(logging.DEBUG)
    try:
        await client.get(
            "/en/c/SECRETTOKEN?name=Dubois", headers={"User-Agent": "canary", "Referer": "https://canary.example"}
        )
        await client.get("/nowhere/SECRETTOKEN")
        await client.request("BREW", "/SECRETTOKEN")
        await _send_raw(client, b"GET /SECRETTOKEN HTTP/1.1\r\nHost: x\r\nBroken canary\r\n\r\n")
    finally:
        structlog.reset_defaults()
    lines = [entry for entry in logs.entries if entry["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "case-link", 500),
        ("GET", "none", 404),
        ("other", "none", 400),
        ("other", "none", 400),
    ]
    everything = repr(logs.entries) + caplog.text
    for canary in ("SECRETTOKEN", "Dubois", "canary", "127.0.0.1"):
        assert canary not in everything


async def test_static_files_are_kept_by_their_version(client: Client) -> None:
    url = Pages("https://guichet.example").static.url("public.css")
    answer = await client.get(url)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css"
    again = await client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    assert (await client.get("/static/public.css?v=old")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, br", "gzip"),
        ("br;q=1.0, GZIP ; q=0.5", "gzip"),
        ("gzip;q=0, br", None),
        ("gzip; q=0.0", None),
        ("", None),
    ],
)
async def test_static_files_travel_compressed_where_the_browser_takes_it(
    client: Client, accepted: str, encoding: str | None
) -> None:
    url = Pages("https://guichet.example").static.url("public.css")
    asked = {"Accept-Encoding": accepted}
    answer = await client.get(url, headers=asked)
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "--ground" in await answer.text()
    assert answer.headers["ETag"].endswith('-gzip"') == (encoding is not None)
    assert (await client.get(url, headers={**asked, "If-None-Match": answer.headers["ETag"]})).status == 304


async def test_pages_are_not_compressed(client: Client) -> None:
    # A page may hold a token beside what was typed (BREACH).
    answer = await client.get("/en/nowhere", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


async def _ask(sent: bytes) -> tuple[str, str]:
    """Send bytes to an application as it is served; return head and body of the answer."""
    app = web.Application(middlewares=middlewares("https://guichet.example"))
    Pages("https://guichet.example").static.add_to(app)
    runner = Runner(app, base_url="https://guichet.example")
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(sent)
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
    finally:
        await runner.cleanup()
    return head, body


async def test_the_runner_serves_the_application() -> None:
    head, body = await _ask(b"GET /static/icon.svg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert " 200 " in head.splitlines()[0]
    assert body.startswith("<svg")


@pytest.mark.parametrize(
    "sent",
    [
        b"MARIE /fr/c/secret HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"secret" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"A%d: secret\r\n" % number for number in range(2000)) + b"\r\n",
        b"POST /widget HTTP/1.1\r\nHost: x\r\nContent-Length: secret\r\n\r\n",
        b"GET /fr/ HTTP/1.1\r\n\r\n",
    ],
    ids=["method", "long line", "many headers", "length", "no host"],
)
async def test_what_is_no_http_gets_our_answer_too(sent: bytes) -> None:
    head, body = await _ask(sent)
    assert " 400 " in head.splitlines()[0]
    for name, value in security_headers("https://guichet.example").items():
        assert f"{name}: {value}" in head
    assert "Python" not in head + body
    assert "secret" not in head + body
    assert "<h1>" in body


def test_weights() -> None:
    static = Pages("https://guichet.example").static
    for name, most in (("public.css", 21_000), ("form.js", 4_000), ("files.js", 14_000), ("hints.js", 3_000)):
        assert len(static._files[name].plain) <= most
