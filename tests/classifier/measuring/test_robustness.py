"""Damaged messages are damaged as said, and what is lost is counted against the same messages clean."""

from collections.abc import Sequence

import numpy as np
import pytest

from classifier.classification import Classification, Text
from classifier.measuring import robustness
from tests.classifier.measuring.by_hand import answer, record


def test_accents_go_and_nothing_else() -> None:
    assert robustness.without_accents("Réclamé à Liège, groß, 12 €") == "Reclame a Liege, groß, 12 €"


def test_a_tenth_of_the_letters_stand_elsewhere() -> None:
    text = "abcdefghij " * 400
    damaged = robustness.swapped(text, np.random.default_rng(1))
    assert sorted(damaged) == sorted(text)
    moved = sum(one != two for one, two in zip(text, damaged, strict=True))
    assert 0.08 < moved / 4000 < 0.12
    assert [place for place, char in enumerate(damaged) if char == " "] == list(range(10, 4400, 11))
    assert damaged == robustness.swapped(text, np.random.default_rng(1))


def test_another_matter_is_quoted_from_somebody_else() -> None:
    records = [record(1, text="mine"), record(2, author="author-1", text="same author", department="privacy")]
    records += [record(3, text="same department"), record(4, text="first line\nother", department="benefits")]
    records += [record(5, language="nl", text="alleen")]
    quoted = robustness.quoting(records, np.random.default_rng(1))
    assert quoted[0] is not None
    assert quoted[0].text.startswith("mine\n\nLe 3 novembre")
    assert quoted[0].text.endswith("> first line\n> other")
    # Nobody else wrote in Dutch.
    assert quoted[4] is None


def test_points_lost_by_a_classifier_that_shouting_and_footers_confuse() -> None:
    def classify(texts: Sequence[Text]) -> list[Classification]:
        return [
            answer(ranked=["privacy" if text.text.isupper() or "VERTROUWELIJK" in text.text else "digital"])
            for text in texts
        ]

    records = [record(1), record(2), record(3, language="de"), record(4, flags=["urgent"])]
    losses = {loss.damage: loss for loss in robustness.measure(records, classify, seed=1, progress=lambda _: None)}
    assert losses["accents stripped"].points == {"department_top_1": 0.0, "kind_macro_f1": 0.0, "urgent": 0.0}
    assert losses["all capitals"].points["department_top_1"] == pytest.approx(100.0)
    footer = losses["a legal footer in the other language"]
    # Only French and Dutch have the other one's footer.
    assert (footer.messages, footer.points["department_top_1"]) == (3, pytest.approx(100.0))
    # All are about one department: there is no other matter to quote.
    assert "another matter quoted below" not in losses


def test_the_footers_are_about_two_hundred_words() -> None:
    record_of_each = [record(1), record(2, language="nl")]
    seen: list[Text] = []

    def classify(texts: Sequence[Text]) -> list[Classification]:
        seen.extend(texts)
        return [answer() for _ in texts]

    robustness.measure(record_of_each, classify, seed=1, progress=lambda _: None)
    longest = sorted(len(text.text.split()) for text in seen)[-2:]
    assert all(180 <= words <= 220 for words in longest), longest
