"""Train the classifier from the corpus and the sayings. scikit-learn and scipy are needed here and not for running it.

Two models learn from the training part: a linear one over words and pieces, and the network over the sentence encoder. How
they are fused, how sure they are and where they abstain is set on the calibration part. The test part (`corpus.split`) is never
touched. The same corpus and seed give the same bytes: one BLAS thread, one stream of random numbers, sorted vocabulary.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from classifier import calibration, components, corpus, heads, lessons, network_training, slips, words_training
from classifier.corpus import Record
from classifier.encoder import Encoder
from classifier.features import Floats
from classifier.heads import HEADS
from classifier.network import ENCODER, TOP, fingerprint
from classifier.network_training import USUAL, Schooling
from classifier.slips import Slips

SEED: Final = 20261122

Progress = Callable[[str], None]


def train(
    corpus_dir: Path,
    out_dir: Path,
    *,
    seed: int = SEED,
    more: Sequence[Record] = (),
    schooling: Schooling = USUAL,
    progress: Progress | None = None,
) -> heads.Heads:
    """Train on the training part of the corpus, on its sayings (where there are any) and on `more` (what mediators corrected),
    calibrate on the calibration part, write the pipeline to `out_dir`, and return the heads.

    Raises `corpus.CorpusError` for a broken corpus, and `OSError` where nothing can be written: before the work, not after it.
    """
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=out_dir.parent).close()
    say = progress or (lambda _: None)
    parts = corpus.split(corpus.read(corpus_dir), seed=seed)
    with threadpool_limits(limits=1):
        say(f"reading {len(parts.training) + len(more)} messages ({len(parts.test)} are kept for the test)")
        encoder = Encoder()
        said = lessons.from_sayings(lessons.sayings(corpus_dir), encoder)
        from_corpus = [*lessons.from_records(parts.training, encoder), *said]
        learnt_from = [*from_corpus, *lessons.from_records(more, encoder)]
        vocabulary, arrays = words_training.teach(learnt_from, seed=seed, progress=say)
        # Words that a single person used are left as they are; of what was corrected, nothing that only one member wrote stays.
        seen = {word.folded for lesson in from_corpus for word in lesson.reading.words}
        mender = slips.learnt(vocabulary.terms, seen)
        calibrated_on = lessons.from_records(parts.calibration, encoder, mender.mended)
        network = network_training.teach(learnt_from, encoder, seed=seed, schooling=schooling, progress=say)
        say(f"calibrating on {len(calibrated_on)} messages")
        by_words = words_training.logits_of(vocabulary, arrays, calibrated_on)
        by_meaning = network_training.logits_of(network, calibrated_on, encoder)
        fused = {head: calibration.fuse(head, by_words, by_meaning, calibrated_on) for head in HEADS}
        thresholds = calibration.thresholds(by_words, by_meaning, fused, calibrated_on)
    provenance = {
        "corpus": corpus.fingerprint(corpus_dir),
        "seed": seed,
        "training": len(parts.training),
        "corrections": len(more),
        "sayings": len(said),
        "calibration": len(parts.calibration),
        "test": len(parts.test),
        "encoder": fingerprint(network),
        "languages": dict(sorted(Counter(record.language for record in parts.training).items())),
    }
    ordered = sorted(vocabulary.terms, key=vocabulary.terms.__getitem__)
    arrays |= {name: network[name] for name in TOP}
    learnt = heads.assemble(ordered, arrays, fused, thresholds, provenance)
    _save(learnt, {name: network[name] for name in ENCODER}, mender, out_dir)
    say(f"written to {out_dir.name}")
    return heads.from_disk(out_dir / "guichet_heads")


def _save(learnt: heads.Heads, encoder: dict[str, Floats], mender: Slips, out_dir: Path) -> None:
    """Write the pipeline beside its place and move it there, so that nobody loads half of an old and half of a new one."""
    beside = out_dir.with_name(f"{out_dir.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    # Without the vocabulary of strings, which would keep every word of the corpus and is not needed.
    components.build(learnt, encoder, mender).to_disk(beside, exclude=["vocab"])
    # spaCy writes a set here, in an order that changes from process to process.
    signs = beside / "sentencizer.json"
    told = json.loads(signs.read_text(encoding="utf-8"))
    ordered = {name: sorted(value) if isinstance(value, list) else value for name, value in told.items()}
    signs.write_text(json.dumps(ordered) + "\n", encoding="utf-8")
    shutil.rmtree(out_dir, ignore_errors=True)
    beside.rename(out_dir)
