"""Mails of members in four languages, and the promises of `split` that hold for any text."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.mail.reply import split

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "fixtures" / "mail" / "replies_four_languages.yaml").read_text("utf-8")
)


def folded(text: str) -> str:
    """Fold white space and Unicode forms, in which programs differ without meaning anything by it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def test_there_are_enough_mails_in_every_language() -> None:
    assert len(CASES) >= 60
    assert len({case["id"] for case in CASES}) == len(CASES)
    for language in ("fr", "nl", "de", "en"):
        assert sum(case["lang"] == language for case in CASES) >= 8


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_new_text_and_signature(case: dict[str, Any]) -> None:
    parts = split(case.get("text", ""), case.get("html", ""), subject=case.get("subject", ""))
    assert folded(parts.new) == folded(case["new"])
    for words in case.get("signature", []):
        assert words in parts.signature


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_line_ends_of_mail_change_nothing(case: dict[str, Any]) -> None:
    text, html = case.get("text", ""), case.get("html", "")
    expected = split(text, html, subject=case.get("subject", ""))
    assert split(text.replace("\n", "\r\n"), html.replace("\n", "\r\n"), subject=case.get("subject", "")) == expected


PIECES = st.sampled_from(
    [
        "Bonjour,", "", "> ", ">> q", "On Wed, Apr 4, 2012 at 3:59 PM, b@example.com wrote:", "-- ", "Cordialement,",
        "De : a@example.com", "Envoyé : lundi 4 mai 2026 09:15", "À : b", "Objet : c", "Merci", "Marie Dupont",
        "-----Message d'origine-----", "Envoyé de mon iPhone", "Je n'ai rien reçu.", "________", "Fwd:", "FYI", ":",
        "---------- Forwarded message ----------", "PS : encore", "\u200b", "<div>", "</blockquote>", "<blockquote>",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_text_is_never_lost(pieces: list[str], as_html: bool) -> None:
    text = "\n".join(pieces)
    parts = split(text, "<br>".join(pieces) if as_html else "")
    assert bool(parts.new) == bool(text.replace("\u200b", "").strip())
    everything = folded(parts.new + " " + parts.signature + " " + parts.quoted)
    if "Je n'ai rien reçu." in pieces:
        assert "Je n'ai rien reçu." in everything


@given(st.text(max_size=400), st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_it_never_raises(text: str, html: str) -> None:
    assert isinstance(split(text, html).new, str)
