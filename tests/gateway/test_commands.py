"""The command says what is wrong in words, ends with a code that tells, and never shows a traceback."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from aiohttp.test_utils import TestServer
from sqlalchemy import create_engine, text

from console import passwords
from gateway import cli
from gateway.commands import tools
from tests.servers import telegram as bot_api
from tests.servers import twilio as rest_api
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import Twilio

WORDS = "correct horse battery staple 9"
HIGH = "99999999999999999999"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def guichet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Runs `guichet` in this process, in a data folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUICHET_DATA", str(tmp_path / "data"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, typed: str = "", **settings: str) -> Ended:
        with monkeypatch.context() as now:
            now.setattr(sys, "argv", ["guichet", *words])
            now.setattr(sys, "stdin", io.StringIO(typed))
            for name, value in settings.items():
                now.setenv(name, value)
            try:
                cli.main()
                code: object = 0
            except SystemExit as end:
                code = end.code
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        assert "SELECT" not in said.err + said.out
        return Ended(code if isinstance(code, int) else 0, said.out, said.err)

    handlers = list(logging.root.handlers)
    yield run
    # Logging was set up for a standard error that ends with this test.
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["config", "extra"],
        ["quarantine", "show", HIGH],
        ["quarantine", "show", "x"],
        ["quarantine", "replay", HIGH],
        ["quarantine", "replay"],
        ["report", "--month", "9999-12"],
        ["report", "--month", "0001-01"],
        ["report", "--month", "November"],
        ["report", "--format", "doc"],
        ["report", "--language", "de"],
        ["rules", "check", "nowhere.yaml"],
        ["user", "add", "", "--role", "mediator"],
        ["user", "add", "x" * 121],
        ["user", "add", "lena", "--name", "x" * 121],
        ["user", "add", "lena", "--role", "king"],
        ["user", "add", "lena", "--password", WORDS],
        ["user", "add", "lena", WORDS],
        ["worker"],
    ],
    ids=" ".join,
)
def test_wrong_words_are_refused_with_2(guichet: Command, words: list[str]) -> None:
    ended = guichet(*words, typed=f"{WORDS}\n")
    assert ended.code == 2
    assert ended.err.strip()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": "postgresql://app@127.0.0.1:1/x"}, "the database cannot be reached"),
        ({"DATABASE_URL": "mysql://app:s3cret@host/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://app:s3cret@host:port/x"}, "DATABASE_URL"),
        ({"REDIS_URL": "s3cret"}, "REDIS_URL"),
        ({"GUICHET_DATA": "/dev/null/x"}, "data folder"),
    ],
    ids=str,
)
def test_wrong_settings_are_named_and_not_repeated(guichet: Command, settings: dict[str, str], said: str) -> None:
    ended = guichet("reconcile", **settings)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())
    assert "s3cret" not in ended.err


def test_a_rule_file_that_is_no_text_is_refused_in_words(guichet: Command, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"\x00\xff\xfe")
    for words in (["check"], ["diff"], ["rehearse"], ["publish", "--comment", "why"]):
        ended = guichet("rules", words[0], str(bad), *words[1:])
        assert ended.code == 1
        assert "bad.yaml" in ended.err


def test_a_database_of_a_newer_version_is_left_alone(guichet: Command, tmp_path: Path) -> None:
    assert guichet("db", "upgrade").code == 0
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'guichet.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for words in (["reconcile"], ["db", "upgrade"], ["run"]):
        ended = guichet(*words)
        assert ended.code == 2
        assert "newer version" in ended.err


def test_a_restored_database_says_that_references_go_on_later(guichet: Command) -> None:
    assert "10 000" not in guichet("db", "upgrade").err
    restored = guichet("db", "upgrade", "--restored")
    assert restored.code == 0
    assert "10 000" in restored.err


def test_a_user_is_added_once_by_a_password_that_was_typed(guichet: Command) -> None:
    assert guichet("user", "add", "lena", typed=f"{WORDS}\n").code == 0
    again = guichet("user", "add", "lena", typed=f"{WORDS}\n")
    assert again.code == 1
    assert "already" in again.err
    weak = guichet("user", "add", "tom", typed="short\n")
    assert weak.code == 2
    assert WORDS not in again.err + again.out


def test_a_user_is_given_queues_of_ours(guichet: Command) -> None:
    added = guichet("user", "add", "lena", "--queue", "triage", "--queue", "mediation", typed=f"{WORDS}\n")
    assert added.code == 0
    assert json.loads(guichet("user", "list", "--json").out)["queues"] == ["mediation", "triage"]
    assert "mediation, triage" in " ".join(guichet("user", "list").out.split())
    wrong = guichet("user", "add", "tom", "--queue", "tirage", typed=f"{WORDS}\n")
    assert wrong.code == 2
    assert "medical_coordinator" in wrong.err


def test_somebody_gets_other_rights_and_a_way_in_without_a_code(guichet: Command) -> None:
    assert guichet("user", "add", "lena", "--medical", typed=f"{WORDS}\n").code == 0
    changed = guichet("user", "rights", "lena", "--role", "reader", "--queue", "triage")
    assert changed.code == 0
    plain = json.loads(guichet("user", "list", "--json").out)
    assert (plain["role"], plain["medical"], plain["queues"]) == ("reader", False, ["triage"])
    assert guichet("user", "rights", "lena", "--role", "king").code == 2
    assert guichet("user", "rights", "lena", "--role", "reader", "--queue", "x").code == 2
    assert guichet("user", "rights", "nobody", "--role", "reader").code == 1
    assert guichet("user", "without-code", "lena").code == 0
    assert guichet("user", "without-code", "nobody").code == 1


def test_somebody_is_shut_out_let_in_again_and_given_another_password(guichet: Command, tmp_path: Path) -> None:
    assert "Nobody yet" in guichet("user", "list").err
    assert guichet("user", "add", "lena", "--role", "supervisor", typed=f"{WORDS}\n").code == 0

    def lena() -> dict[str, object]:
        found: dict[str, object] = json.loads(guichet("user", "list", "--json").out)
        return found

    plain = {"login": "lena", "name": "lena", "role": "supervisor", "medical": False, "disabled": False}
    assert lena() == {**plain, "queues": None}
    assert guichet("user", "disable", "LENA").code == 0
    assert lena()["disabled"] is True
    assert "no" in guichet("user", "list").out.split()
    assert guichet("user", "enable", "lena").code == 0
    assert lena()["disabled"] is False
    assert guichet("user", "password", "lena", typed="short\n").code == 2
    changed = guichet("user", "password", "lena", typed=f"{WORDS} anew\n")
    assert changed.code == 0
    assert WORDS not in changed.err + changed.out
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'guichet.db'}")
    with engine.begin() as connection:
        hashed = connection.execute(text("SELECT password FROM users")).scalar_one()
        acts = list(connection.execute(text("SELECT act FROM audit ORDER BY id")).scalars())
    engine.dispose()
    assert passwords._verify(hashed, f"{WORDS} anew")
    assert acts[-4:] == ["user.added", "user.disabled", "user.enabled", "user.password"]
    for words in (["disable"], ["enable"]):
        missing = guichet("user", *words, "nobody")
        assert missing.code == 1
        assert "no user nobody" in missing.err


def test_a_fault_of_ours_shows_where_and_nothing_of_what(guichet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("marie.dubois@mail.example")

    monkeypatch.setattr(tools, "settings_for", broken)
    ended = guichet("config")
    assert ended.code == 70
    assert "KeyError at test_commands.py" in ended.err
    assert "marie" not in ended.err


@pytest.fixture
def providers() -> Iterator[tuple[Twilio, TelegramServer]]:
    """Both providers on a loop of their own, since a command has its own."""
    twilio, telegram = Twilio(), TelegramServer()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> TestServer:
        await telegram.start()
        server = TestServer(twilio.app())
        await server.start_server()
        return server

    async def end() -> None:
        await server.close()
        await telegram.stop()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    twilio.url = f"http://127.0.0.1:{server.port}"
    yield twilio, telegram
    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def settings_of(twilio: Twilio, *, token: str = rest_api.TOKEN) -> dict[str, str]:
    return {
        "GUICHET_TWILIO_ACCOUNT_SID": rest_api.SID,
        "GUICHET_TWILIO_AUTH_TOKEN": token,
        "GUICHET_TWILIO_API_URL": twilio.url,
        "GUICHET_SMS_NUMBER": rest_api.SMS_NUMBER,
        "GUICHET_MIN_FREE_MB": "0",
        "GUICHET_MIN_FREE_PERCENT": "0",
    }


def test_reconcile_names_what_twilio_holds_and_takes_it_in_once(
    guichet: Command, providers: tuple[Twilio, TelegramServer]
) -> None:
    twilio, telegram = providers
    sid = dict(twilio.arrives("mot-secret"))["MessageSid"]
    settings = settings_of(twilio)
    named = guichet("reconcile", **settings)
    assert named.code == 1
    assert f"sms {sid} " in named.out
    assert "UTC not in the register" in named.out
    assert "Differs: sms: messages that Twilio holds and the register does not: 1" in named.err
    fetched = guichet("reconcile", "--fetch", **settings)
    assert (fetched.code, fetched.out.count("taken in")) == (0, 1)
    again = guichet("reconcile", "--fetch", "--json", **settings)
    found = json.loads(again.out)
    assert (again.code, found["providers"]) == (0, {"told": [], "elsewhere": []})
    assert [(one["channel"], one["items"], one["deliveries"]) for one in found["accounts"]] == [("sms", 1, 1)]
    for ended in (named, fetched, again):
        assert "secret" not in ended.out + ended.err
        assert rest_api.MEMBER not in ended.out + ended.err
    assert telegram.calls == []


def test_reconcile_says_which_credentials_are_wrong(guichet: Command, providers: tuple[Twilio, TelegramServer]) -> None:
    twilio, telegram = providers
    ended = guichet("reconcile", **settings_of(twilio, token="s3cret-token"))
    assert ended.code == 1
    assert "GUICHET_TWILIO_AUTH_TOKEN" in ended.err
    assert "s3cret" not in ended.out + ended.err
    bot = {"GUICHET_TELEGRAM_API": telegram.url, "GUICHET_TELEGRAM_WEBHOOK_SECRET": bot_api.SECRET}
    ended = guichet("reconcile", **bot, GUICHET_TELEGRAM_TOKEN=bot_api.TOKEN[:-1] + "2")
    assert ended.code == 1
    assert "GUICHET_TELEGRAM_TOKEN" in ended.err
    assert twilio.pages == []


def test_reconcile_says_what_it_asks(guichet: Command) -> None:
    said = " ".join(guichet("reconcile", "--help").out.split())
    for word in ("--fetch", "--days", "Twilio", "Telegram"):
        assert word in said
    assert guichet("reconcile", "--days", "0").code == 2
