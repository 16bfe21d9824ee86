"""Robots at the form: a form too young, a flood, proofs and their replay. Whoever is held keeps what they typed and needs one
more press."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import pytest

from channels.form import proof
from channels.form.flood import Flood
from channels.form.guard import Guard, GuardSettings, Held
from channels.form.submission import Submission
from channels.web.limits import MemoryLimiter
from tests.channels.form.running import SECRET, Running, Start, hidden
from tests.channels.form.test_form import PNG, multipart

KEY, OTHER = "a" * 32, "b" * 32
COOKIE = "c" * 22


@dataclass
class Clock:
    """A clock that a test moves."""

    at: float = 1_000_000.25

    def __call__(self) -> float:
        return self.at


def guard(clock: Clock, switch: str = "off", **settings: int) -> Guard:
    """A guard whose proofs are quickly found."""
    flood = Flood(MemoryLimiter(clock=clock), 10_000, switch, clock=clock)  # type: ignore[arg-type]  # one of three words
    return Guard(SECRET, flood, GuardSettings(**{"proof_bits": 6, **settings}), clock)


def solved(challenge: str) -> str:
    """The challenge with its answer, found as a browser finds it."""
    nonce, bits, _, _ = challenge.split(".")
    return f"{challenge}.{next(n for n in itertools.count() if proof.is_answer(nonce, int(bits), str(n)))}"


async def held(one: Guard, moment: float, given: str = "", *, key: str = KEY, cookie: str = COOKIE) -> Held | None:
    return await one.held(cookie=cookie, key=key, moment=moment, given=given)


def test_the_moment_travels_and_cannot_be_made_older() -> None:
    clock = Clock()
    one = guard(clock)
    signed = one.signed(one.now(), KEY)
    clock.at += 100
    assert one.moment(signed, KEY) == 1_000_000
    older = str(int(signed.partition(".")[0]) - 50) + signed[signed.index(".") :]
    for given in ("", ".", "0.", older, signed + "0", signed[:-1], "é" * 10_000, "\ud800.x", "1e400." + signed[8:]):
        assert one.moment(given, KEY) == clock.at
    assert one.moment(signed, OTHER) == clock.at
    assert Guard(b"another secret", one.flood, clock=clock).moment(signed, KEY) == clock.at
    # A clock that is set back: drawn now, as far as anybody can tell.
    clock.at -= 7200
    assert one.moment(signed, KEY) == clock.at


async def test_only_a_form_that_is_too_young_is_held() -> None:
    clock = Clock()
    one = guard(clock)
    moment = one.now()
    assert await held(one, moment) == Held("quick", 3)
    clock.at += 2
    assert await held(one, moment) == Held("quick", 1)
    clock.at += 1
    assert await held(one, moment) is None
    clock.at += 10_000_000
    assert await held(one, moment) is None


async def test_no_challenge_and_no_check_without_a_flood() -> None:
    one = guard(Clock())
    assert await one.challenge(COOKIE, KEY) == ""
    assert await held(one, one.now() - 3, "anything.at.all.is.good") is None


async def test_in_a_flood_a_proof_or_a_little_age_is_asked() -> None:
    clock = Clock()
    one = guard(clock, "on")
    moment = one.now()
    challenge = await one.challenge(COOKIE, KEY)
    clock.at += 4
    for unsolved in ("", challenge, challenge + "."):
        assert await held(one, moment, unsolved) == Held("wait", 20)
    assert await held(one, moment, solved(challenge)) is None
    # The same message again, by a second tap or by Back: it gets its receipt again.
    assert await held(one, moment, solved(challenge)) is None
    clock.at += 12
    assert await held(one, moment) == Held("wait", 5)
    clock.at += 4
    assert await held(one, moment) is None


async def test_a_proof_is_good_for_one_browser_one_form_and_half_an_hour() -> None:
    clock = Clock()
    one = guard(clock, "on")
    good = solved(await one.challenge(COOKIE, KEY))
    nonce, bits, expires, signature, answer = good.split(".")
    moment = clock.at - 5
    assert await held(one, moment, good) is None
    assert await held(one, moment, good, key=OTHER) == Held("proof", 0)
    assert await held(one, moment, good, cookie="d" * 22) == Held("proof", 0)
    easier = f"{nonce}.0.{expires}.{signature}.{answer}"
    longer = f"{nonce}.{bits}.{int(expires) + 9}.{signature}.{answer}"
    wrong = [f"{nonce}.{bits}.{expires}.{signature}.{bad}" for bad in ("x", "-1", "١", "9" * 13, f" {answer}")]
    for forged in (easier, longer, f"x.{bits}.{expires}.{'é' * 64}.{answer}", *wrong):
        assert await held(one, moment, forged) == Held("proof", 0), forged
    clock.at += proof.VALID + 2
    # Somebody who took their time is no robot; their form is old enough by now.
    assert await held(one, moment, good) is None
    assert await held(one, clock.at - 5, good) == Held("wait", 15)


def test_a_proof_needs_its_bits() -> None:
    tries = [n for n in range(4096) if proof.is_answer("nonce", 6, str(n))]
    assert 30 < len(tries) < 110
    assert all(proof.is_answer("nonce", 5, str(n)) for n in tries)


async def start_with(start: Start, clock: Clock, switch: str = "off", **settings: int) -> Running:
    return await start(guard=guard(clock, switch, **settings))


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "That was quick."), ("fr", "C’était rapide."), ("nl", "Dat ging snel."), ("de", "Das ging schnell.")],
)
async def test_a_quick_form_is_given_back_whole_and_sent_by_the_next_press(
    start: Start, language: str, said: str
) -> None:
    clock = Clock()
    running = await start_with(start, clock)
    data = {**await running.form(language), "text": "Keep me.", "name": "Jan Peeters"}
    answer = await running.client.post(f"/{language}/complaint?send", data=data)
    page = await answer.text()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    assert said in page
    assert 'id="problems"' in page
    assert (hidden(page)["text"], hidden(page)["name"]) == ("Keep me.", "Jan Peeters")
    assert running.door.raw == []
    clock.at += 3
    answer = await running.client.post(f"/{language}/complaint?send", data=hidden(page), allow_redirects=False)
    assert answer.status == 303
    assert Submission.from_bytes(running.door.raw[0]).name == "Jan Peeters"


async def test_the_moment_goes_from_page_to_page_and_a_new_key_keeps_it(start: Start) -> None:
    clock = Clock()
    running = await start_with(start, clock)
    first = {**await running.form(), "text": "First."}
    clock.at += 2
    page = await (await running.client.post("/en/complaint?go=2", data=first)).text()
    page = await (await running.client.post("/en/complaint?go=3", data=hidden(page))).text()
    assert hidden(page)["since"] == first["since"]
    clock.at += 1
    sent = await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)
    assert sent.status == 303
    # Changed and sent again: another key, the same age, so one press and not two.
    changed = {**hidden(page), "text": "Second."}
    page = await (await running.client.post("/en/complaint?send", data=changed)).text()
    assert "We already have an earlier version" in page
    sent = await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)
    assert sent.status == 303
    assert len(running.door.raw) == 2


async def test_a_page_of_before_costs_one_more_press(start: Start) -> None:
    clock = Clock()
    running = await start_with(start, clock)
    data = {**await running.form(), "text": "Keep me."}
    del data["since"]
    clock.at += 60
    answer = await running.client.post("/en/complaint?send", data=data)
    assert answer.status == 429
    clock.at += 3
    data = hidden(await answer.text())
    assert (await running.client.post("/en/complaint?send", data=data, allow_redirects=False)).status == 303


async def test_files_of_a_form_that_is_held_are_kept(start: Start) -> None:
    clock = Clock()
    running = await start_with(start, clock)
    data = {**await running.form(), "text": "See the photo."}
    answer = await running.client.post("/en/complaint?send", data=multipart(data, [("photo.png", PNG)]))
    page = await answer.text()
    assert answer.status == 429
    assert "photo.png" in page
    clock.at += 3
    await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)
    assert [file.name for file in Submission.from_bytes(running.door.raw[0]).files] == ["photo.png"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Please wait 20 seconds and press Send again."),
        ("fr", "Attendez 20 secondes"),
        ("nl", "Wacht 20 seconden"),
        ("de", "Warten Sie 20 Sekunden"),
    ],
)
async def test_without_script_a_flood_asks_for_patience_in_words(start: Start, language: str, said: str) -> None:
    clock = Clock()
    running = await start_with(start, clock, "on")
    data = {**await running.form(language), "text": "Keep me."}
    clock.at += 4
    answer = await running.client.post(f"/{language}/complaint?send", data=data)
    page = await answer.text()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "20")
    assert said in page
    clock.at += 20
    answer = await running.client.post(f"/{language}/complaint?send", data=hidden(page), allow_redirects=False)
    assert answer.status == 303


async def test_a_proof_sends_and_its_replay_in_another_form_is_given_back(start: Start) -> None:
    clock = Clock()
    running = await start_with(start, clock, "on")
    page = await (
        await running.client.post("/en/complaint?go=3", data={**await running.form(), "text": "First."})
    ).text()
    assert "proof-worker.js" in page
    data = hidden(page)
    data["proof"] = re.findall(r'name="proof" value="([^"]+)"', page)[0]
    clock.at += 4
    good = solved(data["proof"])
    for _ in range(2):
        sent = await running.client.post("/en/complaint?send", data={**data, "proof": good}, allow_redirects=False)
        assert sent.status == 303
    assert len(running.door.raw) == 1
    another = {**await running.form(), "text": "Second.", "proof": good}
    clock.at += 30
    answer = await running.client.post("/en/complaint?send", data=another)
    page = await answer.text()
    assert answer.status == 403
    assert "We could not check that no robot sends this." in page
    assert hidden(page)["text"] == "Second."
    assert good not in page
    assert len(running.door.raw) == 1
    fresh = re.findall(r'name="proof" value="([^"]+)"', page)[0]
    answer = await running.client.post(
        "/en/complaint?send", data={**hidden(page), "proof": solved(fresh)}, allow_redirects=False
    )
    assert answer.status == 303


async def test_the_api_is_asked_for_no_proof(start: Start) -> None:
    running = await start_with(start, Clock(), "on")
    assert (await running.client.post("/api/v1/messages", json={"text": "A program."})).status == 201


async def test_a_network_may_send_some_times_as_much_as_an_address(start: Start) -> None:
    clock = Clock()
    running = await start(guard=guard(clock, network_factor=2, least_seconds=0), trusted_proxies=("127.0.0.0/8",))

    async def post(address: str) -> int:
        headers = {"X-Forwarded-For": address}
        answer = await running.client.post("/api/v1/messages", json={"text": "x"}, headers=headers)
        return answer.status

    # One address alone is stopped at its own limit and uses nothing of what its neighbours may send.
    statuses = [await post("192.0.2.1") for _ in range(60)]
    assert statuses.count(201) in range(40, 43)
    statuses = [await post(f"192.0.2.{number}") for number in range(2, 62)]
    assert statuses.count(201) in range(38, 43)
    assert await post("192.0.2.200") == 429
    assert await post("192.0.3.1") == 201
    # Whoever has a /48 has many /64.
    statuses = [await post(f"2001:db8:1:{number:x}::1") for number in range(100)]
    assert statuses.count(201) in range(80, 84)
    assert await post("2001:db8:2::1") == 201
