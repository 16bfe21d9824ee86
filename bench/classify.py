"""Classifying: messages a second, what each component costs, and spaCy's own text categoriser beside it.

Everything runs in one process on one core. Ratios compare with the categoriser trained on the same labels in the same run.
How well it classifies has nothing to do with its speed, so a round of training is enough.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

from bench.report import Row, say, table
from classifier import corpus, evidence, features, pipeline
from classifier.classification import Text
from classifier.components import read_text
from classifier.corpus import Record
from classifier.decide import decide
from classifier.measuring import labels, spacys, speed

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "600"))
_FIFTY = 200


def main() -> None:
    """Measure in a process of its own, where one thread is all there is from the start."""
    subprocess.run([sys.executable, "-m", "bench.classify"], check=True)


def _here() -> None:
    start = time.perf_counter()
    classifier = pipeline.load()
    load_s = time.perf_counter() - start
    records = corpus.read()
    records = (records * (MESSAGES // len(records) + 1))[:MESSAGES]
    texts = [record.message for record in records]
    classifier.classify(texts[:100])
    resident = speed.resident()
    single = speed.rate(lambda: [classifier.classify([text]) for text in texts], len(texts))
    batched = speed.rate(lambda: classifier.classify(texts), len(texts))
    fifty = [Text("email", text) for text in speed.fifty_words([text.text for text in texts], _FIFTY)]
    median = statistics.median(speed.latencies(classifier.classify, fifty))
    theirs_single, theirs_batched, theirs_median = _categoriser(records, fifty)
    table(
        f"Classifying {len(texts)} messages of the corpus, one core",
        ("", "Guichet", "spaCy's categoriser", "ratio"),
        (
            _against("messages/s, one by one", single, theirs_single),
            _against("messages/s, in batches", batched, theirs_batched),
            _against("ms for 50 words, median", median, theirs_median),
        ),
    )
    costs = _components(classifier, texts)
    whole = sum(cost for _, cost in costs)
    table(
        "What each part of the pipeline costs, in batches",
        ("", "ms/message", "share"),
        [(name, f"{cost:.2f}", f"{100 * cost / whole:.0f} %") for name, cost in costs],
    )
    say(f"loaded in {load_s:.1f} s; {resident:.0f} MB resident after the first hundred messages")


def _against(name: str, ours: float, theirs: float) -> Row:
    return (name, f"{ours:.1f}", f"{theirs:.1f}", f"{ours / theirs:.2f}")


def _categoriser(records: Sequence[Record], fifty: Sequence[Text]) -> tuple[float, float, float]:
    """(one by one, in batches, median ms) of three categorisers that together answer what the classifier answers."""
    models = [spacys.train(records[:200], group, seed=1, progress=lambda _: None, epochs=1) for group in labels.GROUPS]
    texts = [spacys.text_of(record) for record in records]

    def ask(text: str) -> None:
        for model in models:
            model(text)

    def ask_all() -> None:
        for model in models:
            for _ in model.pipe(texts, batch_size=32):
                pass

    single = speed.rate(lambda: [ask(text) for text in texts], len(texts))
    batched = speed.rate(ask_all, len(texts))
    took = speed.latencies(lambda one: ask(one[0].text), fifty)
    return single, batched, statistics.median(took)


def _run(component: Any, docs: list[Any]) -> list[Any]:
    """In batches where the component knows how, as the pipeline does."""
    return list(component.pipe(iter(docs))) if hasattr(component, "pipe") else [component(doc) for doc in docs]


def _components(classifier: pipeline.Classifier, texts: Sequence[Text]) -> list[tuple[str, float]]:
    """(name, milliseconds a message) of each step in its order."""
    nlp: Any = classifier._pipeline
    learnt = nlp.get_pipe("guichet_heads").learnt
    costs: list[tuple[str, float]] = []

    def timed(name: str, work: Callable[[], list[Any]]) -> list[Any]:
        start = time.perf_counter()
        done = work()
        costs.append((name, 1000 * (time.perf_counter() - start) / len(texts)))
        return done

    with nlp.memory_zone():
        docs = timed("words", lambda: [classifier._doc(text, pipeline.own_length(text.text)) for text in texts])
        for name, component in (
            ("sentences", "sentencizer"),
            ("language", "guichet_language"),
            ("slips", "guichet_slips"),
            ("encoder", "guichet_encoder"),
        ):
            docs = timed(name, partial(_run, nlp.get_pipe(component), docs))
        readings = timed(
            "features",
            lambda: [
                features.read(text, read_text(doc), doc._.spoken[0], doc._.slips.mended)
                for text, doc in zip(texts, docs, strict=True)
            ],
        )
        terms = timed("vocabulary", lambda: [learnt.vocabulary.vector(reading.words) for reading in readings])
        every = list(zip(texts, docs, readings, terms, strict=True))
        found = timed(
            "heads, decisions and evidence",
            lambda: [
                decide(learnt, text, reading, doc._.spoken[0], known, doc._.meant)
                for text, doc, reading, known in every
            ],
        )
        both = costs.pop()[1]
        timed(
            "evidence",
            lambda: [
                evidence.collect(learnt, reading, known, doc._.meant, one.kind, one.flags, one.department)
                for one, (_, doc, reading, known) in zip(found, every, strict=True)
            ],
        )
    shown = costs.pop()
    return [*costs, ("heads and decisions", max(0.0, both - shown[1])), shown]


if __name__ == "__main__":
    _here()
