"""STOP, START and HELP in four languages: the word alone counts, and each answer is one SMS."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.twilio_sms.keywords import Keyword, answer, recognise
from channels.twilio_sms.segments import count
from config.sms import ASKED, SHIPPED, load_sms_words, sms_words
from config.strict_yaml import DataError
from config.vocabulary import LANGUAGES
from tests.config import reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", Keyword("stop")),
        (" stop. ", Keyword("stop")),
        ("Arrêt !", Keyword("stop", "fr")),
        ("ARRET", Keyword("stop", "fr")),
        ("« Désabonner »", Keyword("stop", "fr")),
        ("afmelden", Keyword("stop", "nl")),
        ("Abmelden", Keyword("stop", "de")),
        ("Unsubscribe", Keyword("stop", "en")),
        ("Stop  ALL", Keyword("stop", "en")),
        ("Start", Keyword("start")),
        ("hervatten", Keyword("start", "nl")),
        ("Aide", Keyword("help", "fr")),
        ("HULP!", Keyword("help", "nl")),
        ("Hilfe", Keyword("help", "de")),
        ("help?", Keyword("help")),
    ],
)
def test_the_word_alone_is_known(text: str, expected: Keyword) -> None:
    assert recognise(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "Stop please, you take money every month",
        "Arrêtez les domiciliations",
        "J'ai besoin d'aide",
        "Help me please",
        "Ik heb hulp nodig",
        "non stop",
        "stopcontact",
        "yes",
        "oui",
        "aide\u0301s",
        "STOP" * 30,
    ],
)
def test_a_message_with_more_in_it_is_a_message(text: str) -> None:
    assert recognise(text) is None


@given(st.text(max_size=60))
def test_any_text_is_a_keyword_or_not(text: str) -> None:
    found = recognise(text)
    assert found is None or found.asked in ASKED


@pytest.mark.parametrize(("asked", "language"), list(product(ASKED, LANGUAGES)))
def test_each_answer_is_one_sms_and_names_the_way_back(asked: str, language: str) -> None:
    text = answer(asked, language)  # type: ignore[arg-type]
    assert count(text).encoding == "gsm7"
    assert count(text).segments == 1, (count(text).units, text)
    assert "{" not in text
    assert {"stop": "START", "start": "STOP", "help": "112"}[asked] in text
    assert asked == "start" or "02 444 41 11" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_are_easy_to_read(language: str) -> None:
    for asked in ASKED:
        for sentence in reading.sentences(sms_words().answers[asked][language]):  # type: ignore[index]
            assert len(reading.words(sentence)) <= 14, sentence


def test_no_word_asks_for_two_things() -> None:
    words = sms_words().keywords
    sets = {asked: {word.casefold() for known in words[asked].values() for word in known} for asked in ASKED}
    assert not sets["stop"] & sets["start"]
    assert not sets["help"] & (sets["stop"] | sets["start"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    nl: [start, hervatten]\n", "", "keywords.start: 'nl' is missing"),
        ("  contact:", "  card:", "received: must hold location, contact, other and nothing else"),
        ("Telefoon: {phone}.", "Telefoon: {number}.", "answers"),
        ("keywords:\n", "keyword:\n", "is not known here"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_in_words(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "sms.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=words):
        load_sms_words(broken)
