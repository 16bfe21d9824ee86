"""A small calculation that a browser does before it sends, so that sending by the thousand costs a robot something.

A challenge is `nonce.bits.expires.signature`; its answer is a whole number `n` for which SHA-256 of `nonce.n` begins with so
many zero bits. The signature binds it to the form's cookie and to the form's key. Under one key only one message is ever
kept (rule F3), so an answer is good for one message, in any process and after any restart, and nobody has to remember it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final, Literal

# So long, in seconds, may somebody look at the last page before they send.
VALID: Final = 30 * 60
_MOST_DIGITS: Final = 12

# "unsolved" and "late" say nothing against the sender: their browser has no script, or they took their time.
Verdict = Literal["good", "unsolved", "late", "bad"]


def challenge(secret: bytes, *, cookie: str, key: str, bits: int, now: float) -> str:
    """Return a new challenge of `bits` zero bits for this browser and this form; `now` in seconds of the clock."""
    said = f"{secrets.token_urlsafe(12)}.{bits}.{int(now) + VALID}"
    return f"{said}.{_signature(secret, cookie, key, said)}"


def judge(secret: bytes, given: str, *, cookie: str, key: str, now: float) -> Verdict:
    """Say what a challenge that came back is worth, with `.answer` behind it or without."""
    parts = given.split(".")
    if len(parts) != 5 or not parts[4]:
        return "unsolved"
    said, signature, answer = ".".join(parts[:3]), parts[3], parts[4]
    expected = _signature(secret, cookie, key, said)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        return "bad"
    # What is signed was written by us: these are numbers.
    nonce, bits, expires = parts[0], int(parts[1]), int(parts[2])
    if now > expires:
        return "late"
    return "good" if is_answer(nonce, bits, answer) else "bad"


def is_answer(nonce: str, bits: int, answer: str) -> bool:
    """Whether this number solves the challenge."""
    if not (answer.isascii() and answer.isdigit() and len(answer) <= _MOST_DIGITS):
        return False
    digest = hashlib.sha256(f"{nonce}.{answer}".encode()).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0


def _signature(secret: bytes, cookie: str, key: str, said: str) -> str:
    return hmac.new(secret, f"proof\0{cookie}\0{key}\0{said}".encode(), hashlib.sha256).hexdigest()
