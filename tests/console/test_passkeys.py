"""Passkeys as a second step and as fresh proof: what is signed counts once, here, for its owner, and from one key (rule S6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import delete, select, update

from store import schema
from tests.console.conftest import Browser, Running, hidden, started
from tests.console.example_house import PASSWORD, House
from tests.console.soft_passkey import SoftPasskey

# What a whole session sees first.
_IN = "All cases"


@pytest.fixture
async def local(furnished: tuple[Path, House], tmp_path: Path) -> AsyncIterator[Running]:
    """The console under a name, which browsers want for passkeys."""
    async with started(furnished, tmp_path, host="localhost") as console:
        yield console


async def _asked(browser: Browser, path: str) -> dict[str, Any]:
    answer = await browser.client.post(path, data={"csrf": browser.csrf})
    assert answer.status == 200, await answer.text()
    options: dict[str, Any] = (await answer.json())["publicKey"]
    return options


async def add_key(browser: Browser, key: SoftPasskey, name: str = "My telephone") -> str:
    made = key.make(await _asked(browser, "/console/me/passkeys/ask"))
    return await browser.post("/console/me/passkeys", name=name, made=made)


async def _half(running: Running, login: str = "tom") -> Browser:
    """A browser that has given the password, and is asked for the second step."""
    client = running.client()
    page = await (await client.get("/console/sign-in")).text()
    data = {"csrf": hidden(page, "csrf"), "login": login, "password": PASSWORD, "next": "/console/"}
    text = await (await client.post("/console/sign-in", data=data)).text()
    assert "One more step" in text
    return Browser(client, hidden(text, "csrf"), text)


async def _acts(running: Running) -> list[str]:
    async with running.house.store.read() as tx:
        return list(await tx.conn.scalars(select(schema.audit.c.act).order_by(schema.audit.c.id)))


async def test_a_passkey_is_the_second_step_and_nothing_opens_before_it(local: Running) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url)
    codes = await add_key(tom, key)
    assert "Your recovery codes" in codes
    assert "My telephone" in await tom.get("/console/me")
    half = await _half(local)
    for path in ("/console/", "/console/me", "/console/me/passkeys"):
        assert "Sign in" in await (await half.client.get(path)).text()
    assert (await half.client.post("/console/passkey", data={"csrf": half.csrf})).url.path == "/console/sign-in"
    options = await _asked(half, "/console/sign-in/passkey")
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    key.count = 1
    assert _IN in await half.post("/console/sign-in/code", passkey=key.sign(options))
    assert "user.passkey" in await _acts(local)
    assert "Last used" in await tom.get("/console/me")


async def test_what_was_signed_once_is_worth_nothing_a_second_time(local: Running) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url)
    await add_key(tom, key)
    half, other = await _half(local), await _half(local)
    signed = key.sign(await _asked(half, "/console/sign-in/passkey"))
    # Another session was asked for something else, and one that was not asked for nothing.
    assert "not right" in await other.post("/console/sign-in/code", 403, passkey=signed)
    await _asked(other, "/console/sign-in/passkey")
    assert "not right" in await other.post("/console/sign-in/code", 403, passkey=signed)
    assert _IN in await half.post("/console/sign-in/code", passkey=signed)
    third = await _half(local)
    assert "not right" in await third.post("/console/sign-in/code", 403, passkey=signed)


async def test_a_wrong_answer_uses_the_question_up(local: Running) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url)
    await add_key(tom, key)
    half = await _half(local)
    options = await _asked(half, "/console/sign-in/passkey")
    await half.post("/console/sign-in/code", 403, passkey=SoftPasskey(local.base_url).sign(options))
    await half.post("/console/sign-in/code", 403, passkey=key.sign(options))


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost:1"},
        {"origin": "https://localhost"},
        {"origin": "http://evil.example"},
        {"host": "evil.example"},
        {"verifies": False},
        {"key": SoftPasskey("").key},
        {"key_id": b"unknown" * 4},
    ],
    ids=["port", "scheme", "origin", "host", "unverified", "signature", "unknown"],
)
async def test_what_another_page_or_another_key_signed_is_refused(local: Running, wrong: dict[str, Any]) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url)
    await add_key(tom, key)
    half = await _half(local)
    options = await _asked(half, "/console/sign-in/passkey")
    page = await half.post("/console/sign-in/code", 403, passkey=replace(key, **wrong).sign(options))
    assert "not right" in page
    assert "Sign in" in await (await half.client.get("/console/")).text()


async def test_somebody_elses_passkey_lets_nobody_in(local: Running) -> None:
    keys = {}
    for login in ("tom", "luc"):
        keys[login] = SoftPasskey(local.base_url)
        await add_key(await local.sign_in(login), keys[login])
    half = await _half(local, "tom")
    options = await _asked(half, "/console/sign-in/passkey")
    assert len(options["allowCredentials"]) == 1
    await half.post("/console/sign-in/code", 403, passkey=keys["luc"].sign(options))
    # Nor can it be added a second time, under another name.
    luc = await local.sign_in("rik")
    made = keys["luc"].make(await _asked(luc, "/console/me/passkeys/ask"))
    assert "was not made" in await luc.post("/console/me/passkeys", 422, name="Mine", made=made)


async def test_a_key_that_counts_backwards_is_a_copy_and_refused(local: Running) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url, count=7)
    await add_key(tom, key)
    for count, status in ((8, 200), (8, 403), (3, 403), (9, 200)):
        half = await _half(local)
        options = await _asked(half, "/console/sign-in/passkey")
        key.count = count
        await half.post("/console/sign-in/code", status, passkey=key.sign(options))
    assert (await _acts(local)).count("user.passkey_copied") == 2


@pytest.mark.parametrize("given", ["{}", "[]", "null", "x", '{"id": 1}', "[" * 3000, "0" * 30_000, '{"rawId": "AA"}'])
async def test_bytes_of_a_stranger_are_no_passkey(local: Running, given: str) -> None:
    tom = await local.sign_in("tom")
    await add_key(tom, SoftPasskey(local.base_url))
    half = await _half(local)
    await _asked(half, "/console/sign-in/passkey")
    await half.post("/console/sign-in/code", 403 if len(given) < 16_000 else 400, passkey=given)
    await _asked(tom, "/console/me/passkeys/ask")
    await tom.post("/console/me/passkeys", 422, name="Other", made=given)


async def test_a_question_is_forgotten_after_five_minutes(local: Running) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url)
    await add_key(tom, key)
    half = await _half(local)
    options = await _asked(half, "/console/sign-in/passkey")
    local.clock.forward(minutes=6)
    await half.post("/console/sign-in/code", 403, passkey=key.sign(options))


async def test_a_passkey_is_fresh_proof_and_adding_one_wants_such(local: Running) -> None:
    tom, key = await local.sign_in("tom"), SoftPasskey(local.base_url)
    await add_key(tom, key)
    local.clock.forward(minutes=6)
    assert "Confirm that it is you" in await tom.get("/console/me/passkeys", 403)
    assert "Use my passkey" in tom.page
    assert "Confirm that it is you" in await tom.post("/console/me/passkeys/ask", 403)
    # One asked for as the second step, or to add a key, is no proof.
    made = key.sign(await _asked(tom, "/console/passkey"))
    async with local.house.store.write() as tx:
        kept = (await tx.conn.execute(select(schema.sessions.c.challenge))).scalars().all()
        (asked,) = (one for one in kept if one)
        await tx.conn.execute(
            update(schema.sessions)
            .where(schema.sessions.c.challenge == asked)
            .values(challenge=asked.replace("proof ", "step "))
        )
    await tom.post("/console/me/second-step/off", 403, passkey=made)
    signed = key.sign(await _asked(tom, "/console/passkey"))
    page = await tom.post("/console/me/second-step/off", passkey=signed)
    assert "without codes again" in page
    # Codes for recovery and passkeys went with it.
    assert "My telephone" not in page
    async with local.house.store.read() as tx:
        assert (await tx.conn.execute(select(schema.recovery_codes))).all() == []


async def test_the_last_one_stays_where_everybody_must_have_a_second_step(
    furnished: tuple[Path, House], tmp_path: Path
) -> None:
    async with started(furnished, tmp_path, host="localhost", require_second_step=True) as local:
        tom = await _enrolled(local, "tom")
        await add_key(tom, SoftPasskey(local.base_url), "First")
        await add_key(tom, SoftPasskey(local.base_url), "Second")
        async with local.house.store.write() as tx:
            # As if they had begun with a passkey.
            await tx.conn.execute(delete(schema.totp))
        numbers = re.findall(r'name="key" value="(\d+)"', await tom.get("/console/me"))
        assert "The passkey is removed." in await tom.post("/console/me/passkeys/remove", key=numbers[0])
        assert "Nothing was changed" in await tom.post("/console/me/passkeys/remove", key=numbers[1])
        luc = await _enrolled(local, "luc")
        await luc.post("/console/me/passkeys/remove", 404, key=numbers[1])
        assert "Second" in await tom.get("/console/me")


async def test_with_the_last_one_the_codes_for_recovery_go_too(local: Running) -> None:
    tom = await local.sign_in("tom")
    await add_key(tom, SoftPasskey(local.base_url))
    (number,) = re.findall(r'name="key" value="(\d+)"', await tom.get("/console/me"))
    await tom.post("/console/me/passkeys/remove", key=number)
    async with local.house.store.read() as tx:
        assert (await tx.conn.execute(select(schema.recovery_codes))).all() == []
    assert _IN in (await local.sign_in("tom")).page


async def _enrolled(running: Running, login: str) -> Browser:
    """Somebody who sets up an authenticator, because they must."""
    browser = await running.sign_in(login)
    letters = "".join(re.findall(r"<details.*?<code>([A-Z2-7 ]+)</code>", browser.page, re.DOTALL)).replace(" ", "")
    code = pyotp.TOTP(letters).at(running.clock.now)
    offer = hidden(browser.page, "offer")
    await browser.post("/console/sign-in/second-step", code=code, offer=offer, next="/console/")
    browser.csrf = hidden(await browser.get("/console/me"), "csrf")
    return browser


async def test_an_administrator_takes_a_lost_passkey_away(local: Running) -> None:
    tom, admin = await local.sign_in("tom"), await local.sign_in("admin")
    await add_key(tom, SoftPasskey(local.base_url))
    number = local.house.users["tom"]
    assert "has a second step" in await admin.get("/console/people")
    await admin.post(f"/console/people/{number}/second-step")
    assert _IN in (await local.sign_in("tom")).page
    assert "added a passkey" in await admin.get(f"/console/people/{number}")


async def test_a_name_is_shown_as_it_was_typed_and_is_no_markup(local: Running) -> None:
    tom, evil = await local.sign_in("tom"), "<script>alert(1)</script>"
    await add_key(tom, SoftPasskey(local.base_url), evil)
    page = await tom.get("/console/me")
    assert evil not in page
    assert "&lt;script&gt;alert(1)" in page
    for wrong in ("", " ", "x" * 61):
        made = SoftPasskey(local.base_url).make(await _asked(tom, "/console/me/passkeys/ask"))
        assert "Give it a name" in await tom.post("/console/me/passkeys", 422, name=wrong, made=made)


async def test_an_address_of_digits_offers_none(running: Running) -> None:
    tom = await running.sign_in("tom")
    assert "Passkeys" not in await tom.get("/console/me")
    await tom.get("/console/me/passkeys", 404)
    await tom.post("/console/me/passkeys/ask", 404)
