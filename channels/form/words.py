"""What is wrong with a field, as a sentence."""

from __future__ import annotations

from channels.form.fields import LONGEST, MAX_TEXT, MAX_WANTED, Trouble
from channels.web import texts
from config.vocabulary import Language


def sentence(trouble: Trouble, language: Language) -> str:
    """Return the sentence of a trouble, with the file's name or the limit in its place. Plain text, not escaped."""
    words = texts.pages()[language][f"trouble.{trouble.key}"]
    most = {**LONGEST, "text": MAX_TEXT, "wanted": MAX_WANTED}.get(trouble.field, 0)
    return texts.fill(words, {"file": trouble.detail, "most": grouped(most, language)})


def grouped(number: int, language: Language) -> str:
    """Return a whole number with its thousands apart, as the language writes it."""
    gap = {"fr": "\u00a0", "nl": ".", "de": ".", "en": ","}[language]
    return f"{number:,}".replace(",", gap)
