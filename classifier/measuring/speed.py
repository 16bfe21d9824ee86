"""How fast the classifier is on one core, and how much memory it takes: measured in a process of its own.

Only a new process can say what loading costs and what stays resident, and only there can numpy be held to one thread.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from classifier import pipeline
from classifier.classification import Text

WORDS: Final = 50
_SINGLE, _BATCHED, _FIFTY = 150, 450, 150
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Speed:
    """Messages a second one by one and in batches; milliseconds for a message of fifty words (median, 95th percentile);
    seconds to load; resident memory in MB after the work."""

    single: float
    batched: float
    median_ms: float
    p95_ms: float
    load_s: float
    resident_mb: float


def measure(texts: Sequence[str], model: Path = pipeline.MODEL) -> Speed:
    """Measure with these texts. Raises `RuntimeError` when the process that measures fails."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "classifier.measuring.speed", str(model)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        env=os.environ | _ONE_THREAD,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return Speed(**json.loads(done.stdout))


def fifty_words(texts: Sequence[str], count: int) -> list[str]:
    """So many texts of fifty words each, cut from the given ones put one behind the other."""
    every = [word for text in texts for word in text.split()] or ["-"]
    every *= -(-(count * WORDS) // len(every))
    return [" ".join(every[start * WORDS : (start + 1) * WORDS]) for start in range(count)]


def cycled(texts: Sequence[str], count: int) -> list[Text]:
    """So many messages, the texts again from the first when they end."""
    return [Text("email", texts[place % len(texts)]) for place in range(count)]


def rate(work: Callable[[], object], count: int) -> float:
    """How many a second, where `work` does `count`."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def latencies(classify: Callable[[list[Text]], object], texts: Sequence[Text]) -> list[float]:
    """Milliseconds of each message alone, ascending."""
    took: list[float] = []
    for text in texts:
        start = time.perf_counter()
        classify([text])
        took.append(1000 * (time.perf_counter() - start))
    return sorted(took)


def resident() -> float:
    """Memory of this process that is in use now, in MB (2**20 bytes)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _here(texts: Sequence[str], model: Path) -> Speed:
    start = time.perf_counter()
    classifier = pipeline.load(model)
    load_s = time.perf_counter() - start
    single, batched = cycled(texts, _SINGLE), cycled(texts, _BATCHED)
    # The first messages fill the encoder's memories, as a process that runs for days has long done.
    classifier.classify(batched[:100])
    one_by_one = rate(lambda: [classifier.classify([text]) for text in single], len(single))
    together = rate(lambda: classifier.classify(batched), len(batched))
    took = latencies(classifier.classify, [Text("email", text) for text in fifty_words(texts, _FIFTY)])
    return Speed(
        single=round(one_by_one, 1),
        batched=round(together, 1),
        median_ms=round(statistics.median(took), 2),
        p95_ms=round(took[int(0.95 * (len(took) - 1))], 2),
        load_s=round(load_s, 2),
        resident_mb=round(resident(), 0),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_here(json.loads(sys.stdin.read()), Path(sys.argv[1])))) + "\n")
