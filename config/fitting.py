"""Settings of which each may be right by itself, and that do not fit together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from config.addresses import is_loopback

if TYPE_CHECKING:
    from config.settings import Settings

_BOT_TOKEN: Final = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{30,64}")
# What the Bot API takes as secret_token of a webhook.
_WEBHOOK_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


def check_fit(settings: Settings) -> None:
    """Raise ValueError that names the first setting which does not go with the others."""
    _telegram(settings)
    if settings.smtp_host and settings.smtp_tls == "none" and not is_loopback(settings.smtp_host):
        raise ValueError("GUICHET_SMTP_TLS=none is accepted on loopback only")
    if settings.clamd and not (settings.clamd.startswith("/") or is_loopback(settings.clamd.rpartition(":")[0])):
        raise ValueError("GUICHET_CLAMD must be a unix socket or a port of loopback: files travel to it unprotected")
    if settings.twilio_auth_token.get_secret_value() and not settings.twilio_account_sid:
        raise ValueError("GUICHET_TWILIO_AUTH_TOKEN needs GUICHET_TWILIO_ACCOUNT_SID")
    if settings.oidc_issuer and not (
        settings.oidc_client_id and settings.oidc_client_secret.get_secret_value() and settings.oidc_roles
    ):
        raise ValueError(
            "GUICHET_OIDC_ISSUER needs GUICHET_OIDC_CLIENT_ID, GUICHET_OIDC_CLIENT_SECRET and GUICHET_OIDC_ROLES"
        )


def _telegram(settings: Settings) -> None:
    token, secret = settings.telegram_token.get_secret_value(), settings.telegram_webhook_secret.get_secret_value()
    if token and not _BOT_TOKEN.fullmatch(token):
        raise ValueError("GUICHET_TELEGRAM_TOKEN must be a number, a colon and some 35 letters, as BotFather gives it")
    if not token and (secret or settings.telegram_polling):
        raise ValueError("GUICHET_TELEGRAM_TOKEN is needed for Telegram's webhook and for polling")
    if secret and settings.telegram_polling:
        raise ValueError(
            "GUICHET_TELEGRAM_POLLING and GUICHET_TELEGRAM_WEBHOOK_SECRET: Telegram gives its updates one way only"
        )
    if secret and not _WEBHOOK_SECRET.fullmatch(secret):
        raise ValueError("GUICHET_TELEGRAM_WEBHOOK_SECRET may hold letters, digits, _ and - only, 256 at most")
    # 256 bits, as 43 letters of base64 or 64 of hexadecimal (H3).
    if settings.production and secret and (len(secret) < 43 or len(set(secret)) < 10):
        raise ValueError("GUICHET_TELEGRAM_WEBHOOK_SECRET must have at least 43 random characters in production")
