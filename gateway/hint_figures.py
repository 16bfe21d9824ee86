"""How good the hint about the department is that the form shows while somebody writes (gateway.likely).

`python -m gateway.hint_figures` measures it on the part of the shipped corpus that had no part in choosing its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from classifier import corpus
from config.vocabulary import LANGUAGES, Language
from gateway.noticing import noticed

# A split of the corpus that stays as it is when the classifier is trained anew with another seed.
SEED: Final = 20261122


@dataclass(frozen=True, slots=True)
class Measure:
    """Of so many messages: for how many a department was named, and how often the right one."""

    messages: int
    named: int
    right: int

    @property
    def precision(self) -> float:
        """Share of the named which is right; 1 when none was named."""
        return self.right / self.named if self.named else 1.0


def measured(records: Sequence[corpus.Record]) -> dict[Language, Measure]:
    """How the hint does on labelled messages, by language. Naming one where the message is for none counts as wrong."""
    named: dict[Language, list[bool]] = {language: [] for language in LANGUAGES}
    for record in records:
        department = noticed(record.message.text, record.language).department
        if department:
            named[record.language].append(department == record.department)
    return {
        language: Measure(sum(record.language == language for record in records), len(all_), sum(all_))
        for language, all_ in named.items()
    }


def main() -> None:
    """Print the measures on the test part of the corpus."""
    test = corpus.split(corpus.read(), seed=SEED).test
    table = Table("language", "messages", "named", "right", "precision")
    by_language = measured(test)
    every = Measure(*(sum(getattr(one, name) for one in by_language.values()) for name in Measure.__slots__))
    for name, one in (*by_language.items(), ("all", every)):
        table.add_row(name, str(one.messages), str(one.named), str(one.right), f"{one.precision:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
