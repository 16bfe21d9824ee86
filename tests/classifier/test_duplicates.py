"""What says nearly the same: case, accents and a changed word don't hide it; another story is another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import duplicates

SAID = "Mon remboursement du dentiste n'est toujours pas arrivé, six semaines après le dépôt à l'agence."


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (SAID.upper(), True),
        (SAID.replace("é", "e").replace("à", "a").replace(",", " ..."), True),
        (SAID.replace("six", "sept"), True),
        ("Merci. " + SAID, True),
        ("Mon remboursement de la kiné a été versé deux fois, que dois-je faire de l'argent ?", False),
        ("", False),
    ],
)
def test_alike(other: str, alike: bool) -> None:
    assert (duplicates.near([SAID], [other]) == [(0, 0)]) is alike


def test_short_ones() -> None:
    assert duplicates.near(["ok", "test", ""], ["OK!", "..."]) == [(0, 0), (2, 1)]


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_resembles_itself_and_no_text_raises(one: str, two: str) -> None:
    assert (0, 0) in duplicates.near([one], [one])
    first, second = duplicates.pieces(one), duplicates.pieces(two)
    assert 0 <= duplicates.resemblance(first, second) == duplicates.resemblance(second, first) <= 1
