"""The small words of `config/small_words.yaml`: which languages each belongs to."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import yaml

import config
from classifier.lexicon import fold
from config.vocabulary import LANGUAGES

PATH: Final = Path(config.__file__).parent / "small_words.yaml"


@cache
def words() -> dict[str, tuple[int, ...]]:
    """Each word, folded, with the places of its languages in `LANGUAGES`. Raises `KeyError` when a language is missing."""
    data = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    found: dict[str, set[int]] = {}
    for place, language in enumerate(LANGUAGES):
        for word in data[language].split():
            found.setdefault(fold(word), set()).add(place)
    return {word: tuple(sorted(places)) for word, places in found.items()}
