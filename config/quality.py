"""The quality policy that the page and its PDF share, read from config/quality/*.yaml, addresses put in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field

from config.directory import directory
from config.strict_yaml import DataError, validated
from config.vocabulary import LANGUAGES, Language

SHIPPED: Final = Path(__file__).resolve().parent / "quality"
_HOLE: Final = re.compile(r"\{([a-z_]+)\}")
# The body of the directory that watches over health mutuals, ours included.
_CONTROL_OFFICE: Final = "other_mutual"

_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\n]*$")]
_Text = Annotated[str, Field(min_length=1, max_length=600, pattern=r"^[^\n]*$")]


class Section(BaseModel, extra="forbid", frozen=True):
    """One heading with paragraphs, then a list of points. `id` names it in links."""

    id: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    title: _Line
    text: tuple[_Text, ...]
    points: tuple[_Text, ...]


class Policy(BaseModel, extra="forbid", frozen=True):
    """The policy in one language. `version` is the day of its last change; `version_of` and `page` have holes of their own."""

    version: date
    title: _Line
    lede: _Line
    download: _Line
    version_of: Annotated[str, Field(pattern=r"\{date\}")]
    page: Annotated[str, Field(pattern=r"^[^{}]*\{page\}[^{}]*\{pages\}[^{}]*$")]
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]

    @property
    def shape(self) -> tuple[object, ...]:
        """What every language must share: the version, the sections and how much each says."""
        return (self.version, *((part.id, len(part.text), len(part.points)) for part in self.sections))


def load_policies(folder: Path = SHIPPED) -> Mapping[Language, Policy]:
    """Read the policy in every language. Raises DataError, in words, when one is wrong or says more than another."""
    values = {language: _values(language) for language in LANGUAGES}
    read = {
        language: _filled(validated(Policy, folder / f"{language}.yaml"), values[language], f"{language}.yaml")
        for language in LANGUAGES
    }
    for language, policy in read.items():
        if policy.shape != read["fr"].shape:
            raise DataError(f"quality/{language}.yaml: its version or its sections differ from those of fr.yaml")
    return read


@cache
def policies() -> Mapping[Language, Policy]:
    """The shipped policy, read once."""
    return load_policies()


def _values(language: Language) -> dict[str, str]:
    known = directory()
    office = next(body for body in known.bodies if body.id == _CONTROL_OFFICE)
    return {
        "phone": known.office.phone,
        "mail": known.office.mail,
        "post": f"{known.office.name}, {known.office.post.in_language(language)}",
        "coordinator": known.coordinator.in_text.in_language(language),
        "control_office": office.contact.in_language(language),
    }


def _filled(policy: Policy, values: Mapping[str, str], name: str) -> Policy:
    def said(text: str) -> str:
        unknown = sorted(set(_HOLE.findall(text)) - values.keys())
        if unknown:
            raise DataError(f"quality/{name}: the directory has no {', '.join(unknown)}")
        return _HOLE.sub(lambda match: values[match.group(1)], text)

    sections = tuple(
        part.model_copy(
            update={
                "text": tuple(said(text) for text in part.text),
                "points": tuple(said(text) for text in part.points),
            }
        )
        for part in policy.sections
    )
    return policy.model_copy(update={"sections": sections})
