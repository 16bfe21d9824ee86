"""The stages that need the CPU, run in children: raw bytes to messages, messages to classifications, in small batches."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from channels.contract import UnreadableError
from channels.message import InboundMessage, RawMessage
from classifier.classification import Classification, Identity, Text
from config.vocabulary import Language
from gateway.children import Child, ChildEndedError, limit_memory
from gateway.versions import UnknownVersionError, Versions
from store.files import FileLostError, FileStore
from store.model_uses import SHIPPED

if TYPE_CHECKING:
    from classifier.pipeline import Classifier

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ParserSettings:
    """What parsing depends on beside the bytes."""

    own_addresses: frozenset[str]
    authserv_id: str
    memory_mb: int
    cpu_seconds: float = 10


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an item could not be parsed, in words that hold nothing of it.

    `final`: the same bytes would fail in the same way, so that only a mended parser or a person helps. Otherwise the
    machine may have been short of something, and the item is tried again. `too_much`: it went beyond the bounds of the
    parser as a whole, so that its beginning may be readable all the same.
    """

    error: str
    final: bool = True
    too_much: bool = False


# A version that could not be loaded is tried again after so long: a shared folder may have been away.
_AGAIN_SECONDS = 300.0
_LOST = Failed("The file that holds this message is lost or damaged.")
# What is read of a mail that is beyond the bounds as a whole: its headers, and so much of what follows.
_BEGINNING_HEADERS = 256 * 1024
_BEGINNING_BODY = 64 * 1024
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class InFile:
    """A raw message whose body lies in a file. Only the child reads it, so that the parent never holds a large one."""

    raw: RawMessage
    files: FileStore
    name: str

    def whole(self) -> RawMessage:
        """The message with its body. Raises FileLostError."""
        return replace(self.raw, body=self.files.read(self.name))

    def beginning(self, most: int) -> RawMessage:
        """The message with the first `most` bytes of its body. Raises FileLostError."""
        return replace(self.raw, body=self.files.beginning(self.name, most))


Unread = RawMessage | InFile


class Parsing:
    """Raw messages in, messages or failures out, in the same order."""

    def __init__(self, settings: ParserSettings, *, seconds: float) -> None:
        self.child = Child("parse", _prepare_parsing, settings)
        self._seconds = seconds

    async def parse(self, raws: Sequence[Unread]) -> list[InboundMessage | Failed]:
        """Parse a batch; when it ends its child, each alone, so that only the guilty one fails."""
        try:
            # Not the time of each for all: one that hangs would keep its neighbours waiting longer than the watchdog does.
            return await self.child.call(parse_all, raws, seconds=self._seconds + len(raws))
        except ChildEndedError:
            if len(raws) == 1:
                return [Failed("The parser ended over this item (time or memory).", final=False, too_much=True)]
        return [result for raw in raws for result in await self.parse([raw])]

    async def parse_beginning(self, unread: Unread) -> InboundMessage | Failed:
        """Read only the beginning of a mail that is too much as a whole: whoever wrote it gets a case all the same."""
        try:
            return await self.child.call(_parse_beginning, unread, seconds=self._seconds + 1)
        except ChildEndedError:
            return Failed("The parser ended over the beginning of this item.", final=False)

    async def warm(self) -> None:
        """Start the child before it is needed."""
        await self.child.call(parse_all, [], seconds=60)

    async def close(self) -> None:
        """End the child."""
        await self.child.close()


