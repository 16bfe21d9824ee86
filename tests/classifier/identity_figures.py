"""How well `classifier.identity` tells who writes: precision and recall of each field over `identity_cases.yaml`.

    python -m tests.classifier.identity_figures [--misses]

What was found counts when field, place and value are all right. A name that is somebody else's is a wrong one and a
missing one at once.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from classifier import identity
from classifier.classification import Text

CASES: Final = Path(__file__).with_name("identity_cases.yaml")
_MARK: Final = re.compile(r"\{(?P<kind>[a-z]+)(?:=(?P<value>[^|{}]*))?\|(?P<words>[^{}]*)\}")
_FIELDS: Final = {
    "name": "name",
    "for": "on_behalf",
    "member": "member_number",
    "national": "national_number",
    "iban": "iban",
    "phone": "phone",
    "mail": "email",
    "born": "birth_date",
}
# (field, value, start, end): values are compared for names, dates and relations; numbers by their place.
Finding = tuple[str, str, int, int]


@dataclass(frozen=True)
class Case:
    """One message and what its writer says of themselves."""

    text: Text
    wanted: frozenset[Finding]


@dataclass
class Score:
    """Counts of one field."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of what was there that was found."""
        return self.right / max(1, self.right + self.missed)


@cache
def cases() -> tuple[Case, ...]:
    """All messages, marks taken out."""
    return tuple(_case(entry) for entry in yaml.safe_load(CASES.read_text(encoding="utf-8")))


def _case(entry: dict[str, Any]) -> Case:
    wanted: set[Finding] = set()
    text = ""
    place = 0
    for mark in _MARK.finditer(entry["says"]):
        text += entry["says"][place : mark.start()]
        start, end = len(text), len(text) + len(mark["words"])
        text += mark["words"]
        place = mark.end()
        if mark["kind"] in _FIELDS:
            wanted.add(_marked(mark, start, end))
    text += entry["says"][place:]
    if "name" in entry:
        wanted.add(("name", entry["name"], -1, -1))
    if "for" in entry and not any(field == "on_behalf" for field, *_ in wanted):
        found = text.find(entry["for"]["name"])
        wanted.add(
            (
                "on_behalf",
                _whom(entry["for"]["relation"], entry["for"]["name"]),
                found,
                found + len(entry["for"]["name"]) if found >= 0 else -1,
            )
        )
    shown, address = parseaddr(entry.get("from", ""))
    return Case(Text(entry.get("via", "email"), text, entry.get("subject", ""), shown, address), frozenset(wanted))


def _marked(mark: re.Match[str], start: int, end: int) -> Finding:
    field, value = _FIELDS[mark["kind"]], mark["value"] or ""
    if field == "name":
        value = value or mark["words"]
    elif field == "on_behalf":
        value = _whom(value.rstrip(":"), mark["words"] if value.endswith(":") else "")
    return field, value, start, end


def _whom(relation: str, name: str) -> str:
    return f"{relation} {name}".strip()


def findings(text: Text) -> set[Finding]:
    """What the classifier says of a message, in the form of the cases. The sender's own address counts nowhere."""
    return set(_findings(text))


def _findings(text: Text) -> Iterator[Finding]:
    told = identity.find(text)
    for item in told.found:
        value = item.value if item.what in ("name", "birth_date") else ""
        if item.what == "on_behalf" and told.on_behalf:
            value = _whom(told.on_behalf.relation, told.on_behalf.name)
        if item.start >= 0 or item.what in ("name", "on_behalf"):
            yield item.what, value, item.start, item.end


def scores() -> dict[str, Score]:
    """Each field's counts over all cases."""
    counted = {field: Score() for field in _FIELDS.values()}
    for case in cases():
        found = findings(case.text)
        for field, score in counted.items():
            wanted_here = {item for item in case.wanted if item[0] == field}
            found_here = {item for item in found if item[0] == field}
            score.right += len(found_here & wanted_here)
            score.wrong += len(found_here - wanted_here)
            score.missed += len(wanted_here - found_here)
    return counted


def main() -> None:
    """Print the table, and with --misses each case that is not told rightly."""
    of = Counter(field for case in cases() for field, *_ in case.wanted)
    print(f"{len(cases())} messages")  # noqa: T201 - a command
    for field, score in scores().items():
        print(f"{field:16} {of[field]:4}  precision {score.precision:.3f}  recall {score.recall:.3f}")  # noqa: T201
    if "--misses" in sys.argv:
        for case in cases():
            found = findings(case.text)
            if found != case.wanted:
                print(f"\n{case.text.channel}: {case.text.text!r}")  # noqa: T201
                print(f"  wrong  {sorted(found - case.wanted)}\n  missed {sorted(case.wanted - found)}")  # noqa: T201


if __name__ == "__main__":
    main()
