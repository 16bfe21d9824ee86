"""Parsing and classifying alone, in one process and in the batches of the intake: prints items a second."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from bench.workload import mail
from channels.mail.parse import parse
from channels.message import RawMessage
from classifier import pipeline
from classifier.classification import Text


def main(count: int) -> None:
    """Time `count` mails."""
    model = pipeline.load()
    own = frozenset({"plaintes@partenamut.example"})
    raws = [
        RawMessage("email", "plaintes@partenamut.example", str(n), mail(n), datetime.now(UTC)) for n in range(count)
    ]
    model.classify([Text("email", "Bonjour")])
    start = time.perf_counter()
    parsing = 0.0
    for first in range(0, count, 16):
        began = time.perf_counter()
        messages = [parse(raw, own_addresses=own) for raw in raws[first : first + 16]]
        parsing += time.perf_counter() - began
        model.classify(
            [
                Text(
                    m.channel,
                    m.reply,
                    m.subject,
                    m.sender.name if m.sender else "",
                    m.sender.address if m.sender else "",
                )
                for m in messages
            ]
        )
    seconds = time.perf_counter() - start
    print(
        f"{count / seconds:.1f} items/s; parse {1000 * parsing / count:.2f} ms, "
        f"classify {1000 * (seconds - parsing) / count:.2f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
