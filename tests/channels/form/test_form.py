"""The form, from the empty page to the receipt, over real HTTP."""

from __future__ import annotations

import io
from html import unescape

import pytest
from aiohttp import FormData

from channels.form.submission import Submission
from tests.channels.form.running import Running, Start, hidden

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def multipart(fields: dict[str, str], files: list[tuple[str, bytes]]) -> FormData:
    """A form as a browser sends it: fields first, then the files."""
    data = FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    for name, content in files:
        data.add_field("files", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    return data


async def test_root_chooses_the_browsers_language_below_the_configured_address(running: Running) -> None:
    answer = await running.client.get(
        "/", headers={"Accept-Language": "es, nl-BE;q=0.8, en;q=0.5", "Host": "evil.example"}, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, f"{running.base_url}/nl/")


async def test_an_address_typed_without_its_slash_leads_to_the_first_page(running: Running) -> None:
    answer = await running.client.get("/nl", headers={"Host": "evil.example"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"{running.base_url}/nl/")


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_landing_and_form_speak_each_language(running: Running, language: str) -> None:
    for path in ("", "complaint"):
        answer = await running.client.get(f"/{language}/{path}")
        page = await answer.text()
        assert answer.status == 200
        assert f'<html lang="{language}">' in page
        assert "tel:+3224444111" in page
        assert "tel:112" in page


async def test_from_form_to_receipt_to_case(running: Running) -> None:
    fields = {
        **await running.form("fr"),
        "text": "Ma prime n’est pas payée.\r\nDepuis août.",
        "name": "Marie Dubois",
        "email": "marie@mail.example",
    }
    answer = await running.client.post(
        "/fr/complaint", data=multipart(fields, [("photo.png", PNG)]), allow_redirects=False
    )
    assert answer.status == 303
    link = answer.headers["Location"]
    token = next(iter(running.door.cases))
    assert link == f"{running.base_url}/fr/c/{token}?new"
    answer = await running.client.get(link.removeprefix(running.base_url), allow_redirects=False)
    assert answer.headers["Location"] == f"{running.base_url}/fr/receipt"
    page = await (await running.client.get("/fr/receipt")).text()
    assert "PM-2026-004201-" in page
    assert "P M, 2026, 004201, " in page
    assert "mercredi 23 décembre 2026" in page
    assert "m•••@mail.example" in page
    assert "La médiation ne suspend pas" in page
    assert token not in page
    submission = Submission.from_bytes(running.door.raw[0])
    assert submission.text == "Ma prime n’est pas payée.\nDepuis août."
    assert (submission.language, submission.files[0].content) == ("fr", PNG)


async def test_empty_form_says_so_beside_the_field_and_above(running: Running) -> None:
    answer = await running.client.post("/en/complaint", data={**await running.form(), "name": "Jan <b>"})
    page = await answer.text()
    assert answer.status == 422
    assert "<title>Error: " in page
    assert '<a href="#text">Tell us what happened' in page
    assert 'id="text-wrong-1"' in page
    assert 'aria-describedby="text-hint text-wrong-1" aria-invalid="true"' in page
    assert 'value="Jan &lt;b&gt;"' in page
    assert running.door.raw == []


async def test_what_was_typed_stays_in_the_area_of_text_with_its_first_line_break(running: Running) -> None:
    typed = "\nfirst </textarea><script>\nsecond"
    page = await (
        await running.client.post("/en/complaint", data={**await running.form(), "text": typed, "wanted": "x" * 2_001})
    ).text()
    assert "This is too long. It may have 2,000 characters." in page
    assert "first &lt;/textarea&gt;&lt;script&gt;\nsecond</textarea>" in page
    data = {**hidden(page), "text": typed, "email": "x"}
    page = await (await running.client.post("/en/complaint", data=data)).text()
    assert "This e-mail address is not complete" in page
    assert unescape(hidden(page)["text"]) == typed.strip()


async def test_double_tap_makes_one_case(running: Running) -> None:
    data = {**await running.form(), "text": "Twice."}
    first = await running.client.post("/en/complaint", data=data, allow_redirects=False)
    second = await running.client.post("/en/complaint", data=data, allow_redirects=False)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(running.door.raw) == 1


async def test_going_back_and_changing_the_text_asks_once_more_and_tells_nothing_of_the_first(running: Running) -> None:
    data = {**await running.form(), "text": "First."}
    await running.client.post("/en/complaint", data=data, allow_redirects=False)
    answer = await running.client.post("/en/complaint", data={**data, "text": "Second."}, allow_redirects=False)
    page = await answer.text()
    assert answer.status == 422
    assert hidden(page)["text"] == "Second."
    assert "First." not in page
    assert "PM-2026" not in page
    again = {**data, **hidden(page), "text": "Second."}
    assert (await running.client.post("/en/complaint", data=again, allow_redirects=False)).status == 303
    assert len(running.door.raw) == 2


async def test_store_unavailable_keeps_the_text_and_says_when(running: Running) -> None:
    running.door.full = True
    answer = await running.client.post("/en/complaint", data={**await running.form(), "text": "Keep me."})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")
    page = await answer.text()
    assert hidden(page)["text"] == "Keep me."
    running.door.full = False
    again = await running.client.post("/en/complaint", data=hidden(page), allow_redirects=False)
    assert again.status == 303


async def test_changing_the_language_keeps_what_was_typed(running: Running) -> None:
    data = {**await running.form(), "text": "Keep me.", "switch": "1"}
    answer = await running.client.post("/nl/complaint", data=data)
    page = await answer.text()
    assert answer.status == 200
    assert '<html lang="nl">' in page
    assert "Keep me.</textarea>" in page
    assert running.door.raw == []


async def test_trap_field_is_emptied_and_pressing_again_sends(running: Running) -> None:
    data = {**await running.form(), "text": "A real person.", "website": "http://spam.example"}
    answer = await running.client.post("/en/complaint", data=data)
    page = await answer.text()
    assert answer.status == 422
    assert "spam.example" not in page
    data = {**hidden(page), "text": "A real person.", "website": ""}
    assert (await running.client.post("/en/complaint", data=data, allow_redirects=False)).status == 303


async def turn(
    running: Running, data: dict[str, str], to: str, language: str = "en", **files: object
) -> tuple[int, str]:
    """Press a button that leads to another page; (status, page)."""
    answer = await running.client.post(f"/{language}/complaint?go={to}", data=multipart(data, files.get("files", ())))  # type: ignore[arg-type]  # names and contents
    return answer.status, await answer.text()


async def test_three_pages_carry_everything_to_the_receipt(running: Running) -> None:
    status, page = await turn(
        running,
        {**await running.form(), "text": "Nobody answers.\r\nSince May.", "wanted": "An answer."},
        "2",
        files=[("photo.png", PNG)],
    )
    assert status == 200
    assert "Step 2 of 3" in page
    who = {"name": "Marie Dubois", "email": "marie@mail.example", "for_name": "Jan Dubois", "for_tie": "his daughter"}
    status, page = await turn(running, {**hidden(page), **who}, "3")
    assert "Check your answers" in page
    for words in ("Nobody answers.<br>Since May.", "An answer.", "photo.png", "Jan Dubois, his daughter"):
        assert words in page
    assert running.door.raw == []
    answer = await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)
    assert answer.status == 303
    sent = Submission.from_bytes(running.door.raw[0])
    assert (sent.text, sent.wanted) == ("Nobody answers.\nSince May.", "An answer.")
    assert (sent.name, sent.email, sent.for_name, sent.for_tie) == tuple(who.values())
    assert [(file.name, file.content) for file in sent.files] == [("photo.png", PNG)]
    # Back from the receipt, and Send again: the same message.
    again = await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)
    assert again.headers["Location"] == answer.headers["Location"]
    assert len(running.door.raw) == 1


