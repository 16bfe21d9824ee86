"""Codes of an authenticator (TOTP, RFC 6238) and for recovery: made, sealed, checked, each used once (rule S6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from markupsafe import Markup

from store import passkeys, second_step
from store.database import Tx
from store.users import User

_STEP_SECONDS: Final = 30
# 160 bits, as RFC 4226 (4, R6) recommends.
_SEED_BYTES: Final = 20
_NONCE_BYTES: Final = 12
_CODES: Final = 10
# Ten letters of these 32 are 50 bits; none is taken for another when it is read from paper.
_BASE32: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_CODE_LENGTH: Final = 10
_ISSUER: Final = "Guichet"


@dataclass(frozen=True, slots=True)
class SecondStep:
    """`secrets`: those of the console, the newest first; the older ones still open what they sealed."""

    secrets: Sequence[bytes]

    def seal(self, seed: bytes, bound_to: str) -> bytes:
        """The seed encrypted (AES-256-GCM), bound to what it is for."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(_key(self.secrets[0], "seed")).encrypt(nonce, seed, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes | None:
        """The seed; None when it was sealed for something else, or by nobody here."""
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for secret in self.secrets:
            try:
                return AESGCM(_key(secret, "seed")).decrypt(nonce, content, bound_to.encode())
            except (InvalidTag, ValueError):
                continue
        return None

    async def is_set(self, tx: Tx, user_id: int) -> bool:
        """Whether this person has a second step: codes, or a passkey."""
        return await second_step.seed_of(tx, user_id) is not None or await passkeys.has_any(tx, user_id)

    async def is_right(self, tx: Tx, user_id: int, given: str, *, now: datetime) -> bool:
        """Use a code of the authenticator or one for recovery; whether it was right and not used before."""
        plain = "".join(sign for sign in given.casefold() if sign.isalnum())
        if plain.isascii() and plain.isdecimal() and len(plain) == 6:
            sealed = await second_step.seed_of(tx, user_id)
            seed = self.open(sealed, _theirs(user_id)) if sealed is not None else None
            step = step_of(seed, plain, now) if seed is not None else None
            return step is not None and await second_step.use_step(tx, user_id, step)
        if len(plain) != _CODE_LENGTH:
            return False
        return await second_step.use_code(
            tx, user_id, [_hashed(secret, user_id, plain) for secret in self.secrets], now=now
        )

    def offer(self, seed: bytes, session: str) -> str:
        """A seed that is shown and not kept yet, as a field of the form in which it is confirmed, in this session alone."""
        return base64.urlsafe_b64encode(self.seal(seed, f"offer:{session}")).decode()

    def offered(self, field: str, session: str) -> bytes | None:
        """The seed of that field; None when it is not one of this session."""
        try:
            sealed = base64.urlsafe_b64decode(field.encode("ascii", "replace"))
        except ValueError:
            return None
        return self.open(sealed, f"offer:{session}")

    async def set_up(self, tx: Tx, user_id: int, seed: bytes, *, step: int, now: datetime) -> Sequence[str]:
        """Keep a seed that was confirmed by the code of a step; returns the codes for recovery, to be shown this once."""
        codes = new_codes()
        hashes = [_hashed(self.secrets[0], user_id, code) for code in codes]
        await second_step.set_up(tx, user_id, self.seal(seed, _theirs(user_id)), hashes, step=step, now=now)
        return [shown(code) for code in codes]

    async def other_codes(self, tx: Tx, user_id: int, *, now: datetime) -> Sequence[str]:
        """Other codes for recovery in place of those of before, to be shown this once."""
        codes = new_codes()
        hashes = [_hashed(self.secrets[0], user_id, code) for code in codes]
        await second_step.new_codes(tx, user_id, hashes, now=now)
        return [shown(code) for code in codes]


def new_seed() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(_SEED_BYTES)


def new_codes() -> list[str]:
    """Ten codes for recovery of 50 random bits each."""
    return ["".join(secrets.choice(_BASE32) for _ in range(_CODE_LENGTH)) for _ in range(_CODES)]


def shown(code: str) -> str:
    """A code for recovery as it is printed: two groups of five."""
    return f"{code[:5]}-{code[5:]}"


def step_of(seed: bytes, code: str, now: datetime) -> int | None:
    """The step of 30 seconds whose code this is: the one of now, or one on either side; None for none of them."""
    totp, current = pyotp.TOTP(in_letters(seed)), int(now.timestamp()) // _STEP_SECONDS
    # All three are compared, whichever is right: the time it takes says nothing. As bytes, which may be of any letters.
    given, steps = code.encode("utf-8", "replace"), (current - 1, current, current + 1)
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return right[-1] if right else None


def in_letters(seed: bytes) -> str:
    """The seed as authenticators take it when it is typed (base 32)."""
    return base64.b32encode(seed).decode()


def picture(seed: bytes, user: User) -> Markup:
    """The seed as a picture that an authenticator reads: an SVG to stand in a page."""
    uri = pyotp.TOTP(in_letters(seed)).provisioning_uri(name=user.login, issuer_name=_ISSUER)
    made = segno.make(uri, error="m", micro=False)
    # Dark on light in every theme, as cameras want it.
    drawn = made.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return Markup(drawn)  # noqa: S704 (drawn by segno, of numbers alone)


def _theirs(user_id: int) -> str:
    return f"totp:{user_id}"


def _hashed(secret: bytes, user_id: int, code: str) -> str:
    return hmac.new(_key(secret, "recovery"), f"{user_id}:{code}".encode(), hashlib.sha256).hexdigest()


def _key(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, f"second step: {purpose}\x01".encode(), hashlib.sha256).digest()
