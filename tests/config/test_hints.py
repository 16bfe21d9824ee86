"""The words for the hint about the department are whole, clear, and refused when they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.hints import SHIPPED, hints, load_hints
from config.strict_yaml import DataError
from config.vocabulary import DEPARTMENTS, LANGUAGES


def test_every_department_has_words_in_every_language() -> None:
    assert set(hints().root) == set(DEPARTMENTS)
    for by_language in hints().root.values():
        assert set(by_language) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.pop("digital"), "department 'digital' is missing"),
        (lambda data: data["digital"].pop("nl"), "digital: 'nl' is missing"),
        (
            lambda data: data["digital"]["nl"].append("Domiciliëring*"),
            "'Domiciliëring*' stands under contributions and digital",
        ),
        (lambda data: data.update(kitchen={}), "kitchen"),
        (lambda data: data["digital"].update(fr=["site web"]), "must hold at least 8"),
    ],
    ids=["no department", "no language", "twice", "unknown", "few"],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: object, said: str) -> None:
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(data)  # type: ignore[operator]  # Each changes the data in place.
    (tmp_path / "hints.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(DataError, match=r"^hints\.yaml: ") as wrong:
        load_hints(tmp_path / "hints.yaml")
    assert said in str(wrong.value)
