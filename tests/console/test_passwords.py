"""Passwords of colleagues: how they are kept, which are refused, and what guessing costs (rule S4)."""

from __future__ import annotations

import asyncio
import time

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from console import passwords
from console.passwords import WeakPasswordError, check, hash_password, verify

GOOD = "correct horse battery staple"


async def test_a_hash_is_argon2id_with_64_mib_and_three_passes() -> None:
    hashed = hash_password(GOOD)
    found = extract_parameters(hashed)
    assert (found.type, found.memory_cost, found.time_cost) == (Type.ID, 64 * 1024, 3)
    assert GOOD not in hashed
    assert await verify(hashed, GOOD)
    assert not await verify(hashed, GOOD + " ")
    assert hash_password(GOOD) != hashed


@pytest.mark.parametrize(
    "password",
    ["", "elevensigns", "x" * 129, "password1234", "Wachtwoord2026!", "azertyuiop12", "aaaaaaaaaaaa", "121212121212"],
)
def test_a_weak_password_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(WeakPasswordError) as refused:
        check(password)
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize("password", [GOOD, "é" * 3 + "abcdefghi", "abcdef ghijkl" * 9])
def test_any_other_of_twelve_to_128_signs_is_taken(password: str) -> None:
    check(password)


async def test_nobody_knows_by_the_time_whether_there_is_such_a_person() -> None:
    known = hash_password(GOOD)
    await verify(None, GOOD)
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(5):
        for exists in (True, False):
            began = time.process_time()
            assert not await verify(known if exists else None, "not this password")
            times[exists].append(time.process_time() - began)
    there, not_there = (min(times[exists]) for exists in (True, False))
    assert 0.5 < there / not_there < 2


async def test_four_are_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0

    def slow(stored: str | None, password: str) -> bool:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.05)
        now -= 1
        return False

    monkeypatch.setattr(passwords, "_verify", slow)
    await asyncio.gather(*(verify(None, "x") for _ in range(12)))
    assert most <= 4
