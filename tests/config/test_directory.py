"""The directory: what every text relies on is there, sourced, and dated where it was checked."""

from __future__ import annotations

from datetime import date

import pytest

from config.directory import NEEDED_LINES, SHIPPED, directory, load_directory
from config.strict_yaml import DataError
from config.vocabulary import LANGUAGES


def test_what_the_house_publishes():
    found = directory()
    assert found.office.phone == "02 444 41 11"
    assert found.office.phone_international == "+3224444111"
    assert found.coordinator.lines[0] == "Médecin Coordinateur"
    assert found.line("emergency").number == "112"
    assert {line.id for line in found.help_lines} >= NEEDED_LINES
    with pytest.raises(KeyError):
        found.line("astrology")


def test_every_body_can_be_named_and_reached_in_every_language():
    for body in directory().bodies:
        for language in LANGUAGES:
            assert body.names.in_language(language)
            assert body.about.in_language(language)
            assert body.contact.in_language(language)
            assert body.words[language]
        assert body.source


def test_what_is_not_checked_is_listed_and_nothing_is_checked_in_the_future():
    found = directory()
    entries = [found.office, found.coordinator, *found.help_lines, *found.bodies]
    unchecked = found.unchecked()
    assert "coordinator" in unchecked
    assert len(unchecked) == sum(entry.checked is None for entry in entries)
    assert all(entry.checked <= date.today() for entry in entries if entry.checked)  # noqa: DTZ011  # A calendar day.


def test_the_help_lines_of_a_language_are_spoken_there():
    spoken = {language for line in directory().help_lines for language in line.speaks}
    assert spoken == set(LANGUAGES)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('number: "107"', 'number: "one-oh-seven"', "number"),
        ("id: talk_fr", "id: talk_es", "help line missing: talk_fr"),
        ("id: bank", "id: rail", "body named twice: rail"),
        ("contact: {web: ordomedic.be}", "contact: {}", "a contact needs"),
        ("      de: [bank, banken", "      xx: [bank, banken", "words"),
        ("    called: [belfius, ING", "    called: [fortis, ING", "called what is not among its words: fortis"),
        ("  source: partenamut.be, Engagements\n", "", "source"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path, old, new, words):
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert old in shipped
    path = tmp_path / "directory.yaml"
    path.write_text(shipped.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=r"directory\.yaml") as caught:
        load_directory(path)
    assert words in str(caught.value)
