"""The state of a conversation as the register keeps it, also between two versions of the house."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chatbot.state import Facts, File, State, begin

WORDS = st.text(max_size=20)
FACTS = st.builds(
    Facts,
    story=st.lists(WORDS).map(tuple),
    wish=st.lists(WORDS).map(tuple),
    name=WORDS,
    files=st.lists(st.builds(File, WORDS, st.sampled_from(("picture", "voice")))).map(tuple),
    earlier=st.lists(WORDS).map(tuple),
    anonymous=st.booleans(),
)
STATES = st.builds(
    State,
    shape=st.sampled_from(("chat", "sms")),
    language=st.sampled_from(("fr", "de")),
    step=st.sampled_from(("new", "ask.name", "a step of another version")),
    facts=FACTS,
    asked=st.dictionaries(WORDS, st.integers(0, 2), max_size=3),
    offered=st.lists(WORDS).map(tuple),
    turns=st.integers(0, 40),
    heard_at=st.none() | st.just(datetime(2026, 11, 24, 9, tzinfo=UTC)),
    owed=st.lists(WORDS).map(tuple),
)


@given(STATES)
def test_it_comes_back_from_json_as_it_was(state: State) -> None:
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_what_a_newer_version_wrote_is_written_back() -> None:
    kept = begin("sms", "nl", phone="+32470001103").to_json()
    kept["mood"] = "calm"
    kept["facts"]["pet"] = {"name": "Bello"}
    kept["version"] = 7
    again = State.from_json(kept).to_json()
    assert again["mood"] == "calm"
    assert again["facts"]["pet"] == {"name": "Bello"}
    assert again["facts"]["phone"] == "+32470001103"
    assert State.from_json(again).to_json() == again


def test_an_older_row_gets_the_defaults() -> None:
    state = State.from_json({"shape": "chat", "language": "fr", "facts": {"story": ["a"]}})
    assert state.facts == Facts(story=("a",))
    assert (state.step, state.turns, state.hand) == ("new", 0, "")


def test_nothing_personal_is_printed() -> None:
    """A state that slips into a log line tells nothing of the member (rule L1)."""
    facts = Facts(story=("canary",), name="canary", email="canary", wish=("canary",), earlier=("canary",))
    state = State("chat", "fr", facts=facts, owed=("canary",), asked={}, beyond={"x": "canary"})
    assert "canary" not in repr(state)
