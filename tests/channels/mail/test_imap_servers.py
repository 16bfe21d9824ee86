"""Mailboxes on servers of other kinds: with TLS, without MOVE or IDLE, with a folder prefix, with tokens for passwords."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from imapclient import IMAPClient

from channels.mail.imap import MailboxWatcher, WatcherTimes
from channels.mail.imap_session import imap_password
from channels.mail.oauth import TokenRefusedError, TokenSource, TokenUnavailableError, sasl_xoauth2
from channels.message import RawMessage
from config.mailboxes import MailboxSettings
from tests.servers import process
from tests.servers.certificates import Certificates
from tests.servers.dovecot import DovecotServer, ImapUser, running_dovecot

servers = pytest.mark.servers
TIMES = WatcherTimes(connect=5, read=5, idle=0.3, submit=5, first_delay=0.1, longest_delay=0.4, refused_delay=30)
MAIL = b"From: lea@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nBonjour\r\n"


class Run:
    """A watcher at work, and what it brought."""

    def __init__(
        self, mailbox: MailboxSettings, context: ssl.SSLContext | None = None, times: WatcherTimes = TIMES
    ) -> None:
        self.items: list[RawMessage] = []
        self.watcher = MailboxWatcher(
            mailbox,
            self._submit,
            clock=lambda: datetime.now(UTC),
            max_bytes=1_000_000,
            times=times,
            ssl_context=context,
        )

    async def _submit(self, message: RawMessage) -> bool:
        self.items.append(message)
        return True

    async def __aenter__(self) -> Run:
        self._task = asyncio.create_task(self.watcher.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def until(self, *states: str) -> None:
        async with asyncio.timeout(10):
            while self.watcher.status.state not in states:  # noqa: ASYNC110 - a thread's state
                await asyncio.sleep(0.02)


def mailbox(server: DovecotServer, user: ImapUser, **more: object) -> MailboxSettings:
    values: dict[str, object] = {
        "address": "plaintes@partenamut.example",
        "imap_host": "127.0.0.1",
        "imap_port": server.port,
        "imap_tls": "none",
        "imap_user": user.name,
        "imap_password": user.password,
    }
    return MailboxSettings.model_validate(values | more)


def counts(server: DovecotServer, user: ImapUser) -> dict[str, int]:
    """How many mails are in each folder, those marked as deleted left out."""
    with IMAPClient(server.host, server.port, ssl=False) as client:
        client.login(user.name, user.password)
        found = {}
        for _, _, name in client.list_folders():
            client.select_folder(name, readonly=True)
            found[name] = len(client.search("UNDELETED"))
        return found


@servers
@pytest.mark.parametrize("offered", ["IMAP4rev1 IDLE UIDPLUS", "IMAP4rev1 NAMESPACE"])
async def test_without_move_mails_are_copied_and_deleted(offered: str) -> None:
    with running_dovecot(f"imap_capability = {offered}\n") as server:
        user = server.create_user()
        server.deliver(user, MAIL)
        async with Run(mailbox(server, user)) as run:
            await run.until("watching")
            # Without IDLE in the second case: mail is found by asking again and again.
            server.deliver(user, MAIL.replace(b"<1@", b"<2@"))
            async with asyncio.timeout(10):
                while len(run.items) < 2:  # noqa: ASYNC110 - fetched in a thread
                    await asyncio.sleep(0.02)
            await asyncio.sleep(1)
            assert len(run.items) == 2
        assert counts(server, user) == {"INBOX": 0, "Processed": 2, "Failed": 0}


@servers
async def test_a_server_that_keeps_folders_under_a_prefix() -> None:
    extra = "namespace inbox {\n  prefix = INBOX/\n}\n"
    with running_dovecot(extra) as server:
        user = server.create_user()
        server.deliver(user, MAIL)
        expected = {"INBOX": 0, "INBOX/Processed": 1, "INBOX/Failed": 0}
        async with Run(mailbox(server, user)) as run:
            await run.until("watching")
            # It says that it is watching when the first mail is kept, before that mail is moved.
            async with asyncio.timeout(10):
                while await asyncio.to_thread(counts, server, user) != expected:  # noqa: ASYNC110 - moved by a thread
                    await asyncio.sleep(0.05)
        assert counts(server, user) == expected


@pytest.fixture(scope="module")
def tls_server(certificates: Certificates) -> Iterator[tuple[DovecotServer, int]]:
    """A Dovecot with a certificate: STARTTLS on its usual port, TLS from the start on the other."""
    port = process.free_port()
    extra = (
        "ssl = yes\nssl_cert = <@T@/cert.pem\nssl_key = <@T@/key.pem\n"
        f"service imap-login {{\n  inet_listener imaps {{\n    port = {port}\n    ssl = yes\n  }}\n}}\n"
    )
    files = {"cert.pem": certificates.certificate.read_bytes(), "key.pem": certificates.key.read_bytes()}
    with running_dovecot(extra, files) as server:
        yield server, port


@servers
@pytest.mark.parametrize("tls", ["tls", "starttls"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_tls_is_verified(
    tls_server: tuple[DovecotServer, int], certificates: Certificates, tls: str, trusted: bool
) -> None:
    server, port = tls_server
    user = server.create_user()
    server.deliver(user, MAIL)
    context = certificates.client_context() if trusted else None
    box = mailbox(server, user, imap_tls=tls, imap_port=port if tls == "tls" else server.port)
    async with Run(box, context) as run:
        await run.until("watching", "unreachable")
        if trusted:
            assert len(run.items) == 1
        else:
            assert run.watcher.status.error == "SSLCertVerificationError"
            assert run.items == []


@servers
async def test_no_starttls_no_login(dovecot_server: DovecotServer, imap_user: ImapUser) -> None:
    dovecot_server.deliver(imap_user, MAIL)
    async with Run(mailbox(dovecot_server, imap_user, imap_tls="starttls")) as run:
        await run.until("unreachable")
        assert run.watcher.status.error == "CapabilityError"
    async with Run(mailbox(dovecot_server, imap_user, imap_tls="tls")) as run:
        await run.until("unreachable")
        assert run.watcher.status.error == "SSLError"
    assert run.items == []


class TokenServer:
    """A token endpoint, and the place where Dovecot asks whether a token is good."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.answer: tuple[int, object] | None = None
        self.good: dict[str, str] = {}

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        if self.answer is not None:
            status, body = self.answer
            return web.json_response(body, status=status)
        count = len(self.forms)
        return web.json_response({"access_token": f"t{count}", "expires_in": 3600, "refresh_token": f"r{count}"})

    async def check(self, request: web.Request) -> web.Response:
        # Dovecot puts the token at the end of the address, and more after it.
        user = self.good.get(unquote(request.match_info["token"]).partition("&")[0])
        return web.json_response({"active": "true", "username": user} if user else {"active": "false"})


