"""The network's way back against slopes measured by small steps, and its way forwards against the quick encoder."""

import numpy as np
import pytest

from classifier import network
from classifier.encoder import Encoder
from classifier.features import Floats

TEXTS = ["Mon remboursement n'est toujours pas arrivé.", "ok", "Ik wacht al zes weken, wie belt mij terug?"]
FACTS, OUTPUTS = 4, 3


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def given(encoder: Encoder) -> network.Batch:
    facts = np.random.default_rng(3).standard_normal((len(TEXTS), FACTS)).astype(np.float32)
    return network.batch([encoder.embedded(encoder.cut(text)) for text in TEXTS], facts)


def parameters(encoder: Encoder) -> network.Parameters:
    return encoder.parameters() | network.new_top(FACTS, OUTPUTS, np.random.default_rng(1))


def test_forwards_it_is_what_the_encoder_and_the_top_give(encoder: Encoder) -> None:
    held, batch = parameters(encoder), given(encoder)
    meaning = np.stack([encoder.encode_parts([[text]])[0].whole for text in TEXTS])
    wanted = network.top(held, meaning, batch.facts)
    assert np.abs(network.Pass(held, batch).logits - wanted).max() < 2e-4


def test_a_text_does_not_see_its_neighbours_in_the_batch(encoder: Encoder) -> None:
    held, batch = parameters(encoder), given(encoder)
    together = network.Pass(held, batch).logits
    for row, text in enumerate(TEXTS):
        alone = network.batch([encoder.embedded(encoder.cut(text))], batch.facts[row : row + 1])
        assert np.abs(network.Pass(held, alone).logits[0] - together[row]).max() < 1e-4


@pytest.mark.parametrize("name", [*network.ENCODER, *network.TOP])
def test_the_way_back_is_the_slope(encoder: Encoder, name: str) -> None:
    # In double precision, where small steps can be told from rounding.
    held = {key: value.astype(np.float64) for key, value in parameters(encoder).items()}
    batch = given(encoder)
    wanted = np.random.default_rng(2).standard_normal((len(TEXTS), OUTPUTS))

    def loss() -> float:
        return float((network.Pass(held, batch).logits * wanted).sum())  # type: ignore[arg-type]  # doubles on purpose

    slopes = network.Pass(held, batch).back(wanted)[name]  # type: ignore[arg-type]
    assert slopes.shape == held[name].shape
    # The places of the steepest slopes, and some others.
    flat: Floats = held[name].reshape(-1)
    places = [*np.argsort(-np.abs(slopes.reshape(-1)))[:3], *np.random.default_rng(5).integers(0, flat.size, 3)]
    for place in places:
        before, step = flat[place], 1e-5
        flat[place] = before + step
        up = loss()
        flat[place] = before - step
        down = loss()
        flat[place] = before
        measured = (up - down) / (2 * step)
        assert slopes.reshape(-1)[place] == pytest.approx(
            measured, rel=2e-3, abs=2e-4 * float(np.abs(slopes).max()) + 1e-7
        )


def test_dropped_inputs_are_made_up_for(encoder: Encoder) -> None:
    held, batch = parameters(encoder), given(encoder)
    rng = np.random.default_rng(9)
    many = [network.Pass(held, batch, dropout=0.3, rng=rng).logits for _ in range(300)]
    plain = network.Pass(held, batch).logits
    assert np.abs(np.mean(many, axis=0) - plain).max() < 0.25 * np.abs(plain).max()
    assert np.std(many) > 0


def test_adam_goes_downhill() -> None:
    held = {"out": np.full((2, 2), 5, dtype=np.float32)}
    mover = network.Adam(held, {"out": 0.1}, longest=100.0)
    for _ in range(200):
        mover.step({"out": 2 * held["out"]}, 1.0)
    assert np.abs(held["out"]).max() < 0.1
