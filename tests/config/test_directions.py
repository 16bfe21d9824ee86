"""No mark turns a name round (rule M14), and nothing else of a name is touched."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.directions import straight

# By Unicode's own list: whatever is a control of direction, the three marks of one included.
_TURNING = {chr(n) for n in (0x061C, 0x200E, 0x200F)} | {
    chr(n)
    for n in range(0x110000)
    if unicodedata.bidirectional(chr(n))
    in {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
    }
}


def test_a_name_reads_as_it_is_stored() -> None:
    assert straight("anna\u202egpj.exe") == "annagpj.exe"
    assert straight("Zoë Şahin 北京 محمد") == "Zoë Şahin 北京 محمد"


@pytest.mark.parametrize("mark", sorted(_TURNING))
def test_every_mark_of_direction_goes(mark: str) -> None:
    assert straight(f"a{mark}é") == "aé"


@given(st.text())
def test_nothing_else_goes(text: str) -> None:
    assert straight(text) == "".join(sign for sign in text if sign not in _TURNING)
