"""What nobody should send by the form: each gets a clear answer in the page's language, nothing comes back unescaped, nothing
breaks, and what a person could have meant is kept."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
from html import unescape

import pytest
from aiohttp import ClientResponse

from channels.form.archives import MOST_ENTRIES, unpacks_to_too_much
from channels.form.submission import Submission
from tests.channels.form.running import Running, hidden
from tests.channels.form.test_form import PNG, multipart
from tests.channels.form.test_limits import BOUNDARY, part

LANGUAGES = ("fr", "nl", "de", "en")
_BIDI = "\u202e\u2066\u200f"


def archive(*members: tuple[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive of these."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compress) as file:
        for name, content in members:
            file.writestr(name, content)
    return made.getvalue()


def docx(*members: tuple[str, bytes]) -> bytes:
    """A document of Word, as far as its outside goes."""
    return archive(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>"), *members)


def odt(*members: tuple[str, bytes]) -> bytes:
    """A text of OpenDocument, as far as its outside goes."""
    made = io.BytesIO(archive(("mimetype", b"application/vnd.oasis.opendocument.text"), compress=zipfile.ZIP_STORED))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return made.getvalue()


async def post(running: Running, path: str, fields: dict[str, bytes]) -> ClientResponse:
    """Send a form of exactly these bytes."""
    body = b"".join(part(name, value) for name, value in fields.items()) + f"--{BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await running.client.post(path, data=io.BytesIO(body), headers=headers)


async def form(running: Running, language: str) -> dict[str, bytes]:
    """The hidden fields of an empty form."""
    return {name: value.encode() for name, value in (await running.form(language)).items()}


BOMB = ("word/media/bomb.xml", bytes(30 * 1000 * 1000))
CROWD = tuple((f"word/{number}.xml", b"") for number in range(MOST_ENTRIES + 1))


def test_only_the_list_of_an_archive_is_read_and_no_more_than_the_bound() -> None:
    assert not unpacks_to_too_much(docx())
    assert not unpacks_to_too_much(odt(("content.xml", b"<office/>" * 1000)))
    # A long table of the same words is a document still.
    assert not unpacks_to_too_much(docx(("word/table.xml", bytes(9 * 1000 * 1000))))
    for made in (docx(BOMB), odt(BOMB), docx(*CROWD)):
        assert unpacks_to_too_much(made)
        assert unpacks_to_too_much(b"something before" + made)
    for damaged in (b"", b"PK\x05\x06", docx(BOMB)[:-30], b"PK\x05\x06" + bytes(18), b"\xff" * 100_000):
        assert not unpacks_to_too_much(damaged)


def test_a_list_of_very_many_names_costs_nothing() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    names = entry * 400_000
    content = names + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, len(names), 0, 0)
    began = time.perf_counter()
    tracemalloc.start()
    assert unpacks_to_too_much(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - began < 2
    assert peak < 1_000_000


FILES: dict[str, tuple[bytes, str]] = {
    "program.pdf": (b"MZ\x90\x00" + bytes(100), "The content of program.pdf is not what its name says"),
    "elf.jpg": (b"\x7fELF" + bytes(100), "The content of elf.jpg is not what its name says"),
    "page.pdf": (b"<!doctype html><script>alert(1)</script>", "The content of page.pdf is not what its name says"),
    "drawing.png": (b"<svg onload=alert(1)>", "The content of drawing.png is not what its name says"),
    "plain.docx": (archive(("a.txt", b"x")), "The content of plain.docx is not what its name says"),
    "bomb.docx": (docx(BOMB), "The file bomb.docx unpacks to far too much."),
    "bomb.odt": (odt(BOMB), "The file bomb.odt unpacks to far too much."),
    "crowd.docx": (docx(*CROWD), "The file crowd.docx unpacks to far too much."),
    "script.js": (b"alert(1)", "We cannot read files like script.js."),
    "nothing.pdf": (b"", "The file nothing.pdf is empty."),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_wrong_file_is_named_and_neither_kept_nor_sent(running: Running, name: str) -> None:
    content, said = FILES[name]
    fields = {**await running.form(), "text": "Keep me."}
    answer = await running.client.post("/en/complaint?go=2", data=multipart(fields, [(name, content), ("a.png", PNG)]))
    page = await answer.text()
    assert answer.status == 422
    assert said in page
    assert "Keep me.</textarea>" in page
    assert [file.name for file in running.door.waiting.values()] == ["a.png"]
    answer = await running.client.post(
        "/api/v1/messages", data=multipart({"text": "x", "language": "en"}, [(name, content)])
    )
    assert answer.status == 422
    assert said in (await answer.json())["errors"][0]["message"]
    assert running.door.raw == []


async def test_good_office_files_are_taken(running: Running) -> None:
    fields = {**await running.form(), "text": "See."}
    data = multipart(fields, [("a.docx", docx()), ("b.odt", odt(("content.xml", b"<x/>")))])
    answer = await running.client.post("/en/complaint?send", data=data, allow_redirects=False)
    assert answer.status == 303


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_megabyte_of_text_comes_back_whole_and_quickly(running: Running, language: str) -> None:
    text = "Nobody answers. " * 62_000
    began = time.perf_counter()
    path = f"/{language}/complaint?go=2"
    answer = await post(running, path, {**await form(running, language), "text": text.encode()})
    page = await answer.text()
    assert answer.status == 422
    assert 'id="text-wrong-1"' in page
    assert f'<html lang="{language}">' in page
    assert f"{text.strip()}</textarea>" in page
    assert time.perf_counter() - began < 5
    # More than that is not read; the browser's own page has it still.
    answer = await post(running, path, {**await form(running, language), "text": 2 * text.encode()})
    assert answer.status == 413
    assert f'<html lang="{language}">' in await answer.text()


HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "an attribute": '"><input name="key" value="x" onfocus=alert(1) autofocus="',
    "a template": "{{ 7*7 }} {% raw %} {reference} %(name)s ${x}",
    "controls": "a\x00b\x07c\x1b[31md\x7fe\x85f",
    "directions": f"a{_BIDI}b",
    "half a surrogate": b"a\xed\xa0\x80b".decode("utf-8", "surrogatepass"),
    "headers": "a\r\nBcc: victim@mail.example\r\n\r\nx",
    "a path": "../../../etc/passwd\x00.pdf",
    "SQL": "'; DROP TABLE inbox; --",
    "many marks": "Z" + "\u0300" * 60,
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_words_are_shown_as_words_and_kept_clean(running: Running, kind: str) -> None:
    words = HOSTILE[kind]
    raw = words.encode("utf-8", "surrogatepass")
    typed = {"text": raw, "wanted": raw, "name": raw, "post": raw, "for_name": raw, "member_number": raw[:40]}
    answer = await post(running, "/en/complaint?go=3", {**await form(running, "en"), **typed})
    page = await answer.text()
    assert answer.status in (200, 422)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'onfocus=alert(1) autofocus="' not in page
    assert "Traceback" not in page
    assert "49" not in page.partition('<dl class="answers">')[2].partition("</dl>")[0]
    for mark in ("\x00", "\x07", "\x1b", "\x7f", "\x85"):
        assert mark not in page
    answer = await running.client.post("/en/complaint?send", data=hidden_as_typed(page), allow_redirects=False)
    assert answer.status in (303, 422)
    for stored in running.door.raw:
        sent = Submission.from_bytes(stored)
        for line in (sent.name, sent.post, sent.for_name, sent.member_number):
            assert not set(line) & set(_BIDI + "\r\n\x00\x1b")


def hidden_as_typed(page: str) -> dict[str, str]:
    """The hidden fields as a browser reads them."""
    return {name: unescape(value) for name, value in hidden(page).items()}


@pytest.mark.parametrize(
    "number", ["99.99.99-999-99", "00000000000", "85.13.45-001.00", "0000", "٠٤٢", "not at hand", "1" * 40]
)
async def test_an_impossible_number_keeps_nobody_out(running: Running, number: str) -> None:
    data = {**await running.form(), "text": "On 31 February 2026 and on 99/99/9999.", "member_number": number}
    answer = await running.client.post("/en/complaint?send", data=data, allow_redirects=False)
    assert answer.status == 303
    assert Submission.from_bytes(running.door.raw[0]).member_number == number


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "given", ["", "0" * 64, "x", "é" * 64, "another browser's"], ids=["none", "zeros", "short", "no ASCII", "stolen"]
)
async def test_a_wrong_token_says_so_in_words_and_keeps_everything(running: Running, language: str, given: str) -> None:
    other = await running.form()
    running.client.session.cookie_jar.clear()
    data = {**await running.form(language), "text": "Keep me.", "name": "Jan"}
    data["csrf"] = other["csrf"] if given == "another browser's" else given
    answer = await running.client.post(f"/{language}/complaint?send", data=data)
    page = await answer.text()
    assert answer.status == 403
    assert f'<html lang="{language}">' in page
    assert 'id="problems"' in page
    assert "Keep me.</textarea>" in page
    assert hidden(page)["name"] == "Jan"
    assert running.door.raw == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_cookies_of_nobody_open_nothing_and_break_nothing(running: Running, language: str) -> None:
    token = await running.submitted("A secret story.", name="Marie Dubois")
    running.client.session.cookie_jar.clear()
    pages = set()
    for cookie in ("", "x", "../../etc/passwd", "%00", "A" * 4000, token[:-1] + "_", token.swapcase()):
        headers = {"Cookie": f"case={cookie}"}
        for method, path in (("GET", "case"), ("GET", "receipt"), ("GET", "case/letter"), ("POST", "case")):
            answer = await running.client.request(method, f"/{language}/{path}", headers=headers, data=None)
            page = await answer.text()
            assert answer.status in (403, 404, 415), (cookie, path)
            assert f'<html lang="{language}">' in page
            assert "Marie" not in page
            assert "secret story" not in page
            if answer.status == 404:
                pages.add(page)
    assert len(pages) == 1
