"""What the rules and examples of the house came with, in a colleague's language: read so as long as nobody worded it otherwise.

An example is known by its English words and has no id: rules that were published or drafted before its words were translated
have none either, and an example keeps its words wherever it is moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from console.words import LANGUAGES, Words, catalogue
from router.ruleset import Rule

# The groups of the catalogue that the words stand in: names and reasons by the id of their rule, examples by a key of their own.
Group = Literal["rule", "rule_why", "rule_says"]
_EXAMPLES: Final[Group] = "rule_says"


def named(rule: str, title: str, t: Words) -> str:
    """The name of a rule of which id and title were kept, in the middle of a sentence."""
    return _said("rule", rule, title, t)


def title(rule: Rule, t: Words) -> str:
    """The name of a rule where it stands alone."""
    return _capital(named(rule.id, rule.title, t))


def why(rule: Rule, t: Words) -> str:
    """Why a rule is there."""
    return _said("rule_why", rule.id, rule.why, t)


def says(example: str, t: Words) -> str:
    """What an example is about, of which these words were kept."""
    return _said(_EXAMPLES, _key(example), example, t)


def kept_title(given: str, rule: Rule) -> str:
    """The name to keep of a rule where a form was sent with this one."""
    as_shown = given == _capital(rule.title) or _left_alone("rule", rule.id, given, rule.title)
    return rule.title if as_shown else given


def kept_why(given: str, rule: Rule) -> str:
    """The reason to keep of a rule where a form was sent with this one."""
    return rule.why if _left_alone("rule_why", rule.id, given, rule.why) else given


def kept_says(given: str, stored: str) -> str:
    """The words to keep of an example where a form was sent with these."""
    return stored if _left_alone(_EXAMPLES, _key(stored), given, stored) else given


def is_shipped(rule: Rule) -> bool:
    """Whether the name or the reason of a rule is as it came, and read by each colleague in their own language."""
    return _shipped("rule", rule.id, rule.title) or _shipped("rule_why", rule.id, rule.why)


def is_shipped_example(words: str) -> bool:
    """Whether an example is worded as it came."""
    return bool(_key(words))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _said(group: Group, name: str, stored: str, t: Words) -> str:
    return t[f"{group}.{name}"] if _shipped(group, name, stored) else stored


def _shipped(group: Group, name: str, stored: str) -> bool:
    english = catalogue()["en"].get(f"{group}.{name}", "")
    return bool(english) and _plain(group, stored) == _plain(group, english)


def _left_alone(group: Group, name: str, given: str, stored: str) -> bool:
    """Whether what a form was sent with is what stood in it. It may have been drawn in a language that was changed since, in
    another window, so the words of every language are no change."""
    words = (
        [catalogue()[language][f"{group}.{name}"] for language in LANGUAGES] if _shipped(group, name, stored) else []
    )
    return any(_plain(group, given) == _plain(group, one) for one in words)


def _plain(group: Group, text: str) -> str:
    """A text without its line breaks, the blanks of its language and its printed apostrophes; names begin with a small letter
    in the catalogue."""
    plain = " ".join(text.replace("’", "'").split())
    return plain.casefold() if group == "rule" else plain


def _key(example: str) -> str:
    return _keys().get(_plain(_EXAMPLES, example), "")


@cache
def _keys() -> Mapping[str, str]:
    """The key of each shipped example by its words in English."""
    prefix = f"{_EXAMPLES}."
    english = catalogue()["en"]
    return {_plain(_EXAMPLES, english[key]): key.removeprefix(prefix) for key in english if key.startswith(prefix)}
