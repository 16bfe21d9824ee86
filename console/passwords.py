"""Passwords: argon2id, 12 to 128 characters, the common ones refused, four hashes at a time."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12
LONGEST: Final = 128
# Each hash takes 64 MiB: more than four at once would let strangers take the memory that intake needs.
_AT_ONCE: Final = asyncio.Semaphore(4)
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1, type=Type.ID)
# Bodies of the passwords that are guessed first, in the house's languages; digits and signs around them add nothing.
_COMMON: Final = frozenset(
    (
        *("password", "motdepasse", "wachtwoord", "passwort", "kennwort", "changeme", "letmein", "welcome", "welkom"),
        *("azerty", "azertyuiop", "qwerty", "qwertyuiop", "qwertz", "abcdef", "abcdefghijkl", "iloveyou", "jetaime"),
        *("admin", "administrator", "partenamut", "mutualite", "ziekenfonds", "guichet", "bonjour", "soleil"),
        *("football", "anderlecht", "bruxelles", "brussel"),
    )
)


class WeakPasswordError(Exception):
    """The password is too short, too long, or one of those tried first; the text says which, and so does `reason`: "short",
    "long" or "common"."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


def check(password: str) -> None:
    """Raise WeakPasswordError for a password that may not be used."""
    if len(password) < SHORTEST:
        raise WeakPasswordError("short", f"a password has {SHORTEST} characters or more")
    if len(password) > LONGEST:
        raise WeakPasswordError("long", f"a password has {LONGEST} characters at most")
    letters = "".join(sign for sign in password.casefold() if sign.isalpha())
    if letters in _COMMON or len(set(password)) < 5:
        raise WeakPasswordError("common", "this password is among the first that are tried; use several words")


def hash_password(password: str) -> str:
    """The hash to store. Raises WeakPasswordError. Takes a third of a second."""
    check(password)
    return _HASHER.hash(password)


async def hashed(password: str) -> str:
    """As `hash_password`, beside the other work. Raises WeakPasswordError."""
    async with _AT_ONCE:
        return await asyncio.to_thread(hash_password, password)


async def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed. An unknown user (`stored` None) costs the same time."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_verify, stored, password[: LONGEST + 1])


def _verify(stored: str | None, password: str) -> bool:
    try:
        # Who signs in with an account elsewhere has no password: "" is nobody's, as None is.
        return _HASHER.verify(stored or _nobodys(), password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
