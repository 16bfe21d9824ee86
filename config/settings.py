"""Settings, read once at the start. The house refuses to start on a wrong one and says which, in words.

Everything comes from environment variables `GUICHET_*` (and `DATABASE_URL`, `REDIS_URL`, `PORT`), or from a `.env` file in the
working folder; the environment wins. Mailboxes are a list in a YAML file of their own (config/mailboxes.py).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.addresses import is_loopback, split_url, without_password
from config.files import problems
from config.fitting import check_fit
from config.production import check_production
from config.strict_yaml import in_words
from config.vocabulary import DEPARTMENTS, Language, Role, Way

SHIPPED = Path(__file__).resolve().parent


class SettingsError(Exception):
    """A setting is wrong; the text says which and what it must be."""


class Settings(BaseSettings):
    """All settings. `guichet config` prints them with secrets hidden; docs/operations.md explains each."""

    model_config = SettingsConfigDict(
        env_prefix="GUICHET_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    # Where and who.
    production: bool = False
    debug: bool = False
    data: Path = Path("data")
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535, validation_alias=AliasChoices("PORT", "GUICHET_PORT", "port"))
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    # Ways to reach us that do not work today: every public page says so, and which do.
    channels_down: Annotated[tuple[Way, ...], NoDecode] = ()
    secret_key: SecretStr = SecretStr("")
    # Secrets of before, the newest first, a blank between them: two still verify what they once signed (M8).
    old_secret_keys: SecretStr = SecretStr("")
    metrics_token: SecretStr = SecretStr("")
    # Colleagues sign in with a code of their authenticator beside the password; without this each as they like.
    require_second_step: bool = False
    # OpenID Connect: colleagues sign in with their account elsewhere too. Groups give roles, the first that fits.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_roles: Annotated[tuple[tuple[str, Role], ...], NoDecode] = ()
    oidc_groups_claim: str = "groups"
    oidc_scopes: str = "openid profile email"
    # What colleagues call that account, on the button.
    oidc_name: str = "OpenID Connect"

    # Store and hints between processes.
    database_url: str = Field("", validation_alias=AliasChoices("DATABASE_URL", "GUICHET_DATABASE_URL", "database_url"))
    redis_url: str = Field("", validation_alias=AliasChoices("REDIS_URL", "GUICHET_REDIS_URL", "redis_url"))
    # Below this much free space nothing is taken in any more: senders' servers are told to come back.
    min_free_mb: int = Field(1024, ge=0)
    min_free_percent: float = Field(5.0, ge=0, le=50)
    # Test servers run without fsync; nothing else may.
    allow_unsafe_database: bool = False

    # Robots at the form. A form that is sent sooner after it was drawn than a hand could is given back once.
    form_least_seconds: int = Field(3, ge=0, le=60)
    # From one network (/24, IPv6 /48) may come so many times as much as from one address.
    form_network_factor: int = Field(10, ge=1, le=1000)
    # The form counts as flooded when more is sent in a minute, by everybody together; or as an operator says.
    form_flood: Literal["auto", "on", "off"] = "auto"
    form_flood_sent: int = Field(120, ge=1)
    # While it is: the zero bits of a browser's proof, and how old a form without one must be.
    form_proof_bits: int = Field(16, ge=1, le=24)
    form_wait_seconds: int = Field(20, ge=0, le=600)

    # The web chat: the origins of the pages that may embed it; without any there is no chat.
    widget_origins: Annotated[tuple[str, ...], NoDecode] = ()
    # Rule W4: what one conversation may send, and how many connections it and an address may hold in a process.
    widget_messages_a_minute: int = Field(20, ge=1, le=1000)
    widget_sockets_a_session: int = Field(5, ge=1, le=100)
    widget_sockets_an_address: int = Field(50, ge=1, le=100_000)

    # Mail in.
    mailboxes: Path = SHIPPED / "mailboxes.yaml"
    lmtp_host: str = "127.0.0.1"
    lmtp_port: int = Field(8024, ge=0, le=65535)
    # A mail over this size is refused while it is being received (RFC 5321 code 552).
    max_mail_bytes: int = Field(60 * 1024 * 1024, ge=1024)
    # The one authserv-id whose Authentication-Results we believe (RFC 8601); empty: nobody's.
    authserv_id: str = ""
    # A mailbox which brought nothing and could not be reached for so long is an alarm.
    mail_alarm_seconds: int = Field(900, ge=10)

    # Mail out.
    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_tls: Literal["tls", "starttls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")

    # Where questions to a department go, by queue. Its answers count only from the domain of such an address (rule M9).
    department_mail: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)

    # Telegram. Its webhook is open only with a secret, which Telegram sends with each update; or updates are asked for.
    telegram_token: SecretStr = SecretStr("")
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_polling: bool = False
    # The token is part of every address there: plain http is accepted on loopback only.
    telegram_api: str = "https://api.telegram.org"
    # SMS and WhatsApp by Twilio. Without a token both doors are shut and nothing goes out.
    twilio_account_sid: str = Field("", pattern=r"^(AC[0-9a-f]{32})?$")
    twilio_auth_token: SecretStr = SecretStr("")
    # Our own numbers in E.164; empty: this channel is not offered.
    sms_number: str = Field("", pattern=r"^(\+[1-9]\d{6,14})?$")
    whatsapp_number: str = Field("", pattern=r"^(\+[1-9]\d{6,14})?$")
    # Without an account at Twilio: text messages are written to `sent/`, and count as sent. For looking at a house only.
    texts_to_files: bool = False
    # The approved WhatsApp template of each language, for what is written later than 24 hours after the member.
    whatsapp_templates: Annotated[Mapping[Language, str], NoDecode] = Field(default_factory=dict)
    twilio_api_url: str = "https://api.twilio.com"
    # Where Twilio's answer about a file may send us; its API stands for itself.
    twilio_media_hosts: Annotated[tuple[str, ...], NoDecode] = ("mms.twiliocdn.com", "media.twiliocdn.com")
    # Texts cost money: they go to numbers of these calling codes only, and so many in an hour (rule H7).
    sms_countries: Annotated[tuple[str, ...], NoDecode] = ("32", "31", "33", "49", "352")
    sms_per_number_an_hour: int = Field(3, ge=1)
    sms_an_hour: int = Field(200, ge=1)
    # To whom a supervisor's test messages go: our own telephone, our own chat with the bot.
    test_recipients: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)

    # Where a clamd on this machine looks into files before anybody opens them: a unix socket or a port of loopback.
    clamd: str = ""

    # Work.
    batch: int = Field(16, ge=1, le=256)
    item_seconds: int = Field(120, ge=5)
    # An answer waits so long before it leaves, so that who wrote it can take it back.
    undo_seconds: int = Field(10, ge=5, le=200)
    parse_cpu_seconds: int = Field(10, ge=1)
    parse_memory_mb: int = Field(512, ge=128)
    # Chats and phone numbers come in part by part; Saturdays count as working days only where the mutual says so.
    saturdays_are_working_days: bool = False
    # What was said in a conversation that came to no case is forgotten so many days after its last word (rule D7).
    conversation_days: int = Field(30, ge=2, le=3650)
    # What a colleague began to type in and did not record is forgotten so many hours after the last word of it (rule D7).
    entry_hours: int = Field(24, ge=1, le=168)
    rules: Path = SHIPPED / "rules" / "default.yaml"

    # The monthly report: who is told by mail once it is approved, from which day of the next month on, and in which language.
    report_to: Annotated[tuple[str, ...], NoDecode] = ()
    report_day: int = Field(5, ge=1, le=28)
    report_language: Literal["fr", "nl", "en"] = "fr"

    @field_validator(
        "trusted_proxies",
        "channels_down",
        "twilio_media_hosts",
        "sms_countries",
        "widget_origins",
        "report_to",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("report_to")
    @classmethod
    def _mail_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,250}", part) for part in value):
            raise ValueError("must be mail addresses, with commas between them")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ipaddress.ip_network(part)
        return value

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _by_group(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # A group may hold "=", as in LDAP names: the role stands behind the last one.
        pairs = [part.rsplit("=", 1) for part in value.split(";") if part.strip()]
        return tuple(tuple(word.strip() for word in pair) for pair in pairs)

    @field_validator("oidc_issuer")
    @classmethod
    def _an_issuer(cls, value: str) -> str:
        parts = split_url(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if value and (not safe or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("must be the issuer as it names itself: an https address (http on loopback only)")
        return value

    @field_validator("sms_countries")
    @classmethod
    def _calling_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        codes = tuple(part.removeprefix("+") for part in value)
        if not all(re.fullmatch(r"[1-9][0-9]{0,2}", code) for code in codes):
            raise ValueError("must be calling codes such as 32,31,33")
        return codes

    @field_validator("twilio_media_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) for host in value):
            raise ValueError("must be names of hosts such as mms.twiliocdn.com")
        return value

    @field_validator("whatsapp_templates", "department_mail", "test_recipients", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())

    @field_validator("whatsapp_templates")
    @classmethod
    def _content_sids(cls, value: Mapping[Language, str]) -> Mapping[Language, str]:
        if not all(re.fullmatch(r"HX[0-9a-f]{32}", sid) for sid in value.values()):
            raise ValueError("must be a ContentSid for each language, such as fr=HX0123…")
        return value

    @field_validator("test_recipients")
    @classmethod
    def _telephones_and_chats(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        shapes = {"sms": r"\+[1-9]\d{6,14}", "whatsapp": r"\+[1-9]\d{6,14}", "telegram": r"[1-9]\d{0,18}"}
        if not all(name in shapes and re.fullmatch(shapes[name], recipient) for name, recipient in value.items()):
            raise ValueError("must be numbers and a chat, such as sms=+32470001199,telegram=4711")
        return value

    @field_validator("department_mail")
    @classmethod
    def _departments(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name, address in value.items():
            if name not in DEPARTMENTS:
                raise ValueError(f"there is no department '{name}'")
            if not re.fullmatch(r"[^@\s,]{1,64}@[A-Za-z0-9.-]{1,190}", address):
                raise ValueError(f"the address of '{name}' is no mail address")
        return value

    @field_validator("twilio_api_url")
    @classmethod
    def _an_api(cls, value: str) -> str:
        parts = split_url(value)
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        ):
            raise ValueError("must be an https address (http on loopback only)")
        return value.rstrip("/")

    @field_validator("widget_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            parts = split_url(part)
            # As browsers write it, to the letter: it is compared whole (rule W2), and stands in a header.
            if not _ORIGIN.fullmatch(part) or (parts.scheme == "http" and not is_loopback(parts.hostname or "")):
                raise ValueError(
                    "must be origins such as https://www.example.org, without a path; http on loopback only"
                )
        return value

    @field_validator("public_url")
    @classmethod
    def _an_address_for_links(cls, value: str) -> str:
        parts = split_url(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("must be an address such as https://complaints.example.org")
        return value

    @field_validator("database_url")
    @classmethod
    def _a_database_we_know(cls, value: str) -> str:
        if value and split_url(value).scheme not in _DATABASES:
            raise ValueError("must begin with postgresql://; leave it out for SQLite in the data folder")
        return value

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, value: str) -> str:
        if value and split_url(value).scheme not in ("redis", "rediss", "unix"):
            raise ValueError("must begin with redis:// or rediss://")
        return value

    @field_validator("telegram_api")
    @classmethod
    def _a_bot_api(cls, value: str) -> str:
        parts = split_url(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not safe or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
            raise ValueError("must be an https address such as https://api.telegram.org, or http on loopback")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        check_fit(self)
        if self.production:
            check_production(self)
        return self

    @property
    def base_url(self) -> str:
        """The address members see, without a slash at the end. Links are made from it, never from the Host header."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def sends_texts(self) -> bool:
        """Whether messages to telephones go out: by Twilio, or into files."""
        return bool(self.twilio_auth_token.get_secret_value()) or self.texts_to_files

    @property
    def sql_url(self) -> str:
        """The database as SQLAlchemy names it; SQLite in the data folder when none is given."""
        url = self.database_url
        if not url:
            return f"sqlite+aiosqlite:///{self.data.resolve() / 'guichet.db'}"
        for plain in ("postgres://", "postgresql://"):
            if url.startswith(plain):
                return "postgresql+asyncpg://" + url.removeprefix(plain)
        return url

    def shown(self) -> dict[str, str]:
        """Every setting as text, secrets and passwords in addresses hidden."""
        shown = {name: str(value) for name, value in self}
        for name in ("database_url", "redis_url"):
            shown[name] = without_password(shown[name])
        return shown


# Small letters, no path, and no port where it is the usual one.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?<!\.)(?::(?!443$|80$)[1-9][0-9]{0,4})?")
_DATABASES = ("postgres", "postgresql", "postgresql+asyncpg", "sqlite+aiosqlite")


def load(**overrides: Any) -> Settings:
    """Read the settings and the data files; raises SettingsError that says what is wrong with which."""
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_as_set(line) for line in in_words(error))) from None
    if not settings.rules.is_file():
        raise SettingsError(f"GUICHET_RULES: there is no file {settings.rules}")
    if wrong := problems():
        raise SettingsError("; ".join(wrong))
    return settings


def _as_set(line: str) -> str:
    """A problem with the setting named as it is set: "GUICHET_SMTP_PORT: must be a whole number"."""
    name, colon, words = line.partition(": ")
    # One entry of a list is named after its place: "channels_down.0".
    name = name.partition(".")[0]
    if not colon or name not in Settings.model_fields:
        return line
    own = name in ("port", "database_url", "redis_url")
    return f"{'' if own else 'GUICHET_'}{name.upper()}: {words}"
