"""Reading and checking the corpus, and the split that keeps authors and scenarios together."""

import json
from bisect import bisect_left, bisect_right
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import corpus, duplicates, train

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


def test_the_fingerprint_changes_with_any_message_or_saying(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(GOOD) + "\n")
    before = corpus.fingerprint(tmp_path)
    assert before == corpus.fingerprint(tmp_path)
    file.write_text(json.dumps(GOOD | {"text": "Bonsoir"}) + "\n")
    changed = corpus.fingerprint(tmp_path)
    assert changed != before
    (tmp_path / corpus.SAYINGS).mkdir()
    (tmp_path / corpus.SAYINGS / "fr.tsv").write_text("privacy\tma lettre chez le voisin\n")
    assert corpus.fingerprint(tmp_path) != changed


def test_no_author_and_no_scenario_is_in_two_parts() -> None:
    records = corpus.read()
    parts = corpus.split(records, seed=1)
    assert sum(map(len, parts)) > len(records) * 0.7
    assert 0.05 < len(parts.calibration) / len(records) < 0.3
    assert 0.05 < len(parts.test) / len(records) < 0.4
    for one, two in combinations(parts, 2):
        for name in ("author", "scenario"):
            assert not {getattr(r, name) for r in one} & {getattr(r, name) for r in two}
    assert corpus.split(records, seed=1) == parts
    assert corpus.split(records, seed=2) != parts


def test_nothing_in_one_part_says_nearly_what_another_says() -> None:
    parts = corpus.split(corpus.read(), seed=train.SEED)
    for one, two in combinations(parts, 2):
        # By the slow and sure way, for one in eight: every pair whose lengths allow it is compared.
        mine = [duplicates.pieces(record.message.text) for record in one[::8]]
        theirs = sorted((duplicates.pieces(record.message.text) for record in two), key=len)
        lengths = [len(each) for each in theirs]
        for each in mine:
            start, end = bisect_left(lengths, len(each) / 2), bisect_right(lengths, len(each) * 2)
            assert all(
                duplicates.resemblance(each, other) < duplicates.NEAR
                for other in theirs[start:end]
                if np.isin(each[:48], other[:48], assume_unique=True).any()
            )


def test_a_scenario_of_several_parts_is_used_in_one() -> None:
    def record(number: int, author: str, scenario: str) -> corpus.Record:
        return corpus.parse(
            json.dumps(GOOD | {"id": str(number), "author": author, "scenario": scenario, "text": str(number)})
        )

    records = [record(number, f"author-{number}", "one for all") for number in range(40)]
    assert sum(bool(part) for part in corpus.split(records, seed=1)) == 1


def test_what_resembles_a_test_message_is_kept_out_of_training() -> None:
    said = "Mijn getuigschrift ligt al zes weken op het kantoor in Halle en niemand weet waar."
    records = [
        corpus.parse(json.dumps(GOOD | {"id": str(n), "author": f"a{n}", "scenario": f"s{n}", "text": f"{said} {n}"}))
        for n in range(60)
    ]
    parts = corpus.split(records, seed=1)
    assert parts.test
    assert not parts.training
    assert not parts.calibration
