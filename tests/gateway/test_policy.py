"""The quality policy as a PDF: made once, one at a time, tried again after a rest, readable by a screen reader."""

from __future__ import annotations

import asyncio
import re
import zlib
from html.parser import HTMLParser

import pytest

from config.quality import policies
from config.vocabulary import LANGUAGES, Language
from gateway.policy import REST_SECONDS, PolicyPdf
from router.pdf import PdfError
from router.policy import policy_html
from router.texts import typographic


class Typesetter:
    """Counts what it makes and how many at once; fails while told to."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.at_once = self.most_at_once = 0
        self.broken = False

    async def __call__(self, html: str) -> bytes:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        self.made.append(html)
        if self.broken:
            raise PdfError("out of order")
        return html.encode()


async def test_each_language_is_made_once_however_many_ask() -> None:
    typesetter = Typesetter()
    policy = PolicyPdf(typesetter)
    got = await asyncio.gather(*(policy.in_language(language) for language in LANGUAGES * 5))
    assert len(typesetter.made) == len(LANGUAGES)
    assert typesetter.most_at_once == 1
    assert len(set(got)) == len(LANGUAGES)


async def test_after_a_failure_it_rests_whoever_asks_and_then_tries_again() -> None:
    now = 1000.0
    typesetter = Typesetter()
    typesetter.broken = True
    policy = PolicyPdf(typesetter, clock=lambda: now)
    assert await asyncio.gather(*(policy.in_language(language) for language in LANGUAGES * 5)) == [None] * 20
    assert len(typesetter.made) == 1
    typesetter.broken = False
    assert await policy.in_language("fr") is None
    now += REST_SECONDS
    assert await policy.in_language("fr") is not None


async def test_the_pdf_has_a_language_a_title_and_a_structure() -> None:
    made = await PolicyPdf().in_language("de")
    assert made is not None
    # Most of a PDF's objects lie compressed in streams.
    inside = made + b"".join(_unpacked(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", made, re.DOTALL))
    assert re.search(rb"/Lang \(de\)", inside)
    assert b"/StructTreeRoot" in inside
    assert "Unsere Qualitätspolitik" in inside.decode("utf-8", "ignore")
    assert b"/URI" not in inside


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_says_what_the_page_says(language: Language) -> None:
    policy = policies()[language]
    html = policy_html(policy, language)
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = words.append  # type: ignore[method-assign]  # A parser that only collects.
    parser.feed(html)
    text = "".join(words)
    for part in policy.sections:
        for line in (part.title, *part.text, *part.points):
            assert typographic(line, language) in text
    assert "2026" in text
    body = html[html.index("<body>") :]
    assert not set("{}") & set(body)


def _unpacked(part: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(part)
    except zlib.error:
        return b""
