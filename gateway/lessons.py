"""Corrections as examples: what the register holds, made into records of the corpus with nobody left in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from classifier import anonymising, corpus
from classifier.classification import Text
from classifier.corpus import Record
from classifier.duplicates import near
from classifier.lexicon import fold
from config.vocabulary import FLAGS, Channel, Language
from store.lessons import Lesson

# So many of the members teach nothing: on them the old and the new model are compared.
KEPT_OUT: Final = 1 / 3
# Who signed a message stands below it, where the new text ends; that somebody did is worth learning, not who.
_SIGNED: Final = f"\n\n{anonymising.GIVEN} {anonymising.FAMILY}"


class Lessons(NamedTuple):
    """What is learnt from, and what is only compared on. Nobody is in both."""

    learning: list[Record]
    kept_out: list[Record]


def lessons_from(found: Sequence[Lesson]) -> Lessons:
    """The records of lessons; which part a member is in depends on them alone, so that nobody ever changes the part."""
    lessons = Lessons([], [])
    for lesson in found:
        # What no model has read was never labelled: only where people said what it is, there is something to learn.
        if lesson.model == "none" and "kind" not in lesson.wanted:
            continue
        kept_out = corpus.share(f"kept out:{lesson.person}") < KEPT_OUT
        (lessons.kept_out if kept_out else lessons.learning).append(record_of(lesson))
    alike = {place for place, _ in near(_texts(lessons.learning), _texts(lessons.kept_out))}
    return Lessons([r for place, r in enumerate(lessons.learning) if place not in alike], lessons.kept_out)


def record_of(lesson: Lesson) -> Record:
    """One example, masked; the labels obey what the corpus asks of every example.

    Author and scenario are both the member: words are learnt from two scenarios at least, and those of one member's cases
    are one, however many cases there are.
    """
    held = dict(lesson.labels)
    if held["doctor"] or (held["department"] and "off_scope" not in lesson.wanted and "department" in lesson.wanted):
        held["off_scope"] = False
    if held["off_scope"]:
        held["department"] = None
    signed = bool(lesson.member) and _holds(lesson.whole, lesson.member) and not _holds(lesson.text, lesson.member)
    message = Text(
        channel=cast(Channel, lesson.channel),
        text=lesson.text,
        subject=lesson.subject,
        from_name=lesson.sender_name,
        from_address=lesson.address,
    )
    masked = anonymising.masked(message, [lesson.member, lesson.address])
    if signed:
        masked = Text(masked.channel, masked.text + _SIGNED, masked.subject, masked.from_name, masked.from_address)
    return Record(
        id=f"correction-{lesson.number}",
        author=lesson.person,
        scenario=lesson.person,
        language=cast(Language, lesson.language),
        message=masked,
        kind=held["kind"],
        flags=frozenset(flag for flag in FLAGS if held[flag]),
        department=held["department"],
    )


def _texts(records: Sequence[Record]) -> list[str]:
    return [record.message.text for record in records]


def _holds(text: str, name: str) -> bool:
    return fold(name) in fold(text)
