"""Whole mails that were once understood wrongly: a member's words lost, a member taken for a robot, a robot for a member."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels.mail.describe import describe
from channels.mail.parse import parse
from channels.message import RawMessage

OWN = frozenset(["plaintes@partenamut.example", "klachten@partenamut.example"])
CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "fixtures" / "mail" / "hard_mails.yaml").read_text("utf-8")
)


def folded(text: str) -> str:
    """Fold white space, in which programs differ without meaning anything by it."""
    return " ".join(text.split())


def test_each_has_a_name_of_its_own() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_hard_mail(case: dict[str, Any]) -> None:
    raw = case["mail"].replace("\n", "\r\n").encode()
    found = parse(RawMessage("email", "", "1", raw, datetime(2026, 5, 6, 12, tzinfo=UTC)), own_addresses=OWN)
    assert (found.robot is not None) == case["robot"], found.robot
    assert (found.bounce is not None) == case.get("bounce", False)
    reply, text = folded(found.reply), folded(found.text)
    for words in case.get("says", []):
        assert folded(words) in reply
        assert folded(words) in text
    for words in case.get("not", []):
        assert folded(words) not in reply


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_command_says_the_same(case: dict[str, Any]) -> None:
    found = describe(case["mail"].encode(), case["id"])
    assert (found["is_auto"], found["is_bounce"]) == (case["robot"], case.get("bounce", False))
    assert all(folded(words) in folded(found["reply"]) for words in case.get("says", []))
