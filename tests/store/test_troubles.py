"""What went wrong with an item is kept in words for who mends it, and told in the language of who reads it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from store import troubles

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (troubles.TIME, "time"),
        (troubles.MEMORY, "memory"),
        (troubles.WORKER_ENDED, "ended"),
        (f"{troubles.UNREADABLE}no update of the Bot API", "unreadable"),
        ("ValueError at parse.py:12", "fault"),
        ("IntegrityError while recording", "fault"),
        ("", "none"),
    ],
)
def test_what_was_kept_has_a_sentence(error: str, kind: str) -> None:
    assert troubles.kind_of(error) == kind


def test_who_finds_trouble_says_it_in_the_words_that_are_known() -> None:
    """A sentence that is typed where the trouble is found would be told as a fault of the program."""
    found = "".join((ROOT / path).read_text(encoding="utf-8") for path in ("gateway/reading.py", "store/inbox.py"))
    assert re.findall(r"Failed\(\"[^\"]*", found) == []
    assert re.findall(r"error = \"", found) == []