class Classifying:
    """Texts in, classifications out. Without a model everything goes to people, and `ready` says so.

    Which version of the model reads is told by `follow`. One that this machine cannot load is `missing`: then the shipped
    one reads, which came with the code.
    """

    def __init__(self, model: Path | None = None, versions: Versions | None = None) -> None:
        self._shipped = model
        self.versions = versions
        self.child = Child("classify", _prepare_classifying, model)
        self.version = SHIPPED
        self.missing = ""
        self.ready = False
        # The model was loaded, or could not be: either way there is nothing more to wait for.
        self.loaded = asyncio.Event()
        self.model_id = ""
        self._changing = asyncio.Lock()
        self._switching: asyncio.Task[None] | None = None
        self._again_at = 0.0

    async def start(self) -> None:
        """Load the model; a failure is logged and leaves the house working without."""
        async with self._changing:
            if not await self._take(self.child, self.version):
                log.error("the classifier could not be loaded; everything goes to triage")
        self.loaded.set()

    def follow(self, version: str) -> None:
        """Begin to read with this version. The old child reads until the new one has loaded: no message waits for it."""
        if self._switching is not None and not self._switching.done():
            return
        if version == self.version:
            self.missing = ""
        elif version != self.missing or time.monotonic() >= self._again_at:
            self._switching = asyncio.create_task(self._switch(version))

    async def settled(self) -> None:
        """Wait until the version that was asked for reads, or could not be loaded."""
        if self._switching is not None:
            await asyncio.wait({self._switching})

    async def _switch(self, version: str) -> None:
        async with self._changing:
            await self._change_to(version)

    async def _change_to(self, version: str) -> None:
        path = self._path_of(version)
        child = Child("classify", _prepare_classifying, path)
        if (path is None and version != SHIPPED) or not await self._take(child, version):
            await child.close()
            log.error("the version of the model in use cannot be loaded here; the shipped one reads", version=version)
            self.missing, self._again_at = version, time.monotonic() + _AGAIN_SECONDS
            if self.version == SHIPPED:
                return
            version, child = SHIPPED, Child("classify", _prepare_classifying, self._shipped)
            if not await self._take(child, version):
                log.error("the classifier could not be loaded; everything goes to triage")
        else:
            self.missing = ""
        old, self.child, self.version = self.child, child, version
        log.info("another version of the model reads", version=version, model=self.model_id)
        await old.retire()

    def _path_of(self, version: str) -> Path | None:
        if version == SHIPPED:
            return self._shipped
        try:
            return self.versions.path_of(version) if self.versions else None
        except UnknownVersionError:
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

    async def _restart(self, child: Child) -> None:
        """Start a child anew that ended over its job. It loads the model first, and is given the time for it."""
        async with self._changing:
            if child is not self.child:
                return
            self.ready = False
            if await self._take(child, self.version):
                return
            if self.version == SHIPPED:
                log.error("the classifier could not be loaded; everything goes to triage")
            else:
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
    return Classification(
        language=language,
        kind="complaint",
        flags={},
        department=None,
        departments=(),
        probabilities={"kind": {"complaint": 1.0}},
        abstained=("kind", "off_scope", "anonymous", "doctor", "department"),
        evidence=(),
        model=model,
        identity=Identity(name=text.from_name),
    )


_parser: ParserSettings | None = None
_classifier: Classifier | None = None


def _prepare_parsing(settings: ParserSettings) -> None:
    global _parser  # noqa: PLW0603 (the child's own state, set once before its first job)
    _parser = settings

    signal.signal(signal.SIGVTALRM, _out_of_time)
    limit_memory(settings.memory_mb)


class _TooLongError(Exception):
    """The parser used up its processor time over one item."""


def _out_of_time(_number: int, _frame: object) -> None:
    raise _TooLongError


def parse_all(raws: Sequence[Unread]) -> list[InboundMessage | Failed]:
    """Parse each raw message by its channel (the child's job)."""
    return [_parse_one(raw) for raw in raws]


def _parse_beginning(unread: Unread) -> InboundMessage | Failed:
    """Parse the first part of a mail (the child's job); "text_cut" among the defects says so."""
    try:
        most = _BEGINNING_HEADERS + _BEGINNING_BODY
        raw = unread.beginning(most) if isinstance(unread, InFile) else unread
    except FileLostError:
        return _LOST
    if raw.channel != "email":
        return Failed("Only of a mail the beginning can be read alone.")
    blank = _BLANK_LINE.search(raw.body, 0, _BEGINNING_HEADERS)
    end = (blank.end() if blank else 0) + _BEGINNING_BODY
    found = _parse_one(replace(raw, body=raw.body[:end]))
    return found if isinstance(found, Failed) else replace(found, defects=tuple(sorted({*found.defects, "text_cut"})))


def _parse_one(unread: Unread) -> InboundMessage | Failed:  # noqa: PLR0911 (one return a way to fail)
    from channels.registry import parser_of  # noqa: PLC0415 (in the child only)

    if _parser is None:
        return Failed("The parser was not set up.", final=False)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, _parser.cpu_seconds)
        try:
            raw = unread.whole() if isinstance(unread, InFile) else unread
            return parser_of(raw.channel)(raw, _parser.own_addresses, _parser.authserv_id)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _TooLongError:
        return Failed("The parser needed more time than it may use.", final=False, too_much=True)
    except FileLostError:
        return _LOST
    except UnreadableError as error:
        return Failed(f"Unreadable: {error}")
    except MemoryError:
        return Failed("The parser needed more memory than it may use.", final=False, too_much=True)
    except RecursionError:
        return Failed("The parser went deeper than it may.", too_much=True)
    except Exception as error:  # noqa: BLE001 (a parser bug: quarantined with its class and place, and replayed once mended)
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        return Failed(f"{type(error).__name__} at {place}")


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
