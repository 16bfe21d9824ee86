"""Files that travel one by one: each trouble has its words and status, and nothing gets in without the form."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from aiohttp import FormData

from channels.form import site
from channels.form.submission import Submission
from channels.viruses import scanner_at
from tests.channels.form.running import Running, Start, hidden
from tests.channels.form.test_form import PNG, multipart
from tests.channels.form.test_limits import BOUNDARY, head, part
from tests.servers.clamd import EICAR, ClamdServer

MB = 1000 * 1000
PDF = b"%PDF-1.7\n%%EOF"


def one(form: dict[str, str], name: str = "letter.pdf", content: bytes = PDF) -> FormData:
    """What the script sends: cookie's token, the tokens so far, one file."""
    return multipart({"csrf": form["csrf"], "kept": form["kept"]}, [(name, content)])


async def added(running: Running, form: dict[str, str], name: str = "letter.pdf", content: bytes = PDF) -> str:
    """Send a file and carry its token in the form, as the script does."""
    answer = await running.client.post("/en/complaint/files", data=one(form, name, content))
    assert answer.status == 200
    token = str((await answer.json())["token"])
    form["kept"] = f"{form['kept']} {token}".strip()
    return token


async def test_files_sent_one_by_one_arrive_with_the_message(running: Running) -> None:
    form = await running.form()
    answer = await running.client.post("/en/complaint/files", data=one(form, "summer.png", PNG))
    assert answer.headers["Cache-Control"] == "no-store"
    told = await answer.json()
    assert (told["name"], told["size"]) == ("summer.png", len(PNG))
    form["kept"] = told["token"]
    await added(running, form)
    assert running.door.raw == []
    page = await (await running.client.post("/en/complaint?go=1", data={**form, "text": "See."})).text()
    assert hidden(page)["kept"] == form["kept"]
    answer = await running.client.post("/en/complaint", data={**form, "text": "See."}, allow_redirects=False)
    assert answer.status == 303
    files = Submission.from_bytes(running.door.raw[0]).files
    assert [file.content for file in files] == [PNG, PDF]


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("empty.pdf", b"", 422, "The file empty.pdf is empty."),
        ("song.mp3", b"ID3", 422, "We cannot read files like song.mp3."),
        ("photo.png", PDF, 422, "The content of photo.png is not what its name says."),
        ("letter.pdf", b"%PDF-1.7\n/Encrypt 1 0 R\n%%EOF", 422, "The file letter.pdf is locked with a password."),
        ("film.pdf", PDF + b"0" * 20 * MB, 413, "This file is too large."),
    ],
    ids=["empty", "kind", "mismatch", "locked", "large"],
)
async def test_each_trouble_has_its_words(running: Running, name: str, content: bytes, status: int, words: str) -> None:
    answer = await running.client.post("/en/complaint/files", data=one(await running.form(), name, content))
    assert answer.status == status
    assert (await answer.json())["trouble"].startswith(words)
    assert running.door.waiting == {}


async def test_troubles_are_told_in_the_language_of_the_page(running: Running) -> None:
    answer = await running.client.post("/nl/complaint/files", data=one(await running.form("nl"), "leeg.pdf", b""))
    assert (await answer.json())["trouble"] == "Het bestand leeg.pdf is leeg."
    assert answer.headers["Content-Language"] == "nl"


async def test_the_limits_are_those_of_all_files_together(running: Running) -> None:
    form = await running.form()
    await added(running, form, "big.pdf", PDF + b"0" * 19 * MB)
    answer = await running.client.post("/en/complaint/files", data=one(form, "more.pdf", PDF + b"0" * MB))
    assert answer.status == 413
    form = await running.form()
    for _ in range(10):
        await added(running, form)
    answer = await running.client.post("/en/complaint/files", data=one(form))
    assert answer.status == 422
    assert (await answer.json())["trouble"].startswith("You can add at most 10 files.")


async def test_two_tabs_of_one_browser_keep_their_files_apart(running: Running) -> None:
    first, second = await running.form(), await running.form()
    mine, other = await added(running, first, "first.pdf"), await added(running, second, "second.pdf")
    assert {mine} == set(first["kept"].split())
    assert {other} == set(second["kept"].split())
    await running.client.post("/en/complaint", data={**first, "text": "One."}, allow_redirects=False)
    await running.client.post("/en/complaint", data={**second, "text": "Two."}, allow_redirects=False)
    sent = [Submission.from_bytes(raw) for raw in running.door.raw]
    assert [[file.name for file in one.files] for one in sent] == [["first.pdf"], ["second.pdf"]]


