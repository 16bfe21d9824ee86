"""Finding what the robot knows: the time of one question beside that of embedding it, which nothing can be faster than."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

from bench.report import table
from chatbot.finding import Finder
from classifier.encoder import Encoder

_QUESTION = "bonjour, pourriez-vous me dire combien de temps je dois encore attendre votre réponse"
_TIMES = 200


def main() -> None:
    """Print the table."""
    encoder = Encoder()
    began = time.perf_counter()
    finder = Finder(encoder.encode)
    made = time.perf_counter() - began
    embedding, finding = _median(lambda: encoder.encode([_QUESTION])), _median(lambda: finder.find(_QUESTION, "fr"))
    table(
        "What the robot knows, one question, one core",
        ("embedding alone", "finding", "ratio", "made once in"),
        [(f"{embedding:.2f} ms", f"{finding:.2f} ms", f"{finding / embedding:.1f}", f"{made:.2f} s")],
    )


def _median(act: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    main()
