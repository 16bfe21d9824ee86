"""Letters that changed places are read as they were meant, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import lexicon, slips
from classifier.slips import Slips

SLIPS = Slips(
    ["remboursement", "medecin", "conseil", "mijn", "terugbetaling", "ecran", "crane", "aan", "rondel", "rodnle"],
    ["wits"],
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mon rembuorsement du médcein-cosneil", "Mon remboursement du médecin-conseil"),
        ("miin teurgbetaling, mjin terugbetaling", "miin terugbetaling, mijn terugbetaling"),
        ("Erboursement, Ermboursement, REMBUORSEMENT", "Erboursement, Remboursement, REMBOURSEMENT"),
        # Known as it stands; two words could be meant; more than neighbours changed places; too short.
        ("écran", "écran"),
        ("rodnel", "rodnel"),
        ("wits", "wits"),
        ("remboursemtne", "remboursemtne"),
        ("ana", "ana"),
        # In a short word, one pair, and not with the first letter; in a long one, two.
        ("imjn", "imjn"),
        ("erbmousrement", "erbmousrement"),
        ("rmeboursemnet", "remboursement"),
        # No part of a longer word, and no letter with a loose accent.
        ("q" * 30 + "mjin mjin2 m_mjin mjin\u0301", "q" * 30 + "mjin mjin2 m_mjin mjin\u0301"),
        ("Mme Nlimo, 0470 00 11 03", "Mme Nlimo, 0470 00 11 03"),
    ],
)
def test_neighbours_go_back_to_their_places(typed: str, meant: str) -> None:
    assert SLIPS.mended(typed) == meant


ODD = ["ǰ", "ẖ", "ß", "İ", "é", "\u0301", "\ud800", "1", "_", " ", "-"]


@st.composite
def typed(draw: st.DrawFn) -> str:
    """A known word with its letters moved, some in capitals, some replaced by odd ones."""
    letters = list(draw(st.sampled_from(sorted(SLIPS.known | ODD_SLIPS.known))))
    for place in draw(st.lists(st.integers(0, len(letters) - 2), max_size=2)):
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
    if draw(st.booleans()):
        letters[draw(st.integers(0, len(letters) - 1))] = draw(st.sampled_from(ODD))
    return "".join(letter.upper() if draw(st.integers(0, 4)) == 0 else letter for letter in letters)


ODD_SLIPS = Slips(["jaarlijks", "heelkunde", "gestern"])


@given(st.lists(typed(), max_size=4).map(" ".join))
def test_every_offset_stays_true(text: str) -> None:
    for mender in (SLIPS, ODD_SLIPS):
        mended = mender.mended(text)
        assert len(mended) == len(text)
        assert mender.mended(mended) == mended
        assert all(one == two for one, two in zip(text, mended, strict=True) if not one.isalpha())


@given(st.sampled_from(["remboursement", "medecin", "conseil", "terugbetaling"]), st.integers(0, 12))
def test_one_slip_anywhere_is_mended(word: str, place: int) -> None:
    place %= len(word) - 1
    slipped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    assert SLIPS.mended(slipped) == word


@pytest.mark.parametrize(
    "text", ["Je veux me suicdier", "Ik denk aan zelfdodnig", "I will klil myself", "Je suis suiciadire"]
)
def test_words_of_distress_are_mended_whatever_was_learnt(text: str) -> None:
    mended = slips.of_lexicon().mended(text)
    assert mended != text
    assert any(hit.group == "emergency" for hit in lexicon.load().find(mended, lexicon.words(mended)))


def test_no_word_of_the_lists_is_changed() -> None:
    every = lexicon.load().every_word()
    learnt = Slips(["krediet", "wist", "discreet"], every)
    assert {word for word in every if learnt.mended(word) != word} == set()


def test_without_words_nothing_is_mended() -> None:
    assert Slips().mended("rembuorsement") == "rembuorsement"
