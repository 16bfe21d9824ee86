"""Files, originals and mails as sent: only through a case that opens, and harmless (rules F6, M13)."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import get_args

import pytest
from PIL import Image

from channels.message import Attachment
from channels.pictures.child import PictureError, Reason
from console import papers
from console.as_sent import harmless
from console.papers import as_attachment
from console.words import ConsoleLanguage, catalogue
from store import audit, correspondence
from store.viewer import Viewer
from tests.channels.pictures.documents import docx, pdf
from tests.channels.pictures.making import CANARY as PICTURE_CANARY
from tests.channels.pictures.making import flood, picture
from tests.console.conftest import Running
from tests.console.example_house import Told, add_case

VIEWER = Viewer(1, "Test", "supervisor", medical=True)


async def first_message(running: Running, key: str) -> correspondence.MessageRow:
    async with running.house.store.read() as tx:
        return (await correspondence.messages_of(tx, VIEWER, running.house.cases[key]))[0]


async def test_a_file_is_saved_and_never_shown(running: Running) -> None:
    tom = await running.sign_in("tom")
    file = (await first_message(running, "marie")).files[0]
    answer = await tom.client.get(f"{running.case('marie')}/file/{file.id}")
    assert answer.status == 200
    assert (await answer.read()).startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''certificat.pdf"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_file_of_one_case_grants_nothing_on_another(running: Running) -> None:
    tom = await running.sign_in("tom")
    file = (await first_message(running, "marie")).files[0]
    sealed = (await first_message(running, "sealed")).files[0]
    for key, number in (("soon", file.id), ("marie", sealed.id), ("marie", 999)):
        await tom.get(f"{running.case(key)}/file/{number}", status=404)
    message = await first_message(running, "sealed")
    await tom.get(f"{running.case('marie')}/original/{message.id}", status=404)


async def test_a_file_that_changed_on_disk_is_said_and_not_given(running: Running) -> None:
    tom = await running.sign_in("tom")
    file = (await first_message(running, "marie")).files[0]
    (running.house.store.files.folder / file.hash[:2] / file.hash).write_bytes(b"other")
    page = await tom.get(f"{running.case('marie')}/file/{file.id}", status=410)
    assert "is lost or has changed" in page


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("été à la mer.pdf", "%C3%A9t%C3%A9%20%C3%A0%20la%20mer.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a"b\r\nSet-Cookie: x=y.pdf', "a_b__Set-Cookie_%20x%3Dy.pdf"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("a\ud800.pdf", "a_.pdf"),
    ],
)
def test_names_of_files_are_data(name: str, given: str) -> None:
    assert as_attachment(b"", name).headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{given}"


async def test_the_original_is_saved_as_it_arrived(running: Running) -> None:
    tom = await running.sign_in("tom")
    message = await first_message(running, "marie")
    answer = await tom.client.get(f"{running.case('marie')}/original/{message.id}")
    assert b"<script>" in await answer.read()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert re.search(r"PM-2026-000001-16-\d+\.eml", answer.headers["Content-Disposition"])


async def test_the_mail_as_sent_stands_in_a_frame_where_nothing_runs(running: Running) -> None:
    tom = await running.sign_in("tom")
    message = await first_message(running, "marie")
    base = f"{running.case('marie')}/as-sent/{message.id}"
    page = await tom.get(base)
    assert re.search(r"<iframe[^>]* sandbox src=", page)
    answer = await tom.client.get(f"{base}/document")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox;")
    text = await answer.text()
    assert "<b>déjà écrit deux fois</b>" in text
    for gone in ("<script", "alert", "<img", "tracker", "href"):
        assert gone not in text
    assert "[https://evil.example/login]" in text


async def test_a_plain_mail_has_no_frame(running: Running) -> None:
    tom = await running.sign_in("tom")
    message = await first_message(running, "soon")
    page = await tom.get(f"{running.case('soon')}/as-sent/{message.id}")
    assert "This mail has no formatted version." in page
    assert "<iframe" not in page


@pytest.mark.parametrize(
    "html",
    [
        "<img src=x onerror=alert(1)>",
        "<svg><feImage href='https://evil.example/x'/></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" \tjava\nscript:alert(1)">x</a>',
        '<form action="https://evil.example"><input name=a></form>',
        '<div style="background:url(https://evil.example/)" class=x id=y data-hx-get=/z hx-get=/z name=q>t</div>',
        "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<iframe src=https://evil.example></iframe><object data=x></object><video src=x></video>",
        "<!--[if mso]><script>alert(1)</script><![endif]-->",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ],
)
def test_nothing_harmful_is_left(html: str) -> None:
    shown = harmless(html).lower()
    for gone in (
        "<img",
        "<svg",
        "<script",
        "<style",
        "<form",
        "<input",
        "<iframe",
        "<object",
        "<video",
        "<base",
        "<math",
    ):
        assert gone not in shown
    assert not re.search(r"<[^>]*\s(on\w+|style|class|id|name|href|src|data[\w-]*|hx-[\w-]*)\s*=", shown)
    assert "http-equiv" not in shown


def test_markup_in_a_link_stays_text() -> None:
    assert "&lt;b&gt;" in harmless("<p>&lt;b&gt;</p>")
    assert "<script" not in harmless('<a href="https://x.example/?<script>">&lt;script&gt;</a>')


async def with_files(running: Running, *files: Attachment, sealed: bool = False) -> list[str]:
    """A case with these files; the addresses of the files, in their order."""
    told = Told(
        "Jan Peeters",
        "jan@mail.example",
        "Zie de foto.",
        language="nl",
        files=files,
        department=None if sealed else "digital",
        chances={"doctor": 0.95} if sealed else {},
    )
    await add_case(running.house, "photo", told)
    message = await first_message(running, "photo")
    return [f"{running.case('photo')}/file/{file.id}" for file in message.files]


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic"])
async def test_a_picture_is_saved_without_where_it_was_taken(running: Running, kind: str) -> None:
    sent = picture(kind)
    (address,) = await with_files(running, Attachment(f"foto.{kind}", f"image/{kind}", sent))
    tom = await running.sign_in("tom")
    answer = await tom.client.get(address)
    given = await answer.read()
    assert answer.status == 200
    name = "foto.jpg" if kind == "heic" else f"foto.{kind}"
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    shown = Image.open(io.BytesIO(given))
    assert shown.size == (64, 96)
    assert not dict(shown.getexif())
    assert PICTURE_CANARY.encode() in sent
    assert PICTURE_CANARY.encode() not in given
    # What was sent is evidence, and stays as it is.
    message = await first_message(running, "photo")
    assert running.house.store.files.read(message.files[0].hash) == sent


@pytest.mark.parametrize(
    ("content", "why"),
    [(flood(100_000, 100_000), "more than 50 megapixels"), (picture("jpeg", size=(640, 480))[:9000], "damaged")],
    ids=["flood", "broken"],
)
async def test_a_picture_that_cannot_be_prepared_is_not_given(running: Running, content: bytes, why: str) -> None:
    (address,) = await with_files(running, Attachment("<b>foto</b>.jpg", "image/jpeg", content))
    tom = await running.sign_in("tom")
    page = await tom.get(address, status=422)
    assert "could not be prepared safely" in page
    assert why in page
    assert "&lt;b&gt;foto&lt;/b&gt;.jpg" in page
    way_out = re.search(r'href="([^"]+/original/\d+)"', page)
    assert way_out
    answer = await tom.client.get(way_out.group(1))
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
@pytest.mark.parametrize("why", get_args(Reason))
async def test_why_a_picture_is_not_given_is_said_in_each_language(
    running: Running, monkeypatch: pytest.MonkeyPatch, language: ConsoleLanguage, why: Reason
) -> None:
    async def refuse(name: str, content: bytes) -> tuple[str, bytes]:
        raise PictureError(why)

    monkeypatch.setattr(papers, "cleaned", refuse)
    (address,) = await with_files(running, Attachment("foto.jpg", "image/jpeg", picture("jpeg")))
    tom = await running.sign_in("tom")
    answer = await tom.client.get(address, headers={"Accept-Language": language})
    assert answer.status == (503 if why == "busy" else 422)
    assert catalogue()[language][f"picture.{why}"] in unescape(await answer.text())


async def test_a_look_at_a_picture_of_a_sealed_case_is_noted_as_before(running: Running) -> None:
    good = Attachment("foto.jpg", "image/jpeg", picture("jpeg"))
    broken = Attachment("flood.png", "image/png", flood(100_000, 100_000))
    first, second = await with_files(running, good, broken, sealed=True)
    tom = await running.sign_in("tom")
    await tom.get(first, status=403)
    anne = await running.sign_in("anne")
    await anne.get(first, status=403)
    await anne.post(f"{running.case('photo')}/open", reason="handling")
    assert (await anne.client.get(first)).status == 200
    await anne.get(second, status=422)
    async with running.house.store.read() as tx:
        entries = await audit.of_case(tx, running.house.cases["photo"])
    looks = [entry.detail for entry in entries if entry.act == "case.viewed" and entry.detail.get("what") == "file"]
    assert looks == [{"what": "file", "file": int(first.rpartition("/")[2])}]


async def test_a_file_is_looked_at_before_it_is_saved(running: Running) -> None:
    files = (
        Attachment("brief.pdf", "application/pdf", pdf("Een", "Twee")),
        Attachment("foto.jpg", "image/jpeg", picture("jpeg")),
        Attachment(
            "nota.docx", "application/octet-stream", docx("<w:p><w:r><w:t>&lt;b&gt;Beste&lt;/b&gt;</w:t></w:r></w:p>")
        ),
        Attachment("page.html", "text/html", b"<script>alert(1)</script>"),
    )
    letter, photo, note, page = await with_files(running, *files)
    tom = await running.sign_in("tom")
    case = await tom.get(running.case("photo"))
    # In the case, a page is drawn where it stands once it is opened; who saves leaves with the file.
    assert f'src="{letter}/look/1"' in case
    assert f'href="{note}/look"' in case
    assert f"{page}/look" not in case
    shown = await tom.get(f"{letter}/look")
    assert re.findall(r'src="([^"]+/look/\d+)"', shown) == [f"{letter}/look/1", f"{letter}/look/2"]
    assert "&lt;b&gt;Beste&lt;/b&gt;" in await tom.get(f"{note}/look")
    assert "are not shown here" in await tom.get(f"{page}/look")
    for address in (f"{letter}/look/2", f"{photo}/look/1"):
        answer = await tom.client.get(address)
        assert answer.status == 200
        assert answer.content_type == "image/jpeg"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert PICTURE_CANARY.encode() not in await answer.read()
    for address in (f"{note}/look/1", f"{page}/look/1", f"{letter}/look/21"):
        await tom.get(address, status=404)
    await tom.get(f"{letter}/look/3", status=422)


async def test_a_file_that_cannot_be_shown_says_what_to_do(running: Running) -> None:
    (address,) = await with_files(running, Attachment("brief.pdf", "application/pdf", b"%PDF-1.4 broken"))
    tom = await running.sign_in("tom")
    page = await tom.get(f"{address}/look", status=422)
    assert "Save it, or ask the sender for another one." in page
    assert f'href="{address}"' in page


async def test_each_look_at_a_page_of_a_sealed_case_is_noted(running: Running) -> None:
    (address,) = await with_files(running, Attachment("brief.pdf", "application/pdf", pdf("Een")), sealed=True)
    anne = await running.sign_in("anne")
    for path in ("look", "look/1"):
        await anne.get(f"{address}/{path}", status=403)
    await anne.post(f"{running.case('photo')}/open", reason="handling")
    for path in ("look", "look/1"):
        assert (await anne.client.get(f"{address}/{path}")).status == 200
    number = int(address.rpartition("/")[2])
    async with running.house.store.read() as tx:
        entries = await audit.of_case(tx, running.house.cases["photo"])
    looks = [entry.detail for entry in entries if entry.detail.get("what") == "file"]
    assert sorted(looks, key=len) == [{"what": "file", "file": number}, {"what": "file", "file": number, "page": 1}]
