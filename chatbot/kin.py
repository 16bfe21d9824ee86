"""For whom a line is written, as people say it in a chat: "voor ons ma", "ma mère Samira", "pour une amie, Sarah".

The classifier reads letters, where a relation alone or a first name says little. Here a name beside "my mother" is enough to ask
whether she agrees, which costs one question; to overlook her would register a matter in the wrong name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from chatbot.understanding import folded
from classifier.classification import OnBehalf, Relation
from config.chat import chat_words

# Who writes about friends says so ("pour une amie, Sarah"); a friend who is only mentioned is no matter of theirs.
_ONLY_FOR: Final = frozenset({"friend"})
_READ: Final = 2000
_NAME: Final = r"(?:,? (?P<name>(?-i:[A-ZÀ-Þ])[^\W\d_]+(?:[ \-](?-i:[A-ZÀ-Þ])[^\W\d_]+)*))?"


def on_behalf(text: str) -> OnBehalf | None:
    """The first person for whom this line says that it is written, with a name where one stands behind; else None."""
    for found in _kin().finditer(text[:_READ].replace("’", "'")):
        relation, name = _relation(found["kin"]), found["name"] or ""
        if found["thanks"] or found["says"]:
            continue
        behalf = bool(found["lead"]) and (relation not in _ONLY_FOR or bool(name) or not found["any"])
        if behalf or (name and relation not in _ONLY_FOR and not found["any"]) or found["dialect"]:
            return OnBehalf(relation, name)
    return None


@cache
def _kin() -> re.Pattern[str]:
    words = chat_words()
    listed = _any(word for those in words.kin.values() for word in those)
    ours, dialect, anybody = (_any(words.phrases(meant)) for meant in ("ours", "ours_dialect", "anybody"))
    return re.compile(
        rf"\b(?P<thanks>(?:{_any(words.phrases('thanks'))}) )?(?P<lead>(?:{_any(words.phrases('for_whom'))}) )?"
        rf"(?:(?P<dialect>{dialect})|(?P<own>{ours})|(?P<any>{anybody})) (?P<kin>{listed})\b{_NAME}"
        rf"(?P<says>,? (?:{_any(words.phrases('says'))})\b)?",
        re.IGNORECASE,
    )


def _any(listed: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, listed), key=len, reverse=True))


@cache
def _relations() -> dict[str, Relation]:
    return {folded(word): relation for relation, listed in chat_words().kin.items() for word in listed}


def _relation(word: str) -> Relation:
    return _relations()[folded(word)]
