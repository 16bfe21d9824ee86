"""Where a ready text goes in what was written so far: a paragraph of its own, behind the greeting and before the signature."""

from __future__ import annotations

from typing import Final

# Between the greeting and the signature of an answer that nobody has begun (console.case_file.opening_words).
_GAP: Final = "\n\n\n\n"


def with_ready_words(text: str, words: str, opening: str) -> str:
    """The text with a ready text in it. One that stands there already is not put in a second time: the same press may come
    twice. acts.js does the same at the caret."""
    if f"\n\n{words}\n\n" in f"\n\n{text.strip()}\n\n":
        return text
    head, _, tail = opening.partition(_GAP)
    if not text.strip() or text.split() == opening.split():
        return _paragraphs(head, words, tail)
    end = _signed_at(text, tail)
    return _paragraphs(text[:end].rstrip(), words, text[end:].strip())


def _signed_at(text: str, signature: str) -> int:
    """Where the signature begins, or what is left of it: the name of who signs, on a line of its own; else the end."""
    for sign in filter(None, (signature, signature.partition("\n")[0])):
        lines = f"\n{text}\n"
        if (at := lines.rfind(f"\n{sign}\n")) >= 0:
            return at
    return len(text)


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))
