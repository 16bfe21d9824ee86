"""The second step (rule S6): a code is good once, within a minute and a half, and nothing opens before it is given."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import timedelta
from html import unescape

import pyotp
import pytest
from sqlalchemy import select

from console import second_step as codes
from console.second_step import SecondStep, in_letters, new_codes, new_seed, step_of
from store.schema import recovery_codes, totp
from tests.console.conftest import Browser, Running, hidden
from tests.console.example_house import NOW, PASSWORD

KEYS = SecondStep((b"the newest secret of the tests", b"an older secret of the tests"))


def code_at(running: Running, seed: bytes, *, late: int = 0) -> str:
    """The code of an authenticator `late` steps from now."""
    return pyotp.TOTP(in_letters(seed)).at(running.clock() + timedelta(seconds=30 * late))


async def set_up(running: Running, browser: Browser) -> tuple[bytes, list[str]]:
    """Set the second step up as a colleague does; the seed, and the codes for recovery."""
    page = await browser.get("/console/me/second-step")
    seed = base64.b32decode("".join(re.findall(r"<p><code>([A-Z2-7 ]+)</code></p>", page)[0].split()))
    page = await browser.post("/console/me/second-step", offer=hidden(page, "offer"), code=code_at(running, seed))
    running.clock.forward(seconds=60)
    return seed, re.findall(r"<li><code>([a-z2-9-]+)</code></li>", page)


class HalfWay:
    """A browser whose password was right, and which has not given a code yet."""

    def __init__(self, running: Running) -> None:
        self.client = running.client()
        self.page = ""

    async def password(self, login: str = "tom", next_: str = "/console/mine") -> None:
        """Give the password."""
        page = await (await self.client.get("/console/sign-in")).text()
        form = {"csrf": hidden(page, "csrf"), "login": login, "password": PASSWORD, "next": next_}
        answer = await self.client.post("/console/sign-in", data=form)
        self.page = await answer.text()
        assert answer.url.path == "/console/sign-in/code"

    async def code(self, code: str) -> tuple[int, str]:
        """Give a code: the status, and the path of the page after it."""
        form = {"csrf": hidden(self.page, "csrf"), "next": hidden(self.page, "next"), "code": code}
        answer = await self.client.post("/console/sign-in/code", data=form)
        self.page = await answer.text()
        return answer.status, answer.url.path


async def half_way(running: Running, login: str = "tom") -> HalfWay:
    """Somebody at the page for the code."""
    browser = HalfWay(running)
    await browser.password(login)
    return browser


async def test_a_code_is_asked_for_and_leads_on(running: Running) -> None:
    seed, _ = await set_up(running, await running.sign_in("tom"))
    browser = await half_way(running)
    assert await browser.code(code_at(running, seed)) == (200, "/console/mine")


async def test_no_page_but_that_of_the_code_opens_before_it(running: Running) -> None:
    await set_up(running, await running.sign_in("tom"))
    browser = await half_way(running)
    for route in running.app.router.routes():
        path = str(route.resource.canonical if route.resource else "")
        if route.method != "GET" or "static" in path or path.startswith("/console/sign-in"):
            continue
        path = re.sub(r"\{reference\}", running.house.references["marie"], path)
        answer = await browser.client.get(re.sub(r"\{[^}]*\}", "1", path), allow_redirects=False)
        assert answer.status in (303, 404), path
        if answer.status == 303:
            assert "/console/sign-in" in answer.headers["Location"], path
    # Nor that of another step.
    for other in ("password", "second-step"):
        answer = await browser.client.get(f"/console/sign-in/{other}", allow_redirects=False)
        assert answer.headers["Location"].endswith("/console/sign-in")
        answer = await browser.client.post(f"/console/sign-in/{other}", data={"new": "x"}, allow_redirects=False)
        assert answer.headers["Location"].endswith("/console/sign-in")


async def test_the_same_code_twenty_times_at_once_lets_in_one(running: Running) -> None:
    seed, _ = await set_up(running, await running.sign_in("tom"))
    user_id, code = running.house.users["tom"], code_at(running, seed)
    step = SecondStep((b"a secret of the tests, long enough",))

    async def give() -> bool:
        async with running.house.store.write() as tx:
            return await step.is_right(tx, user_id, code, now=running.clock())

    assert sorted(await asyncio.gather(*(give() for _ in range(20)))) == [False] * 19 + [True]


@pytest.mark.parametrize(("late", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_one_step_on_either_side_is_right(running: Running, late: int, *, right: bool) -> None:
    seed, _ = await set_up(running, await running.sign_in("tom"))
    running.clock.forward(minutes=3)
    browser = await half_way(running)
    status, _ = await browser.code(code_at(running, seed, late=late))
    assert status == (200 if right else 403)


async def test_an_older_code_than_the_last_one_is_used_up_too(running: Running) -> None:
    seed, _ = await set_up(running, await running.sign_in("tom"))
    running.clock.forward(minutes=3)
    browser = await half_way(running)
    assert (await browser.code(code_at(running, seed)))[0] == 200
    again = await half_way(running)
    assert (await again.code(code_at(running, seed, late=-1)))[0] == 403
    assert "was used already" in again.page


async def test_each_code_for_recovery_lets_in_once(running: Running) -> None:
    _, recovery = await set_up(running, await running.sign_in("tom"))
    assert len(set(recovery)) == 10
    browser = await half_way(running)
    # As people write it down.
    assert await browser.code(recovery[3].upper().replace("-", " ")) == (200, "/console/mine")
    again = await half_way(running)
    assert (await again.code(recovery[3]))[0] == 403
    assert (await again.code(recovery[4]))[0] == 200
    page = await (await again.client.get("/console/me")).text()
    assert "8 recovery codes are left" in page


async def test_other_codes_for_recovery_end_those_of_before(running: Running) -> None:
    tom = await running.sign_in("tom")
    _, recovery = await set_up(running, tom)
    page = await tom.post("/console/me/codes")
    new = re.findall(r"<li><code>([a-z2-9-]+)</code></li>", page)
    assert len({*new, *recovery}) == 20
    browser = await half_way(running)
    assert (await browser.code(recovery[0]))[0] == 403
    assert (await browser.code(new[0]))[0] == 200


async def test_who_guesses_codes_waits(running: Running) -> None:
    seed, _ = await set_up(running, await running.sign_in("tom"))
    browser = await half_way(running)
    statuses = [(await browser.code("000000"))[0] for _ in range(5)]
    assert statuses == [403] * 5
    assert (await browser.code(code_at(running, seed)))[0] == 429
    assert "You can try again in 2 seconds" in browser.page


async def test_guesses_at_one_account_are_bounded_from_wherever_they_come(running: Running) -> None:
    await set_up(running, await running.sign_in("tom"))
    browser = await half_way(running)
    statuses = []
    for _ in range(11):
        running.clock.forward(seconds=5)
        statuses.append((await browser.code("000000"))[0])
    assert statuses[-1] == 429


async def test_a_form_that_is_not_of_this_session_is_not_looked_at(running: Running) -> None:
    seed, _ = await set_up(running, await running.sign_in("tom"))
    browser = await half_way(running)
    form = {"csrf": "wrong", "code": code_at(running, seed)}
    answer = await browser.client.post("/console/sign-in/code", data=form)
    assert answer.status == 403
    assert "open for too long" in await answer.text()
    elsewhere = {"csrf": hidden(browser.page, "csrf"), "code": code_at(running, seed)}
    answer = await browser.client.post(
        "/console/sign-in/code", data=elsewhere, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status == 403
    assert (await browser.code(code_at(running, seed)))[0] == 200


async def test_nothing_in_the_tables_makes_a_code(running: Running) -> None:
    seed, recovery = await set_up(running, await running.sign_in("tom"))
    async with running.house.store.read() as tx:
        row = (await tx.conn.execute(select(totp))).one()
        hashes = list(await tx.conn.scalars(select(recovery_codes.c.code_hash)))
    assert len(seed) == 20
    assert seed not in row.seed
    assert len(row.seed) == 12 + 20 + 16
    plain = {code.replace("-", "") for code in recovery}
    assert not plain & set(hashes)
    assert all(len(code) == 64 for code in hashes)


async def test_a_wrong_code_keeps_the_picture_and_nothing_else(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/me/second-step")
    letters = re.findall(r"<p><code>([A-Z2-7 ]+)</code></p>", page)
    page = await tom.post("/console/me/second-step", status=422, offer=hidden(page, "offer"), code="000000")
    assert re.findall(r"<p><code>([A-Z2-7 ]+)</code></p>", page) == letters
    async with running.house.store.read() as tx:
        assert (await tx.conn.execute(select(totp))).all() == []


async def test_a_seed_that_was_offered_to_another_session_is_not_kept(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    page = await anne.get("/console/me/second-step")
    seed = base64.b32decode("".join(re.findall(r"<p><code>([A-Z2-7 ]+)</code></p>", page)[0].split()))
    for offer in (hidden(page, "offer"), "", "é", "AAAA"):
        await tom.post("/console/me/second-step", status=422, offer=offer, code=code_at(running, seed))


async def test_it_can_be_taken_away_by_oneself_and_by_an_administrator(running: Running) -> None:
    tom, admin = await running.sign_in("tom"), await running.sign_in("admin")
    await set_up(running, tom)
    page = await tom.post("/console/me/second-step/off")
    assert "without codes again" in page
    tom = await running.sign_in("tom")
    await set_up(running, tom)
    await admin.post(f"/console/people/{running.house.users['tom']}/second-step")
    assert (await tom.client.get("/console/", allow_redirects=False)).status == 303
    await running.sign_in("tom")
    page = await admin.get(f"/console/people/{running.house.users['tom']}")
    assert "taken away by Nadia Peters" in page


async def test_a_code_is_fresh_proof_too(running: Running) -> None:
    tom = await running.sign_in("tom")
    seed, _ = await set_up(running, tom)
    running.clock.forward(minutes=6)
    page = await tom.post("/console/me/codes", status=403)
    assert "Confirm that it is you" in page
    page = await tom.post("/console/me/codes", proof=code_at(running, seed))
    assert "Your recovery codes" in page
    running.clock.forward(minutes=6)
    await tom.post("/console/me/codes", status=403, proof="000000")


async def test_where_everybody_must_have_it_nobody_is_in_without(demanding: Running) -> None:
    client = demanding.client()
    page = await (await client.get("/console/sign-in")).text()
    form = {"csrf": hidden(page, "csrf"), "login": "tom", "password": PASSWORD, "next": "/console/mine"}
    answer = await client.post("/console/sign-in", data=form)
    assert answer.url.path == "/console/sign-in/second-step"
    page = await answer.text()
    assert (await client.get("/console/", allow_redirects=False)).status == 303
    seed = base64.b32decode("".join(re.findall(r"<p><code>([A-Z2-7 ]+)</code></p>", page)[0].split()))
    given = {name: hidden(page, name) for name in ("csrf", "next", "offer")}
    wrong = await client.post("/console/sign-in/second-step", data={**given, "code": "000000"})
    assert wrong.status == 403
    answer = await client.post("/console/sign-in/second-step", data={**given, "code": code_at(demanding, seed)})
    page = await answer.text()
    assert len(re.findall(r"<li><code>", page)) == 10
    assert 'href="/console/mine"' in page
    page = await (await client.get("/console/me")).text()
    assert "second-step/off" not in page
    refused = await client.post("/console/me/second-step/off", data={"csrf": hidden(page, "csrf")})
    assert refused.status == 409
    assert "Everybody here signs in with codes" in await refused.text()


def test_a_seed_is_bound_to_its_person_and_opens_with_older_secrets() -> None:
    seed = new_seed()
    older = SecondStep((b"an older secret of the tests",))
    assert KEYS.open(older.seal(seed, "totp:1"), "totp:1") == seed
    assert KEYS.open(older.seal(seed, "totp:1"), "totp:2") is None
    assert older.open(KEYS.seal(seed, "totp:1"), "totp:1") is None
    assert KEYS.open(b"", "totp:1") is None


def test_codes_for_recovery_have_fifty_bits() -> None:
    made = new_codes()
    assert len(made) == 10
    assert len(codes._BASE32) == 32
    assert all(len(code) == 10 and set(code) <= set(codes._BASE32) for code in made)


def test_a_step_is_found_by_its_code() -> None:
    seed = b"12345678901234567890"
    # RFC 6238, appendix B: 94287082 at 59 seconds, of which six digits count.
    at = NOW.fromtimestamp(59, NOW.tzinfo)
    assert step_of(seed, "287082", at) == 1
    assert step_of(seed, "287083", at) is None
    assert unescape(in_letters(seed)) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
