"""Settings are refused in words, one refusal for each thing that is not safe, and no secret is ever repeated (S12)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.deadlines import deadlines
from config.departments import departments, load_departments, queues
from config.directory import directory
from config.distress import distress
from config.letter import letters
from config.mailboxes import load_mailboxes
from config.settings import SHIPPED, SettingsError, load
from config.sms import sms_words
from config.wording import shipped as wording

GUICHET = Path(sys.executable).parent / "guichet"
SOUND: dict[str, Any] = {
    "production": True,
    "secret_key": "a secret of this test, long enough to be one",
    "public_url": "https://complaints.house.example",
}

BOT: dict[str, Any] = {"telegram_token": "7700110300:qzsecretqzsecretqzsecretqzsecretqzs"}


@pytest.fixture(autouse=True)
def nothing_else_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine, and no .env of the working folder."""
    for name in [name for name in os.environ if name.startswith(("GUICHET_", "DATABASE_URL", "REDIS_URL", "PORT"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_ways_that_do_not_work_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_CHANNELS_DOWN", "phone, email")
    assert load(**SOUND).channels_down == ("phone", "email")
    monkeypatch.setenv("GUICHET_CHANNELS_DOWN", "phone,form")
    with pytest.raises(SettingsError, match=r"^GUICHET_CHANNELS_DOWN: must be 'phone', 'branch', 'post' or 'email'"):
        load(**SOUND)


def test_a_sound_production_is_accepted() -> None:
    settings = load(**SOUND)
    assert settings.base_url == "https://complaints.house.example"


def test_the_default_house_needs_no_setting() -> None:
    assert load().base_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"secret_key": ""}, "GUICHET_SECRET_KEY must be a secret of your own"),
        ({"secret_key": "k" * 31}, "GUICHET_SECRET_KEY must be a secret of your own"),
        ({"secret_key": "change-me-change-me-change-me-change-me"}, "GUICHET_SECRET_KEY must be a secret of your own"),
        ({"secret_key": "0" * 32}, "GUICHET_SECRET_KEY must be a secret of your own"),
        ({"public_url": ""}, "GUICHET_PUBLIC_URL must be an https address"),
        ({"public_url": "http://complaints.house.example"}, "GUICHET_PUBLIC_URL must be an https address"),
        ({"public_url": "complaints.house.example"}, "GUICHET_PUBLIC_URL: must be an address such as https://"),
        ({"debug": True}, "GUICHET_DEBUG must be off"),
        ({"texts_to_files": True}, "GUICHET_TEXTS_TO_FILES is for looking at a house"),
        ({"allow_unsafe_database": True}, "GUICHET_ALLOW_UNSAFE_DATABASE is for tests"),
        ({**BOT, "telegram_webhook_secret": "0123456789" * 4}, "WEBHOOK_SECRET must have at least 43"),
        ({**BOT, "telegram_webhook_secret": "0" * 64}, "WEBHOOK_SECRET must have at least 43"),
    ],
)
def test_production_refuses(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load(**{**SOUND, **wrong})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"port": 0}, "PORT: must be at least 1"),
        ({"port": "eighty"}, "PORT: must be a whole number"),
        ({"trusted_proxies": "10.0.0.0/8, nonsense"}, "GUICHET_TRUSTED_PROXIES: 'nonsense' does not appear"),
        ({"min_free_percent": 80}, "GUICHET_MIN_FREE_PERCENT: must be at most 50"),
        ({"min_free_mb": -1}, "GUICHET_MIN_FREE_MB"),
        ({"max_mail_bytes": 10}, "GUICHET_MAX_MAIL_BYTES"),
        ({"batch": 0}, "GUICHET_BATCH"),
        ({"item_seconds": 1}, "GUICHET_ITEM_SECONDS"),
        ({"parse_memory_mb": 1}, "GUICHET_PARSE_MEMORY_MB"),
        ({"smtp_tls": "maybe"}, "GUICHET_SMTP_TLS: must be 'tls', 'starttls' or 'none'"),
        ({"smtp_tls": "none", "smtp_host": "mail.house.example"}, "^GUICHET_SMTP_TLS=none"),
        ({"production": "perhaps"}, "GUICHET_PRODUCTION: must be true or false"),
        ({"rules": "nowhere.yaml"}, "GUICHET_RULES: there is no file nowhere.yaml"),
        ({"public_url": "javascript:x"}, "GUICHET_PUBLIC_URL: must be an address such as"),
        ({"public_url": "https://"}, "GUICHET_PUBLIC_URL: must be an address such as"),
        ({"public_url": "https://house.example/?a=b"}, "GUICHET_PUBLIC_URL: must be an address such as"),
        ({"public_url": "https://[house.example"}, "GUICHET_PUBLIC_URL: is not an address"),
        ({"database_url": "mysql://me:qzsecret@db.example/x"}, "DATABASE_URL: must begin with postgresql://"),
        ({"database_url": "postgresql://me:qzsecret@[db.example/x"}, "DATABASE_URL: is not an address"),
        ({"twilio_account_sid": "AC12"}, "GUICHET_TWILIO_ACCOUNT_SID: is not written like"),
        ({"twilio_auth_token": "qzsecret"}, "^GUICHET_TWILIO_AUTH_TOKEN needs GUICHET_TWILIO_ACCOUNT_SID"),
        ({"sms_number": "0470 00 11 03"}, "GUICHET_SMS_NUMBER: is not written like"),
        ({"whatsapp_templates": "fr=HX12"}, "GUICHET_WHATSAPP_TEMPLATES: must be a ContentSid"),
        ({"whatsapp_templates": "it=HX" + "0" * 32}, "GUICHET_WHATSAPP_TEMPLATES"),
        ({"twilio_api_url": "http://api.twilio.example"}, "GUICHET_TWILIO_API_URL: must be an https address"),
        ({"twilio_media_hosts": "cdn.example, *"}, "GUICHET_TWILIO_MEDIA_HOSTS: must be names of hosts"),
        ({"sms_countries": "32, all"}, "GUICHET_SMS_COUNTRIES: must be calling codes"),
        ({"redis_url": "qzsecret.redis.example"}, "REDIS_URL: must begin with redis://"),
        ({"telegram_token": "qzsecret"}, "^GUICHET_TELEGRAM_TOKEN must be a number, a colon"),
        ({"telegram_token": "bot7:qzsecretqzsecretqzsecretqzsecretqzs"}, "^GUICHET_TELEGRAM_TOKEN must be a number"),
        ({"telegram_webhook_secret": "qzsecret"}, "^GUICHET_TELEGRAM_TOKEN is needed"),
        ({"telegram_polling": True}, "^GUICHET_TELEGRAM_TOKEN is needed"),
        ({**BOT, "telegram_polling": True, "telegram_webhook_secret": "qzsecret"}, "one way only"),
        ({**BOT, "telegram_webhook_secret": "qzsecret!"}, "^GUICHET_TELEGRAM_WEBHOOK_SECRET may hold letters"),
        ({**BOT, "telegram_webhook_secret": "qz" * 129}, "^GUICHET_TELEGRAM_WEBHOOK_SECRET may hold letters"),
        ({"telegram_api": "http://api.telegram.org"}, "GUICHET_TELEGRAM_API: must be an https address"),
        ({"telegram_api": "https://me:qzsecret@bots.house.example"}, "GUICHET_TELEGRAM_API: must be an https address"),
        ({"telegram_api": "https://"}, "GUICHET_TELEGRAM_API: must be an https address"),
        ({"telegram_api": "https://[bots.example"}, "GUICHET_TELEGRAM_API: is not an address"),
        ({"oidc_issuer": "http://id.example.org"}, "GUICHET_OIDC_ISSUER: must be the issuer as it names itself"),
        ({"oidc_issuer": "https://id.example.org/?a"}, "GUICHET_OIDC_ISSUER: must be the issuer"),
        ({"oidc_issuer": "https://id.example.org", "oidc_client_id": "x"}, "^GUICHET_OIDC_ISSUER needs"),
        ({"oidc_roles": "lead=king"}, "GUICHET_OIDC_ROLES"),
        ({"oidc_roles": "lead"}, "GUICHET_OIDC_ROLES"),
    ],
)
def test_a_wrong_value_is_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        load(**wrong)
    assert "qzsecret" not in str(refused.value)


