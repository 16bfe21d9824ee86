"""Whether an office file, which is a ZIP archive inside, would unpack to more than anybody's computer should (rule F5).

Only the archive's own list of what is in it is read, at its end, and no more of it than the bound: nothing is unpacked, and
a list of a million names costs no more than one of two thousand.
"""

from __future__ import annotations

import struct
from typing import Final

MOST_ENTRIES: Final = 2_000
MOST_BYTES: Final = 200 * 1000 * 1000
MOST_RATIO: Final = 100
# Below this a ratio says nothing: a long table of the same words may well shrink to a hundredth.
_SMALL: Final = 10 * 1000 * 1000

# APPNOTE 4.3.16 and 4.3.12: the record at the end, after which only a comment of up to 65,535 bytes may stand, and an entry.
_END: Final = struct.Struct("<4sHHHHIIH")
_ENTRY: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_FARTHEST: Final = 65_535 + _END.size


def unpacks_to_too_much(content: bytes) -> bool:
    """Say so by the list of the archive; False where there is none to read, since then nobody can unpack it either.

    Takes a few milliseconds at most. A size that is only given in the 64-bit extension counts as too much by itself.
    """
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - _FARTHEST))
    if at < 0 or at + _END.size > len(content):
        return False
    *_, length, start, _ = _END.unpack_from(content, at)
    # Bytes before the archive move everything; what counts is where the list ends.
    place = at - length if at - length >= 0 else start
    total = 0
    for count in range(MOST_ENTRIES + 1):
        if place + _ENTRY.size > len(content) or content[place : place + 4] != b"PK\x01\x02":
            return False
        if count == MOST_ENTRIES:
            return True
        entry = _ENTRY.unpack_from(content, place)
        total += entry[9]
        if total > MOST_BYTES or total > max(_SMALL, MOST_RATIO * len(content)):
            return True
        place += _ENTRY.size + sum(entry[10:13])
    return False
