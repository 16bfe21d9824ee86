"""Commands that need no register: parse a mail, classify lines, train and measure the classifier, print the settings."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.terminal import emit, err, say, settings_for, stop


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
                progress=status.update,
            )
    except corpus.CorpusError as error:
        raise stop(str(error)) from None
    say("The model is written.")


def evaluate() -> None:
    """Measure the shipped model on the part of the corpus that it was not trained on."""
    from classifier import evaluate as evaluation

    evaluation.main([])


def config() -> None:
    """Print every setting, secrets hidden."""
    for name, value in settings_for().shown().items():
        emit(f"{name} = {value}")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command("parse-mail")(parse_mail)
    for command in (classify, train, evaluate, config):
        app.command()(command)
