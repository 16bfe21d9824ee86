"""The clocks as data: each with its source, and refused in words when wrong."""

from __future__ import annotations

import pytest

from config.deadlines import SHIPPED, deadlines, load_deadlines
from config.strict_yaml import DataError


def test_the_shipped_clocks():
    clocks = {clock.id: clock for clock in deadlines().clocks}
    assert clocks["acknowledgement"].calendar_days == 8
    assert clocks["result"].working_days == 21
    assert clocks["union"].calendar_days == 30
    assert all(clock.source for clock in clocks.values())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("calendar_days: 8", "calendar_days: 8\n    working_days: 6", "exactly one"),
        ("    working_days: 21\n", "", "exactly one"),
        ("queues: [mediation]", "queues: [attic]", "no queue 'attic'"),
        ("id: union", "id: result", "named twice"),
        ("reminders: [5, 1]", "reminders: [1, 5]", "go down"),
        ("escalate_to: [supervisor]", "escalate_to: [me@example.org]", "cannot be notified"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path, old, new, words):
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert old in shipped
    path = tmp_path / "deadlines.yaml"
    path.write_text(shipped.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_deadlines(path)
    assert words in str(caught.value)
