"""Confusion, the worst errors, and what they have in common."""

from classifier.measuring import mistakes
from classifier.measuring.labels import truth
from tests.classifier.measuring.by_hand import answer, answers, record


def test_confusion_by_hand() -> None:
    records = [record(1), record(2), record(3, department=None), record(4, kind="other", department=None)]
    found = answers(answer(), answer(ranked=["privacy"]), answer(), answer(nowhere=True))
    confusions = mistakes.confusions(truth(records), found)
    department = confusions["department"]
    at = department.labels.index
    assert department.counts[at("digital")][at("digital")] == 1
    assert department.counts[at("digital")][at("privacy")] == 1
    assert department.counts[at("none")][at("digital")] == 1
    assert department.counts[at("none")][at("none")] == 1
    assert sum(map(sum, department.counts)) == 4
    kind = confusions["kind"]
    assert kind.counts[kind.labels.index("other")][kind.labels.index("complaint")] == 1


def test_the_most_confident_error_comes_first() -> None:
    records = [record(1, kind="question", text="x " * 300), record(2, flags=["urgent"]), record(3)]
    found = answers(answer(kind_p=0.7), answer(flags={"urgent": 0.01}), answer(ranked=["privacy"], first_p=0.8))
    worst = mistakes.worst(records, truth(records), found)
    assert [(one.id, one.question, one.said, one.right) for one in worst] == [
        ("m-2", "urgent", "no", "yes"),
        ("m-3", "department", "privacy", "digital"),
        ("m-1", "kind", "complaint", "question"),
    ]
    assert worst[0].probability == 0.99
    assert len(worst[2].text) <= 160
    assert worst[2].text.endswith("…")


def test_what_errors_have_in_common() -> None:
    records = [record(number, author="a", language="nl" if number < 2 else "fr") for number in range(6)]
    found = answers(*(answer(ranked=["privacy" if number == 0 else "digital"]) for number in range(6)))
    habits = {
        (one.sort, one.name): (one.messages, one.wrong) for one in mistakes.in_common(records, truth(records), found)
    }
    assert habits["language", "nl"] == (2, 1)
    assert habits["language", "fr"] == (4, 0)
    assert habits["channel", "email"] == (6, 1)
    assert habits["length", "up to 5 words"] == (6, 1)
    assert habits["author", "a"] == (6, 1)


def test_an_author_of_few_messages_is_left_out() -> None:
    records = [record(number, author="a") for number in range(4)]
    found = answers(*(answer() for _ in records))
    assert not [one for one in mistakes.in_common(records, truth(records), found) if one.sort == "author"]
