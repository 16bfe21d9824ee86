"""Agreement of two readers, against kappas worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from classifier import agreement
from classifier.agreement import ReadingError, Second
from tests.classifier.measuring.by_hand import record


def _second(number: int, kind: str = "complaint", flags: tuple[str, ...] = ()) -> Second:
    return Second(f"m-{number}", "reader-2", kind, frozenset(flags), "digital")


def test_kappa_by_hand() -> None:
    # Corpus: 3 urgent of 6; second reader: 2 of 6, both among those. Raw 5/6; chance (3*2 + 3*4)/36 = 1/2; kappa 2/3.
    records = [record(number, flags=["urgent"] if number < 3 else []) for number in range(6)]
    second = [_second(number, flags=("urgent",) if number < 2 else ()) for number in range(6)]
    found = {(one.label, one.language): one for one in agreement.compare(records, second)}
    urgent = found["urgent", "all"]
    assert (urgent.messages, urgent.raw, urgent.kappa) == (6, pytest.approx(5 / 6), pytest.approx(2 / 3))
    # Both always say the same one thing: chance explains all of it.
    assert found["department", "all"].raw == 1.0
    assert math.isnan(found["department", "all"].kappa)


def test_kappa_of_several_labels_and_by_language() -> None:
    records = [record(1), record(2, kind="question"), record(3, language="nl"), record(4, language="nl", kind="other")]
    second = [_second(1), _second(2, "question"), _second(3, "question"), _second(4, "other")]
    found = {(one.label, one.language): one for one in agreement.compare(records, second)}
    # Chance: complaint 2*1, question 1*2, other 1*1, of 16.
    assert found["kind", "all"].kappa == pytest.approx((3 / 4 - 5 / 16) / (1 - 5 / 16))
    assert found["kind", "fr"].kappa == 1.0
    assert found["kind", "nl"].raw == 0.5
    assert ("kind", "de") not in found


def test_the_table_names_every_label_and_language() -> None:
    records = [record(1), record(2, language="nl", kind="question")]
    (table,) = agreement.tables(agreement.compare(records, [_second(1), _second(2)]))
    assert table.columns == ("label", "messages", "agree", "kappa", "kappa, French", "kappa, Dutch")
    assert {row[0] for row in table.rows} >= {"kind", "complaint", "urgent", "department", "privacy"}


def test_no_second_reading_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="nobody has read"):
        agreement.read(tmp_path / "none.jsonl")


_GOOD = {"id": "m-1", "reader": "b", "kind": "complaint", "flags": ["urgent"], "department": None}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "is empty"),
        ("{", "second.jsonl:1"),
        ("[]", "not an object"),
        (json.dumps(_GOOD | {"more": 1}), "not an object of"),
        (json.dumps(_GOOD | {"id": 1}), "not a string"),
        (json.dumps(_GOOD | {"kind": "praise"}), "kind 'praise' is unknown"),
        (json.dumps(_GOOD | {"flags": "urgent"}), "flags 'urgent' are not"),
        (json.dumps(_GOOD | {"flags": [[]]}), "are not all known"),
        (json.dumps(_GOOD | {"department": "other"}), "department 'other' is unknown"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "second.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ReadingError, match=message):
        agreement.read(path)


def test_a_second_reading_is_read_and_a_strange_message_refused(tmp_path: Path) -> None:
    path = tmp_path / "second.jsonl"
    path.write_text(json.dumps(_GOOD) + "\n\n", encoding="utf-8")
    second = agreement.read(path)
    assert second == [Second("m-1", "b", "complaint", frozenset({"urgent"}), None)]
    assert agreement.compare([record(1)], second)
    with pytest.raises(ReadingError, match="not in the corpus: m-1"):
        agreement.compare([record(2)], second)
