"""From stored bytes to a message: nothing is lost on the way, and broken bytes say so."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import UnreadableError
from channels.form import fields
from channels.form.files import trouble
from channels.form.parse import parse
from channels.form.submission import Submission
from channels.message import RawMessage, Sender
from channels.web.body import Upload
from tests.channels.form.doors import NOW
from tests.channels.pictures.making import flood


def raw(submission: Submission) -> RawMessage:
    """As the house stores it."""
    return RawMessage("webform", "form", "form-1", submission.to_bytes(), NOW, {"address": "192.0.2.1"})


def test_everything_given_arrives() -> None:
    message = parse(
        raw(
            Submission(
                text="Over PM-2026-004217-75.\nTweede regel.",
                language="nl",
                subject="Mijn klacht",
                name="Jan Peeters",
                email="jan@mail.example",
                phone="0470 00 00 00",
                member_number="123",
                files=(Upload("brief.pdf", "application/octet-stream", b"%PDF-1.7"),),
            )
        )
    )
    assert message.sender == Sender("email", "jan@mail.example", "Jan Peeters")
    assert message.other_contacts == (Sender("phone", "+32470000000", "Jan Peeters"),)
    assert (message.text, message.reply) == ("Over PM-2026-004217-75.\nTweede regel.",) * 2
    assert (message.subject, message.member_number, message.language_hint) == ("Mijn klacht", "123", "nl")
    assert message.thread.quoted_references == ("PM-2026-004217-75",)
    assert [(file.name, file.type, file.size) for file in message.attachments] == [("brief.pdf", "application/pdf", 8)]


def test_what_is_wanted_and_for_whom_is_part_of_what_was_said() -> None:
    message = parse(
        raw(
            Submission(
                text="Mijn vader wacht al drie maanden.",
                language="nl",
                name="An Peeters",
                post="Kerkstraat 1, 9000 Gent",
                wanted="Een antwoord.",
                for_name="Jan Peeters",
                for_tie="zijn dochter",
            )
        )
    )
    assert message.text == message.reply
    assert message.text == (
        "Mijn vader wacht al drie maanden.\n\nWat ik vraag:\nEen antwoord.\n\nIk schrijf voor: Jan Peeters, zijn dochter"
    )
    assert message.sender == Sender("post", "Kerkstraat 1, 9000 Gent", "An Peeters")


def test_bytes_from_before_the_three_pages_are_read_as_ever() -> None:
    old = (
        b'guichet-form/1\n{"disagrees":false,"email":"","files":[],"language":"fr","member_number":"","name":"",'
        b'"phone":"","subject":"","text":"x"}\n'
    )
    assert Submission("x", language="fr").to_bytes() == old
    assert Submission.from_bytes(old) == Submission("x", language="fr")


@pytest.mark.parametrize(
    ("submission", "sender"),
    [
        (Submission("x"), None),
        (Submission("x", phone="+32 470 00 00 00"), Sender("phone", "+32470000000")),
        (Submission("x", name="Jan"), Sender("post", "", "Jan")),
    ],
)
def test_sender(submission: Submission, sender: Sender | None) -> None:
    assert parse(raw(submission)).sender == sender


_text = st.text(max_size=100).map(fields.clean_text)
_uploads = st.lists(st.builds(Upload, _text, _text, st.binary(max_size=200)), max_size=3).map(tuple)


@given(
    st.builds(
        Submission,
        text=_text,
        language=st.sampled_from([None, "fr", "de"]),
        name=_text,
        email=_text,
        wanted=_text,
        post=_text,
        for_name=_text,
        for_tie=_text,
        files=_uploads,
        disagrees=st.booleans(),
    )
)
def test_bytes_and_back(submission: Submission) -> None:
    assert Submission.from_bytes(submission.to_bytes()) == submission
    assert submission.body_hash() == Submission.from_bytes(submission.to_bytes()).body_hash()


@given(st.binary(max_size=200), st.integers(0, 300))
def test_broken_bytes_are_unreadable_and_nothing_worse(junk: bytes, cut: int) -> None:
    whole = Submission("x", files=(Upload("a", "b", b"contents"),)).to_bytes()
    for broken in (junk, b"guichet-form/1\n" + junk + b"\n", whole[: min(cut, len(whole) - 1)]):
        with pytest.raises(UnreadableError):
            Submission.from_bytes(broken)


@given(st.dictionaries(st.sampled_from(["text", "name", "email", "phone", "language"]), st.text(max_size=60)))
def test_what_is_checked_can_always_be_stored(values: dict[str, str]) -> None:
    submission, _ = fields.check(values, [])
    assert "\0" not in submission.text + submission.name
    parse(raw(submission))


def _zip(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


DOCX = _zip({"[Content_Types].xml": "", "word/document.xml": ""})
ODT = _zip({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""})
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0"
WEBP = b"RIFF\0\0\0\0WEBPVP8 "


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("letter.pdf", b"%PDF-1.7\n", None),
        ("LETTER.PDF", b"%PDF-1.7\n", None),
        ("photo.jpg", JPEG, None),
        ("photo.heic", HEIC, None),
        ("photo.webp", WEBP, None),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0", None),
        ("note.txt", "Là-bas, déjà.\n".encode("cp1252"), None),
        ("note.txt", "Là-bas".encode("utf-16"), None),
        ("mail.txt", b"From: jan@mail.example\nTo: us@mail.example\n\nHello.", None),
        ("letter.docx", DOCX, None),
        ("letter.odt", ODT, None),
        ("empty.pdf", b"", "empty"),
        ("program.exe", b"MZ\x90\0", "kind"),
        ("picture.svg", b"<svg/>", "kind"),
        ("noname", b"%PDF-1.7", "kind"),
        ("photo.png", b"%PDF-1.7\n", "mismatch"),
        ("page.txt", b"<!DOCTYPE html><script>", "mismatch"),
        ("letter.docx", _zip({"evil.exe": ""}), "mismatch"),
        ("letter.docx", b"PK\x03\x04broken", "mismatch"),
        ("letter.odt", DOCX, "mismatch"),
        ("letter.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "locked"),
        ("letter.pdf", b"%PDF-1.7\ntrailer<</Encrypt 5 0 R>>", "locked"),
        ("photo.png", flood(100_000, 100_000), "pixels"),
        ("photo.png", flood(8192, 6144), None),
        ("photo.jpg", flood(100_000, 100_000), "mismatch"),
        ("program.txt", b"MZ\x90\0\x03", "mismatch"),
    ],
)
def test_content_name_and_list_must_agree(name: str, content: bytes, expected: str | None) -> None:
    assert trouble(Upload(name, "", content)) == expected


@given(st.sampled_from([".pdf", ".docx", ".txt", ".png"]), st.binary(max_size=500))
def test_judging_a_file_never_fails(ending: str, content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"%PDF-"):
        assert trouble(Upload(f"x{ending}", "", start + content)) in (None, "empty", "mismatch", "locked", "pixels")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\photo.png", "photo.png"),
        ("", "file"),
        ("a\0b\nc.pdf", "ab c.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_file_names_are_data(given_name: str, kept: str) -> None:
    assert fields.clean_file_name(given_name) == kept


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0470 00 00 00", "+32470000000"),
        ("+33 1 70 00 00 00", "+33170000000"),
        ("12", None),
        ("call me", None),
        ("", None),
    ],
)
def test_phone_numbers(typed: str, expected: str | None) -> None:
    assert fields.international(typed) == expected
