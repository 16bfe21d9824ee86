"""Finding phrases: what the table finds is what one finds by trying each phrase at each place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatbot.phrases import Phrases

_WORD = st.sampled_from(("a", "ab", "abc", "abcd", "abcde", "bcd", "bcde"))
_PHRASE = st.lists(_WORD, min_size=1, max_size=9).flatmap(
    lambda words: st.booleans().map(lambda any_ending: (*words[:-1], words[-1] + "*" * any_ending))
)


def one_by_one(phrase: tuple[str, ...], words: list[str]) -> int:
    """How many of the first words this phrase is; 0 when it is not there. Eight words at most, and "is*" is no phrase."""
    if len(phrase) > 8 or len(words) < len(phrase) or list(phrase[:-1]) != words[: len(phrase) - 1]:
        return 0
    last, word = phrase[-1], words[len(phrase) - 1]
    same = word.startswith(last[:-1]) and len(last) > 3 if last.endswith("*") else word == last
    return len(phrase) if same else 0


@given(st.sets(_PHRASE, max_size=12), st.lists(_WORD, min_size=1, max_size=14), st.data())
def test_the_longest_phrase_at_a_place_is_found(
    phrases: set[tuple[str, ...]], words: list[str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(words) - 1))
    expected = max((one_by_one(phrase, words[place:]) for phrase in phrases), default=0)
    assert Phrases(phrases).longest(words, place) == expected


def test_no_list_finds_nothing_and_any_ending_is_an_ending_too() -> None:
    assert Phrases(()).longest(["oui"], 0) == 0
    assert Phrases({("rembours*",)}).longest(["rembours"], 0) == 1
    assert Phrases({("me", "rembours*")}).longest(["me", "remboursez", "vite"], 0) == 2
