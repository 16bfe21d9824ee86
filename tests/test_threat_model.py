"""The threat model names every rule that holds, and test files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "threat-model.md").read_text(encoding="utf-8")
RULES = (
    *(f"M{number}" for number in range(1, 16)),
    *(f"H{number}" for number in range(1, 8)),
    *(f"F{number}" for number in range(1, 10)),
    *(f"C{number}" for number in range(1, 7)),
    *("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"),
    *(f"W{number}" for number in range(1, 8)),
    *(f"R{number}" for number in range(1, 5)),
    *("E1", "E2", "E3", "E4", "E5"),
    *("L1", "L2", "L3", "L4", "L5"),
    *("D1", "D2", "D3", "D8", "D10"),
    *(f"Q{number}" for number in range(1, 11)),
)
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)


def test_every_rule_has_one_row() -> None:
    listed = [rule for rule, _, _ in ROW.findall(PAGE)]
    assert sorted(listed) == sorted(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_each_is_said_in_words_and_proven_by_tests_that_are_there(rule: str) -> None:
    words, proofs = next((words, proofs) for name, words, proofs in ROW.findall(PAGE) if name == rule)
    assert len(words.split()) >= 5
    files = re.findall(r"`([^`]+)`", proofs)
    assert files
    for file in files:
        assert Path(file).name.startswith("test_")
        assert re.search(r"^(async )?def test_", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), file


def test_what_is_said_to_be_missing_names_rules_of_the_table() -> None:
    missing = re.findall(r"\*\*([A-Z]\d+)\*\*", PAGE.partition("do not cover yet")[2])
    assert missing
    assert set(missing) <= set(RULES)
