"""What is wrong with a rule set: a sentence in English that is also known by its kind, so that it can be said in other words."""

from __future__ import annotations

from collections.abc import Mapping


class Problem(str):
    """One sentence. `kind` names it ("" for one that has no other words), `rule` is the id of the rule it is about, `values`
    are what the words of its kind are filled with."""

    kind: str
    rule: str
    values: Mapping[str, str]

    def __new__(cls, sentence: str, kind: str = "", rule: str = "", **values: str) -> Problem:
        """The sentence, with what it is made of."""
        made = super().__new__(cls, sentence)
        made.kind, made.rule, made.values = kind, rule, values
        return made
