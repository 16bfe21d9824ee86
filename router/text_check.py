"""What must hold of a text before members get it: nothing missing, nothing unknown, no promise lost, whatever the circumstances.

A new text is held against the shipped one of the same situation: what that names because a member needs it (the reference, the
date, the link, the number to call) and the conditions that the law is about stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final, Literal

from config.vocabulary import Language
from config.wording import SituationText, shipped
from router.acknowledgement import compose, house_values
from router.text_samples import sample_values
from router.texts import Parsed, TextError, flags_in, names_in, parse, sms_parts

Part = Literal["subject", "long", "short"]
PARTS: Final[tuple[Part, ...]] = ("subject", "long", "short")
LONGEST: Final[dict[Part, int]] = {"subject": 200, "long": 6000, "short": 1000}
MOST_SMS: Final = 3
# Each doubles the number of ways in which a text is looked at.
MOST_CONDITIONS: Final = 12
# What a member needs, and conditions that stand for what must be said; a text keeps those that the shipped one has.
_NEEDED_NAMES: Final = frozenset(
    {"reference", "due_on", "case_url", "letter_url", "code", "coordinator", "emergency", "suicide_fr", "suicide_nl"}
)
_NEEDED_FLAGS: Final = frozenset({"mediation", "decision", "suicide", "letter"})
# Above the whole of a text that is about Mediation: it names the courts.
_COURTS: Final[dict[Language, str]] = {"fr": "tribunaux", "nl": "rechtbank", "de": "Gericht", "en": "courts"}
# Conditions of which exactly one holds; every other one stands alone.
_ONE_OF: Final = (
    ("weekdays", "saturdays"),
    ("discreet", "open"),
    ("to_open", "to_withdraw", "to_copy", "to_access", "to_contact", "to_confirm"),
    ("to_add", "to_replace", "to_end"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one part. `key` names the sentence, `detail` what it is about."""

    part: Part
    key: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A text after the look at it. `sms` is how many parts its short form takes at worst, 0 when it cannot be read."""

    problems: tuple[Problem, ...]
    sms: int


@lru_cache(maxsize=512)
def checked(situation: str, language: Language, subject: str, long: str, short: str) -> Checked:
    """Look at one text in one language, in every combination of its conditions."""
    given: dict[Part, str] = {"subject": subject, "long": long, "short": short}
    original = shipped()[language].situations[situation]
    problems: list[Problem] = []
    for part in PARTS:
        problems += _of_part(situation, language, part, given[part], getattr(original, part))
    if not problems and sum(len(flags_in(parse(given[part], language))) for part in PARTS) > 2 * MOST_CONDITIONS:
        problems.append(Problem("long", "many_conditions", str(MOST_CONDITIONS)))
    if problems:
        return Checked(tuple(problems), 0)
    text = SituationText(subject=" ".join(subject.split()), signature=original.signature, long=long, short=short)
    problems += [Problem("long", key) for key in sorted(_flaws(language, text))]
    sms = max(sms_parts(told) for told in _told(language, text, "sms"))
    if sms > MOST_SMS:
        problems.append(Problem("short", "sms_long", str(sms)))
    return Checked(tuple(problems), sms)


def _of_part(situation: str, language: Language, part: Part, source: str, original: str) -> Iterator[Problem]:
    if not source.strip():
        yield Problem(part, "missing")
        return
    if len(source) > LONGEST[part]:
        yield Problem(part, "long", str(LONGEST[part]))
        return
    try:
        parsed = parse(source, language)
    except TextError as error:
        yield Problem(part, error.key, error.what)
        return
    wanted = parse(original, language)
    yield from _lost(part, parsed, wanted)
    if situation == "mediation" and part != "subject" and _COURTS[language].lower() not in source.lower():
        yield Problem(part, "no_courts")
    if part != "long" and "name" in names_in(parsed):
        yield Problem(part, "name_in_the_open")


def _lost(part: Part, parsed: Parsed, wanted: Parsed) -> Iterator[Problem]:
    for name in sorted((names_in(wanted) & _NEEDED_NAMES) - names_in(parsed)):
        yield Problem(part, "lost_name", f"{{{name}}}")
    for flag in sorted((flags_in(wanted) & _NEEDED_FLAGS) - flags_in(parsed)):
        yield Problem(part, "lost_condition", f"[{flag}: …]")


def _flaws(language: Language, text: SituationText) -> set[str]:
    found = set()
    for told in (*_told(language, text, "email"), *_told(language, text, "chat")):
        if "  " in told or ": ." in told or " ." in told.replace(" ...", ""):
            found.add("gap")
    return found


def _told(language: Language, text: SituationText, channel: Literal["email", "sms", "chat"]) -> Iterator[str]:
    """The text in every combination of its conditions, with values as long as they get."""
    words = shipped()[language]
    asked: frozenset[str] = frozenset()
    for part in PARTS:
        asked |= flags_in(parse(getattr(text, part), language))
    values = house_values(language) | sample_values(language)
    for flags in combinations(asked):
        yield compose(words, text, channel, values, set(flags), "").text


def combinations(asked: frozenset[str]) -> Iterator[frozenset[str]]:
    """Every way in which these conditions can hold: one of those that exclude each other, and each of the others or not."""
    choices: list[tuple[frozenset[str], ...]] = []
    left = set(asked) - {"discreet", "open"}
    for group in _ONE_OF:
        if left & set(group):
            choices.append(tuple(frozenset({one}) for one in group))
            left -= set(group)
    alone = sorted({flag.removeprefix("no_") for flag in left})
    choices += [(frozenset({flag}), frozenset({f"no_{flag}"})) for flag in alone]
    for chosen in product(*choices):
        yield frozenset[str]().union(*chosen)
