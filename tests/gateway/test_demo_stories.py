"""What the invented people of the demonstration write, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from config.vocabulary import LANGUAGES, Language
from gateway.demo.stories import Matter, Story, Teller, matters
from gateway.demo.templates import manners, topics
from gateway.demo.volumes import first_day, moments

UNTIL = datetime(2026, 11, 27, 9, tzinfo=UTC)


def test_moments_fill_the_months_and_none_lies_ahead() -> None:
    found = moments(500, UNTIL, Random(1), months=14)
    assert found == sorted(found)
    assert found[-1] < UNTIL
    assert first_day(UNTIL, 14).isoformat() == "2025-10-01"
    assert len({(at.year, at.month) for at in found}) == 14
    assert found == moments(500, UNTIL, Random(1), months=14)


def test_each_theme_is_told_in_every_language_and_its_evidence_stands_where_it_says() -> None:
    teller = Teller(Random(2))
    for matter in matters():
        for language in LANGUAGES:
            theme = matter.theme
            for _ in range(len(theme.texts[language]) + len(theme.letters.get(language, {}))):
                _sound(matter, teller.write(matter, language, 5, "Marie Dubois"))
            for _ in theme.said.get(language, ()):
                _sound(matter, teller.say(matter, language, 5, "Marie Dubois"))


def _sound(matter: Matter, story: Story) -> None:
    where = (matter.name, story.subject, story.text)
    assert not set("[]{}|") & set(story.text + story.subject + story.wish), where
    assert story.found.evidence, where
    assert {one.label for one in story.found.evidence} >= set(matter.theme.flags), where
    for one in story.found.evidence:
        assert story.text[one.start : one.end] == one.text


def test_no_text_comes_again_before_all_others_have_come() -> None:
    teller = Teller(Random(3))
    second = [matter for matter in matters() if "second_line" in matter.theme.flags]
    wanted: dict[Language, int] = {"fr": 8, "nl": 8, "de": 4, "en": 4}
    for language, least in wanted.items():
        told = [teller.write(matter, language, 5, "Marie Dubois").subject for matter in second * 2]
        assert len(set(told)) >= least, language


def test_every_matter_is_answered_in_every_language_in_which_it_is_answered_at_all() -> None:
    for name, topic in topics().items():
        for answers in (topic.founded, topic.unfounded):
            assert set(answers) in (set(), set(LANGUAGES)), name
        for in_house in (topic.notes, topic.asked, topic.recommended):
            assert set(in_house) in (set(), {"fr", "nl"}), name


def test_everybody_speaks_with_the_robot_in_their_language() -> None:
    assert set(manners().speech) == set(LANGUAGES)
    assert all(all(speech.exchanges) for speech in manners().speech.values())