def test_groups_give_roles_in_the_order_in_which_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHET_OIDC_ROLES", "cn=lead,dc=example=supervisor; agents = agent")
    found = load().oidc_roles
    assert found == (("cn=lead,dc=example", "supervisor"), ("agents", "agent"))


def test_a_bot_is_set_one_way_or_the_other() -> None:
    secret = "0123456789abcdef" * 4
    assert load(**SOUND, **BOT, telegram_webhook_secret=secret).telegram_api == "https://api.telegram.org"
    polling = load(**SOUND, **BOT, telegram_polling=True, telegram_api="http://127.0.0.1:8081/")
    assert polling.telegram_api == "http://127.0.0.1:8081"
    assert "qzsecret" not in repr(polling) + str(polling.shown())


def test_a_wrong_data_file_is_refused_at_the_start_and_not_when_a_message_needs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "departments.yaml"
    broken.write_text(
        (SHIPPED / "departments.yaml").read_text(encoding="utf-8").replace("working_days: 15", "working_days: ten"),
        encoding="utf-8",
    )
    monkeypatch.setattr("config.files.departments", lambda: load_departments(broken))
    with pytest.raises(SettingsError, match=r"^departments\.yaml: .*working_days: must be a whole number"):
        load()


def test_every_data_file_is_read_at_the_start() -> None:
    read = {departments, queues, deadlines, directory, distress, letters, sms_words, wording}
    for each in read:
        each.cache_clear()
    load()
    assert [each.__name__ for each in read if not each.cache_info().currsize] == []


