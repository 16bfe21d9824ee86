"""The pages of a case in the wrong hands: what is not offered, too often, by HEAD, out of a cache (rules C2, C3, F6, F8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.form.site import ACTS
from tests.channels.form.running import Running, hidden
from tests.channels.form.test_following import ask, find, opened, page


async def test_asking_for_what_is_not_offered_mails_nothing(running: Running) -> None:
    await opened(running, can=frozenset({"add"}))
    data = hidden(await page(running, "/en/case"))
    for purpose in ("open", "withdraw", "copy", "nonsense"):
        answer = await running.client.post("/en/case/code", data=data | {"for": purpose}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"{running.base_url}/en/case")
        assert "browser" not in answer.headers.get("Set-Cookie", "")
    assert running.case_door.mailed == []


async def test_a_link_alone_ends_no_links_of_a_locked_case(running: Running) -> None:
    token = await opened(running)
    data = hidden(await page(running, "/en/case"))
    running.door.cases[token] = replace(running.door.cases[token], locked=True)
    running.door.cases["the member's own link"] = running.door.cases[token]
    answer = await running.client.post("/en/case/links", data=data, allow_redirects=False)
    assert answer.headers["Location"].endswith("/en/case/code?for=open")
    assert "the member's own link" in running.door.cases


@pytest.mark.parametrize("path", ["case/links", "case/rate", "case/code"])
async def test_acts_that_write_are_counted(running: Running, path: str) -> None:
    await opened(running, state="closed", can=frozenset({"add", "rate", "revoke", "copy"}))
    data = hidden(await page(running, "/en/case")) | {"for": "copy", "score": "3"}
    statuses = []
    for _ in range(ACTS.burst + 1):
        answer = await running.client.post(f"/en/{path}", data=data, allow_redirects=False)
        statuses.append(answer.status)
    assert statuses == [303] * ACTS.burst + [429]
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_where_no_code_can_be_sent_a_locked_case_says_whom_to_call(running: Running, language: str) -> None:
    await opened(running, locked=True, proof="", mail_sent_to="", can=frozenset())
    text = await page(running, f"/{language}/case/code?for=open")
    assert text.count('href="tel:+3224444111"') >= 2
    assert 'name="code"' not in text
    assert f'action="/{language}/case/code"' not in text


async def test_head_changes_sends_and_opens_nothing(running: Running) -> None:
    token = await opened(running)
    before = dict(running.door.cases)
    for path in ("c/" + token, "case", "receipt", "receipt.pdf", "case/due.ics", "case/code?for=copy", "find"):
        for _ in range(3):
            answer = await running.client.head(f"/en/{path}", allow_redirects=False)
            assert answer.status < 500
    assert running.door.cases == before
    assert running.case_door.mailed == []
    assert running.case_door.found == []


async def test_nothing_that_tells_of_a_case_is_kept_or_passed_on(running: Running) -> None:
    token = await opened(running)
    reference = running.door.cases[token].reference
    answers = [
        await running.client.get(f"/en/{path}", allow_redirects=False)
        for path in (
            f"c/{token}",
            "c/" + "x" * 22,
            "case",
            "receipt",
            "receipt.pdf",
            "case/due.ics",
            "case/letter",
            "case/code?for=withdraw",
            "find",
        )
    ]
    data = hidden(await ask(running, "withdraw")) | {"for": "withdraw", "code": "wrong"}
    answers += [
        await running.client.post("/en/case/code/use", data=data, allow_redirects=False),
        await running.client.post("/en/case/code", data=data, allow_redirects=False),
        await running.client.post("/en/case/links", data=data, allow_redirects=False),
        await running.client.post("/en/case/leave", data=data, allow_redirects=False),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store", answer.url
        assert answer.headers["Referrer-Policy"] == "no-referrer", answer.url
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.url
    status, _, _ = await find(running, reference, "marie@mail.example")
    assert status == 200
