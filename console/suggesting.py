"""Where a case in triage probably belongs: what the first key of triage accepts."""

from __future__ import annotations

from store.guesses import Guess
from store.views import Row

# Below this a guess among eleven departments is not worth a key.
_WORTH_SAYING = 0.2


def suggestion(row: Row, guess: Guess | None) -> str:
    """The queue that is suggested for a case; "" where nothing is."""
    if row.locked:
        return ""
    if row.kind == "complaint" and row.flags.get("second_line"):
        return "mediation"
    if row.department and (guess is None or row.department != guess.department):
        # A person corrected it, or a rule set it: what the classifier would have said counts no more.
        return row.department
    if guess is not None and guess.chance >= _WORTH_SAYING:
        return guess.department
    return ""
