"""Which messages are measured, the shipped model on messages it never saw, and simpler classifiers beside it."""

import json
from pathlib import Path

import pytest

from classifier import corpus, evaluate
from classifier.corpus import CorpusError
from classifier.measuring import baselines, labels, robustness, speed
from classifier.pipeline import Classifier

SEED_LINES = (corpus.FOLDER / "seed.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Messages that the model has learnt from, some of them, under other names."""
    path = tmp_path / "x.jsonl"
    lines = [
        json.loads(line) | {"author": f"author-{number}", "scenario": f"scenario-{number}"}
        for number, line in enumerate(SEED_LINES)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", encoding="utf-8")
    return path


def test_the_shipped_model_learnt_from_the_shipped_corpus(classifier: Classifier) -> None:
    assert classifier.corpus == corpus.fingerprint(), "the corpus was changed: run `guichet train`"


def test_the_shipped_model_on_other_authors_and_scenarios(classifier: Classifier) -> None:
    records, _, doubts = evaluate.chosen(classifier, None)
    assert doubts == ()
    assert records == corpus.split(corpus.read(), seed=classifier.seed).test
    report = evaluate.evaluate(classifier, records)
    assert report.messages == len(records)
    # Floors well under what was measured: they catch a broken model, not a slightly worse one.
    assert report.macro["kind"] > 0.5
    assert report.macro["department"] > 0.6
    assert report.department_in_three > 0.8
    assert len(report.refused) <= len(records) * 0.03
    assert all(values["language"] > 0.95 for values in report.by_language.values())
    assert 0 < report.abstained["any"] < 0.6
    assert len(report.missed_urgent) < report.all.score("urgent").wanted


@pytest.mark.parametrize("whole", [True, False], ids=["folder", "file"])
def test_other_messages_are_measured_whole_and_what_was_learnt_is_said(
    classifier: Classifier, file: Path, whole: bool
) -> None:
    records, source, doubts = evaluate.chosen(classifier, file.parent if whole else file)
    assert len(records) == len(SEED_LINES)
    assert file.name in source or file.parent.name in source
    assert len(doubts) == 1
    assert "say nearly the same" in doubts[0]


def test_another_corpus_than_the_models_is_said(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "corpus", "0" * 16)
    assert "learnt from another corpus" in evaluate.chosen(classifier, None)[2][0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n\n", "no messages"),
        (b'{"id": 1}\n', "x.jsonl:1: missing"),
        (b"\n[]\n", "x.jsonl:2: not an object"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        evaluate.read(tmp_path / "x.jsonl")
    with pytest.raises(CorpusError, match="cannot be read"):
        evaluate.read(tmp_path / "none.jsonl")


def test_the_comparison_alone_by_module(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main([str(file)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "say nearly the same" in told
    assert "Every label" in told


def test_every_baseline_learns_and_the_majority_learns_least() -> None:
    parts = corpus.split(corpus.read(), seed=1)
    training, test = parts.training[:240], parts.test[:80]
    steps: list[str] = []
    found = baselines.measure(training, test, seed=1, progress=steps.append)
    truth = labels.truth(test)
    reached = {name: robustness.headlines(truth, answers) for name, answers in found.items()}
    assert len(reached) == 5
    assert all(any(name in step for step in steps) for name in reached)
    least = reached.pop("majority")
    assert all(figures["kind_macro_f1"] >= least["kind_macro_f1"] for figures in reached.values())
    assert reached["TF-IDF + logistic regression"]["department_top_1"] > least["department_top_1"]
    for answers in found.values():
        assert answers.places.shape == (len(test), 11)
        assert (answers.flags_p >= 0).all()
        assert (answers.flags_p <= 1).all()


def test_speed_is_measured_in_a_process_of_its_own() -> None:
    told = speed.measure(["Bonjour, mon remboursement n'arrive pas et personne ne répond."])
    assert told.single > 1
    assert told.batched > 1
    assert 0 < told.median_ms <= told.p95_ms
    assert told.load_s > 0
    assert 50 < told.resident_mb < 1000


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Error"):
        speed.measure(["x"], tmp_path / "none")


def test_texts_of_fifty_words() -> None:
    texts = speed.fifty_words(["a b c", "d"], 3)
    assert [len(text.split()) for text in texts] == [50, 50, 50]
    assert texts[0].startswith("a b c d a b")
    assert len(speed.fifty_words([], 1)[0].split()) == 50
