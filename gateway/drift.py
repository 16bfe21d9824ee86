"""How what the classifier says changes over time: counted where messages are recorded, kept in the register, shown on /metrics.

Each worker counts for itself and hands over every few seconds, so that no message waits for a count. What a worker that is
killed had not handed over yet is not counted; a share does not change by that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from classifier.classification import Classification
from store import label_counts
from store.database import Store
from store.label_counts import Count
from store.operations import Beat

# (measure in the register, name, what it says, labels): the last label is the one that is counted.
_COUNTERS: Final = (
    ("language", "guichet_classified", "Messages read by the classifier", "language"),
    ("kind", "guichet_classified_kind", "Messages by the kind they were given", "kind"),
    ("flag", "guichet_classified_flag", "Messages that were given a flag", "flag"),
    ("department", "guichet_classified_department", "Messages by department, or none", "department"),
    ("abstained", "guichet_abstained", "Messages on which the classifier was not sure, by question", "question"),
    ("words", "guichet_words", "Words read, by whether the model's vocabulary holds them", "known"),
    ("corrected", "guichet_corrections", "Labels that people corrected", "label"),
)


def counted(found: Classification) -> Iterator[tuple[str, str, int]]:
    """(measure, label, how many) of one reading; every label is from a closed list."""
    yield "language", found.language, 1
    yield "kind", found.kind, 1
    yield from (("flag", flag, 1) for flag, held in found.flags.items() if held)
    yield "department", found.department or "none", 1
    yield from (("abstained", question, 1) for question in found.abstained)
    if found.abstained:
        yield "abstained", "any", 1
    if found.words:
        yield "words", "yes", found.words - found.unknown_words
        yield "words", "no", found.unknown_words


class Drift:
    """The counts of one process that are not in the register yet."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def note(self, found: Classification) -> None:
        """Count what was said of one message."""
        for measure, label, count in counted(found):
            self._counts[found.model, measure, label] += count

    async def hand_over(self, store: Store) -> None:
        """Add the counts to the register; what cannot be added now is added the next time."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            async with store.write() as tx:
                await label_counts.add(tx, [(*key, count) for key, count in counts.items()])
        except BaseException:
            self._counts += counts
            raise


class Said(Collector):
    """The counts of the whole house, as the register had them when it was last asked."""

    def __init__(self) -> None:
        self._counts: Sequence[Count] = ()
        self._in_use = ""
        self._workers: Counter[str] = Counter()

    def tell(self, counts: Sequence[Count], in_use: str, workers: Iterable[Beat]) -> None:
        """What the next `collect` shows: the counts, the version in use, and the workers that are alive."""
        self._counts, self._in_use = counts, in_use
        self._workers = Counter(str(beat.detail.get("reads_with") or "none") for beat in workers)

    def collect(self) -> Iterator[Metric]:
        """The series; prometheus_client asks for them."""
        for measure, name, words, label in _COUNTERS:
            family = CounterMetricFamily(name, words, labels=["model", label])
            for one in self._counts:
                if one.measure == measure:
                    family.add_metric([one.model, one.label], one.total)
            yield family
        in_use = GaugeMetricFamily("guichet_model_in_use", "1 for the version of the model in use", labels=["version"])
        if self._in_use:
            in_use.add_metric([self._in_use], 1)
        yield in_use
        workers = GaugeMetricFamily("guichet_workers", "Workers alive, by the model they read with", labels=["model"])
        for model, alive in sorted(self._workers.items()):
            workers.add_metric([model], alive)
        yield workers
