"""Training on a small corpus: the same bytes twice, a pipeline that loads, refusals that stay rare."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifier import corpus, train
from classifier.classification import Text
from classifier.network_training import Schooling
from classifier.pipeline import load

SMALL = 160
BRIEF = Schooling(rounds=1)


@pytest.fixture(scope="module")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    lines: list[str] = []
    for path in sorted(corpus.FOLDER.glob("*.jsonl")):
        lines += path.read_text(encoding="utf-8").splitlines()
    step = max(1, len(lines) // SMALL)
    (folder / "small.jsonl").write_text("\n".join(lines[::step]) + "\n", encoding="utf-8")
    (folder / corpus.SAYINGS).mkdir()
    (folder / corpus.SAYINGS / "nl.tsv").write_text(
        "privacy\tmijn brief lag bij de buren\nurgent\tik kan niet meer verder\n"
    )
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_corpus_and_seed_give_the_same_bytes(small_corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    train.train(small_corpus, tmp_path / "one", seed=5, schooling=BRIEF, progress=said.append)
    # In another process, in which sets have another order.
    again = (
        "import sys, pathlib; from classifier import train; from classifier.network_training import Schooling;"
        "corpus, out = map(pathlib.Path, sys.argv[1:]);"
        "train.train(corpus, out, seed=5, schooling=Schooling(rounds=1))"
    )
    subprocess.run(
        [sys.executable, "-c", again, str(small_corpus), str(tmp_path / "two")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        timeout=300,
    )
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert said
    assert not [path for path in (tmp_path / "one").rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]
    loaded = load(tmp_path / "one")
    result = loaded.classify([Text("email", "Mijn terugbetaling is er nog altijd niet.")])[0]
    assert result.model == loaded.model_id
    assert loaded.seed == 5
    assert loaded.corpus == corpus.fingerprint(small_corpus)


def test_arrays_are_never_pickles(small_corpus: Path, tmp_path: Path) -> None:
    train.train(small_corpus, tmp_path / "model", seed=6, schooling=BRIEF)
    files = sorted((tmp_path / "model").rglob("*.npz"))
    assert [path.name for path in files] == ["layers.npz", "weights.npz"]
    for path in files:
        with np.load(path, allow_pickle=False) as stored:
            assert all(stored[name].dtype == np.float16 for name in stored.files)


def test_heads_beside_another_encoder_are_told(small_corpus: Path, tmp_path: Path) -> None:
    train.train(small_corpus, tmp_path / "model", seed=7, schooling=BRIEF)
    layers = tmp_path / "model" / "guichet_encoder" / "layers.npz"
    with np.load(layers) as stored:
        changed = {name: stored[name] for name in stored.files}
    changed["p3"] = changed["p3"] + np.float16(0.1)
    np.savez_compressed(layers, allow_pickle=False, **changed)
    with pytest.raises(ValueError, match="another encoder"):
        load(tmp_path / "model")


def test_a_place_that_cannot_be_written_is_told_before_the_work(small_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        train.train(small_corpus, tmp_path / "file" / "model", seed=7, schooling=BRIEF)
