"""The words by which colleagues are told that a case wants them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from config.strict_yaml import validated

SHIPPED: Final = Path(__file__).resolve().parent / "notices.yaml"
Occasion = Literal["urgent", "waiting", "late"]


class Notice(BaseModel, extra="forbid", frozen=True):
    """One mail to a colleague; `{url}` in its text is the page in the console."""

    subject: Annotated[str, Field(min_length=5, max_length=120)]
    text: Annotated[str, Field(min_length=20, max_length=2000, pattern=r"\{url\}")]

    def pointing_to(self, url: str) -> str:
        """The text with its link."""
        return self.text.replace("{url}", url)


class Notices(BaseModel, extra="forbid", frozen=True):
    """The words for every occasion."""

    urgent: Notice
    waiting: Notice
    late: Notice

    def of(self, occasion: Occasion) -> Notice:
        """The words for an occasion."""
        found: Notice = getattr(self, occasion)
        return found


def load_notices(path: Path = SHIPPED) -> Notices:
    """Read the words. Raises DataError, in words, when the file is missing or wrong."""
    return validated(Notices, path)


@cache
def notices() -> Notices:
    """The shipped words, read once."""
    return load_notices()
