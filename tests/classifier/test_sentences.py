"""Sentences stand where they say, none is lost, and there are never too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.sentences import sentences


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        (" \n ", []),
        ("ok", ["ok"]),
        ("J'attends. Vous dormez ? Oui!! Bien…", ["J'attends.", "Vous dormez ?", "Oui!!", "Bien…"]),
        ("Beste,\n\nHet is 12.50 euro.\nJan", ["Beste,", "Het is 12.50 euro.", "Jan"]),
        ("...", ["..."]),
    ],
)
def test_sentences(text: str, wanted: list[str]) -> None:
    assert [sentence.text.strip() for sentence in sentences(text, most=12)] == wanted


def test_many_become_groups_of_about_the_same_length() -> None:
    text = " ".join(f"Phrase numéro {number}." for number in range(100))
    found = sentences(text, most=8)
    assert len(found) == 8
    assert max(len(s.text) for s in found) < 2.2 * min(len(s.text) for s in found)


@given(st.text(alphabet=st.sampled_from("ab .!?\n…\x00é👍\u2028"), max_size=300), st.integers(1, 12))
def test_nothing_is_lost_and_everything_stands_where_it_says(text: str, most: int) -> None:
    found = sentences(text, most=most)
    assert len(found) <= most
    assert all(text[s.start : s.end] == s.text for s in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    covered = {place for s in found for place in range(s.start, s.end)}
    assert all(place in covered or char.isspace() for place, char in enumerate(text))