def test_plain_text_to_a_mail_server_on_this_machine_is_accepted() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert load(smtp_tls="none", smtp_host=host).smtp_host == host


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "GUICHET_PORT=8081\nGUICHET_AUTHSERV_ID=mx.file.example\nDATABASE_URL=\n", encoding="utf-8"
    )
    monkeypatch.setenv("GUICHET_AUTHSERV_ID", "mx.environment.example")
    settings = load()
    assert (settings.port, settings.authserv_id) == (8081, "mx.environment.example")


@pytest.mark.parametrize("name", ["secret_key", "old_secret_keys", "metrics_token", "smtp_password"])
def test_a_secret_is_not_shown(name: str) -> None:
    settings = load(**{name: "qzsecret" * 5})
    assert "qzsecret" not in repr(settings) + str(settings.shown())


def test_the_token_of_twilio_is_not_shown_and_lists_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUICHET_TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("GUICHET_TWILIO_AUTH_TOKEN", "qzsecret")
    monkeypatch.setenv("GUICHET_SMS_COUNTRIES", "+32, 31")
    monkeypatch.setenv("GUICHET_WHATSAPP_TEMPLATES", "fr=HX" + "a" * 32 + ", nl=HX" + "b" * 32)
    settings = load()
    assert "qzsecret" not in repr(settings) + str(settings.shown())
    assert settings.sms_countries == ("32", "31")
    assert settings.whatsapp_templates == {"fr": "HX" + "a" * 32, "nl": "HX" + "b" * 32}


def test_passwords_in_addresses_are_not_shown() -> None:
    settings = load(
        database_url="postgres://me:qz@secret@db.example/x", redis_url="rediss://:qzsecret@redis.example:6380/1"
    )
    shown = settings.shown()
    assert "qz" not in str(shown)
    assert "db.example" in shown["database_url"]
    assert "redis.example:6380" in shown["redis_url"]


