"""The texts that the robot may say: which keys there are, what each may name, and reading them strictly.

A text is no template: one pass over closed lists of {names} and [flag: parts] (`config/filling.py`). A name is also a flag, set
when it is not empty, and `no_` before it is its opposite: [due_on: by {due_on}][no_due_on: soon].
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from chatbot.state import Shape
from config.chat import SHIPPED, ChatTexts, load_chat_texts
from config.directory import directory
from config.filling import Allowed, Parsed, TextError, parse
from config.strict_yaml import DataError
from config.vocabulary import LANGUAGES, Language

_CASE: Final = ("reference", "due_on", "case_url")
# What each text may name besides the house itself. A key stands here and in all four languages, or nowhere.
KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "greet": (),
        "announced": ("sentence",),
        "ask.story": (),
        "ask.wish": (),
        "ask.name": ("represented",),
        "ask.contact": (),
        "ask.mandate": ("represented",),
        "sum_up": ("story", "wish", "name", "contact", "represented", "files", "anonymous"),
        "ask.correction": (),
        "ask.person": (),
        "ask.answered": (),
        "ask.more": (),
        "ask.addition": (),
        "ask.address": (),
        "ask.reference": (),
        "ask.code": ("proving",),
        "ask.stop": (),
        "noted": (),
        "mandate.later": (),
        "switched": (),
        "help": (),
        "calm": (),
        "emoji": (),
        "long": (),
        "voice": (),
        "files": (),
        "files.late": ("names",),
        "answer": ("answer",),
        "unknown": (),
        "scope": ("about", "body", "body_contact"),
        "doctor": (),
        "anonymous": (),
        "urgent": ("suicide", "need", "contact"),
        "handover": ("day", "time", "wait", "contact", "here", "reference"),
        "nobody": ("matter", "reference"),
        "back": (),
        "registered": (*_CASE, "answers_by", "mediation", "letter_url", "sent_to"),
        "added": ("reference",),
        "transcript": ("email",),
        "transcript.guarded": ("email",),
        "transcript.not_now": ("email",),
        "status": (*_CASE, "stage", "next_step"),
        "status.own": _CASE,
        "status.unknown": (),
        "code.wrong": (),
        "not_reference": (),
        "reminder": (),
        "abandoned": ("matter",),
        "goodbye": ("reference",),
    }
)
CHOICES: Final = (
    "complaint", "status", "other", "skip", "yes", "no", "change", "person", "stop", "add", "transcript", "done",
    "about_you", "ok", "name", "anonymous",
)  # fmt: skip
RELATIONS: Final = (
    "child", "parent", "partner", "sibling", "relative", "friend", "client", "patient", "resident", "employee", "ward",
    "somebody",
)  # fmt: skip
_LINES: Final = ("emergency", "suicide_fr", "suicide_nl", "talk_fr", "talk_nl", "talk_de", "talk_en")
_HOUSE: Final = ("office", "phone", "mail", "coordinator", *_LINES)
# "discreet": others may read over the member's shoulder, on a locked screen; "open": in the web chat they cannot. "first": the
# text is said for the first time, "again": it only reminds of a question that is open already.
_MANNERS: Final = ("discreet", "open", "first", "again")


def load_texts(folder: Path = SHIPPED) -> Mapping[Language, ChatTexts]:
    """All texts. Raises DataError with everything that is missing, unknown or names what it may not."""
    loaded = load_chat_texts(folder)
    problems = [problem for language in LANGUAGES for problem in _problems(loaded[language])]
    if problems:
        raise DataError("; ".join(problems))
    return loaded


@cache
def texts() -> Mapping[Language, ChatTexts]:
    """The shipped texts, read once."""
    return load_texts()


@cache
def parsed(key: str, language: Language, *, short: bool) -> Parsed:
    """One text, read; the long one where there is no short one."""
    text = texts()[language].texts[key]
    return parse((short and text.short) or text.long, language, _allowed(key))


@cache
def house_values(language: Language) -> Mapping[str, str]:
    """What texts may say of the house: its name and number, and the help lines of the directory."""
    known = directory()
    office = known.office
    values = {
        "office": office.name,
        "phone": office.phone,
        "mail": office.mail,
        "coordinator": known.coordinator.in_text.in_language(language),
    }
    values |= {name: known.line(name).number for name in _LINES}
    # A number does not wrap in the middle.
    for name in ("phone", "suicide_fr", "talk_en"):
        values[name] = values[name].replace(" ", "\u00a0")
    return MappingProxyType(values)


def flags_of(values: Mapping[str, str], key: str, shape: Shape, *, brief: bool) -> frozenset[str]:
    """The conditions that hold: every name of the text that has a value, the opposite of those that have none, the manner."""
    given = {name if values.get(name) else f"no_{name}" for name in KEYS[key]}
    return frozenset({*given, "open" if shape == "chat" else "discreet", "again" if brief else "first"})


def _allowed(key: str) -> Allowed:
    names = KEYS[key]
    return Allowed(frozenset((*names, *_HOUSE)), frozenset((*names, *(f"no_{name}" for name in names), *_MANNERS)))


def _problems(found: ChatTexts) -> list[str]:
    where = f"{found.language}.yaml"
    problems = []
    for what, wanted, given in (
        ("text", tuple(KEYS), found.texts),
        ("choice", CHOICES, found.choices),
        ("relation", RELATIONS, found.relations),
    ):
        problems += [f"{where}: there is no {what} '{name}'" for name in wanted if name not in given]
        problems += [f"{where}: there is nothing that says the {what} '{name}'" for name in given if name not in wanted]
    for key, text in found.texts.items():
        for form, words in (("long", text.long), ("short", text.short)):
            try:
                if key in KEYS:
                    parse(words, found.language, _allowed(key))
            except TextError as error:
                problems.append(f"{where}: {key}, {form}: {error}")
    return problems