async def test_a_page_with_something_wrong_is_not_left_forwards_and_is_left_backwards(running: Running) -> None:
    status, page = await turn(running, await running.form(), "2")
    assert status == 422
    assert "Step 1 of 3" in page
    assert "Tell us what happened. One sentence is enough." in page
    status, page = await turn(running, {**hidden(page), "text": "Nobody answers."}, "2")
    status, page = await turn(running, {**hidden(page), "email": "marie@"}, "3")
    assert status == 422
    assert "Step 2 of 3" in page
    assert 'value="marie@"' in page
    status, page = await turn(running, {**hidden(page), "email": "marie@"}, "1")
    assert status == 200
    assert "Nobody answers.</textarea>" in page
    assert hidden(page)["email"] == "marie@"


async def test_files_wait_on_their_page_and_are_taken_off_one_by_one(running: Running) -> None:
    data = {**await running.form(), "text": "See the papers."}
    status, page = await turn(running, data, "1", files=[("a.png", PNG), ("virus.pdf", b"MZ program")])
    assert status == 422
    assert "The content of virus.pdf is not what its name says" in page
    status, page = await turn(running, {**hidden(page), "text": "See the papers."}, "1", files=[("b.png", PNG)])
    assert status == 200
    tokens = hidden(page)["kept"].split()
    assert len(tokens) == len(running.door.waiting) == 2
    answer = await running.client.post(f"/en/complaint?remove={tokens[0]}", data={**hidden(page), "text": "See."})
    page = await answer.text()
    assert hidden(page)["kept"] == tokens[1]
    assert "a.png" not in page
    assert "See.</textarea>" in page
    status, page = await turn(
        running, {**hidden(page), "text": "See."}, "2", files=[(f"{number}.png", PNG) for number in range(10)]
    )
    assert status == 422
    assert "You can add at most 10 files." in page
    assert len(running.door.waiting) == 1
    # Somebody else's file cannot be taken off, and is not shown: its token is in no other form.
    await running.client.post(f"/en/complaint?remove={tokens[1]}", data={**await running.form(), "text": "x"})
    assert list(running.door.waiting) == [tokens[1]]


