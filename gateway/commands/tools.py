"""Commands that need no register: parse a mail, classify lines, train and measure the classifier, print the settings."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.terminal import emit, err, out, say, settings_for, stop


def parse_mail(files: Annotated[list[Path], typer.Argument(help="Raw mails, such as .eml files.")]) -> None:
    """Print one JSON object a line for each mail file."""
    from channels.mail.describe import describe

    unreadable = 0
    for path in files:
        try:
            raw = path.read_bytes()
        except OSError as error:
            unreadable += 1
            say(f"{path}: {error.strerror}")
            continue
        emit(json.dumps(describe(raw, str(path)), ensure_ascii=False))
    if unreadable:
        raise typer.Exit(1)


def classify() -> None:
    """Read JSON lines {id, channel, from_name, from_address, subject, text} on stdin; write a line of labels for each."""
    from classifier.lines import classify_lines
    from classifier.pipeline import load

    # Standard input may hold bytes that are no UTF-8; such a line is answered with an error, like any other bad line.
    lines = open(sys.stdin.fileno(), encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115 (a descriptor, kept open)
    for line in classify_lines(lines, load()):
        emit(line)


def train(
    folder: Annotated[
        Path | None, typer.Option("--corpus", help="Folder of the corpus; the shipped one by default.")
    ] = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Where to write the model.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same corpus and seed give the same bytes.")] = None,
    with_corrections: Annotated[
        bool,
        typer.Option("--with-corrections", help="Learn from corrections too; kept as a version if nothing is worse."),
    ] = False,
    even_if_no_better: Annotated[
        bool,
        typer.Option("--even-if-no-better", help="Keep it, too, when nothing gets better; never when it is worse."),
    ] = False,
    by: Annotated[str, typer.Option("--by", help="Login of who trains a version.")] = "",
) -> None:
    """Train the classifier from its corpus, and from what people corrected (--with-corrections)."""
    if with_corrections:
        if out_folder:
            raise stop("a version that learns from corrections has its place in the data folder: leave --out away", 2)
        from classifier.corpus import FOLDER
        from gateway.commands.models import retrain

        retrain(folder or FOLDER, seed, by, even_if_no_better=even_if_no_better)
        return
    if even_if_no_better or by:
        raise stop("--even-if-no-better and --by belong to --with-corrections", 2)
    from classifier import corpus, pipeline
    from classifier import train as training

    try:
        with err.status("Training…") as status:
            training.train(
                folder or corpus.FOLDER,
                out_folder or pipeline.MODEL,
                seed=training.SEED if seed is None else seed,
                # Where nothing can be written over, each step gets a line.
                progress=status.update if err.is_terminal else say,
            )
    except corpus.CorpusError as error:
        raise stop(str(error)) from None
    except OSError as error:
        raise stop(f"The model cannot be written: {error.strerror or error}. --out names another place.") from None
    say("The model is written.")


def evaluate(
    source: Annotated[
        Path | None,
        typer.Option("--corpus", help="A file or folder of labelled messages, instead of the shipped ones."),
    ] = None,
    challenge: Annotated[bool, typer.Option("--challenge", help="The messages that were written to be hard.")] = False,
    baselines: Annotated[bool, typer.Option(help="Train simpler classifiers too, and compare.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures to this file.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write a page with pictures to this file.")] = None,
    docs: Annotated[
        Path | None,
        typer.Option(help="Write classifier.md and its pictures to this folder; what people wrote in it stays."),
    ] = None,
) -> None:
    """Measure the shipped model on messages that it was not trained on. Comparing needs the development dependencies."""
    from classifier import corpus
    from classifier import evaluate as evaluation

    if challenge and source:
        raise stop("--challenge and --corpus are two sets of messages: choose one")
    if challenge and not evaluation.CHALLENGE.is_dir():
        raise stop("there are no messages in classifier/challenge yet")
    options = evaluation.Options(
        source=evaluation.CHALLENGE if challenge else source,
        baselines=baselines,
        json=json_file,
        html=html_file,
        docs=docs,
        command=_command(source, challenge=challenge, baselines=baselines),
    )
    try:
        with err.status("Measuring…") as status:
            report = evaluation.run(options, lambda step: status.update(f"Measuring: {step}…"))
    except (corpus.CorpusError, OSError) as error:
        raise stop(str(error)) from None
    except ImportError as error:
        raise stop(f"{error.name} is not installed here; --no-baselines leaves out what needs it") from None
    evaluation.show(report, out)
    for path in (json_file, html_file, docs):
        if path:
            say(f"Written to {path}.")


def _command(source: Path | None, *, challenge: bool, baselines: bool) -> str:
    """The command that prints the same figures, without the folders of this machine."""
    words = ["guichet evaluate", "--challenge" if challenge else f"--corpus {source.name}" if source else ""]
    words += ["" if baselines else "--no-baselines", "--docs docs"]
    return " ".join(word for word in words if word)


def agreement(
    source: Annotated[
        Path | None, typer.Option("--file", help="The second reading; the shipped one by default.")
    ] = None,
) -> None:
    """Say how far a second reader, who did not see the labels of the corpus, agrees with them."""
    from classifier import agreement as reading
    from classifier import corpus

    try:
        tables = reading.tables(reading.compare(corpus.read(), reading.read(source or reading.FILE)))
    except (corpus.CorpusError, reading.ReadingError) as error:
        raise stop(str(error)) from None
    for table in tables:
        reading.draw(table, out)


def config() -> None:
    """Print every setting, secrets hidden."""
    for name, value in settings_for().shown().items():
        emit(f"{name} = {value}")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command("parse-mail")(parse_mail)
    for command in (classify, train, evaluate, agreement, config):
        app.command()(command)
