"""The measures, against counts done by hand, and the shipped model on messages it never saw."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from classifier import corpus
from classifier.evaluate import Score, evaluate, expected_error, main, show
from classifier.pipeline import Classifier


def test_scores_by_hand() -> None:
    score = Score("urgent", wanted=4, given=5, right=3)
    assert score.precision == pytest.approx(0.6)
    assert score.recall == pytest.approx(0.75)
    assert score.f1 == pytest.approx(2 / 3)
    assert Score("none", 0, 0, 0).f1 == 0.0


def test_calibration_error_by_hand() -> None:
    assert expected_error([]) == 0.0
    assert expected_error([(0.95, True), (0.95, True)]) == pytest.approx(0.05)
    # Half in a bin that promises 0.15 and keeps 0.5, half in one that promises 0.85 and keeps 1.
    assert expected_error([(0.15, True), (0.15, False), (0.85, True), (0.85, True)]) == pytest.approx((0.35 + 0.15) / 2)


def test_the_shipped_model_learnt_from_the_shipped_corpus(classifier: Classifier) -> None:
    assert classifier.corpus == corpus.fingerprint(), "the corpus was changed: run `guichet train`"


def test_another_corpus_than_the_models_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        json.loads(line) | {"author": f"author-{number}", "scenario": f"scenario-{number}"}
        for number, line in enumerate((corpus.FOLDER / "seed.jsonl").read_text(encoding="utf-8").splitlines())
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    assert "learnt from another corpus" in " ".join(capsys.readouterr().out.split())


def test_the_shipped_model_on_other_authors_and_scenarios(classifier: Classifier) -> None:
    test = corpus.split(corpus.read(), seed=classifier.seed).test
    report = evaluate(classifier, test)
    assert report.messages == len(test)
    # Floors well under what was measured: they catch a broken model, not a slightly worse one.
    assert report.macro["kind"] > 0.5
    assert report.macro["department"] > 0.6
    assert report.department_in_three > 0.8
    assert len(report.refused) <= len(test) * 0.03
    assert all(values["language"] > 0.95 for values in report.by_language.values())
    out = StringIO()
    show(report, Console(file=out, width=150))
    assert "refused by mistake" in out.getvalue()
    assert set(report.as_json()["labels"]) >= {"complaint", "urgent", "privacy"}  # type: ignore[arg-type,operator]  # plain data
