"""Finding a case again, codes, withdrawing, copies, opinions and links, over HTTP: rules C2, C3, C6, F8, S8."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from channels.contract import StoreUnavailableError
from channels.form.contract import Act
from tests.channels.form.running import Running, hidden

FULL: frozenset[Act] = frozenset({"add", "withdraw", "copy", "revoke"})


async def opened(running: Running, **changes: object) -> str:
    """A case of this browser that takes codes by mail; its token."""
    token = await running.submitted(email="marie@mail.example")
    case = running.door.cases[token]
    wanted = {"proof": "mail", "can": FULL, **changes}
    running.door.cases[token] = replace(case, **wanted)  # type: ignore[arg-type]  # The test says what differs.
    return token


async def page(running: Running, path: str) -> str:
    return await (await running.client.get(path)).text()


async def find(running: Running, reference: str, proof: str, language: str = "en") -> tuple[int, str, str]:
    data = {**hidden(await page(running, f"/{language}/find")), "reference": reference, "proof": proof}
    answer = await running.client.post(f"/{language}/find", data=data, allow_redirects=False)
    return answer.status, await answer.text(), answer.headers.get("Location", "")


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_asking_for_a_link_gives_one_answer_to_everybody(running: Running, language: str) -> None:
    token = await running.submitted(email="marie@mail.example")
    reference = running.door.cases[token].reference
    answers = {
        await find(running, reference, "marie@mail.example", language),
        await find(running, reference, "somebody@else.example", language),
        await find(running, "PM-2026-999999-38", "0470 12 34 56", language),
        await find(running, reference.lower().replace("-", " "), "+32 470 00 00 00", language),
    }
    assert {status for status, _, _ in answers} == {200}
    assert len(answers) == 1
    assert running.case_door.found == [
        (reference, "marie@mail.example", language),
        (reference, "somebody@else.example", language),
        ("PM-2026-999999-38", "0470 12 34 56", language),
        (reference, "+32 470 00 00 00", language),
    ]


async def test_whether_it_exists_cannot_be_told_by_time(running: Running) -> None:
    token = await running.submitted(email="marie@mail.example")
    reference = running.door.cases[token].reference
    spent: dict[str, list[float]] = {"real": [], "invented": []}
    for _ in range(5):
        for what, wanted in (("real", reference), ("invented", "PM-2026-999999-38")):
            began = time.perf_counter()
            assert (await find(running, wanted, "marie@mail.example"))[0] == 200
            spent[what].append(time.perf_counter() - began)
    # Nothing is looked up before the answer; the fastest of each has the least of the machine's own noise in it.
    real, invented = min(spent["real"]), min(spent["invented"])
    assert max(real, invented) < 3 * min(real, invented) + 0.02


@pytest.mark.parametrize(
    ("reference", "proof", "words"),
    [
        ("", "marie@mail.example", "Fill in your reference."),
        ("PM-2026-004217-76", "marie@mail.example", "This reference is not right."),
        ("<script>", "marie@mail.example", "This reference is not right."),
        ("PM-2026-004217-75", "", "Fill in an e-mail address"),
        ("PM-2026-004217-75", "K7QM-2B4X-9DTW-0HFA", "We cannot find a case with this reference and this code."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(running: Running, reference: str, proof: str, words: str) -> None:
    status, text, _ = await find(running, reference, proof)
    assert status == 422
    assert words in text
    assert "<script>" not in text
    assert "<title>Error: See my case" in text
    if proof:
        assert f'value="{proof}"' in text
    assert running.case_door.found == []


async def test_a_receipts_code_opens_its_case(running: Running) -> None:
    token = await running.submitted()
    reference = running.door.cases[token].reference
    running.case_door.receipts[reference, "k7qm 2b4x 9dtw 0hfa"] = token
    running.client.session.cookie_jar.clear()
    status, _, location = await find(running, reference, "k7qm 2b4x 9dtw 0hfa")
    assert (status, location) == (303, f"{running.base_url}/en/case")
    assert reference in await page(running, "/en/case")


async def test_ten_tries_an_hour(running: Running) -> None:
    statuses = [(await find(running, "PM-2026-004217-75", f"a{number}@mail.example"))[0] for number in range(11)]
    assert statuses == [200] * 10 + [429]


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_other_sites_cannot_ask_or_act(running: Running, headers: dict[str, str]) -> None:
    await opened(running)
    data = hidden(await page(running, "/en/case")) | {"for": "withdraw", "code": "100000", "score": "1"}
    for path in ("/en/find", "/en/case/code", "/en/case/code/use", "/en/case/rate", "/en/case/links"):
        answer = await running.client.post(path, data=data, headers=headers, allow_redirects=False)
        assert answer.status == 403, path
    for path in ("/en/case/code", "/en/case/code/use", "/en/case/rate", "/en/case/links"):
        answer = await running.client.post(path, data=data | {"csrf": "0" * 64}, allow_redirects=False)
        assert answer.status == 403, path
    assert running.case_door.mailed == []


async def test_looking_at_the_code_page_sends_and_consumes_nothing(running: Running) -> None:
    await opened(running)
    for purpose in ("withdraw", "copy", "open", "nonsense"):
        for _ in range(20):
            await running.client.get(f"/en/case/code?for={purpose}&asked")
    assert running.case_door.mailed == []


async def ask(running: Running, purpose: str, language: str = "en") -> str:
    """Ask for a code as a browser does; the page that then asks for it."""
    data = hidden(await page(running, f"/{language}/case/code?for={purpose}"))
    answer = await running.client.post(f"/{language}/case/code", data=data)
    assert answer.status == 200
    return await answer.text()


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_withdrawing_asks_for_the_code_that_was_mailed(running: Running, language: str) -> None:
    token = await opened(running)
    text = await ask(running, "withdraw", language)
    assert "m•••@mail.example" in text
    assert 'autocomplete="one-time-code"' in text
    ((_, code),) = running.case_door.mailed
    data = hidden(text) | {"for": "withdraw"}
    for wrong in ("", "999999", "x" * 5_000, "\u202e123"):
        answer = await running.client.post(f"/{language}/case/code/use", data={**data, "code": wrong})
        assert answer.status == 422
        assert 'aria-invalid="true"' in await answer.text()
    assert running.door.cases[token].state != "closed"
    answer = await running.client.post(f"/{language}/case/code/use", data={**data, "code": code}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"{running.base_url}/{language}/case?withdrawn")
    text = await page(running, f"/{language}/case?withdrawn")
    assert 'class="done"' in text


async def test_a_code_is_of_no_use_in_another_browser(running: Running) -> None:
    token = await opened(running)
    text = await ask(running, "withdraw")
    ((_, code),) = running.case_door.mailed
    data = hidden(text) | {"for": "withdraw", "code": code}
    cookies = {"case": token}
    running.client.session.cookie_jar.clear()
    answer = await running.client.post("/en/case/code/use", data=data, cookies=cookies)
    assert answer.status == 422
    assert "Ask for a new one." in await answer.text()


async def test_a_locked_case_shows_nothing_before_the_code(running: Running) -> None:
    token = await opened(running, locked=True, situation="medical", has_letter=True, can=frozenset())
    for path in ("/en/case", "/en/receipt", "/en/case/letter"):
        answer = await running.client.get(path, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"{running.base_url}/en/case/code?for=open")
    for path in ("/en/receipt.pdf", "/en/case/due.ics"):
        assert (await running.client.get(path)).status == 404
    text = await page(running, "/en/case/code?for=open")
    for said in ("medical", "Nobody answers my letters", "23 December"):
        assert said not in text
    text = await ask(running, "open")
    ((_, code),) = running.case_door.mailed
    data = hidden(text) | {"for": "open", "code": code}
    answer = await running.client.post("/en/case/code/use", data=data)
    assert "Nobody answers my letters" in await answer.text()
    # The link itself is still locked.
    assert running.door.cases[token].locked


async def test_a_post_to_a_locked_case_is_not_read_either(running: Running) -> None:
    await opened(running)
    data = {**hidden(await page(running, "/en/case")), "text": "One more thing."}
    token = list(running.door.cases)[-1]
    running.door.cases[token] = replace(running.door.cases[token], locked=True)
    for path in ("/en/case", "/en/case/rate"):
        answer = await running.client.post(path, data=data, allow_redirects=False)
        assert answer.headers["Location"].endswith("/case/code?for=open")
    assert running.door.additions == []


async def test_too_many_codes_is_said_with_another_way(running: Running) -> None:
    await opened(running)
    running.case_door.limited = True
    data = hidden(await page(running, "/en/case/code?for=copy"))
    answer = await running.client.post("/en/case/code", data=data)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "3600")
    text = await answer.text()
    assert "Wait an hour, or call us on" in text
    assert 'href="tel:+3224444111"' in text


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_a_copy_comes_as_an_archive_to_save(running: Running, language: str) -> None:
    await opened(running)
    text = await ask(running, "copy", language)
    ((_, code),) = running.case_door.mailed
    answer = await running.client.post(f"/{language}/case/code/use", data=hidden(text) | {"for": "copy", "code": code})
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="case.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        assert "Nobody answers my letters." in archive.read("case.html").decode()
    # To be saved, by whatever means: also an answer that is streamed says so (F6, S9).
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    made = running.case_door.copied
    assert made is not None
    for _ in range(100):
        if made.closed:
            break
        await asyncio.sleep(0.02)
    assert made.closed


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_the_answer_to_a_request_for_access_is_fetched_behind_a_code(running: Running, language: str) -> None:
    await opened(running, can=FULL | {"access"}, access_until=date(2027, 1, 23))
    text = await page(running, f"/{language}/case")
    assert f"/{language}/case/code?for=access" in text
    assert "2027" in text
    text = await ask(running, "access", language)
    ((_, code),) = running.case_door.mailed
    data = hidden(text) | {"for": "access"}
    wrong = await running.client.post(f"/{language}/case/code/use", data=data | {"code": "1"})
    assert wrong.status == 422
    answer = await running.client.post(f"/{language}/case/code/use", data=data | {"code": code})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="data.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        assert archive.namelist() == ["data.json"]


async def test_without_an_address_the_receipts_code_is_asked_for(running: Running) -> None:
    token = await opened(running, proof="receipt", mail_sent_to="")
    text = await page(running, "/en/case/code?for=withdraw")
    assert "Fill in the code on your receipt." in text
    assert "Send me the code" not in text
    reference = running.door.cases[token].reference
    running.case_door.receipts[reference, "K7QM-2B4X-9DTW-0HFA"] = token
    data = hidden(text) | {"code": "K7QM-2B4X-9DTW-0HFA"}
    answer = await running.client.post("/en/case/code/use", data=data, allow_redirects=False)
    assert answer.headers["Location"].endswith("/en/case?withdrawn")


async def test_what_is_not_offered_cannot_be_done(running: Running) -> None:
    token = await opened(running, can=frozenset({"add"}))
    text = await page(running, "/en/case")
    assert "case/code" not in text
    for purpose in ("withdraw", "copy", "access", "open"):
        answer = await running.client.get(f"/en/case/code?for={purpose}", allow_redirects=False)
        assert answer.headers["Location"] == f"{running.base_url}/en/case"
        data = hidden(text) | {"for": purpose, "code": "100000"}
        answer = await running.client.post("/en/case/code/use", data=data, allow_redirects=False)
        assert answer.headers["Location"] == f"{running.base_url}/en/case"
    assert running.door.cases[token].state != "closed"


async def test_an_opinion_is_kept_and_what_was_typed_stays(running: Running) -> None:
    token = await opened(running, state="closed", outcome="We paid.", result="founded", can=frozenset({"add", "rate"}))
    text = await page(running, "/en/case")
    assert "You were right. We put it right." in text
    data = hidden(text)
    answer = await running.client.post("/en/case/rate", data={**data, "comment": "Too <b>slow</b>."})
    assert answer.status == 422
    text = await answer.text()
    assert "Too &lt;b&gt;slow&lt;/b&gt;.</textarea>" in text
    assert "Choose an answer." in text
    answer = await running.client.post("/en/case/rate", data={**data, "score": "4", "comment": "Fine in the end."})
    assert "Thank you for your opinion." in await answer.text()
    assert running.door.cases[token].rating == 4
    assert "Your opinion: Satisfied." in await page(running, "/en/case")
    for score in ("0", "6", "-1", "x", "4.0", "\u0664"):
        answer = await running.client.post("/en/case/rate", data={**data, "score": score})
        assert answer.status == 422


async def test_ending_other_links_keeps_this_one(running: Running) -> None:
    token = await opened(running)
    running.door.cases["another link of the same one"] = running.door.cases[token]
    data = hidden(await page(running, "/en/case"))
    answer = await running.client.post("/en/case/links", data=data)
    assert "All other links are turned off." in await answer.text()
    assert "another link of the same one" not in running.door.cases
    assert token in running.door.cases


async def test_the_date_goes_into_a_calendar_and_says_nothing_more(running: Running) -> None:
    await opened(running, situation="medical", due_on=date(2026, 12, 23))
    answer = await running.client.get("/fr/case/due.ics")
    assert answer.content_type == "text/calendar"
    body = await answer.text()
    assert "DTSTART;VALUE=DATE:20261223\r\nDTEND;VALUE=DATE:20261224\r\n" in body
    unfolded = body.replace("\r\n ", "")
    assert "SUMMARY:Partenamut: Résultat de votre dossier PM-2026-" in unfolded
    assert all(len(line.encode()) <= 75 for line in body.split("\r\n"))
    assert "letters" not in body
    assert "médec" not in body


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_the_receipt_can_be_kept_as_a_pdf(running: Running, language: str) -> None:
    await opened(running, receipt_code="K7QM-2B4X-9DTW-0HFA", clock="result")
    assert f'href="/{language}/receipt.pdf"' in await page(running, f"/{language}/receipt")
    answer = await running.client.get(f"/{language}/receipt.pdf")
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    html = (await answer.read()).decode()
    assert "K7QM-2B4X-9DTW-0HFA" in html
    assert f"{running.base_url}/{language}/find" in html
    assert "Nobody answers" not in html
    statuses = [(await running.client.get(f"/{language}/receipt.pdf")).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


async def test_the_receipts_code_stands_on_the_receipt_alone(running: Running) -> None:
    await opened(running, receipt_code="K7QM-2B4X-9DTW-0HFA")
    assert "K7QM-2B4X-9DTW-0HFA" in await page(running, "/en/receipt")
    assert "K7QM-2B4X-9DTW-0HFA" not in await page(running, "/en/case")


@pytest.mark.parametrize("path", ["/en/case", "/en/receipt", "/en/case/code?for=copy", "/en/receipt.pdf"])
async def test_a_store_that_cannot_be_reached_is_no_broken_page(
    running: Running, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(running)

    async def unreachable(token: str, *, wait: bool = False) -> None:
        raise StoreUnavailableError

    monkeypatch.setattr(running.door, "case_view", unreachable)
    answer = await running.client.get(path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")
    assert "Wait two minutes" in await answer.text()
