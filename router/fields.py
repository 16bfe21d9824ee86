"""The catalogue of what rules may ask about: every field with its words, its type, and how it is read from the facts.

A new field is one entry here; the rule editor and `check` take everything else from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from config.vocabulary import CHANNELS, DEPARTMENTS, FLAGS, KINDS, LANGUAGES, QUEUES, Flag
from router.decision import Facts

FieldType = Literal["choice", "list", "number", "flag", "text"]
Test = Literal["is", "is_not", "at_least", "below", "in", "contains", "matches"]

# Rules read at most so much of a text (the form takes no more either).
MAX_TEXT: Final = 20_000
# What the classifier may say it was not sure of.
ABSTENTIONS: Final[tuple[str, ...]] = ("kind", *FLAGS, "department")

TESTS: Final[Mapping[FieldType, tuple[Test, ...]]] = {
    "choice": ("is", "is_not", "in"),
    "list": ("contains", "in"),
    "number": ("is", "is_not", "at_least", "below"),
    "flag": ("is", "is_not"),
    "text": ("is", "is_not", "in", "contains", "matches"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a rule may ask about.

    `options` closes the list of values of a choice or list; empty where any word may stand. `probability`: 0 to 1, and
    missed by little when within the margin of rules. `private`: free text of a member, of which a trace keeps only
    the words that matched.
    """

    name: str
    title: str
    type: FieldType
    read: Callable[[Facts], Any]
    options: tuple[str, ...] = ()
    probability: bool = False
    private: bool = False

    @property
    def tests(self) -> tuple[Test, ...]:
        """The comparisons that make sense for this type."""
        return TESTS[self.type]


def _text(facts: Facts) -> str:
    return (facts.message.reply or facts.message.text)[:MAX_TEXT]


def _kind_probability(facts: Facts, *kinds: str) -> float:
    by_kind = facts.classification.probabilities.get("kind") or {}
    return float(sum(float(by_kind.get(kind, 0.0)) for kind in kinds))


def _department_probability(facts: Facts) -> float:
    # The best one: a department that was only suggested, or left open, still has its probability.
    return max((float(p) for _, p in facts.classification.departments), default=0.0)


def _sender_domain(facts: Facts) -> str:
    sender = facts.message.sender
    if sender is None or sender.kind != "email":
        return ""
    return sender.address.rpartition("@")[2].lower()


def _is_flag(flag: Flag) -> Callable[[Facts], bool]:
    return lambda facts: bool(facts.classification.flags.get(flag, False))


def _flag_probability(flag: Flag) -> Callable[[Facts], float]:
    return lambda facts: facts.classification.probability(flag)


def _probability_of(kind: str) -> Callable[[Facts], float]:
    return lambda facts: _kind_probability(facts, kind)


_FLAG_TITLES: Final[Mapping[Flag, str]] = {
    "anonymous": "anonymous",
    "off_scope": "not about us",
    "doctor": "about a medical adviser",
    "urgent": "urgent distress",
    "second_line": "second line",
}

_MESSAGE: Final = (
    Field("channel", "channel", "choice", lambda f: f.message.channel, CHANNELS),
    Field("account", "mailbox or number it came by", "text", lambda f: f.message.account),
    Field("mailbox_queue", "queue of that mailbox", "choice", lambda f: f.mailbox_queue, ("department", *QUEUES)),
    Field("subject", "subject", "text", lambda f: f.message.subject[:MAX_TEXT], private=True),
    Field("text", "text", "text", _text, private=True),
    Field("sender_domain", "domain of the sender's mail address", "text", _sender_domain),
    Field("sender_clear", "it is clear who sent it", "flag", lambda f: f.message.sender is not None),
    Field("sender_known", "the sender had a case before", "flag", lambda f: f.earlier_cases > 0),
    Field("earlier_cases", "number of the sender's earlier cases", "number", lambda f: f.earlier_cases),
    Field("has_attachments", "files came with it", "flag", lambda f: bool(f.message.attachments)),
    Field(
        "has_member_number",
        "a member number was given",
        "flag",
        lambda f: bool(f.message.member_number or f.classification.identity.member_number),
    ),
    Field("defects", "defects of the message", "list", lambda f: list(f.message.defects)),
)

_LABELS: Final = (
    Field("language", "language", "choice", lambda f: f.classification.language, LANGUAGES),
    Field("kind", "kind", "choice", lambda f: f.classification.kind, KINDS),
    *(
        Field(f"{kind}_probability", f"probability of {kind}", "number", _probability_of(kind), probability=True)
        for kind in KINDS
    ),
    Field(
        "complaint_or_question_probability",
        "probability of complaint or question",
        "number",
        lambda f: _kind_probability(f, "complaint", "question"),
        probability=True,
    ),
    *(Field(flag, title, "flag", _is_flag(flag)) for flag, title in _FLAG_TITLES.items()),
    *(
        Field(f"{flag}_probability", f"probability of: {title}", "number", _flag_probability(flag), probability=True)
        for flag, title in _FLAG_TITLES.items()
    ),
    Field(
        "department",
        "department",
        "choice",
        lambda f: f.classification.department or "none",
        ("none", *DEPARTMENTS),
    ),
    Field(
        "department_probability", "probability of the department", "number", _department_probability, probability=True
    ),
    Field("abstained_on", "not sure of", "list", lambda f: list(f.classification.abstained), ABSTENTIONS),
)

FIELDS: Final[Mapping[str, Field]] = {field.name: field for field in (*_MESSAGE, *_LABELS)}
