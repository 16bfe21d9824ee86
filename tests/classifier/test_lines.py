"""`guichet classify`: JSON lines in and out."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from classifier.classification import Classification, Text
from classifier.lines import classify_lines
from classifier.pipeline import Classifier


def run(classifier: Any, *lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in classify_lines(lines, classifier)]


def test_one_line(classifier: Classifier) -> None:
    line = json.dumps({"id": 7, "channel": "sms", "text": "mijn terugbetaling is er nog niet"})
    (out,) = run(classifier, line)
    assert out["id"] == 7
    assert out["language"] == "nl"
    assert set(out) >= {
        "id", "language", "kind", "anonymous", "off_scope", "doctor", "urgent", "second_line", "department",
        "departments", "probabilities", "abstained", "evidence", "model",
    }  # fmt: skip
    assert isinstance(out["abstained"], bool)
    assert set(out["probabilities"]) == {"kind", "anonymous", "off_scope", "doctor", "urgent", "second_line"}
    assert all(isinstance(name, str) and 0 <= p <= 1 for name, p in out["departments"])
    assert set(out["evidence"][0]) == {"label", "start", "end", "text", "weight"}


@pytest.mark.parametrize(
    ("line", "identifier", "error"),
    [
        ("{", None, "not a JSON object"),
        ("[1]", None, "not a JSON object"),
        ("[" * 100_000, None, "not a JSON object"),
        ('{"id": "a", "text": 5}', "a", "text is not a string"),
        ('{"id": "a", "text": "x", "channel": "fax"}', "a", "channel is none of"),
        ('{"id": "a", "text": "x", "channel": ["sms"]}', "a", "channel is none of"),
        ('{"id": "a", "body": "x"}', "a", "text is missing"),
        ('{"id": "a", "text": "caf\udce9"}', None, "not UTF-8"),
        ('{"id": NaN, "text": "x"}', None, "id is neither"),
        ('{"id": 1e999, "text": "x"}', None, "id is neither"),
        ('{"id": [1], "text": "x"}', None, "id is neither"),
        (f'{{"id": {"9" * 5000}, "text": "x"}}', None, "not a JSON object"),
    ],
)
def test_a_broken_line_says_so_and_the_rest_goes_on(
    classifier: Classifier, line: str, identifier: str | None, error: str
) -> None:
    first, second = run(classifier, line, '{"id": "next", "text": ""}')
    assert set(first) == {"id", "error"}
    assert first["id"] == identifier
    assert error in first["error"]
    assert second["id"] == "next"
    assert "error" not in second


def test_missing_fields_blank_lines_and_surrogates(classifier: Classifier) -> None:
    out = run(
        classifier,
        "",
        "  ",
        '\ufeff{"text": ""}',
        json.dumps({"id": "\ud800", "text": "\udfff bonjour", "subject": None}),
    )
    assert [line["id"] for line in out] == [None, "\ud800"]


class Counting:
    """Keeps how many texts came at a time."""

    def __init__(self, real: Classifier) -> None:
        self.real, self.sizes = real, list[int]()

    def classify(self, texts: list[Text]) -> list[Classification]:
        self.sizes.append(len(texts))
        return self.real.classify(texts)


def test_batches_of_at_most_thirty_two_in_order(classifier: Classifier) -> None:
    counting = Counting(classifier)
    out = run(counting, *(json.dumps({"id": number, "text": "ok"}) for number in range(150)))
    assert [line["id"] for line in out] == list(range(150))
    assert max(counting.sizes) <= 32
    assert len(counting.sizes) < 100, "what is waiting is classified together"


def test_each_answer_comes_before_the_next_question(classifier: Classifier) -> None:
    answered = Event()

    def asking() -> Iterator[str]:
        yield '{"id": 1, "text": "Où est ma carte ?"}'
        assert answered.wait(20), "the first answer waits for the second question"
        yield '{"id": 2, "text": ""}'

    answers = classify_lines(asking(), classifier)
    assert json.loads(next(answers))["id"] == 1
    answered.set()
    assert json.loads(next(answers))["id"] == 2


def test_a_reader_that_fails_is_heard(classifier: Classifier) -> None:
    def failing() -> Iterator[str]:
        yield '{"id": 1, "text": ""}'
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(classify_lines(failing(), classifier))
