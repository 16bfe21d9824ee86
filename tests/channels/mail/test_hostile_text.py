"""Texts made to be slow to read: the time may grow with the length, not with its square (security rule R2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from email import message_from_string
from email.message import Message
from itertools import pairwise

import pytest

from channels.mail.reply import split
from channels.mail.robots import screen

# Repeated until the wanted length is reached.
SEEDS = {
    "spaces": " ",
    "tabs and blanks": "\t \u00a0",
    "line ends": "\n",
    "one long line": "a",
    "quote signs": ">",
    "quoted lines": "> a\n",
    "nested quotes": ">>>> > >> a\n",
    "On On On": "On ",
    "On on lines": "On\n",
    "dated openers": "On Wed, Apr 4, 2012 at 3:59 PM, ",
    "dated openers on lines": "On Wed, Apr 4, 2012 at 3:59 PM,\n",
    "introductions": "Le 4 mai 2026 à 09:15, a <a@example.com> a écrit :\n",
    "introductions of quotes": "Le 4 mai 2026 à 09:15, a <a@example.com> a écrit :\n> b\n",
    "introductions after blanks": "\n\n\nOn 4 May 2026 09:15, a@example.com wrote:\n> b\n",
    "verbs": "schreef ",
    "labels": "De : a@example.com\n",
    "header blocks": "De : a@example.com\nEnvoyé : lundi 4 mai 2026 09:15\nÀ : b\nObjet : c\n",
    "colons": ":",
    "colon lines": "a:\n",
    "weekday times": "wo 4 10:12 ",
    "drawn lines": "--\n",
    "one drawn line": "-",
    "closings": "Cordialement,\n",
    "closings and names": "Cordialement,\nMarie\n\n",
    "devices": "Envoyé de mon iPhone\n",
    "names": "Marie Dupont\n",
    "capitals": "A ",
    "dashed names": "- Marie\n",
    "digits": "1",
    "dates": "04/05/2026 ",
    "at signs": "@",
    "addresses": "a@b.example ",
    "almost addresses": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "angles": "<",
    "brackets of identifiers": "<a@",
    "braces": "{",
    "json": '{"notificationType":',
    "forwards": "---------- Forwarded message ----------\n",
    "originals": "-----Original Message-----\n",
    "disclaimers": "This message is confidential and intended for the recipient. ",
    "invisible signs": "\u200b",
    "odd signs": "\U0001f600\u0301",
    "status codes": "5.1.1 550 ",
    "report fields": "Final-Recipient: rfc822; a@example.com\nAction: failed\n\n",
    "encoded words": "=?a?q?",
}
HTML_SEEDS = {
    "divs": "<div>",
    "closed divs": "<div>a</div>",
    "blockquotes": "<blockquote>a",
    "cited blockquotes": '<blockquote type="cite">a</blockquote>b',
    "gmail containers": '<div class="gmail_quote">a<blockquote class="gmail_quote">b</blockquote>',
    "boundaries": '<div id="divRplyFwdMsg">a: b</div>',
    "signatures": '<div class="gmail_signature">a</div>',
    "comments": "<!--",
    "open tags": "<",
    "attributes": '<a b="',
    "styles": '<p style="border-top: solid; display :  none">',
    "entities": "&amp",
    "breaks": "<br>",
    "preformatted": "<pre>\n\n",
    "doctypes": "<!DOCTYPE ",
}
SIZES = (1_000, 10_000, 100_000)


def filled(seed: str, length: int) -> str:
    return (seed * (length // len(seed) + 1))[:length]


def quickest(run: Callable[[], object]) -> float:
    """Give the least of several times of our own process, in seconds, which other work on the machine disturbs least."""
    times = []
    for _ in range(3):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def assert_roughly_linear(seconds: list[float]) -> None:
    """Ten times the text may take thirty times as long (caches, allocation), not a hundred times."""
    floor = 0.002
    for shorter, longer in pairwise(seconds):
        assert longer <= 30 * max(shorter, floor), seconds
    assert seconds[-1] < 2.0, seconds


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_splitting_text(seed: str) -> None:
    assert_roughly_linear([quickest(lambda n=n: split(filled(seed, n))) for n in SIZES])  # type: ignore[misc]


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_splitting_an_answer(seed: str) -> None:
    """The same behind a word of the sender, so that what follows may be history."""
    assert_roughly_linear([quickest(lambda n=n: split("Bonjour\n" + filled(seed, n) + "\nfin")) for n in SIZES])  # type: ignore[misc]


@pytest.mark.parametrize("seed", [*SEEDS.values(), *HTML_SEEDS.values()], ids=[*SEEDS, *HTML_SEEDS])
def test_splitting_html(seed: str) -> None:
    assert_roughly_linear([quickest(lambda n=n: split("", "<p>a</p>" + filled(seed, n))) for n in SIZES])  # type: ignore[misc]


def mail_about(seed: str, length: int) -> tuple[Message, str]:
    """Give a bounce whose header, text and report are all hostile."""
    value = filled(seed, length).replace("\r", " ").replace("\n", " ")
    body = filled(seed, length)
    raw = (
        f"From: Mail Delivery System <mailer-daemon@example.com>\nSubject: {value}\nReceived: {value}\n"
        f'X-Failed-Recipients: {value}\nList-Post: {value}\nContent-Type: multipart/report; boundary="b"; x={value}\n\n'
        f"--b\nContent-Type: message/delivery-status\n\n{body}\n\n--b\nContent-Type: message/rfc822\n\n{body}\n--b--\n"
    )
    return message_from_string(raw), body


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_screening(seed: str) -> None:
    own = frozenset({"plaintes@partenamut.example"})
    seconds = []
    for length in SIZES:
        message, text = mail_about(seed, length)
        seconds.append(quickest(lambda m=message, t=text: screen(m, t, own_addresses=own, envelope={"mail_from": ""})))  # type: ignore[misc]
    assert_roughly_linear(seconds)


@pytest.mark.parametrize("depth", [1_000, 3_000, 100_000])
def test_nesting_keeps_the_text(depth: int) -> None:
    parts = split("", "<p>Je me plains.</p>" + "<div>" * depth + "Vraiment &amp; fort." + "</div>" * depth)
    assert parts.new.split() == ["Je", "me", "plains.", "Vraiment", "&", "fort."]
