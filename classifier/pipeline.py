"""Load the trained pipeline and classify messages with it.

spaCy is imported by `load`, not by this module. The process that loads it should be started with OPENBLAS_NUM_THREADS=1 and
OMP_NUM_THREADS=1 in its environment (numpy reads them when it is imported): one core per process is what the figures mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from classifier import features, footers, lexicon, slips
from classifier.classification import Classification, Evidence, Passage, Text

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

MODEL: Final = Path(__file__).parent / "model"
# What is read of a text: its beginning and its end. Offsets of evidence are mapped back to the whole text.
_HEAD, _TAIL = 2_000, 500
_JOINT: Final = "\n"
# Fewer words than these above a quotation are a remark on it; where somebody forwards, more may be.
_FEWEST_OWN, _FEWEST_FORWARDING = 6, 15
# Space, and what mail programs draw between a text and what stands below it.
_RULES: Final = " \t\r\n-–—_=*"
# So much of what is left out is searched for words of distress.
_SEARCHED: Final = 20_000
_BATCH: Final = 32


class Classifier:
    """A loaded pipeline. Not for several threads at once."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        learnt = pipeline.get_pipe("guichet_heads").learnt  # type: ignore[attr-defined]  # our own component
        self.model_id: str = f"guichet-1-{learnt.digest[:8]}"
        # With this seed the corpus was split: `evaluate` measures on the part that training never saw.
        self.seed = int(learnt.provenance["seed"])
        self.corpus = str(learnt.provenance.get("corpus", ""))

    def classify(self, texts: Sequence[Text]) -> list[Classification]:
        """Classify messages in batches, in their order. Any Unicode will do; very long texts are read at both ends.

        Strings that spaCy meets are forgotten after each call, so that a process may run for months.
        """
        results: list[Classification] = []
        lengths = [own_length(text.text) for text in texts]
        with self._pipeline.memory_zone():
            docs = (self._doc(text, own) for text, own in zip(texts, lengths, strict=True))
            for text, own, doc in zip(texts, lengths, self._pipeline.pipe(docs, batch_size=_BATCH), strict=True):
                results.append(_at_home(doc._.classification, doc._.spoken.passages, text.text, own))
        return results

    def _doc(self, text: Text, own: int):  # type: ignore[no-untyped-def]
        read = _both_ends(text.text[:own])
        doc = self._pipeline.make_doc(read)
        doc._.source, doc._.read = text, read
        return doc


def load(path: Path | None = None) -> Classifier:
    """Load the shipped pipeline, or another one. Takes a second or two and about 300 MB.

    Raises `OSError` when there is none, `ValueError` when it was trained for other labels.
    """
    from classifier import encoder  # noqa: PLC0415 - imports numpy and the encoder

    encoder.begin()
    from classifier import components  # noqa: PLC0415 - imports spaCy, while the encoder's tables are unpacked

    return Classifier(components.read_from(path or MODEL))


def capped(text: str) -> str:
    """What is read of a text: its writer's own words, both ends of them where they are many, unreadable signs made spaces."""
    return _both_ends(text[: own_length(text)])


def _both_ends(text: str) -> str:
    if len(text) > _HEAD + len(_JOINT) + _TAIL:
        text = text[:_HEAD] + _JOINT + text[-_TAIL:]
    return features.readable(text)


def own_length(text: str) -> int:
    """How much of a text its writer wrote: without the disclaimer and the quoted history below, and the dashes above these.

    Where hardly anything stands above quoted history, that is the message ("for your attention"), unless it was an answer
    ("ok merci"); and where what follows holds words of distress, nothing is left out, whoever wrote them.
    """
    disclaimer = footers.disclaimer_begin(text)
    end = footers.history_begin(text, disclaimer)
    own_words = len(text[:end].split(maxsplit=_FEWEST_FORWARDING))
    forwarded = own_words < _FEWEST_FORWARDING and footers.passed_on(text, end)
    if end < disclaimer and (forwarded or (own_words < _FEWEST_OWN and not footers.answered(text, end))):
        end = disclaimer
    if end == len(text):
        return end
    rest = features.readable(text[end : end + _SEARCHED])
    hits = lexicon.load().find(rest, lexicon.words(slips.of_lexicon().mended(rest)))
    distress = any(hit.group == "emergency" for hit in hits)
    return len(text) if distress else len(text[:end].rstrip(_RULES))


def _at_home(found: Classification, passages: Sequence[Passage], text: str, own: int) -> Classification:
    """Evidence and passages where they stand in the whole text: what is in the tail of a long one is moved there."""
    moved = max(0, own - (_HEAD + len(_JOINT) + _TAIL))
    placed = (_placed(item, moved) for item in found.evidence)
    # Words with unreadable signs between them are no words of the text as it is, and no database would take them.
    evidence = tuple(x for x in placed if x.start < 0 or text[x.start : x.end] == x.text)
    return replace(found, evidence=evidence, languages=tuple(_stretched(passage, moved) for passage in passages))


def _placed(item: Evidence, moved: int) -> Evidence:
    if not moved or item.end <= _HEAD:
        return item
    if item.start >= _HEAD:
        return replace(item, start=item.start + moved, end=item.end + moved)
    # Words of both ends that met only because the middle was not read: those of the beginning count.
    return replace(item, end=_HEAD, text=item.text[: _HEAD - item.start])


def _stretched(passage: Passage, moved: int) -> Passage:
    """A passage over both ends of a long text covers the middle that was not read."""
    start = passage.start + moved if passage.start >= _HEAD else passage.start
    return replace(passage, start=start, end=passage.end + moved if passage.end > _HEAD else passage.end)
