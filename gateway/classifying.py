"""The classifier in a child with its own copy of the model: texts in, classifications out, by the version that is in use."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from classifier.classification import Classification, Identity, Text
from config.vocabulary import Language
from gateway.children import Child, ChildEndedError
from gateway.telling import tells
from gateway.versions import UnknownVersionError, Versions
from store.model_uses import SHIPPED

if TYPE_CHECKING:
    from chatbot.finding import Finder
    from classifier.pipeline import Classifier

log = structlog.get_logger(__name__)

# A version that could not be loaded is tried again after so long: a shared folder may have been away.
_AGAIN_SECONDS: Final = 300.0
# With fewer words, names and addresses aside, or less sure, a line does not tell the language of its conversation.
_WORDS_OF_A_LANGUAGE: Final = 4
_SURE_OF_LANGUAGE: Final = 0.9
_READ_FOR_LANGUAGE: Final = 2_000
_MOST_READ: Final = 256
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation, `story` being what its member has told in it so far, `step` the question that was open."""

    text: Text
    story: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """What is made of a line: `found` of the conversation so far, `line` of the line alone, the entry of the house's knowledge
    that answers it, "" where none surely does, and its language, where its own words surely tell it."""

    found: Classification
    line: Classification
    entry: str = ""
    spoken: Language | None = None


