"""What of a file is shown before it is saved: pages as pictures, words as text, and nothing of the file itself (rule F6)."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from channels.pictures.child import PictureError
from channels.pictures.preview import LONGEST, Previews, promised, shown_as, words
from channels.pictures.wording import words as read
from tests.channels.pictures.documents import docx, odt, pdf
from tests.channels.pictures.making import CANARY, NAMES, flood, picture


async def refused(content: bytes, number: int = 1) -> str:
    with pytest.raises(PictureError) as error:
        await Previews().page("key", content, number)
    return error.value.reason


@pytest.mark.parametrize("kind", NAMES)
async def test_a_picture_is_a_page_without_what_stands_beside_its_pixels(kind: str) -> None:
    sent = picture(kind)
    shown = await Previews().page("key", sent, 1)
    drawn = Image.open(io.BytesIO(shown.jpeg))
    assert shown.count == 1
    assert drawn.format == "JPEG"
    assert drawn.size == (64, 96)
    assert not dict(drawn.getexif())
    assert CANARY.encode() not in shown.jpeg


async def test_a_large_picture_is_made_small() -> None:
    shown = await Previews().page("key", picture("jpeg", size=(4000, 3000)), 1)
    assert max(Image.open(io.BytesIO(shown.jpeg)).size) <= 2000


async def test_each_page_of_a_pdf_is_drawn_by_itself() -> None:
    content, previews = pdf("Een", "Twee", "Drie"), Previews()
    pages = [await previews.page("key", content, number) for number in (1, 2, 3)]
    assert [page.count for page in pages] == [3, 3, 3]
    assert len({page.jpeg for page in pages}) == 3
    for page in pages:
        drawn = Image.open(io.BytesIO(page.jpeg)).convert("L")
        # Paper with ink on it.
        assert drawn.getextrema() == (0, 255)
        assert drawn.width <= 1401


async def test_what_was_just_drawn_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    previews = Previews()
    first = await previews.page("key", picture("png"), 1)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert await previews.page("key", picture("png"), 1) is first
    with pytest.raises(OSError, match="nowhere"):
        await previews.page("other", picture("png"), 1)


async def test_what_cannot_be_drawn_says_why() -> None:
    assert await refused(flood(100_000, 100_000)) == "pixels"
    assert await refused(b"%PDF-1.7 and nothing more") == "broken"
    assert await refused(pdf("Een"), 2) == "broken"
    assert await refused(picture("png"), 2) == "broken"


async def test_a_child_that_writes_anything_else_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    child.write_text("#!/bin/sh\nprintf '1\\n<svg onload=alert(1)>'\n")
    child.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(child))
    assert await refused(picture("png")) == "broken"


async def test_the_words_of_documents_in_their_order() -> None:
    word = docx(
        "<w:p><w:r><w:t>Geachte</w:t><w:tab/><w:t>mevrouw</w:t></w:r></w:p><w:p><w:r><w:t>Ik wacht.</w:t></w:r></w:p>"
    )
    assert await words(word) == ("Geachte\tmevrouw\nIk wacht.", False)
    office = odt("<text:h>Titre</text:h><text:p>Bonjour <text:span>à vous</text:span>,<text:line-break/>merci</text:p>")
    assert await words(office) == ("Titre\nBonjour à vous,\nmerci", False)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_plain_text_is_read_in_what_people_write(coding: str) -> None:
    assert await words("Été à Liège : 12 €".encode(coding)) == ("Été à Liège : 12 €", False)


async def test_a_long_text_is_cut_and_says_so() -> None:
    text, cut = await words(b"a" * (LONGEST + 1))
    assert (len(text), cut) == (LONGEST, True)
    assert (await words(b"a" * LONGEST))[1] is False


async def test_no_mark_turns_what_is_read() -> None:
    assert await words("a\u202eb\x00".replace("\x00", "\x07").encode()) == ("ab", False)


def test_no_entity_brings_another_file_in(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Kanarie")
    head = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "lol">]>'
    found = read(docx("<w:p><w:r><w:t>a&x;&y;b</w:t></w:r></w:p>", head=head))
    assert b"Kanarie" not in found
    assert b"lol" not in found


async def test_a_bomb_in_a_document_is_refused() -> None:
    with pytest.raises(PictureError):
        await words(docx(f"<w:p><w:r><w:t>{'a' * (33 * 1024 * 1024)}</w:t></w:r></w:p>"))


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(exclude_characters="\0"), max_size=300).map("Beste, {}".format),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_of_any_text_all_that_is_printed_is_shown(text: str, coding: str) -> None:
    found = read(text.encode(coding, "replace")).decode()
    assert found == "".join(sign for sign in found if sign.isprintable() or sign in "\n\t")
    if text.isascii() and text.isprintable():
        assert found == text


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("scan.pdf", b"%PDF-1.4", "pages"),
        ("scan", b"%PDF-1.4", "pages"),
        ("foto.jpg", picture("jpeg"), "pages"),
        ("brief.docx", b"PK\x03\x04", "words"),
        ("nota.txt", b"hallo", "words"),
        ("page.html", b"<script>alert(1)</script>", None),
        ("dessin.svg", b"<svg/>", None),
        ("foto.jpg", b"<svg/>", None),
        ("tabel.xlsx", b"PK\x03\x04", None),
        ("", b"", None),
    ],
)
def test_what_is_shown_is_what_it_holds(name: str, content: bytes, shown: str | None) -> None:
    assert shown_as(name, content) == shown


def test_a_list_promises_by_the_name_alone() -> None:
    assert [promised(name) for name in ("A.PDF", "b.Docx", "c.zip", "d.html", "")] == [
        "pages",
        "words",
        None,
        None,
        None,
    ]