@pytest.fixture
async def tokens() -> AsyncIterator[tuple[TokenServer, str]]:
    state = TokenServer()
    app = web.Application()
    app.router.add_post("/token", state.token)
    app.router.add_get("/check/{token}", state.check)
    async with TestServer(app) as server:
        yield state, str(server.make_url("/"))


def with_tokens(url: str, **more: object) -> dict[str, object]:
    return {
        "oauth_token_url": f"{url}token",
        "oauth_client_id": "guichet",
        "oauth_client_secret": "s",
        "oauth_refresh_token": "r0",
        "oauth_scope": "imap",
        **more,
    }


@servers
async def test_a_token_in_place_of_a_password(tokens: tuple[TokenServer, str]) -> None:
    state, url = tokens
    extra = (
        "auth_mechanisms = plain login xoauth2\n"
        "passdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = @T@/oauth2.conf\n}\n"
    )
    conf = f"introspection_url = {url}check/\nintrospection_mode = get\nusername_attribute = username\n"
    conf += "active_attribute = active\nactive_value = true\n"
    with running_dovecot(extra, {"oauth2.conf": conf.encode()}) as server:
        user = server.create_user()
        server.deliver(user, MAIL)
        box = mailbox(server, user, imap_password="", **with_tokens(url))
        async with Run(box, times=replace(TIMES, refused_delay=0.5)) as run:
            await run.until("refused")
            assert run.items == []
            # The token that was refused is not shown again; the next one is asked for with the newest refresh token.
            state.good["t2"] = user.name
            await run.until("watching")
        assert len(run.items) == 1
        assert [form["refresh_token"] for form in state.forms] == ["r0", "r1"]


def a_box(url: str, **more: object) -> MailboxSettings:
    return MailboxSettings.model_validate({"address": "plaintes@partenamut.example", **with_tokens(url), **more})


async def test_a_token_is_kept_until_shortly_before_its_end(tokens: tuple[TokenServer, str]) -> None:
    state, url = tokens
    now = [0.0]
    source = TokenSource(a_box(url), clock=lambda: now[0])
    assert [await source.token(), await source.token()] == ["t1", "t1"]
    now[0] = 3541
    assert await source.token() == "t2"
    assert state.forms[0] == {
        "grant_type": "refresh_token",
        "client_id": "guichet",
        "client_secret": "s",
        "refresh_token": "r0",
        "scope": "imap",
    }
    assert state.forms[1]["refresh_token"] == "r1"
    assert "t2" not in repr(source)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant"}, TokenRefusedError),
        (401, {"error": "invalid_client"}, TokenRefusedError),
        (503, {}, TokenUnavailableError),
        (302, {}, TokenUnavailableError),
        (200, {"no": "token"}, TokenUnavailableError),
        (200, {"access_token": "a\x01b"}, TokenUnavailableError),
    ],
)
async def test_what_a_token_server_may_say(
    tokens: tuple[TokenServer, str], status: int, body: object, error: type[Exception]
) -> None:
    state, url = tokens
    state.answer = (status, body)
    with pytest.raises(error):
        await TokenSource(a_box(url)).token()


async def test_secrets_go_to_https_only_and_a_dead_server_is_later(tokens: tuple[TokenServer, str]) -> None:
    with pytest.raises(TokenRefusedError):
        await TokenSource(a_box("", oauth_token_url="http://login.example/token")).token()
    with pytest.raises(TokenUnavailableError):
        await TokenSource(a_box(f"http://127.0.0.1:{process.free_port()}/")).token()


def test_the_sasl_string() -> None:
    # The example of Google's own description of XOAUTH2.
    assert sasl_xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == (
        b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"
    )


def test_a_password_comes_from_the_environment_or_the_settings() -> None:
    box = MailboxSettings.model_validate({"address": "plaintes-fr.1@partenamut.example", "imap_password": "settings"})
    name = "GUICHET_IMAP_PASSWORD_PLAINTES_FR_1_PARTENAMUT_EXAMPLE"
    assert imap_password(box, {name: "environment"}) == "environment"
    assert imap_password(box, {}) == "settings"
