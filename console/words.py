"""The words of the console in its three languages, read from config/console/<language>/ once and checked whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from channels.web import languages
from config.departments import queue_name
from config.strict_yaml import read_yaml
from config.vocabulary import QUEUES

FOLDER: Final = Path(__file__).resolve().parents[1] / "config" / "console"

# In French a blank that does not break stands before these signs and inside quotation marks: without it a line could begin with
# a colon. It cannot be seen in a file, so it is set when the words are read.
_FRENCH_GAP: Final = re.compile("[ \u00a0](?=[;:?»]|!(?!\\[))|(?<=«)[ \u00a0]")
_NARROW: Final = "\u202f"

ConsoleLanguage = Literal["fr", "nl", "en"]
LANGUAGES: Final[tuple[ConsoleLanguage, ...]] = get_args(ConsoleLanguage)
# Those in which departments work.
_AT_WORK: Final[tuple[ConsoleLanguage, ...]] = ("fr", "nl")


class WordsError(Exception):
    """The words of the console are incomplete; the message names the file and the key."""


class Words(Mapping[str, str]):
    """The words of one language by dotted key. A key that does not exist is an error, never an empty place."""

    def __init__(self, language: ConsoleLanguage, words: Mapping[str, str]) -> None:
        self.language: ConsoleLanguage = language
        self._words = words

    def __getitem__(self, key: str) -> str:
        return self._words[key]

    def __iter__(self) -> Any:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def of(self, group: str, name: str | None, *, otherwise: str = "") -> str:
        """A word of a group by an identifier that data brought; an identifier nobody gave words to is `otherwise`,
        or shows as it is."""
        return self._words.get(f"{group}.{name}", otherwise or str(name or ""))

    def counted(self, key: str, n: int) -> str:
        """A text with one form for 1 and one for every other number: `key.one`, `key.many` with {n}."""
        return self[f"{key}.one"] if n == 1 else self[f"{key}.many"].replace("{n}", str(n))

    @property
    def colon(self) -> str:
        """The colon after a word of ours."""
        return f"{_NARROW}:" if self.language == "fr" else ":"

    def quoted(self, text: str) -> str:
        """A text in the quotation marks of the language."""
        return f"«{_NARROW}{text}{_NARROW}»" if self.language == "fr" else f"“{text}”"

    def queue(self, queue: str | None) -> str:
        """What a queue or department is called; nothing for none."""
        return queue_name(queue, self.language) if queue in QUEUES else (queue or "")


@cache
def catalogue() -> Mapping[ConsoleLanguage, Words]:
    """All words. Raises WordsError when a language lacks a key that another has."""
    return check({language: typeset(_read(FOLDER / language), language) for language in LANGUAGES})


def check(found: Mapping[ConsoleLanguage, Mapping[str, str]]) -> Mapping[ConsoleLanguage, Words]:
    """The catalogue when each key exists, filled, in every language; raises WordsError otherwise."""
    every = sorted(set().union(*(words.keys() for words in found.values())))
    for language in LANGUAGES:
        for key in every:
            if not found[language].get(key, "").strip():
                raise WordsError(f"config/console/{language}: '{key}' is missing or empty")
    return MappingProxyType({language: Words(language, found[language]) for language in LANGUAGES})


def typeset(words: Mapping[str, str], language: ConsoleLanguage) -> Mapping[str, str]:
    """The words as they are printed in their language."""
    return {key: printed(text, language) for key, text in words.items()}


def printed(text: str, language: ConsoleLanguage) -> str:
    """A text of ours, or a page of Markdown, as it is printed in its language."""
    return _FRENCH_GAP.sub(_NARROW, text) if language == "fr" else text


def in_house(spoken: str, own: ConsoleLanguage) -> ConsoleLanguage:
    """In which language a department is written to about a case: its member's, whose words it has to read, where colleagues
    work in it; else the asker's own, where they do; else French."""
    wanted = spoken if spoken in _AT_WORK else own
    return next((one for one in _AT_WORK if one == wanted), "fr")


def chosen(cookie: str, accept_language: str) -> ConsoleLanguage:
    """The language a colleague chose, else the browser's; German readers get English."""
    preferred = languages.preferred(accept_language)
    for wanted in (cookie, preferred):
        for language in LANGUAGES:
            if language == wanted:
                return language
    return "en"


def _read(folder: Path) -> Mapping[str, str]:
    flat: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        new: dict[str, str] = {}
        _flatten("", read_yaml(path), new)
        if twice := sorted(new.keys() & flat.keys()):
            raise WordsError(f"config/console/{folder.name}/{path.name}: '{twice[0]}' is given words twice")
        flat |= new
    return flat


def _flatten(prefix: str, node: Any, into: dict[str, str]) -> None:
    if isinstance(node, Mapping):
        for name, child in node.items():
            _flatten(f"{prefix}.{name}" if prefix else str(name), child, into)
    else:
        into[prefix] = "" if node is None else str(node).strip()