@pytest.mark.parametrize("fields", [{}, {"csrf": ""}, {"csrf": "0" * 64}])
@pytest.mark.parametrize("page", ["complaint", "case"])
@pytest.mark.parametrize("act", ["", "/waiting", "/remove"])
async def test_without_the_forms_own_token_nothing_happens(
    running: Running, fields: dict[str, str], page: str, act: str
) -> None:
    form = await running.form()
    token = await added(running, form)
    answer = await running.client.post(
        f"/en/{page}/files{act}", data=multipart({**fields, "token": token, "kept": token}, [("x.pdf", PDF)])
    )
    assert answer.status == 403
    assert (await answer.json())["trouble"].startswith("We could not check that this file came from this page.")
    assert list(running.door.waiting) == [token]


async def test_a_browser_without_our_cookie_cannot_add(running: Running) -> None:
    form = await running.form()
    running.client.session.cookie_jar.clear()
    assert (await running.client.post("/en/complaint/files", data=one(form))).status == 403


@pytest.mark.parametrize("act", ["", "/waiting", "/remove"])
async def test_other_websites_cannot(running: Running, act: str) -> None:
    form = await running.form()
    answer = await running.client.post(
        f"/en/complaint/files{act}", data=one(form), headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status == 403
    assert running.door.waiting == {}


async def test_a_file_that_is_cancelled_on_its_way_is_no_failure_of_the_house(running: Running) -> None:
    with structlog.testing.capture_logs() as logs:
        _, writer = await asyncio.open_connection("127.0.0.1", running.client.port)
        lines = (f"Content-Type: multipart/form-data; boundary={BOUNDARY}", "Content-Length: 900000")
        writer.write(f"{head('/en/complaint/files', *lines)}\r\n\r\n".encode() + part("file", PDF, "letter.pdf")[:-2])
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()
        await asyncio.sleep(0.5)
    assert [line for line in logs if line["log_level"] == "error"] == []
    assert running.door.waiting == {}


async def test_it_asks_for_exactly_one_file(running: Running) -> None:
    form = await running.form()
    fields = {"csrf": form["csrf"], "kept": ""}
    for files in ([], [("a.pdf", PDF), ("b.pdf", PDF)]):
        answer = await running.client.post("/en/complaint/files", data=multipart(fields, files))
        assert answer.status == 400
    answer = await running.client.post("/en/complaint/files", json={})
    assert (answer.status, "trouble" in await answer.json()) == (415, True)
    assert running.door.waiting == {}


async def test_what_waits_is_told_and_taken_off(running: Running) -> None:
    form = await running.form()
    token = await added(running, form)
    asked = {"csrf": form["csrf"], "kept": f"{'a' * 22} {token} ../../x"}
    answer = await running.client.post("/en/complaint/files/waiting", data=asked)
    assert (await answer.json())["files"] == [{"token": token, "name": "letter.pdf", "size": len(PDF)}]
    for unknown in ("a" * 22, "", "../../etc"):
        answer = await running.client.post("/en/complaint/files/remove", data={**asked, "token": unknown})
        assert answer.status == 204
    assert token in running.door.waiting
    answer = await running.client.post("/en/complaint/files/remove", data={**asked, "token": token})
    assert answer.status == 204
    assert running.door.waiting == {}


async def test_a_full_house_says_when(running: Running) -> None:
    form = await running.form()
    running.door.full = True
    answer = await running.client.post("/en/complaint/files", data=one(form))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")
    assert (await answer.json())["trouble"].startswith("We cannot keep files just now.")


async def test_senders_are_counted_and_sending_the_form_is_not_held_up_by_it(running: Running) -> None:
    form = await running.form()
    statuses = []
    for _ in range(site.FILES.burst + 5):
        answer = await running.client.post("/en/complaint/files", data=one({**form, "kept": ""}))
        statuses.append(answer.status)
    assert statuses[: site.FILES.burst] == [200] * site.FILES.burst
    assert statuses[-1] == 429
    assert (await answer.json())["trouble"].startswith("Too many files came from your connection.")
    assert int(answer.headers["Retry-After"]) > 0
    answer = await running.client.post("/en/complaint", data={**form, "text": "Still."}, allow_redirects=False)
    assert answer.status == 303


async def test_large_files_share_the_room_of_all_senders(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await running.form()
    monkeypatch.setattr("channels.web.body.Uploads.room", _no_room)
    answer = await running.client.post("/en/complaint/files", data=one(form, "big.pdf", PDF + b"0" * 2 * MB))
    assert answer.status == 503
    assert running.door.waiting == {}


class _no_room:  # noqa: N801  # It stands in for a method.
    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> bool:
        return False

    def __exit__(self, *_: object) -> None: ...


async def case_form(running: Running) -> dict[str, str]:
    """The hidden fields of the page of a case that was just opened."""
    await running.submitted()
    return hidden(await (await running.client.get("/en/case")).text())


async def test_files_of_a_case_arrive_with_its_next_message(running: Running) -> None:
    form = await case_form(running)
    answer = await running.client.post("/en/case/files", data=one(form))
    assert answer.status == 200
    token = (await answer.json())["token"]
    data = multipart({**form, "kept": token, "text": ""}, [("photo.png", PNG)])
    answer = await running.client.post("/en/case", data=data, allow_redirects=False)
    assert answer.headers["Location"].endswith("/en/case?sent")
    assert [file.name for file in running.door.additions[0][1].files] == ["letter.pdf", "photo.png"]


async def test_files_of_a_case_come_back_with_an_error_and_can_be_taken_off(running: Running) -> None:
    form = await case_form(running)
    told = await (await running.client.post("/en/case/files", data=one(form))).json()
    data = multipart({**form, "csrf": "wrong", "kept": told["token"], "text": "x"}, [("photo.png", PNG)])
    page = await (await running.client.post("/en/case", data=data)).text()
    assert hidden(page)["kept"] == told["token"]
    assert "Please choose your files again." in page
    answer = await running.client.post(
        f"/en/case?remove={told['token']}", data={**form, "kept": told["token"], "text": "Keep me."}
    )
    page = await answer.text()
    assert "Keep me." in page
    assert hidden(page)["kept"] == ""
    assert running.door.waiting == {}
    assert running.door.additions == []


async def test_a_file_of_a_case_that_is_gone_is_said_before_anything_is_sent(running: Running) -> None:
    form = await case_form(running)
    data = {**form, "kept": "a" * 22, "text": "With a letter."}
    answer = await running.client.post("/en/case", data=data)
    page = await answer.text()
    assert answer.status == 422
    assert "Please look at your files once more" in page
    assert running.door.additions == []
    answer = await running.client.post("/en/case", data={**data, **hidden(page)}, allow_redirects=False)
    assert answer.status == 303


async def test_files_before_and_with_a_message_of_a_case_count_together(running: Running) -> None:
    form = await case_form(running)
    tokens: list[str] = []
    for _ in range(10):
        answer = await running.client.post("/en/case/files", data=one({**form, "kept": " ".join(tokens)}))
        tokens.append((await answer.json())["token"])
    data = multipart({**form, "kept": " ".join(tokens), "text": "x"}, [("photo.png", PNG)])
    answer = await running.client.post("/en/case", data=data)
    assert answer.status == 422
    assert "You can add at most 10 files." in await answer.text()
    assert running.door.additions == []


@pytest.mark.servers
async def test_an_infected_file_is_told_at_once_by_each_way_that_a_file_comes(
    start: Start, clamd_server: ClamdServer
) -> None:
    running = await start(scanner=scanner_at(clamd_server.address))
    form = await running.form()
    answer = await running.client.post("/en/complaint/files", data=one(form, "bad.txt", EICAR))
    assert answer.status == 422
    assert (await answer.json())["trouble"] == "The file bad.txt contains a virus. Choose another file."
    data = multipart({**form, "text": "See."}, [("bad.txt", EICAR), ("good.txt", b"a letter")])
    page = await (await running.client.post("/en/complaint?go=2", data=data)).text()
    assert "The file bad.txt contains a virus." in page
    assert "good.txt" in page
    await running.submitted()
    case = hidden(await (await running.client.get("/en/case")).text())
    answer = await running.client.post("/en/case", data=multipart({**case, "text": "x"}, [("bad.txt", EICAR)]))
    assert answer.status == 422
    assert "The file bad.txt contains a virus." in await answer.text()
    assert running.door.additions == []


@pytest.mark.servers
async def test_files_come_in_while_the_scanner_is_down(start: Start, clamd_server: ClamdServer) -> None:
    running = await start(scanner=scanner_at(clamd_server.address))
    clamd_server.stop()
    try:
        await added(running, await running.form(), "letter.txt", b"a letter")
    finally:
        clamd_server.start()