async def test_a_file_that_is_gone_is_said_before_anything_is_sent(running: Running) -> None:
    data = {**await running.form(), "text": "See the paper."}
    _, page = await turn(running, data, "2", files=[("a.png", PNG)])
    _, page = await turn(running, hidden(page), "3")
    running.door.waiting.clear()
    # Turning pages meanwhile does not hide it.
    _, page = await turn(running, hidden(page), "2")
    _, page = await turn(running, hidden(page), "3")
    answer = await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)
    page = await answer.text()
    assert answer.status == 422
    assert "A file that you chose is not here any more." in page
    assert "See the paper.</textarea>" in page
    assert running.door.raw == []
    answer = await running.client.post(
        "/en/complaint?send", data={**hidden(page), "text": "See the paper."}, allow_redirects=False
    )
    assert answer.status == 303


async def test_what_is_noticed_is_said_and_keeps_nobody_from_sending(running: Running) -> None:
    for words, said in (
        ("The hospital sent a wrong bill.", "This seems to be about somebody else"),
        ("The medical adviser was rude.", "About a medical adviser"),
        ("I think of suicide.", "Are you thinking of suicide?"),
    ):
        status, page = await turn(running, {**await running.form(), "text": words}, "2")
        assert status == 200
        assert said in page
        _, page = await turn(running, hidden(page), "3")
        assert said in page
        assert "You have not said who you are" in page
        assert (await running.client.post("/en/complaint?send", data=hidden(page), allow_redirects=False)).status == 303


async def test_a_wild_form_is_answered(running: Running) -> None:
    wild = {"page": "9", "kept": "x " * 40, "key": "no", "text": "a\x00b\u202ec", "name": "\u202eevil"}
    for query in ("go=9", "go=", "remove=", "remove=../../x", "go=2&remove=1", "send=1&go=3"):
        answer = await running.client.post(f"/en/complaint?{query}", data={**await running.form(), **wild})
        assert answer.status in (200, 422), query
    assert running.door.raw == []


async def test_no_cookie_before_the_form(running: Running) -> None:
    assert "Set-Cookie" not in (await running.client.get("/en/")).headers
    cookie = (await running.client.get("/en/complaint")).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Set-Cookie" not in (await running.client.get("/en/complaint")).headers


async def test_wrong_token_keeps_the_text_and_sends_nothing(running: Running) -> None:
    data = {**await running.form(), "text": "Keep me."}
    answer = await running.client.post("/en/complaint", data={**data, "csrf": "0" * 64})
    page = await answer.text()
    assert answer.status == 403
    assert "Keep me.</textarea>" in page
    assert running.door.raw == []
    answer = await running.client.post("/en/complaint", data={**data, **hidden(page)}, allow_redirects=False)
    assert answer.status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "null"}, 303),
        ({}, 303),
    ],
)
async def test_other_websites_cannot_send_our_form(running: Running, headers: dict[str, str], status: int) -> None:
    data = {**await running.form(), "text": "Hello."}
    answer = await running.client.post("/en/complaint", data=data, headers=headers, allow_redirects=False)
    assert answer.status == status
    assert len(running.door.raw) == (status == 303)


async def test_pages_with_large_files_count_like_sending_and_pages_without_do_not(running: Running) -> None:
    data = {**await running.form(), "text": "See the photo."}
    for _ in range(45):
        assert (await turn(running, data, "2"))[0] == 200
    photo = [("photo.png", PNG + b"\0" * 300_000)]
    statuses = [(await turn(running, data, "2", files=photo))[0] for _ in range(45)]
    assert statuses.count(200) in range(38, 43)
    status, page = await turn(running, data, "2", files=photo)
    assert status == 429
    assert "See the photo.</textarea>" in page
    assert len(running.door.waiting) == statuses.count(200)


async def test_too_many_keeps_the_text_and_says_when(start: Start) -> None:
    running = await start()
    data = {**await running.form(), "text": "Keep me."}
    statuses = set()
    for _ in range(41):
        answer = await running.client.post("/en/complaint", data=data, allow_redirects=False)
        statuses.add(answer.status)
    assert statuses == {303, 429}
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Keep me.</textarea>" in await answer.text()
    answer = await running.client.post("/en/complaint", data=multipart(data, [("photo.png", PNG)]))
    assert answer.status == 429
    assert "Keep me.</textarea>" in await answer.text()


async def test_secure_cookies_and_hsts_over_https(start: Start) -> None:
    running = await start(path_base="https://guichet.example", production=True)
    answer = await running.client.get("/en/complaint")
    assert answer.headers["Set-Cookie"].startswith("__Host-form=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_production_refuses_http(start: Start) -> None:
    with pytest.raises(ValueError, match="https"):
        await start(production=True)
