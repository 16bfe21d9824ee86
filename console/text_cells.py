"""The texts as the console shows them: what each cell of the grid is, and what changed between two publications."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from config.vocabulary import LANGUAGES, Language
from config.wording import shipped
from router.acknowledgement import TEXTS
from router.text_check import PARTS, Part, Problem, checked
from store.wordings import Body, Draft, Published

# The language in which texts are written first; the others are read again when it changes.
SOURCE: Final[Language] = LANGUAGES[0]
# To be refused by a text that says the wrong thing costs a member most: two people stand for these.
REFUSING: Final = ("anonymous", "off_scope")
State = Literal["ok", "missing", "wrong", "old"]
_WORD: Final = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True)
class Cell:
    """One language of one situation: the state of its long and of its short form, and the text messages it takes."""

    language: Language
    long: State
    short: State
    sms: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One situation in the grid. `drafted`: the cells are those of the draft."""

    situation: str
    cells: tuple[Cell, ...]
    drafted: bool
    number: int

    @property
    def blocked(self) -> bool:
        """Whether something keeps it from being published."""
        return any(cell.problems for cell in self.cells)


def shipped_body(situation: str) -> dict[Language, dict[str, str]]:
    """The words of a situation as they came with the code."""
    found: dict[Language, dict[str, str]] = {}
    for language in LANGUAGES:
        text = shipped()[language].situations[situation]
        # As a field gives them back: without the line end that a block of YAML ends with.
        found[language] = {part: getattr(text, part).strip("\n") for part in PARTS}
    return found


def current_body(situation: str, published: Published | None) -> Body:
    """The words that members get now."""
    return published.body if published else shipped_body(situation)


def grid(published: Mapping[str, Published], drafts: Mapping[str, Draft]) -> list[Line]:
    """Every situation with its cells. Reads every text in every combination: not for the event loop the first time."""
    return [line(situation, published.get(situation), drafts.get(situation)) for situation in TEXTS]


def line(situation: str, published: Published | None, draft: Draft | None) -> Line:
    """One situation."""
    body = draft.body if draft else current_body(situation, published)
    old = old_after(situation, published, draft) if draft else published.old if published else ()
    cells = tuple(_cell(situation, language, body, old) for language in LANGUAGES)
    return Line(situation, cells, draft is not None, published.id if published else 0)


def _cell(situation: str, language: Language, body: Body, old: tuple[str, ...]) -> Cell:
    parts = body.get(language, {})
    found = checked(situation, language, *(parts.get(part, "") for part in PARTS))

    def state(*of: Part) -> State:
        keys = {problem.key for problem in found.problems if problem.part in of}
        return "missing" if "missing" in keys else "wrong" if keys else "old" if language in old else "ok"

    return Cell(language, state("subject", "long"), state("short"), found.sms, found.problems)


def old_after(situation: str, published: Published | None, draft: Draft) -> tuple[str, ...]:
    """The languages that are behind once this draft is published: not changed and not read again since the first language
    changed."""
    before = current_body(situation, published)
    changed = {language for language in LANGUAGES if before.get(language) != draft.body.get(language)}
    behind = set(published.old) if published else set()
    if SOURCE in changed:
        behind |= set(LANGUAGES) - {SOURCE}
    return tuple(language for language in LANGUAGES if language in behind - changed - set(draft.read_again) - {SOURCE})


def differences(before: Body, after: Body) -> list[tuple[Language, Part, list[tuple[str, str]]]]:
    """What changed, word by word: (language, part, pieces as ("same" | "gone" | "new", words))."""
    found: list[tuple[Language, Part, list[tuple[str, str]]]] = []
    for language in LANGUAGES:
        for part in PARTS:
            old, new = before.get(language, {}).get(part, ""), after.get(language, {}).get(part, "")
            if old != new:
                found.append((language, part, _pieces(_WORD.findall(old), _WORD.findall(new))))
    return found


def _pieces(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(old[a:b])))
            continue
        if a < b:
            pieces.append(("gone", "".join(old[a:b])))
        if c < d:
            pieces.append(("new", "".join(new[c:d])))
    return pieces
