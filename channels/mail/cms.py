"""The text inside an opaquely signed S/MIME mail (CMS SignedData, RFC 5652): only unwrapped, never verified.

Such a mail holds its whole text inside the signature file; without this it would look empty.
"""

from __future__ import annotations

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_MAX_CHUNKS = 200_000


def _header(data: bytes, position: int) -> tuple[int, int, int]:
    """Return (tag, start of content, end of content) of the BER value at `position`; an open end is the data's end."""
    tag, length = data[position], data[position + 1]
    start = position + 2
    if length == 0x80:
        return tag, start, len(data)
    if length & 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    return tag, start, min(len(data), start + length)


def _unwrap(data: bytes) -> bytes | None:
    _, position, _ = _header(data, 0)
    if not data.startswith(_SIGNED_DATA, position):
        return None
    _, position, _ = _header(data, position + len(_SIGNED_DATA))
    _, position, _ = _header(data, position)
    for _ in range(2):
        # The version and the list of digest algorithms.
        _, _, position = _header(data, position)
    _, position, _ = _header(data, position)
    _, _, position = _header(data, position)
    tag, position, _ = _header(data, position)
    if tag != 0xA0:
        return None
    tag, start, end = _header(data, position)
    if tag == 0x04:
        return data[start:end]
    chunks: list[bytes] = []
    for _ in range(_MAX_CHUNKS):
        if tag != 0x24 or start >= end or data[start] != 0x04:
            break
        _, low, high = _header(data, start)
        chunks.append(data[low:high])
        start = high
    return b"".join(chunks) or None


def signed_content(data: bytes) -> bytes | None:
    """Return the MIME entity that a SignedData structure holds, None when it is something else or damaged."""
    try:
        return _unwrap(data)
    except IndexError:
        return None
