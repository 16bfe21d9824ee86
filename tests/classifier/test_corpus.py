"""Reading and checking the corpus, and the split that keeps authors and scenarios together."""

import json
from pathlib import Path
from typing import Any

import pytest

from classifier import corpus

GOOD: dict[str, Any] = {
    "id": "x-1",
    "author": "a",
    "scenario": "s",
    "channel": "email",
    "language": "fr",
    "from_name": "",
    "from_address": "",
    "subject": "",
    "text": "Bonjour",
    "kind": "complaint",
    "flags": ["doctor"],
    "department": None,
}


def test_the_shipped_corpus_is_sound_and_speaks_all_labels() -> None:
    records = corpus.read()
    assert {record.kind for record in records} == {"complaint", "suggestion", "compliment", "question", "other"}
    assert set().union(*(record.flags for record in records)) == {
        "anonymous",
        "off_scope",
        "doctor",
        "urgent",
        "second_line",
    }
    assert len({record.department for record in records}) == 12


def test_a_good_line() -> None:
    record = corpus.parse(json.dumps(GOOD))
    assert record.message.text == "Bonjour"
    assert record.flags == {"doctor"}
    assert record.department is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "rant"}, "kind"),
        ({"language": "es"}, "language"),
        ({"channel": "fax"}, "channel"),
        ({"flags": ["angry"]}, "flags"),
        ({"flags": "doctor"}, "flags"),
        ({"department": "kitchen"}, "department"),
        ({"text": 3}, "text is not a string"),
        ({"author": ""}, "author is empty"),
        ({"flags": ["off_scope"], "department": "digital"}, "off scope"),
        ({"flags": ["off_scope", "doctor"]}, "never off scope"),
        ({"extra": 1}, "unknown: extra"),
    ],
)
def test_bad_lines_say_what_is_wrong(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        corpus.parse(json.dumps(GOOD | change))


def test_a_missing_field_and_a_double_id_name_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(GOOD) + "\n\n" + json.dumps(GOOD) + "\n")
    with pytest.raises(corpus.CorpusError, match=r"x\.jsonl:3: the id was used before"):
        corpus.read(tmp_path)
    file.write_text('{"id": "1"}')
    with pytest.raises(corpus.CorpusError, match=r"x\.jsonl:1: missing: author"):
        corpus.read(tmp_path)


def test_a_folder_without_messages_says_so(tmp_path: Path) -> None:
    with pytest.raises(corpus.CorpusError, match="no messages in"):
        corpus.read(tmp_path)
    with pytest.raises(corpus.CorpusError, match="no messages in"):
        corpus.read(tmp_path / "none")


def test_the_fingerprint_changes_with_any_message(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(GOOD) + "\n")
    before = corpus.fingerprint(tmp_path)
    assert before == corpus.fingerprint(tmp_path)
    file.write_text(json.dumps(GOOD | {"text": "Bonsoir"}) + "\n")
    assert corpus.fingerprint(tmp_path) != before


def test_no_author_and_no_scenario_is_on_both_sides() -> None:
    records = corpus.read()
    training, test = corpus.split(records, seed=1)
    assert len(training) + len(test) > len(records) * 0.75
    assert 0.05 < len(test) / len(records) < 0.4
    for name in ("author", "scenario"):
        assert not {getattr(r, name) for r in training} & {getattr(r, name) for r in test}
    assert corpus.split(records, seed=1) == (training, test)
    assert corpus.split(records, seed=2) != (training, test)


def test_a_scenario_of_both_sides_is_used_on_one() -> None:
    def record(number: int, author: str, scenario: str) -> corpus.Record:
        return corpus.parse(json.dumps(GOOD | {"id": str(number), "author": author, "scenario": scenario}))

    records = [record(number, f"author-{number}", "one for all") for number in range(40)]
    training, test = corpus.split(records, seed=1)
    assert bool(training) != bool(test)
