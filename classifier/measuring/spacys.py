"""spaCy's own text categoriser on our labels: a bag of words, exclusive for kind and department, several for flags.

Of what was tried on 1 700 messages this found most departments and kinds; pairs of words and the ensemble with a neural
network (six and twelve rounds) found fewer, and the ensemble took four times as long.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from classifier import pipeline
from classifier.corpus import Record
from classifier.measuring.baselines import assemble
from classifier.measuring.labels import GROUPS, Given, Numbers

EPOCHS: Final = 20
_BATCH: Final = 64
_RATE: Final = 0.01
_BAG: Final = {"@architectures": "spacy.TextCatBOW.v3", "length": 262_144, "ngram_size": 1, "no_output_layer": False}

Progress = Callable[[str], None]


def answers(training: Sequence[Record], test: Sequence[Record], *, seed: int, progress: Progress) -> Given:
    """Train one categoriser for each group of labels and ask it about the test messages."""
    chances: dict[str, Numbers] = {}
    for group, names in GROUPS.items():
        # As our own head: what has no department teaches nothing about departments.
        known = [record for record in training if group != "department" or record.department is not None]
        nlp = train(known, group, seed=seed, progress=progress)
        docs = nlp.pipe((text_of(record) for record in test), batch_size=_BATCH)
        chances[group] = np.array([[doc.cats[name] for name in names] for doc in docs], dtype=float)
    return assemble(chances["kind"], chances["flags"], chances["department"])


def train(records: Sequence[Record], group: str, *, seed: int, progress: Progress, epochs: int = EPOCHS) -> Language:
    """A pipeline with one categoriser, after so many rounds over the records. The same seed gives the same weights."""
    fix_random_seed(seed)
    nlp = spacy.blank("xx")
    exclusive = group != "flags"
    component: Any = nlp.add_pipe(
        "textcat" if exclusive else "textcat_multilabel", config={"model": _BAG | {"exclusive_classes": exclusive}}
    )
    for name in GROUPS[group]:
        component.add_label(name)
    examples = [
        Example.from_dict(nlp.make_doc(text_of(record)), {"cats": _wanted(record, group)}) for record in records
    ]
    optimizer = nlp.initialize(lambda: examples[:100])
    optimizer.learn_rate = _RATE
    order = random.Random(seed)  # noqa: S311 - for shuffling
    for epoch in range(epochs):
        progress(f"baseline: spaCy's text categoriser, {group}, round {epoch + 1} of {epochs}")
        order.shuffle(examples)
        for start in range(0, len(examples), _BATCH):
            nlp.update(examples[start : start + _BATCH], sgd=optimizer)
    return nlp


def text_of(record: Record) -> str:
    """What the categoriser reads."""
    return f"{record.message.subject}\n{pipeline.capped(record.message.text)}"


def _wanted(record: Record, group: str) -> Mapping[str, float]:
    has: Mapping[str, set[str | None]] = {
        "kind": {record.kind},
        "flags": set(record.flags),
        "department": {record.department},
    }
    return {name: float(name in has[group]) for name in GROUPS[group]}
