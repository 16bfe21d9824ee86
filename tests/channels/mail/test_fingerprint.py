"""The identity of a mail (M11)."""

from __future__ import annotations

import time

import pytest

from channels.mail.fingerprint import external_id

MAIL = b"""From: Lea <lea@example.org>
To: plaintes@partenamut.example
Subject: =?utf-8?q?R=C3=A9ponse?= toujours
 pas venue
Message-ID: <1@example.org>
Content-Type: text/plain; charset=utf-8

Bonjour,

merci.
"""


@pytest.mark.parametrize(
    "other",
    [
        b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0100\n" + MAIL,
        b"Return-Path: <lea@example.org>\nDelivered-To: plaintes@partenamut.example\nX-Original-To: x@y.example\n"
        + MAIL,
        b"ARC-Seal: i=1; a=rsa-sha256;\n b=abc\nDKIM-Signature: v=1;\n\tb=def\nAuthentication-Results: mx; dkim=pass\n"
        + MAIL,
        MAIL.replace(b"\n\nBonjour", b"\nX-Spam-Score: 3\nContent-Length: 17\n\nBonjour"),
        MAIL.replace(b"\n", b"\r\n"),
        MAIL + b"\n\n",
        MAIL.rstrip(),
        MAIL.replace(b"toujours\n pas", b"toujours pas"),
    ],
    ids=["received", "delivery", "signatures", "spam filter", "crlf", "blank end", "no end", "unfolded"],
)
def test_another_route_is_the_same_item(other: bytes) -> None:
    assert external_id(other) == external_id(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"merci", b"rien"),
        MAIL.replace(b"<1@", b"<2@"),
        MAIL.replace(b"Lea", b"Leo"),
        MAIL.replace(b"Bonjour,\n\nmerci", b"Bonjour,\nmerci"),
        MAIL.replace(b"venue\n", b"venue\nReply-To: other@example.org\n"),
        MAIL.replace(b"utf-8\n", b"iso-8859-1\n"),
    ],
    ids=["body", "message-id", "from", "blank line", "reply-to", "charset"],
)
def test_the_same_id_with_other_content_is_another_item(other: bytes) -> None:
    assert external_id(other) != external_id(MAIL)


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"no header at all", b"\xff\x00:\n\n", b"Subject: only a header"])
def test_any_bytes_have_an_identity(raw: bytes) -> None:
    assert len(external_id(raw)) == 64


def test_sixty_megabytes_are_cheap() -> None:
    raw = MAIL + b"QUJD" * 15_000_000
    start = time.perf_counter()
    external_id(raw)
    assert time.perf_counter() - start < 3


def test_a_header_without_end_is_linear() -> None:
    raw = b"Subject: x\n" + b" y\n" * 1_000_000
    start = time.perf_counter()
    external_id(raw)
    assert time.perf_counter() - start < 3


def test_mails_without_a_body_are_never_taken_for_one_another() -> None:
    texts = [
        b"no header at all, only my story number 1",
        b"no header at all, only my story number 2",
        b"Plainte: numero 1\r\n\r\n",
        b"Plainte: numero 2\r\n\r\n",
        b"From: a@mail.example\r\nX-Story: one\r\n\r\n \r\n",
        b"From: a@mail.example\r\nX-Story: two\r\n\r\n \r\n",
    ]
    assert len({external_id(text) for text in texts}) == len(texts)
