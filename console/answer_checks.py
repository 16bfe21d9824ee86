"""What a colleague is asked about once before an answer leaves: it never keeps anybody from sending."""

from __future__ import annotations

import re
from typing import Final, Literal

from config.ready_texts import BLANK
from config.vocabulary import Language

# In another language than the member's; with a blank of a ready text left; "attached" is written, and answers carry no files.
Doubt = Literal["language", "blank", "attachment"]
DOUBTS: Final[tuple[Doubt, ...]] = ("language", "blank", "attachment")
# Fewer letters of one's own say nothing of a language.
_FEWEST_LETTERS: Final = 30
_ATTACHED: Final = re.compile(
    r"\b(?:ci-joints?|ci-jointes?|en annexe|pi[eè]ces? jointes?|in bijlage|bijgevoegd|als bijlage|anbei|im anhang|beigef[uü]gt"
    r"|attached|attachment|enclosed)\b",
    re.IGNORECASE,
)


def own_words(text: str, opening: str) -> str:
    """What somebody wrote between the greeting and the signature that stood there before."""
    given = {line.strip() for line in opening.splitlines()}
    return "\n".join(line for line in text.splitlines() if line.strip() not in given)


def says_enough(words: str) -> bool:
    """Whether there are enough letters to tell a language by."""
    return sum(sign.isalpha() for sign in words) >= _FEWEST_LETTERS


def doubts(words: str, *, spoken: Language | None, wanted: str) -> tuple[Doubt, ...]:
    """What is odd about an answer. `spoken` is the language that it surely is in, None where nobody can tell."""
    found: list[Doubt] = []
    if spoken is not None and spoken != wanted:
        found.append("language")
    if BLANK in words:
        found.append("blank")
    if _ATTACHED.search(words):
        found.append("attachment")
    return tuple(found)


def with_ready_words(text: str, words: str, opening: str) -> str:
    """The text with a ready text in it: in the place that the greeting and the signature leave, else before the signature,
    else at the end."""
    head, _, tail = opening.partition("\n\n\n\n")
    if not text.strip() or text.split() == opening.split():
        return f"{head}\n\n{words}\n\n{tail}"
    if tail and text.rstrip().endswith(tail):
        before = text.rstrip()[: -len(tail)].rstrip()
        return f"{before}\n\n{words}\n\n{tail}"
    return f"{text.rstrip()}\n\n{words}"
