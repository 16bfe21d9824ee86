"""A classification comes back from the register as it was kept, from before passages were told, too."""

from classifier.classification import Classification, Passage
from store.history import classification_from

KEPT = Classification(
    language="nl",
    kind="complaint",
    flags={"anonymous": False, "off_scope": False, "doctor": True, "urgent": False, "second_line": False},
    department=None,
    departments=(("incapacity", 1.0),),
    probabilities={"kind": {"complaint": 1.0}},
    abstained=("department",),
    evidence=(),
    model="guichet-1-test",
    languages=(Passage(0, 20, "nl", 0.99), Passage(21, 40, "fr", 0.97)),
)


def test_passages_come_back() -> None:
    assert classification_from(KEPT.as_json()) == KEPT


def test_what_was_kept_before_there_were_passages_is_read() -> None:
    said = KEPT.as_json()
    del said["languages"]
    assert classification_from(said).languages == ()
