"""The words of the public pages, in four languages, read from config/pages/*.yaml once and checked whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from config.vocabulary import LANGUAGES, Language

FOLDER: Final = Path(__file__).resolve().parents[2] / "config" / "pages"

Texts = Mapping[str, str]

# French puts a no-break space before these and inside « »; the files hold plain ones (they are easier to edit).
_FRENCH_BEFORE = re.compile(r" (?=[;:!?»])")
_FRENCH_AFTER = re.compile(r"(?<=«) ")
_NAME = re.compile(r"\{([a-z_]+)\}(\.?)")
_NUMBER_GAP = re.compile(r"(?<=\d) (?=\d)")


class TextError(Exception):
    """The texts of the pages are incomplete; the message names the language and the key."""


@cache
def pages() -> Mapping[Language, Texts]:
    """Return every text by language and dotted key ("form.story.label"). Raises TextError when a language lacks one."""
    return check({language: _read(FOLDER / f"{language}.yaml", language) for language in LANGUAGES})


def check(texts: Mapping[Language, Texts]) -> Mapping[Language, Texts]:
    """Return the texts when each key exists, filled, in every language; raises TextError otherwise."""
    every = set().union(*(texts[language].keys() for language in LANGUAGES))
    for language in LANGUAGES:
        for key in sorted(every):
            if not texts[language].get(key, "").strip():
                raise TextError(f"config/pages/{language}.yaml: '{key}' is missing or empty")
    return texts


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of their {names}, in one pass: a value is never looked at again (rule R1).

    A value that ends in a full stop of its own, such as a short date in French, needs none at the end of a sentence.
    """

    def put(match: re.Match[str]) -> str:
        name, stop = match.groups()
        value = values.get(name)
        if value is None:
            return match.group(0)
        return value if stop and value.endswith(stop) else value + stop

    return _NAME.sub(put, text)


def _read(path: Path, language: Language) -> Texts:
    flat: dict[str, str] = {}
    _flatten("", yaml.safe_load(path.read_text(encoding="utf-8")), flat)
    return MappingProxyType({key: typeset(text.strip(), language) for key, text in flat.items()})


def _flatten(prefix: str, node: Any, into: dict[str, str]) -> None:
    if isinstance(node, Mapping):
        for name, child in node.items():
            _flatten(f"{prefix}.{name}" if prefix else str(name), child, into)
    else:
        into[prefix] = "" if node is None else str(node)


def typeset(text: str, language: Language) -> str:
    """Put no-break spaces where the language wants them, and inside numbers."""
    text = _NUMBER_GAP.sub("\u00a0", text)
    if language != "fr":
        return text
    return _FRENCH_AFTER.sub("\u00a0", _FRENCH_BEFORE.sub("\u00a0", text))
