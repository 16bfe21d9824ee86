"""New text on real mails of public test suites; see the SOURCE.json of each set."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench.replies import bodies, cases, folded, reply_results
from channels.mail.parse import parse
from channels.mail.reply import split
from channels.message import RawMessage

# Expectations that we do not share, with what we do instead and why.
REJECTED = {
    "talon/quote/test_too_many_lines-1": (
        "The set's author had limited his parser to one line; the second line is as new as the first.",
        "Test reply Hi",
    ),
    "talon/quote/test_appointment-10": (
        "Expects quotations cut but the signature kept; name, firm and phone are a signature, and we give it apart.",
        "Response 10/19/2017 @ 9:30 am for physical therapy Bla 1517 4th Avenue Ste 300 London CA 19129, 555-421-6780",
    ),
    "talon/standard/iphone": (
        "Expects only quotations cut; other cases of the same set cut this very line, and we do so everywhere.",
        "Hello",
    ),
    "talon/standard/sparrow": (
        "Expects only quotations cut; what stands under '-- ' is the signature by RFC 3676.",
        "Hello",
    ),
    "mpr/test_danish_gmail_header": (
        "Expects the greeting 'Hej' not to be in the new text; a greeting is part of what somebody writes.",
        "Hej, Svar.",
    ),
    "mpr/test_danish_outlook_separator": (
        "Expects the greeting 'Hej' not to be in the new text; a greeting is part of what somebody writes.",
        "Hej, Svar.",
    ),
}
REAL = [
    pytest.param(case, data, id=case["id"])
    for name in ("talon", "mpr")
    for case, data in cases(name)
    if any(check.startswith("reply") for check in case["checks"])
]


@pytest.mark.parametrize(("case", "data"), REAL)
def test_new_text_of_a_real_mail(case: dict, data: bytes) -> None:
    parts = split(*bodies(case, data))
    if case["id"] in REJECTED:
        assert folded(parts.new) == REJECTED[case["id"]][1]
        assert not all(holds for _, holds in reply_results(case, parts.new)), "no longer to be rejected"
    else:
        assert all(holds for _, holds in reply_results(case, parts.new)), parts


@pytest.mark.parametrize(("case", "data"), REAL)
def test_the_parser_finds_the_same(case: dict, data: bytes) -> None:
    if case["wrap"] is not None:
        kind = "plain" if case["wrap"] == "text" else "html"
        head = (
            f"From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\n\n"
        )
        data = head.encode() + data
    found = parse(RawMessage("email", "plaintes@partenamut.example", "1", data, datetime(2026, 5, 4, tzinfo=UTC)))
    if case["id"] in REJECTED:
        assert folded(found.reply) == REJECTED[case["id"]][1]
    else:
        assert all(holds for _, holds in reply_results(case, found.reply)), found.reply


def test_only_known_cases_are_rejected() -> None:
    assert set(REJECTED) <= {parameter.id for parameter in REAL}
    assert len(REJECTED) <= 6


@pytest.mark.parametrize("name", ["flanker", "mailgem", "mime4j", "sisimai_err", "talon", "mpr"])
def test_no_text_is_lost(name: str) -> None:
    for case, data in cases(name):
        text, html = bodies(case, data)
        parts = split(text, html)
        assert parts.new or not folded(text + html) or not text.strip(), case["id"]
