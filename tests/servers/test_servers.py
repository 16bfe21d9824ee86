"""The servers that other tests rely on do start, answer, stop and come back."""

from __future__ import annotations

import asyncio
import smtplib

import asyncpg
import pytest
import redis
from imapclient import IMAPClient

from tests.servers import process
from tests.servers.dovecot import DovecotServer, ImapUser
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.servers


def test_a_missing_server_is_named_and_is_a_failure_where_servers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "GUICHET_REQUIRE_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no-such-server is not installed \(Debian package nowhere\)"):
        process.find_binary("no-such-server", "nowhere")
    monkeypatch.setenv("GUICHET_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-server"):
        process.find_binary("no-such-server", "nowhere")


def test_redis_answers_and_comes_back_at_the_same_address(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.ping()
    redis_server.stop()
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.ping()


async def test_postgres_keeps_a_database_over_a_restart(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    assert url != postgres_server.create_database()
    connection = await asyncpg.connect(url)
    await connection.execute("create table kept (n int)")
    await connection.close()
    await asyncio.to_thread(postgres_server.stop, "fast")
    await asyncio.to_thread(postgres_server.start)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from kept") == 0
    await connection.close()


def test_dovecot_shows_what_was_delivered_even_while_it_was_down(
    dovecot_server: DovecotServer, imap_user: ImapUser
) -> None:
    dovecot_server.kill()
    dovecot_server.deliver(imap_user, b"Subject: one\r\n\r\ntext\r\n")
    dovecot_server.start()
    with IMAPClient(dovecot_server.host, dovecot_server.port, ssl=False) as client:
        client.login(imap_user.name, imap_user.password)
        client.select_folder("INBOX")
        assert len(client.search("UNSEEN")) == 1


def test_the_sink_records_and_refuses(smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("nobody@example.org", "550 5.1.1 unknown")
    with smtplib.SMTP(smtp_sink.host, smtp_sink.port) as client:
        refused = client.sendmail("a@example.org", ["nobody@example.org", "b@example.org"], b"Subject: x\r\n\r\ny\r\n")
    assert list(refused) == ["nobody@example.org"]
    assert smtp_sink.to("b@example.org")[0].message["subject"] == "x"
