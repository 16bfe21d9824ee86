"""The house's one secret and the keys made from it, one for each purpose."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import structlog

from config.settings import Settings

log = structlog.get_logger(__name__)


def master(settings: Settings) -> bytes:
    """The secret from the settings, or one kept in the data folder, made there at the first start (mode 0600)."""
    given = settings.secret_key.get_secret_value()
    if given:
        return hashlib.sha256(given.encode()).digest()
    path = settings.data / "secret.key"
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    log.info("made a secret key", file=path.name)
    return _read(path)


def earlier(settings: Settings) -> tuple[bytes, ...]:
    """The secrets of before, the newest first: what they signed is still ours."""
    return tuple(
        hashlib.sha256(given.encode()).digest() for given in settings.old_secret_keys.get_secret_value().split()
    )


def _read(path: Path) -> bytes:
    return hashlib.sha256(path.read_text(encoding="ascii").strip().encode()).digest()


def derived(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-Expand, RFC 5869, one block); two keys say nothing of each other."""
    return hmac.new(key, purpose.encode() + b"\x01", hashlib.sha256).digest()
