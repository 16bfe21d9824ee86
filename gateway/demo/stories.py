"""Stories from the templates: a subject, a text, and what a classifier would make of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final, TypeVar

from babel.dates import get_month_names

from classifier.classification import Classification, Evidence, Identity
from config.vocabulary import FLAGS, Department, Language
from gateway.demo.judging import MODEL, Labels, judged, right, said
from gateway.demo.people import PLACES
from gateway.demo.templates import Theme, Topic, manners, topics, unwrapped

_MARK: Final = re.compile(r"\[(?:(?P<flag>[a-z_]+)\|)?(?P<words>[^\]]+)\]")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matter:
    """A theme within its topic."""

    name: str
    topic: Topic
    theme: Theme

    @property
    def department(self) -> Department | None:
        """Whose matter it is."""
        return self.topic.department

    @property
    def right(self) -> Labels:
        """What its stories are."""
        return right(self.theme, self.department)


@dataclass(frozen=True, slots=True)
class Story:
    """A message as somebody wrote it. `found` is what a classifier would say; `wish` is told apart in a conversation."""

    matter: Matter
    subject: str
    text: str
    found: Classification
    wish: str = ""

    @property
    def wrong(self) -> dict[str, Any]:
        """What the classifier is mistaken in, as it should be."""
        return said(self.found).unlike(self.matter.right)

    @property
    def nameless(self) -> bool:
        """Whether its writer gives no name."""
        return "anonymous" in self.matter.theme.flags


def matters() -> list[Matter]:
    """Everything that people write about."""
    return [Matter(name, topic, theme) for name, topic in topics().items() for theme in topic.themes]


@dataclass
class Teller:
    """Tells stories. Each template comes once before any comes again, as cards from a pack that is shuffled anew."""

    rng: Random
    _packs: dict[tuple[str, ...], list[int]] = field(default_factory=dict)

    def write(self, matter: Matter, language: Language, month: int, name: str) -> Story:
        """A story about something of a month (1 to 12), signed with `name` if there is one."""
        theme, rng = matter.theme, self.rng
        texts, letters = theme.texts[language], theme.letters.get(language, {})
        subject, told = self.next((theme.id, language), [*texts.items(), *letters.items()])
        told = self._filled(unwrapped(told), language, month, name)
        if theme.kind != "other" and subject not in letters:
            own, nameless = manners(), "anonymous" in theme.flags
            ending = "" if nameless else f"{rng.choice(own.endings[language])}\n{name}".strip()
            parts = [rng.choice(own.greetings[language]), told, rng.choice(own.asides[language]), ending]
            told = "\n\n".join(part for part in parts if part)
        return self._story(matter, language, name, self._filled(subject, language, month, name), told)

    def say(self, matter: Matter, language: Language, month: int, name: str) -> Story:
        """What is told in a conversation; the theme must have something said in this language."""
        told, wish = self.next((matter.theme.id, language, "said"), matter.theme.said[language])
        story = self._story(matter, language, name, "", self._filled(told, language, month, name))
        return replace(story, wish=self._filled(wish, language, month, name))

    def next(self, of: tuple[str, ...], cards: Sequence[T]) -> T:
        """The next of these, none twice before all had their turn."""
        pack = self._packs.setdefault(of, [])
        if not pack:
            pack += self.rng.sample(range(len(cards)), len(cards))
        return cards[pack.pop()]

    def _story(self, matter: Matter, language: Language, name: str, subject: str, marked: str) -> Story:
        text, evidence = _read(marked, matter)
        found = judged(matter.right, language, evidence, self.rng)
        if "anonymous" not in matter.theme.flags and matter.theme.kind != "other":
            found = replace(found, identity=Identity(name=name))
        return Story(matter, subject, text, found)

    def _filled(self, text: str, language: Language, month: int, name: str) -> str:
        rng = self.rng
        words = {
            "{month}": get_month_names("wide", locale=language)[month],
            "{amount}": f"{rng.randrange(18, 640)},{rng.choice(('00', '50', '80'))}",
            "{days}": str(rng.randrange(9, 70)),
            "{day}": str(rng.randrange(2, 29)),
            "{place}": rng.choice(PLACES[language]),
            "{name}": name,
        }
        if language == "fr" and words["{month}"][0] in "ao":
            text = text.replace("de {month}", "d’{month}")
        for mark, word in words.items():
            text = text.replace(mark, word)
        return text


def answer_read(language: Language) -> Classification:
    """What a classifier would say of a few words that a member writes back."""
    return Classification(
        language=language,
        kind="other",
        flags=dict.fromkeys(FLAGS, False),
        department=None,
        departments=(),
        probabilities={"kind": {"other": 0.94, "complaint": 0.04}, **dict.fromkeys(FLAGS, 0.01)},
        abstained=(),
        evidence=(),
        model=MODEL,
    )


def _read(marked: str, matter: Matter) -> tuple[str, tuple[Evidence, ...]]:
    """The text without its marks, and the marked words as evidence."""
    text, end = "", 0
    evidence: list[Evidence] = []
    for mark in _MARK.finditer(marked):
        text += marked[end : mark.start()]
        label = mark["flag"] or matter.department or matter.theme.kind
        start = len(text)
        text += mark["words"]
        evidence.append(Evidence(label, start, len(text), mark["words"], 1.4 + len(evidence) * 0.1))
        end = mark.end()
    return text + marked[end:], tuple(evidence)
