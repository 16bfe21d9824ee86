"""Every written dialogue goes as it is written, and nothing that its member said is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chatbot.replaying import read, replay

FOLDER = Path(__file__).parent / "dialogues"


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.txt")), ids=lambda path: path.stem)
def test_it_goes_as_it_is_written(path: Path) -> None:
    _, wrong = replay(read(path))
    assert wrong == []