class Classifying:
    """Texts in, classifications out. Without a model everything goes to people, and `ready` says so.

    Which version of the model reads is told to `start`, and then by `follow`. One that this machine cannot load is `missing`:
    then the shipped one reads, which came with the code.
    """

    def __init__(self, model: Path | None = None, versions: Versions | None = None) -> None:
        self._shipped = model
        self.versions = versions
        self.child = Child("classify", _prepare_classifying, model)
        self.version = SHIPPED
        self.ready = False
        # The model was loaded, or could not be: either way there is nothing more to wait for.
        self.loaded = asyncio.Event()
        self.model_id = ""
        self._changing = asyncio.Lock()
        self._switching: asyncio.Task[None] | None = None
        # The version that was asked for last, where it could not be loaded.
        self._failed = ""
        self._again_at = 0.0

    @property
    def missing(self) -> str:
        """The version in use that this machine cannot load, or nothing; the shipped one comes with the code."""
        return "" if self._failed == SHIPPED else self._failed

    async def start(self, version: str = SHIPPED) -> None:
        """Load the version in use; a failure is logged and leaves the house working with the shipped one, or without."""
        async with self._changing:
            await self._change_to(version)
        self.loaded.set()

    def follow(self, version: str) -> None:
        """Begin to read with this version. The old child reads until the new one has loaded: no message waits for it."""
        if self._switching is not None and not self._switching.done():
            return
        if self._reads(version):
            self._failed = ""
        elif version != self._failed or time.monotonic() >= self._again_at:
            self._switching = asyncio.create_task(self._switch(version))

    async def settled(self) -> None:
        """Wait until the version that was asked for reads, or could not be loaded."""
        if self._switching is not None:
            await asyncio.wait({self._switching})

    def _reads(self, version: str) -> bool:
        return self.ready and version == self.version

    async def _switch(self, version: str) -> None:
        async with self._changing:
            # A child that had ended may have come back with it while this waited.
            if not self._reads(version):
                await self._change_to(version)

    async def _change_to(self, version: str) -> None:
        child = await self._begun(version)
        self._failed = "" if child else version
        if child is None:
            self._again_at = time.monotonic() + _AGAIN_SECONDS
            log.error("the version of the model in use cannot be loaded here", version=version)
            if self._reads(SHIPPED):
                return
            child = await self._begun(SHIPPED) if version != SHIPPED else None
            version = SHIPPED
        if child is None:
            self.ready, self.model_id = False, ""
            log.error("the classifier could not be loaded; everything goes to triage")
            child = Child("classify", _prepare_classifying, self._shipped)
        else:
            log.info("a version of the model reads", version=version, model=self.model_id)
        old, self.child, self.version = self.child, child, version
        await old.retire()

    async def _begun(self, version: str) -> Child | None:
        """A child that has loaded this version; None when it cannot be loaded."""
        path = self._path_of(version)
        if path is None and version != SHIPPED:
            return None
        child = Child("classify", _prepare_classifying, path)
        if await self._take(child, version):
            return child
        await child.close()
        return None

    def _path_of(self, version: str) -> Path | None:
        if version == SHIPPED:
            return self._shipped
        try:
            return self.versions.path_of(version) if self.versions else None
        except (UnknownVersionError, OSError):
            return None

    async def _take(self, child: Child, version: str) -> bool:
        """Load a model into a child; False when it cannot be loaded, or is not the one that it is called."""
        try:
            model_id = await child.call(_model_id, seconds=120)
        except asyncio.CancelledError:
            await child.close()
            raise
        except Exception as error:  # noqa: BLE001 (any failure to load means the same: another model, or people)
            log.warning("a model could not be loaded", version=version, error=type(error).__name__)
            return False
        if version not in (SHIPPED, model_id):
            log.warning("a model is not the one that it is called", version=version, model=model_id)
            return False
        self.model_id, self.ready = model_id, True
        return True

    async def classify(self, texts: Sequence[Text]) -> list[Classification]:
        """Classify a batch; texts over which the child ends are left to people."""
        if not texts:
            return []
        if not self.ready:
            return [unclassified(text) for text in texts]
        child = self.child
        try:
            return await child.call(_classify_all, texts, seconds=10 + len(texts))
        except ChildEndedError:
            if child is not self.child:
                # It ended because another version took its place: that one reads these texts.
                return await self.classify(texts)
            await self._restart(child)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (a failing model must not keep messages from people)
            log.error("the classifier failed over a batch", error=type(error).__name__)
        if len(texts) == 1:
            return [unclassified(texts[0])]
        return [result for text in texts for result in await self.classify([text])]

    async def understand(self, lines: Sequence[Line]) -> list[Understood]:
        """What is made of lines of conversations; those over which the child ends are left to people."""
        if not lines:
            return []
        if not self.ready:
            return [not_understood(line) for line in lines]
        child = self.child
        try:
            return await child.call(understand_all, lines, seconds=10 + len(lines))
        except ChildEndedError:
            if child is not self.child:
                return await self.understand(lines)
            await self._restart(child)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (a failing model must not keep messages from people)
            log.error("the classifier failed over lines of conversations", error=type(error).__name__)
        if len(lines) == 1:
            return [not_understood(lines[0])]
        return [result for line in lines for result in await self.understand([line])]

    async def warm(self) -> None:
        """Load what the first line of a conversation would wait for: what the robot knows, and the encoder that finds it."""
        await self.loaded.wait()
        await self.understand([Line(Text(channel="chat", text="Bonjour ?", language_hint="fr"))])

    async def _restart(self, child: Child) -> None:
        """Start a child anew that ended over its job. It loads the model first, and is given the time for it."""
        async with self._changing:
            if child is not self.child:
                return
            self.ready = False
            if not await self._take(child, self.version):
                await self._change_to(self.version)

    async def close(self) -> None:
        """End the child, and the one that was to take its place."""
        if self._switching is not None:
            self._switching.cancel()
            await asyncio.gather(self._switching, return_exceptions=True)
        await self.child.close()


def unclassified(text: Text, *, model: str = "none") -> Classification:
    """What is said of a text that no classifier has read: a complaint until a person says otherwise, unsure of everything."""
    language: Language = text.language_hint or "fr"
    questions = ("kind", "off_scope", "anonymous", "doctor", "department")
    return Classification(
        language=language,
        kind="complaint",
        flags={},
        department=None,
        departments=(),
        probabilities={"kind": {"complaint": 1.0}},
        abstained=questions,
        because=dict.fromkeys(questions, "not_read"),
        evidence=(),
        model=model,
        identity=Identity(name=text.from_name),
    )


def not_understood(line: Line) -> Understood:
    """What is said of a line that no classifier has read."""
    nothing = unclassified(line.text)
    return Understood(nothing, nothing)


