"""Who gets the help lines: despair without the word suicide does, and anger that only sounds like it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.message import InboundMessage
from chatbot.dialogue import step
from chatbot.events import House
from chatbot.knowledge import Entry
from chatbot.state import begin
from classifier import pipeline
from classifier.classification import Text
from config.strict_yaml import read_yaml
from config.vocabulary import LANGUAGES, Language
from gateway import classifying
from gateway.arrival import Arrival
from gateway.line import said_in

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LINES = read_yaml(Path(__file__).parent / "despair.yaml")


@dataclass(frozen=True)
class Found:
    """What the real finder found for this line."""

    entry: str

    def find(self, text: str, language: Language) -> Entry | None:
        return Entry(self.entry, "") if self.entry else None


def helped(text: str, language: Language) -> bool:
    """Whether the help lines are the answer to this first line, as the real classifier and the real words read it."""
    state = begin("chat", language)
    message = InboundMessage("chat", "", "1", None, "", text, text, NOW)
    (understood,) = classifying.understand_all([classifying.Line(Text("chat", text, language_hint=language), text)])
    arrival = Arrival(None, message, understood.found, understood.line, "", understood.spoken)  # type: ignore[arg-type]
    said = said_in(arrival, state)
    return "urgent" in [reply.key for reply in step(state, said, Found(understood.entry), House(), NOW).replies]


@pytest.fixture(autouse=True)
def _read_here(model: pipeline.Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifying, "_classifier", model)


def test_there_are_enough_lines() -> None:
    for language, least in (("fr", 25), ("nl", 25), ("en", 12), ("de", 12)):
        assert sum(len(LINES[part][language][kind]) for part in LINES for kind in ("despair", "calm")) >= least


@pytest.mark.parametrize("language", LANGUAGES)
def test_despair_gets_the_help_lines(language: Language) -> None:
    """To miss it is worse than a needless help line."""
    for part, most in (("tried", 0.0), ("kept_out", 0.15)):
        lines = LINES[part][language]["despair"]
        missed = [line for line in lines if not helped(line, language)]
        assert len(missed) <= most * len(lines), missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_anger_that_sounds_like_it_does_not(language: Language) -> None:
    for part, most in (("tried", 0.0), ("kept_out", 0.2)):
        lines = LINES[part][language]["calm"]
        needless = [line for line in lines if helped(line, language)]
        assert len(needless) <= most * len(lines), needless
