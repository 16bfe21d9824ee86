"""Secret links, the receipt and the case page: rules C1, C2, C5, C6, S8."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from channels.form.contract import CaseMessage
from tests.channels.form.doors import NOW
from tests.channels.form.running import Running, Start, hidden


async def test_link_swaps_the_token_for_a_cookie_and_looking_fifty_times_changes_nothing(running: Running) -> None:
    token = await running.submitted()
    before = running.door.cases[token]
    for method in ("GET", "HEAD"):
        for _ in range(50):
            answer = await running.client.request(method, f"/en/c/{token}", allow_redirects=False)
            assert answer.status == 303
    assert answer.headers["Location"] == f"{running.base_url}/en/case"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert running.door.cases[token] == before
    assert running.door.additions == []
    page = await (await running.client.get("/en/case")).text()
    assert before.reference in page
    assert token not in page


async def test_unknown_long_and_absent_links_look_the_same(running: Running) -> None:
    bodies, headers = set(), set()
    for path in (
        "/en/c/AAAAAAAAAAAAAAAAAAAAAA",
        "/en/c/x",
        "/en/c/" + "y" * 500,
        "/en/case",
        "/en/receipt",
        "/en/nowhere",
    ):
        answer = await running.client.get(path, allow_redirects=False)
        assert answer.status == 404
        bodies.add(await answer.read())
        headers.add(tuple(sorted(name for name in answer.headers if name != "Date")))
    assert len(bodies) == 1
    assert len(headers) == 1
    # Every one of the five was looked up: none is refused for less work.
    assert running.door.lookups == 5


async def test_an_ended_link_looks_like_an_unknown_one(running: Running) -> None:
    token = await running.submitted()
    unknown = await (await running.client.get("/en/c/AAAAAAAAAAAAAAAAAAAAAA")).read()
    del running.door.cases[token]
    assert await (await running.client.get(f"/en/c/{token}")).read() == unknown
    assert await (await running.client.get("/en/case")).read() == unknown


async def test_thirty_bad_links_then_429_even_for_a_good_one(running: Running) -> None:
    token = await running.submitted()
    statuses = [
        (await running.client.get(f"/en/c/{number:022d}", allow_redirects=False)).status for number in range(31)
    ]
    assert statuses == [404] * 30 + [429]
    answer = await running.client.get(f"/en/c/{token}", allow_redirects=False)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    lookups = running.door.lookups
    await running.client.get(f"/en/c/{1:022d}")
    assert running.door.lookups == lookups


async def test_forwarded_addresses_are_counted_apart_only_behind_our_proxy(start: Start) -> None:
    for trusted, expected in ((("127.0.0.0/8",), 404), ((), 429)):
        running = await start(trusted_proxies=trusted)
        for number in range(31):
            answer = await running.client.get(f"/en/c/{number}", headers={"X-Forwarded-For": f"192.0.2.{number}"})
        assert answer.status == expected


async def test_case_page_shows_question_dates_people_and_messages(running: Running) -> None:
    token = await running.submitted("My <script>alert(1)</script> story.\n\nSecond paragraph.")
    case = running.door.cases[token]
    ours = CaseMessage(NOW, ours=True, text="On which day?", language="fr", author="Anne L. <i>")
    running.door.cases[token] = replace(
        case,
        question="On which day did you call?",
        state="waiting_for_you",
        messages=(*case.messages, ours),
        department="incapacity",
    )
    page = await (await running.client.get("/en/case")).text()
    assert "On which day did you call?" in page
    assert "By Wednesday 23 December 2026 at the latest" in page
    assert "in 21 working days" in page
    assert "Sickness benefits" in page
    assert "My &lt;script&gt;alert(1)&lt;/script&gt; story.</p><p>Second paragraph." in page
    assert '<div lang="fr"><p>On which day?' in page
    assert "Anne L. &lt;i&gt;" in page
    assert "<script>alert" not in page


async def test_late_case_says_so_first(running: Running) -> None:
    token = await running.submitted()
    running.door.cases[token] = replace(
        running.door.cases[token], late=True, promised_on=date(2026, 11, 20), due_on=date(2026, 12, 4)
    )
    page = await (await running.client.get("/en/case")).text()
    assert "We promised the result by Friday 20 November 2026 and we are late. We apologise." in page
    assert "The new date: Friday 4 December 2026." in page
    # Nobody has set another day yet: the missed one is not called new, and the receipt does not promise it again.
    running.door.cases[token] = replace(running.door.cases[token], due_on=date(2026, 11, 20))
    assert "The new date" not in await (await running.client.get("/en/case")).text()
    page = await (await running.client.get("/en/receipt")).text()
    assert "We promised the result by Friday 20 November 2026 and we are late. We apologise." in page
    assert page.count("20 November 2026") == 1


async def test_receipt_calls_it_a_message_until_somebody_has_said_what_it_is(running: Running) -> None:
    running.door.view = replace(running.door.view, situation="triage")
    await running.submitted()
    page = await (await running.client.get("/en/receipt")).text()
    assert "We have your message" in page
    assert "We have your complaint" not in page


async def test_receipt_of_a_case_that_is_over_says_so(running: Running) -> None:
    token = await running.submitted()
    running.door.cases[token] = replace(running.door.cases[token], state="closed")
    page = await (await running.client.get("/en/receipt")).text()
    assert "This case is closed." in page
    assert "23 December 2026" not in page


async def test_receipt_says_nothing_of_a_copy_before_the_case_is_read(running: Running) -> None:
    running.door.view = replace(running.door.view, situation=None, kind=None, state="received", due_on=None)
    token = await running.submitted()
    page = await (await running.client.get("/en/receipt")).text()
    assert "We have no e-mail address" not in page
    assert f"/en/c/{token}</a>" in page


async def test_adding_a_message_and_tapping_twice(running: Running) -> None:
    token = await running.submitted()
    data = {**hidden(await (await running.client.get("/en/case")).text()), "text": "One more thing."}
    for _ in range(2):
        answer = await running.client.post("/en/case", data=data, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"{running.base_url}/en/case?sent")
    assert [(found, addition.text) for found, addition in running.door.additions] == [(token, "One more thing.")]
    page = await (await running.client.get("/en/case?sent")).text()
    assert "We have your message. It is with your case." in page
    assert "One more thing." in page


async def test_empty_addition_is_refused_beside_the_field(running: Running) -> None:
    await running.submitted()
    data = {**hidden(await (await running.client.get("/en/case")).text()), "text": "  \n"}
    answer = await running.client.post("/en/case", data=data)
    assert answer.status == 422
    assert 'id="text-wrong-1"' in await answer.text()


async def test_anonymous_sender_gives_their_name_without_writing_again(running: Running) -> None:
    running.door.view = replace(
        running.door.view, situation="anonymous", state="refused", due_on=None, can=frozenset({"identify"})
    )
    await running.submitted()
    page = await (await running.client.get("/en/case")).text()
    assert 'name="name"' in page
    data = hidden(page)
    answer = await running.client.post("/en/case", data={**data, "name": "", "text": ""})
    assert answer.status == 422
    assert "Give us your first and last name." in await answer.text()
    answer = await running.client.post(
        "/en/case", data={**data, "name": "Jan Peeters", "text": ""}, allow_redirects=False
    )
    assert answer.status == 303
    assert running.door.additions[0][1].name == "Jan Peeters"


async def test_names_are_taken_only_where_they_are_asked(running: Running) -> None:
    await running.submitted()
    data = {
        **hidden(await (await running.client.get("/en/case")).text()),
        "text": "x",
        "name": "Somebody Else",
        "act": "disagree",
    }
    await running.client.post("/en/case", data=data)
    addition = running.door.additions[0][1]
    assert (addition.name, addition.disagrees) == ("", False)


async def test_disagreeing_needs_one_tap(running: Running) -> None:
    running.door.view = replace(
        running.door.view, state="answered", outcome="We paid.", can=frozenset({"add", "disagree"})
    )
    await running.submitted()
    data = {**hidden(await (await running.client.get("/en/case")).text()), "text": "", "act": "disagree"}
    assert (await running.client.post("/en/case", data=data, allow_redirects=False)).status == 303
    assert running.door.additions[0][1].disagrees is True


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [({"csrf": "0" * 64}, {}, 403), ({}, {"Sec-Fetch-Site": "cross-site"}, 403), ({"csrf": "é"}, {}, 403)],
)
async def test_posts_of_others_change_nothing(
    running: Running, change: dict[str, str], headers: dict[str, str], status: int
) -> None:
    await running.submitted()
    data = {**hidden(await (await running.client.get("/en/case")).text()), "text": "Not mine.", **change}
    for path in ("/en/case", "/en/case/leave"):
        answer = await running.client.post(path, data=data, headers=headers, allow_redirects=False)
        assert answer.status == status
    assert running.door.additions == []
    assert (await running.client.get("/en/case")).status == 200


async def test_the_forms_token_does_not_open_the_case_post(running: Running) -> None:
    await running.submitted()
    data = {**await running.form(), "text": "x"}
    assert (await running.client.post("/en/case", data=data)).status == 403


async def test_leaving_forgets_the_case_in_this_browser(running: Running) -> None:
    await running.submitted()
    data = hidden(await (await running.client.get("/en/receipt")).text())
    answer = await running.client.post("/en/case/leave", data=data, allow_redirects=False)
    assert answer.headers["Location"] == f"{running.base_url}/en/"
    assert (await running.client.get("/en/case")).status == 404


async def test_store_unavailable_keeps_the_addition(running: Running) -> None:
    await running.submitted()
    data = {**hidden(await (await running.client.get("/en/case")).text()), "text": "Keep me."}
    running.door.full = True
    answer = await running.client.post("/en/case", data=data)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")
    assert "Keep me.</textarea>" in await answer.text()


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
@pytest.mark.parametrize(
    "situation",
    [
        "mediation",
        "department",
        "medical",
        "anonymous",
        "off_scope",
        "urgent",
        "triage",
        "compliment",
        "suggestion",
        None,
    ],
)
async def test_every_situation_has_a_receipt_and_a_page_in_every_language(
    running: Running, situation: str, language: str
) -> None:
    running.door.view = replace(running.door.view, situation=situation, due_on=None)  # type: ignore[arg-type]  # The list above.
    await running.submitted()
    for page in ("receipt", "case"):
        answer = await running.client.get(f"/{language}/{page}")
        text = await answer.text()
        assert answer.status == 200
        assert ("tel:112" in text) is True
        courts = {"fr": "ne suspend pas", "nl": "schort", "de": "hält die Klagefristen", "en": "does not suspend"}[
            language
        ]
        wanted = situation == "mediation" or page == "case"
        assert (courts in text) == wanted


async def test_who_gets_no_copy_finds_the_link_on_the_receipt(running: Running) -> None:
    token = await running.submitted(phone="0470 00 00 00")
    link = f"{running.base_url}/nl/c/{token}"
    assert f'<a href="{link}">{link}</a>' in await (await running.client.get("/nl/receipt")).text()
    running.client.session.cookie_jar.clear()
    assert (await running.client.get("/nl/receipt")).status == 404
    assert (await running.client.get(link.removeprefix(running.base_url))).status == 200
    running.client.session.cookie_jar.clear()
    token = await running.submitted(email="marie@mail.example")
    assert token not in await (await running.client.get("/nl/receipt")).text()


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_letter_is_offered_and_fetched_in_every_language(running: Running, language: str) -> None:
    running.door.view = replace(running.door.view, situation="medical", due_on=None, has_letter=True)
    token = await running.submitted()
    page = await (await running.client.get(f"/{language}/case")).text()
    assert f'href="/{language}/case/letter"' in page
    answer = await running.client.get(f"/{language}/case/letter")
    assert (answer.status, answer.content_type, await answer.read()) == (200, "application/pdf", b"%PDF-1.7 letter")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{running.door.cases[token].reference}.pdf"'
    link = await running.client.get(f"/{language}/c/{token}?to=letter", allow_redirects=False)
    assert link.headers["Location"] == f"{running.base_url}/{language}/case/letter"


async def test_no_letter_where_none_is_due_and_few_a_minute(running: Running) -> None:
    await running.submitted()
    assert (await running.client.get("/en/case/letter")).status == 404
    assert "case/letter" not in await (await running.client.get("/en/case")).text()
    statuses = [(await running.client.get("/en/case/letter")).status for _ in range(4)]
    assert statuses == [404, 404, 404, 429]
