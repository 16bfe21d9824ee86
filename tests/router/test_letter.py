"""The letter to the coordinating doctor: the member's words, nothing fetched, bounded, in a child process (security E2)."""

from __future__ import annotations

import asyncio
import http.server
import os
import threading
from datetime import date
from html.parser import HTMLParser

import pytest

from config.vocabulary import LANGUAGES
from router.letter import LetterData, letter_html
from router.pdf import PdfError, make_pdf, render_pdf

HOSTILE = (
    "<script>alert(1)</script> <img src='file:///etc/passwd'> <link rel=attachment href='file:///etc/hostname'>\n"
    "<style>@import url(file:///etc/passwd);</style> </blockquote></html> {reference} [due: x] &amp; &lt;\n"
    "\u202egnitirw \x00\x07 url(http://127.0.0.1/x)"
)


def letter(text="Bonjour,\n\nDeux lignes\nici.", language="fr", **more):
    given = {"name": "Marie Dubois", "member_number": "123 456 789"} | more
    return LetterData(language, "PM-2026-004217-75", text, date(2026, 11, 18), **given)


class Tags(HTMLParser):
    """The tags and attributes of a page, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_address_is_french_and_the_words_are_the_members(language):
    html = letter_html(letter(language=language))
    assert f'<html lang="{language}">' in html
    assert (
        "Médecin Coordinateur<br>Union Nationale des Mutualités Libres<br>rue Saint Hubert 19<br>1150 Bruxelles" in html
    )
    assert "<p>Deux lignes<br>ici.</p>" in html
    assert "PM-2026-004217-75" in html
    body = "".join(Tags(html[html.index("<body>") :]).words)
    assert not set("{}") & set(body)


def test_what_a_member_wrote_is_only_text():
    quiet, hostile = Tags(letter_html(letter("x"))), Tags(letter_html(letter(HOSTILE)))
    assert set(hostile.tags) == set(quiet.tags) | {"br"}
    assert hostile.tags.count("link") == hostile.tags.count("img") == hostile.tags.count("script") == 0
    assert not {"src", "href", "style", "onload"} & set(hostile.attributes)
    text = "".join(hostile.words)
    assert "{reference} [due: x] &amp; &lt;" in text
    assert "\u202e" not in text
    assert "\x00" not in text


@pytest.mark.parametrize("field", ["name", "member_number", "contact"])
def test_other_fields_are_only_text_too(field):
    html = letter_html(letter("x", **{field: "<img src=x>\n\u202eabc" + "y" * 500}))
    assert "<img" not in html
    assert "\u202e" not in html
    assert "y" * 201 not in html


def test_file_names_are_listed_and_cut():
    html = letter_html(letter("x", files=tuple(f"<b>{n}</b>.pdf" for n in range(20))))
    assert html.count("<li>") == 10
    assert "&lt;b&gt;0&lt;/b&gt;.pdf" in html


def test_a_letter_without_name_or_address_has_lines_to_write_on():
    html = letter_html(letter("x", name="", member_number=""))
    assert html.count("class='blank'") >= 3
    assert "Numéro de membre" in html


def test_a_letter_without_a_text_has_lines_to_write_it_on():
    assert letter_html(letter(" \n\n")).count("blank hand") == 8
    assert "blank hand" not in letter_html(letter("x"))


def test_too_long_a_text_is_cut_and_says_so():
    assert "dossier PM-2026-004217-75" not in letter_html(letter("x" * 20_000))
    assert "dossier PM-2026-004217-75" in letter_html(letter("x" * 20_001))
    many = letter_html(letter("a\n" * 9_000))
    assert many.count("<br>") < 1_100
    assert "dossier PM-2026-004217-75" in many


async def test_the_pdf_is_made_in_a_child_without_our_settings(monkeypatch):
    monkeypatch.setenv("GUICHET_SECRET_KEY", "never for the child")
    monkeypatch.setenv("DATABASE_URL", "never for the child")
    given = {}
    start = asyncio.create_subprocess_exec

    async def watched(*args, **options):
        given.update(options["env"])
        return await start(*args, **options)

    monkeypatch.setattr("router.pdf.asyncio.create_subprocess_exec", watched)
    pdf = await make_pdf(letter_html(letter(HOSTILE)), timeout=60)
    assert pdf.startswith(b"%PDF-")
    # No file was attached to it, and no link made.
    assert b"/EmbeddedFile" not in pdf
    assert b"/URI" not in pdf
    assert "PATH" in given
    assert "never for the child" not in given.values()


async def test_a_child_that_takes_too_long_is_ended():
    before = _children()
    with pytest.raises(PdfError, match=r"over 0\.05 seconds"):
        await make_pdf(letter_html(letter()), timeout=0.05)
    assert _children() == before


async def test_a_child_that_fails_is_reported_without_what_was_written():
    with pytest.raises(PdfError) as caught:
        await make_pdf(letter_html(letter("Geheim")) + "<p style='break-after: page'>Geheim</p>" * 201)
    assert "Geheim" not in str(caught.value)


def test_nothing_is_fetched_even_if_markup_came_in(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("XYZZY")
    hits = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)

    server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        port = server.server_address[1]
        html = (
            f"<html lang=en><head><title>t</title><link rel=stylesheet href='http://127.0.0.1:{port}/a.css'>"
            f"<link rel=attachment href='{secret.as_uri()}'></head>"
            f"<body><img alt=x src='http://127.0.0.1:{port}/b.png'><img alt=x src='{secret.as_uri()}'></body></html>"
        )
        try:
            pdf = render_pdf(html)
        except PdfError:
            pdf = b""
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert hits == []
    assert b"XYZZY" not in pdf
    assert b"/EmbeddedFile" not in pdf


def test_a_letter_has_at_most_two_hundred_pages():
    with pytest.raises(PdfError, match="200 pages"):
        render_pdf("<html lang=en><title>t</title>" + "<p style='break-after: page'>x</p>" * 201)


def _children() -> set[str]:
    listed = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    with open(listed) as children:  # noqa: PTH123  # A kernel file, not a path of ours.
        return set(children.read().split())
