"""What a house must not be when it serves the public (rule S12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from config.settings import Settings

_KNOWN_SECRETS: Final = frozenset({"change-me-change-me-change-me-change-me", "x" * 32, "0" * 32, "secret" * 6})


def check_production(settings: Settings) -> None:
    """Raise ValueError that names the first setting which is for trying things out and not for production."""
    secret = settings.secret_key.get_secret_value()
    if len(secret) < 32 or secret in _KNOWN_SECRETS:
        raise ValueError("GUICHET_SECRET_KEY must be a secret of your own of at least 32 characters in production")
    if urlsplit(settings.public_url).scheme != "https":
        raise ValueError("GUICHET_PUBLIC_URL must be an https address in production")
    if settings.debug:
        raise ValueError("GUICHET_DEBUG must be off in production")
    if settings.texts_to_files:
        raise ValueError(
            "GUICHET_TEXTS_TO_FILES is for looking at a house: in production members would wait for a text"
        )
    if settings.allow_unsafe_database:
        raise ValueError("GUICHET_ALLOW_UNSAFE_DATABASE is for tests, never for production")
