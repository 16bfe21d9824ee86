"""How good the classifier is on labelled messages it never saw: what to measure, on which messages, and where to write it.

`python -m classifier.evaluate` measures the shipped model on the test part of the shipped corpus. The texts are invented, so
the figures say how the model generalises to other writers and scenarios, not how it does on real post.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import Console

from classifier import corpus, pipeline
from classifier.corpus import Record
from classifier.duplicates import near
from classifier.measuring import document, labels, page, report, robustness, scores, speed
from classifier.measuring.calibration import expected_error
from classifier.measuring.report import Report
from classifier.measuring.scores import Score
from classifier.measuring.terminal import show
from classifier.pipeline import Classifier

__all__ = ["CHALLENGE", "Options", "Report", "Score", "evaluate", "expected_error", "main", "measure", "run", "show"]

# Messages that were written to be hard, in the form of the corpus.
CHALLENGE: Final = Path(__file__).parent / "challenge"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure and where to write it. `source`: a file or folder in the form of the corpus, instead of the test part
    of the shipped one. `json`, `html` and `docs` (a folder) are written where given, by `command` as the document says."""

    source: Path | None = None
    baselines: bool = True
    json: Path | None = None
    html: Path | None = None
    docs: Path | None = None
    command: str = "guichet evaluate"


def evaluate(classifier: Classifier, records: Sequence[Record], *, source: str = "", seed: int | None = None) -> Report:
    """Classify the records and compare, without the measures that take minutes. Raises `ValueError` without any record."""
    found = labels.given(classifier.classify([record.message for record in records]))
    return report.of(classifier.model_id, source, records, found, seed=classifier.seed if seed is None else seed)


def measure(
    classifier: Classifier, records: Sequence[Record], options: Options, *, source: str, progress: Progress
) -> Report:
    """Everything: the comparison, damaged messages, speed, and simpler classifiers where these are wanted."""
    progress(f"classifying {len(records)} messages")
    measured = evaluate(classifier, records, source=source)
    losses = robustness.measure(records, classifier.classify, seed=classifier.seed, progress=progress)
    progress("speed, in a process of its own")
    fast = speed.measure([record.message.text for record in records])
    measured = replace(measured, losses=losses, speed=fast)
    if not options.baselines:
        return measured
    from classifier.measuring import baselines  # noqa: PLC0415 - needs scikit-learn

    parts = corpus.split(corpus.read(), seed=classifier.seed)
    training = [*parts.training, *parts.calibration]
    known = labels.truth(records)
    answers = baselines.measure(training, records, seed=classifier.seed, progress=progress)
    return replace(
        measured,
        baselines={
            name: scores.parts(records, known, found, seed=classifier.seed)[scores.ALL]
            for name, found in answers.items()
        },
    )


def chosen(classifier: Classifier, source: Path | None) -> tuple[list[Record], str, tuple[str, ...]]:
    """(messages to measure on, what they are in words, what must be said about them).

    Of the corpus that the model learnt from, only the test part. Of other files everything; how many of these messages
    resemble one that the model learnt from is said. Raises `corpus.CorpusError`.
    """
    shipped = corpus.split(corpus.read(), seed=classifier.seed)
    doubts = []
    if classifier.corpus != corpus.fingerprint():
        doubts.append("The model learnt from another corpus: it may have seen some of these messages.")
    if source is None or source.resolve() == corpus.FOLDER.resolve():
        return shipped.test, "the test part of the corpus, by authors and on scenarios it never saw", tuple(doubts)
    records = read(source)
    learnt = [record.message.text for record in (*shipped.training, *shipped.calibration)]
    alike = {place for place, _ in near([record.message.text for record in records], learnt)}
    if alike:
        doubts.append(f"{len(alike)} of these messages say nearly the same as one that the model learnt from.")
    return records, f"all messages of {source.name}", tuple(doubts)


def read(source: Path) -> list[Record]:
    """The records of a folder or of one file. Raises `corpus.CorpusError`, also when there is nothing."""
    if source.is_dir():
        return corpus.read(source)
    try:
        lines = source.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise corpus.CorpusError(f"{source}: it cannot be read ({error})") from error
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        try:
            records += [corpus.parse(line)] if line.strip() else []
        except ValueError as error:
            raise corpus.CorpusError(f"{source.name}:{number}: {error}") from error
    if not records:
        raise corpus.CorpusError(f"no messages in {source}")
    return records


def run(options: Options, progress: Progress) -> Report:
    """Measure the shipped model and write what is wanted. Raises `corpus.CorpusError`."""
    progress("loading the model")
    classifier = pipeline.load()
    progress("reading the messages")
    records, source, doubts = chosen(classifier, options.source)
    measured = replace(measure(classifier, records, options, source=source, progress=progress), doubts=doubts)
    if options.json:
        options.json.write_text(json.dumps(measured.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if options.html:
        options.html.write_text(page.page(measured), encoding="utf-8")
    if options.docs:
        document.write(measured, options.docs, options.command)
    return measured


def main(arguments: Sequence[str]) -> int:
    """`python -m classifier.evaluate [file or folder]`: the comparison alone, which takes seconds."""
    classifier = pipeline.load()
    records, source, doubts = chosen(classifier, Path(arguments[0]) if arguments else None)
    show(replace(evaluate(classifier, records, source=source), doubts=doubts), Console())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
