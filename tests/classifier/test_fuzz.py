"""A hundred thousand random strings of every plane, messages of a megabyte of one hostile kind, and broken lines at the
command: never an exception, never a wait, never memory without bound."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from threadpoolctl import threadpool_limits

from classifier.classification import Text
from classifier.identity import masked_text
from classifier.pipeline import Classifier
from config.vocabulary import CHANNELS, LANGUAGES

# Four parts of 25 000, so that they share the cores. A part takes about 50 s of one core.
PARTS, EACH = 4, 25_000
# From where signs are drawn: letters, controls, combining marks, right-to-left, zero width and bidi, lone surrogates,
# ligatures, variation selectors, emoji, every other plane, digits of several scripts.
POOLS = (
    (0x20, 0x7E), (0x00, 0x9F), (0xA0, 0x24F), (0x300, 0x36F), (0x400, 0x6FF), (0x900, 0xDFF), (0x2000, 0x206F),
    (0x3040, 0x9FFF), (0xD800, 0xDFFF), (0xE000, 0xF8FF), (0xFB50, 0xFDFF), (0xFE00, 0xFE0F), (0xFFF0, 0xFFFF),
    (0x10000, 0x1FFFF), (0x1D7CE, 0x1D7FF), (0x1F1E6, 0x1FAFF), (0x20000, 0x2FFFF), (0x30000, 0x3FFFF),
    (0xE0000, 0xE01EF), (0x100000, 0x10FFFF), (0x30, 0x39), (0x660, 0x669), (0x40, 0x40), (0x0A, 0x0D),
)  # fmt: skip
# Beginnings after which the rules look closely.
LURES = ("", "", "", "né le ", "mvg\n", "je m'appelle ", "namens ", "BE68 ", "0470", "lidnr ", "a@", "für meinen Sohn ")
MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    # As in the process that classifies: threads that wait for each other cost eight times as much here.
    with threadpool_limits(limits=1):
        yield


def random_texts(seed: int, count: int) -> Iterator[Text]:
    rng = random.Random(seed)

    def some(longest: int) -> str:
        pools = rng.sample(POOLS, rng.randint(1, 3))
        return "".join(chr(rng.randint(*rng.choice(pools))) for _ in range(rng.randint(0, longest)))

    for _ in range(count):
        text = rng.choice(LURES) + (some(12) if rng.random() < 0.9 else some(3) * rng.randint(1, 40))
        fields = [some(8) if rng.random() < 0.2 else "" for _ in range(3)]
        hint = rng.choice((None, *LANGUAGES))
        yield Text(rng.choice(CHANNELS), text, fields[0], fields[1], fields[2], hint)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_random_strings(classifier: Classifier, part: int) -> None:
    texts = list(random_texts(part, EACH))
    memory = psutil.Process().memory_info().rss
    for start in range(0, EACH, 1_000):
        batch = texts[start : start + 1_000]
        for text, result in zip(batch, classifier.classify(batch), strict=True):
            assert result.language in LANGUAGES
            json.dumps(result.as_json())
            for item in result.evidence:
                assert item.start < 0 or text.text[item.start : item.end] == item.text
            for found in result.identity.found:
                assert found.start == -1 or 0 <= found.start < found.end <= len(text.text)
            masked_text(text.text, result.identity)
    assert psutil.Process().memory_info().rss - memory < 120e6


@pytest.mark.parametrize(
    "unit",
    [
        "a", " ", "\n", "'", "1", "@", "\u0301", "👍", "> ", ">", "a@a.", "1 ", "0470 12 34 56 ", "85.07.30-033 28 ", "\u202e",
        "\u200b", "\ud800", "\x00", "漢", "\ufdfa", "A a ", "(", ".", "!? ", "né le ", "né le 1.1.1950 ", "pour ma mère ",
        "Mme A", "mvg ", "Dr ", "A. ", "numéro de membre 1", "ce message et ", "BE68 5390 ", "\r", "\u2028", "É", "> > > a\n",
        "12 mars ", "namens ", "Mme ", "mon fils ", "- ", "_", "Marie-",
    ],
)  # fmt: skip
def test_a_megabyte_of_anything_is_quick_and_small(classifier: Classifier, unit: str) -> None:
    whole = (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]
    classifier.classify([Text("email", whole[:3_000])])
    memory = psutil.Process().memory_info().rss
    began = time.process_time()
    result = classifier.classify([Text("email", whole, whole, whole, whole)])[0]
    classified = time.process_time() - began
    masked = masked_text(whole, result.identity)
    masking = time.process_time() - began - classified
    assert classified < 1.0
    assert masking < 20.0
    assert len(masked) < 3 * MEGABYTE
    assert psutil.Process().memory_info().rss - memory < 150e6


def test_broken_lines_at_the_command_are_answered_one_by_one() -> None:
    whole: dict[str, Any] = {"id": "last", "text": "Waar blijft mijn terugbetaling?", "channel": "sms"}
    lines: list[tuple[bytes, str | None]] = [
        (b"{", "not a JSON object"),
        (b"\x00\x00", "not a JSON object"),
        (b"\xff\xfe{", "not UTF-8"),
        (b'"text"', "not a JSON object"),
        (b'{"id": 1, "text": "a', "not a JSON object"),
        (b'{"id": 2, "text": "\x00"}', "not a JSON object"),
        (b'{"id": 3, "text": "\\u0000 ok"}', None),
        (b'{"id": 4, "text": "\\ud800 \\udfff bonjour"}', None),
        (b'{"id": 5, "text": {"a": 1}}', "text is not a string"),
        (b'{"id": 6, "text": "x", "from_name": ["a"]}', "from_name is not a string"),
        (b'{"id": 7, "text": "x", "channel": {"a": 1}}', "channel is none of"),
        (b'{"id": {"a": 1}, "text": "x"}', "id is neither"),
        (b'{"id": 8, "text": "' + b"a" * MEGABYTE + b'"}', None),
        (b'{"id": 9, "text": "' + b"0470 12 34 56 " * (MEGABYTE // 14) + b'", "language_hint": [1]}', None),
        (b"[" * MEGABYTE, "not a JSON object"),
        (b"1" * MEGABYTE, "not a JSON object"),
        (b'{"id": 10, "text": null}', None),
        (b'{"id": 11, "text": "\xe2\x80\xa8 ligne\\r\\n"}', None),
        (json.dumps(whole).encode(), None),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "classify"],
        input=b"\n".join(line for line, _ in lines) + b"\n",
        capture_output=True,
        check=True,
        timeout=120,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    answers = [json.loads(line) for line in done.stdout.decode("ascii").splitlines()]
    assert len(answers) == len(lines)
    for answer, (line, error) in zip(answers, lines, strict=True):
        assert (error or "no error") in answer.get("error", "no error"), line[:60]
    assert answers[-1]["language"] == "nl"
    assert b"Traceback" not in done.stderr
