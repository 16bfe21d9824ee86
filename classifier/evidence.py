"""What spoke for a decision: words, by exact shares of the words-and-pieces model; sentences, by leaving each out of what the
network reads; and phrases of the lexicon that hit.

A share is what a word and its pieces, or a sentence, add to the label's logit, against the mean of the other classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier.classification import Evidence
from classifier.encoder import Meaning
from classifier.features import Floats, Reading, Terms
from classifier.heads import COLUMNS, SLICES, Heads
from classifier.sentences import Sentence
from config.vocabulary import Department, Flag, Kind

_MOST: Final = 12
_MOST_A_LABEL: Final = 3
# A sentence is shown for a label when the message without it would be told this much less surely (in logits).
_LEAST_SENTENCE: Final = 0.25
_LEAST_SHARE: Final = 0.02
# Beside the strongest word of a label, others are shown only when they come near it.
_NEAR: Final = 0.3
# Phrases of the lexicon are evidence for these flags; a rule's own phrase weighs most.
_RULES: Final[Mapping[str, Flag]] = {"emergency": "urgent", "anonymity": "anonymous", "adviser": "doctor"}
_RULE_WEIGHT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Meant:
    """The sentences of a message that the encoder read, and what it makes of them: a row of `meaning.without` for each of
    the first."""

    sentences: Sequence[Sentence]
    meaning: Meaning


def collect(
    heads: Heads,
    reading: Reading,
    terms: Terms,
    meant: Meant,
    kind: Kind,
    flags: Mapping[Flag, bool],
    department: Department | None,
) -> tuple[Evidence, ...]:
    """Up to twelve spans for the labels that were decided: whole words, the strongest of each label first, and for each label
    the sentence that weighed most."""
    labels: list[tuple[str, str]] = [(flag, flag) for flag, on in flags.items() if on]
    labels += [("kind", kind)]
    if department is not None:
        labels += [("department", department)]
    found = [
        _evidence(reading, flag, hit.start, hit.end, _RULE_WEIGHT)
        for hit in reading.hits
        if (flag := _RULES.get(hit.group)) and flags[flag]
    ]
    taken = {(item.label, item.text) for item in found}
    columns = [COLUMNS.index(label) for label in labels]
    weighty = list(_sentences(heads, reading, meant, columns))
    if reading.words:
        shares = _shares(heads, len(reading.words), terms, columns)
        # Every label gets its strongest word before any gets its third.
        spans = [_strongest(reading, name, shares[:, at]) for at, (_, name) in enumerate(labels)]
        for rank in range(_MOST_A_LABEL):
            ranked = (of_label[rank] for of_label in spans if rank < len(of_label))
            found.extend(item for item in ranked if (item.label, item.text) not in taken)
    return (*found[: _MOST - len(weighty)], *weighty)


def _sentences(heads: Heads, reading: Reading, meant: Meant, columns: Sequence[int]) -> Iterator[Evidence]:
    """For each label the sentence without which it would be told least surely."""
    without = meant.meaning.without
    if not len(without):
        return
    logits = heads.meaning_logits(np.concatenate((meant.meaning.whole[None, :], without)), reading.facts)
    for column in columns:
        head, label = COLUMNS[column]
        of_head = logits[:, SLICES[head]]
        against = of_head.mean(axis=1) if of_head.shape[1] > 1 else np.zeros(len(logits), dtype=np.float32)
        lost = (logits[0, column] - against[0]) - (logits[1:, column] - against[1:])
        best = int(lost.argmax())
        if lost[best] >= _LEAST_SENTENCE:
            sentence = meant.sentences[best]
            text = sentence.text if sentence.start < 0 else _body(reading)[sentence.start : sentence.end]
            yield Evidence(label, sentence.start, sentence.end, text, round(float(lost[best]), 3), "sentence")


def _body(reading: Reading) -> str:
    return reading.joined[reading.body :]


def _shares(heads: Heads, words: int, terms: Terms, columns: Sequence[int]) -> Floats:
    """(words, columns): what each word adds to each column's logit. A term that stands n times, or belongs to a pair of
    words, shares its worth among those who brought it."""
    worth = heads.word_weights(terms.ids, columns) * terms.values[:, None]
    places = np.searchsorted(terms.ids, terms.found)
    uses = np.bincount(places, minlength=len(terms.ids))
    each = worth / np.maximum(uses, 1)[:, None]
    shares = [
        np.bincount(terms.owners, weights=each[places, column], minlength=words) for column in range(len(columns))
    ]
    return np.stack(shares, axis=1).astype(np.float32)


def _strongest(reading: Reading, label: str, shares: Floats) -> list[Evidence]:
    order = np.argsort(-shares, kind="stable")
    best = float(shares[order[0]])
    chosen = sorted(
        int(number)
        for number in order[: _MOST_A_LABEL * 2]
        if shares[number] >= max(_LEAST_SHARE, best * _NEAR) and len(reading.words[number].folded) > 1
    )
    spans: list[Evidence] = []
    for run in _runs(chosen, reading):
        weight = float(sum(shares[number] for number in run))
        spans.append(_evidence(reading, label, reading.words[run[0]].start, reading.words[run[-1]].end, weight))
    return sorted(spans, key=lambda item: -item.weight)[:_MOST_A_LABEL]


def _runs(numbers: Iterable[int], reading: Reading) -> list[list[int]]:
    """Neighbouring words become one span, unless the end of the subject stands between them."""
    runs: list[list[int]] = []
    for number in numbers:
        joins = runs and number == runs[-1][-1] + 1 and _touch(reading, number)
        if joins and (reading.words[number].start < reading.body) == (reading.words[number - 1].start < reading.body):
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _touch(reading: Reading, number: int) -> bool:
    """True when nothing but a space or an apostrophe stands between a word and the one before."""
    return reading.words[number].start - reading.words[number - 1].end <= 1


def _evidence(reading: Reading, label: str, start: int, end: int, weight: float) -> Evidence:
    words = reading.joined[start:end]
    if start < reading.body:
        return Evidence(label, -1, -1, words, round(weight, 3))
    return Evidence(label, start - reading.body, end - reading.body, words, round(weight, 3))