_classifier: Classifier | None = None
_finder: Finder | None = None
# What was read last, in the order in which it was read; only in the memory of the child.
_read: dict[Text, Classification] = {}
# What the house knows on the lines that were read last, likewise.
_entries: dict[tuple[Language, str], str] = {}


def _prepare_classifying(model: Path | None) -> None:
    # One thread a child: several workers share the machine by being several, not by each taking every core.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from classifier import pipeline  # noqa: PLC0415 (spaCy is loaded in this child and nowhere else)

    global _classifier  # noqa: PLW0603 (the child's own state, set once before its first job)
    _classifier = pipeline.load(model) if model else pipeline.load()


def _model_id() -> str:
    return _classifier.model_id if _classifier else ""


def _classify_all(texts: Sequence[Text]) -> list[Classification]:
    if _classifier is None:
        return [unclassified(text) for text in texts]
    return _classifier.classify(texts)


def understand_all(lines: Sequence[Line]) -> list[Understood]:
    """Read lines of conversations (the child's job): each alone, then what has a story behind it as a whole."""
    if _classifier is None:
        return [not_understood(line) for line in lines]
    alone = _read_once(_classifier, [line.text for line in lines])
    entries = [_entry_for(line.text.text, single.language) for line, single in zip(lines, alone, strict=True)]
    behind = [index for index, line in enumerate(lines) if line.story]
    whole = _read_once(_classifier, [_with_story(lines[index], alone[index], entries[index]) for index in behind])
    found = dict(zip(behind, whole, strict=True))
    return [
        Understood(found.get(index, single), single, entry, _spoken(line.text, single))
        for index, (line, single, entry) in enumerate(zip(lines, alone, entries, strict=True))
    ]


def _read_once(classifier: Classifier, texts: Sequence[Text]) -> list[Classification]:
    """Classify texts, each of the last few hundred once: a story is the same in every turn that adds nothing to it."""
    new = [text for text in dict.fromkeys(texts) if text not in _read]
    _read.update(zip(new, classifier.classify(new), strict=True))
    found = [_read[text] for text in texts]
    _forget_oldest(_read)
    return found


def _forget_oldest(kept: dict[Any, Any]) -> None:
    for key in list(kept)[: max(0, len(kept) - _MOST_READ)]:
        del kept[key]


def _with_story(line: Line, alone: Classification, entry: str) -> Text:
    """The conversation so far. Distress is never left out, however short the line that speaks of it."""
    text = line.text.text
    told = alone.flags.get("urgent") or tells(text, line.step, alone.identity, entry)
    return replace(line.text, text=f"{line.story}\n{text}" if told else line.story)


def _spoken(text: Text, line: Classification) -> Language | None:
    """The language of a line that has enough words of its own: "Emma Clarke, emma@mail.example" is in none."""
    from classifier import language  # noqa: PLC0415 (in the child only)

    own = text.text[:_READ_FOR_LANGUAGE]
    for place in line.identity.found:
        own = own[: place.start] + " " * (place.end - place.start) + own[place.end :]
    if len(_WORD.findall(own)) < _WORDS_OF_A_LANGUAGE:
        return None
    told = language.tell(replace(text, text=own, language_hint=None), own, [(0, len(own))])
    return told.language if told.probability >= _SURE_OF_LANGUAGE else None


def _entry_for(text: str, language: Language) -> str:
    """The entry that answers a line; "oui" is said in every conversation, and its numbers are computed once."""
    if (language, text) not in _entries:
        _entries[language, text] = _found_for(text, language)
        _forget_oldest(_entries)
    return _entries[language, text]


def _found_for(text: str, language: Language) -> str:
    global _finder  # noqa: PLW0603 (the child's own state; made at the first line, for many a house has no chat)
    if _finder is None:
        from chatbot.finding import Finder  # noqa: PLC0415 (in the child only)
        from classifier.encoder import Encoder  # noqa: PLC0415 (in the child only)

        _finder = Finder(Encoder().encode)
    known = _finder.find_both(text, language)
    # Two ids where two questions were asked in one line.
    return " ".join(entry.id for entry in (known, known.second) if entry) if known else ""
