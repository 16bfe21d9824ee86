"""The three pages of the form, and what is carried from one to the next.

Nothing is kept on the server but files that were chosen: what was typed travels with the form, in hidden fields, so that a
restart of the house or an expired session between two pages loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from channels.form.fields import Trouble

LAST: Final = 3
# What is asked on each page; the last only shows it all again.
FIELDS: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("text", "wanted", "files"),
    2: ("name", "email", "phone", "post", "member_number", "for_name", "for_tie"),
    3: (),
}
TYPED: Final = tuple(name for fields in FIELDS.values() for name in fields if name != "files")
# Tokens of files, one blank between two: what a hidden field carries of them.
KEPT: Final = "kept"
_MOST_TOKENS: Final = 10
_TOKEN_LENGTH: Final = 22


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that was chosen on an earlier page and waits in the house, behind a token that only the form has."""

    token: str
    name: str
    size: int


def page_of(field: str) -> int:
    """On which page a field stands."""
    return next((number for number, fields in FIELDS.items() if field in fields), 1)


def first_wrong(troubles: Sequence[Trouble], *, before: int) -> int | None:
    """The first page before `before` on which something is wrong."""
    wrong = [page_of(trouble.field) for trouble in troubles if page_of(trouble.field) < before]
    return min(wrong, default=None)


def on_page(troubles: Iterable[Trouble], page: int) -> list[Trouble]:
    """The troubles with what stands on a page."""
    return [trouble for trouble in troubles if page_of(trouble.field) == page]


def wanted_page(text: str, *, default: int) -> int:
    """The number of a page as a form gives it; `default` for anything else."""
    return int(text) if text in {"1", "2", "3"} else default


def tokens(text: str) -> tuple[str, ...]:
    """The tokens in a hidden field, at most ten, each once; what is none is left out."""
    found = (word for word in text.split(" ", 4 * _MOST_TOKENS) if len(word) == _TOKEN_LENGTH and word.isascii())
    return tuple(dict.fromkeys(found))[:_MOST_TOKENS]