BOX = "address: a@house.example"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "must hold a list named mailboxes"),
        ("mailboxes:", "must hold a list named mailboxes"),
        ("other: []", "must hold a list named mailboxes"),
        ("mailboxes: [", "line 2: did not find"),
        ("mailboxes: [x]", "must be keys with their values"),
        ("mailboxes: []", "at least one"),
        (f"mailboxes: [{{{BOX}}}, {{address: A@house.example}}]", "each address once"),
        ("mailboxes: [{language: fr}]", "address: is missing"),
        ("mailboxes: [{address: nonsense}]", "address"),
        ("mailboxes: [{address: a+b@house.example}]", "address"),
        (f"mailboxes: [{{{BOX}, language: it}}]", "language"),
        (f"mailboxes: [{{{BOX}, queue: nowhere}}]", "'nowhere' is not a queue"),
        (f"mailboxes: [{{{BOX}, imap_prot: 993}}]", "imap_prot: is not known here"),
        (f"mailboxes: [{{{BOX}, imap_host: mail.house.example, imap_tls: none}}]", "loopback only"),
        (f"mailboxes: [{{{BOX}, imap_password: [qzsecret]}}]", "imap_password"),
        (f"mailboxes: [{{{BOX}, imap_port: qzsecret}}]", "imap_port"),
    ],
)
def test_a_wrong_list_of_mailboxes_is_refused_in_words(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "boxes.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as refused:
        load_mailboxes(path)
    assert str(refused.value).startswith("mailboxes: ")
    assert "qzsecret" not in str(refused.value)


def test_a_missing_list_of_mailboxes_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"boxes\.yaml: cannot be read \(FileNotFoundError\)"):
        load_mailboxes(tmp_path / "boxes.yaml")


def test_the_shipped_mailboxes_are_sound() -> None:
    assert {box.address for box in load_mailboxes(SHIPPED / "mailboxes.yaml")} == {
        "ombudsman@partenamut.example",
        "plaintes@partenamut.example",
        "klachten@partenamut.example",
    }


def guichet(*words: str, folder: Path, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as somebody with no other settings would."""
    return subprocess.run(
        [str(GUICHET), *words],
        env={**os.environ, "GUICHET_DATA": str(folder / "data"), **environment},
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_refuses_in_one_line_without_a_traceback(tmp_path: Path) -> None:
    refused = guichet("run", folder=tmp_path, GUICHET_PRODUCTION="1", GUICHET_SECRET_KEY="qzsecret")
    assert refused.returncode == 2
    assert "Settings:" in refused.stderr
    assert "GUICHET_SECRET_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "qzsecret" not in refused.stderr + refused.stdout
    assert not (tmp_path / "data").exists()


def test_processes_apart_need_a_database_for_many(tmp_path: Path) -> None:
    refused = guichet("web", folder=tmp_path)
    assert refused.returncode == 2
    assert "set DATABASE_URL" in refused.stderr


def test_a_password_is_never_an_argument(tmp_path: Path) -> None:
    for words in (
        ("user", "add", "lena@house.example", "--password", "qzsecret-of-some-length"),
        ("user", "add", "lena@house.example", "qzsecret-of-some-length"),
    ):
        refused = guichet(*words, folder=tmp_path, given="another password\n")
        assert refused.returncode == 2
    weak = guichet("user", "add", "lena@house.example", folder=tmp_path, given="qzshort\n")
    assert weak.returncode == 2
    assert "12 characters" in weak.stderr
    assert "qzshort" not in weak.stderr + weak.stdout
    added = guichet("user", "add", "lena@house.example", folder=tmp_path, given="qzsecret of some length\n")
    assert added.returncode == 0, added.stderr
    assert "qzsecret" not in added.stderr + added.stdout
    assert b"qzsecret" not in b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())


@pytest.mark.parametrize("origin", ["https://www.example.org", "https://my.example.org:8443", "http://127.0.0.1:8081"])
def test_an_origin_that_may_embed_the_chat(origin: str) -> None:
    assert load(widget_origins=f"{origin}, https://other.example").widget_origins == (origin, "https://other.example")


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "www.example.org",
        "https://www.example.org/",
        "https://*.example.org",
        "https://WWW.example.org",
        "https://www.example.org:443",
        "http://www.example.org",
        "https://a.example https://b.example",
        "https://a.example;script-src",
        "null",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(SettingsError, match="GUICHET_WIDGET_ORIGINS"):
        load(widget_origins=origin)
