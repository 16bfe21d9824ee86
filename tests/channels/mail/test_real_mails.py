"""Every case of the six public sets, as far as parsing goes; replies and robots have tests of their own."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from channels.mail.describe import describe

_SETS = Path(__file__).parents[2] / "fixtures" / "mail"
_WRAP = (
    "From: member@mail.example\nTo: complaints@mutual.example\nSubject: wrapped\nMIME-Version: 1.0\n"
    "Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
)
_EQUAL = ("from_address", "from_name", "subject", "message_id", "in_reply_to")

# What the other parser expects and we do not do, why, and what is asserted in its place.
_REJECTED: dict[tuple[str, str], tuple[str, dict[str, list[str]]]] = {
    ("mime4j/mimetools-testmsgs/uu-zeegee", "text_contains"): (
        "mime4j leaves uuencoded files in the text as lines of signs; we make attachments of them",
        {
            "text": ["I've uuencoded the ZeeGee logo and another GIF file below."],
            "attachments": ["up.gif", "zeegee.gif"],
        },
    ),
    ("mime4j/mimetools-testmsgs/sig-uu", "text_contains"): (
        "the same: the first uuencoded file becomes an attachment, the second has no name and stays in the text",
        {
            "text": ["so here goes... first off, my .sig file:", "And now, a little .gif icon:"],
            "attachments": [".signature"],
        },
    ),
    ("mime4j/testmsgs/malformedHeaderStartsBody-nocrlfcrlf", "text_contains"): (
        "mime4j drops the line after the malformed header; we show it, since it may be what the member wrote",
        {"text": ["This is an invalid header", "AnotherHeader: is this an header", "Body text"], "attachments": []},
    ),
}


def _cases() -> list[Any]:
    cases = []
    for listing in sorted(_SETS.glob("*/cases.jsonl")):
        for line in listing.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            cases.append(pytest.param(case, listing.parent / case["file"], id=case["id"]))
    return cases


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _read(case: dict[str, Any], path: Path) -> bytes:
    data = path.read_bytes()
    return _WRAP.format(kind={"text": "plain", "html": "html"}[case["wrap"]]).encode() + data if case["wrap"] else data


@pytest.mark.parametrize(("case", "path"), _cases())
def test_case(case: dict[str, Any], path: Path) -> None:
    data = _read(case, path)
    found = describe(data, path.name)
    text = _fold(found["text"])
    names = [each["name"] for each in found["attachments"]]
    assert "error" not in found
    assert "\ufffd" not in text or b"\xef\xbf\xbd" in data
    for check, wanted in case["checks"].items():
        rejected = _REJECTED.get((case["id"], check))
        if rejected:
            assert all(_fold(each) in text for each in rejected[1]["text"])
            assert set(rejected[1]["attachments"]) <= set(names)
        elif check in _EQUAL:
            assert _fold(found[check]) == _fold(wanted)
        elif check in {"text_contains", "text_all"}:
            assert all(_fold(each) in text for each in wanted)
        elif check == "attachments":
            assert set(wanted) <= set(names)
        elif check == "attachments_n":
            assert len(names) == wanted


def test_nothing_shown_only_where_nothing_is_said() -> None:
    """Mails without any text: no word in them at all, or only files."""
    silent = {
        case.values[0]["id"]
        for case in _cases()
        if not describe(_read(*case.values), "x")["text"] and not describe(_read(*case.values), "x")["attachments"]
    }
    assert silent == {
        "flanker/false-multipart",
        "mailgem/error_emails/bad_date_header.eml",
        "mailgem/error_emails/bad_date_header2.eml",
        "mailgem/error_emails/empty_in_reply_to.eml",
        "mailgem/error_emails/missing_body.eml",
        "mailgem/error_emails/must_supply_encoding.eml",
        "talon/html/test_bad_html-60",
    }


def test_every_rejection_names_a_case() -> None:
    known = {(case.values[0]["id"], check) for case in _cases() for check in case.values[0]["checks"]}
    assert set(_REJECTED) <= known
