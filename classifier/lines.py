"""`guichet classify`: JSON lines in, JSON lines out. A broken line gives a line with an error, and the rest goes on."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Any, Final, Protocol, cast

from classifier.classification import Classification, Text
from config.vocabulary import CHANNELS, LANGUAGES, Channel, Language

_BATCH: Final = 32
# So many lines are read ahead of the classifier, however long the input is.
_AHEAD: Final = 64
# How bytes that are no UTF-8 come out of a stream that is read with `surrogateescape`.
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")

_EVIDENCE: Final = ("label", "start", "end", "text", "weight")


class Classifies(Protocol):
    """What a loaded classifier offers."""

    def classify(self, texts: list[Text]) -> list[Classification]:
        """One classification for each text, in order."""
        ...


def classify_lines(lines: Iterable[str], classifier: Classifies) -> Iterator[str]:
    """One JSON line for each non-empty line in, in order, as soon as it can be said: nobody waits for the next line.

    In: {id, channel, from_name, from_address, subject, text}. `text` must be there; whatever else is missing is empty, the
    channel then "email". Out: the id and what `Classification.as_json` gives; or {"id": …, "error": …}.
    """
    for batch in _batches(lines):
        parsed = [_parse(line) for line in batch]
        texts = [text for _, text in parsed if isinstance(text, Text)]
        results = iter(classifier.classify(texts))
        for identifier, text in parsed:
            if isinstance(text, Text):
                yield _dump({"id": identifier, **_said(next(results))})
            else:
                yield _dump({"id": identifier, "error": text})


def _said(found: Classification) -> dict[str, Any]:
    """The labels with evidence as `guichet classify` promises it: what only the console tells apart is left out."""
    said = found.as_json()
    said["evidence"] = [{name: item[name] for name in _EVIDENCE} for item in said["evidence"]]
    return said


def _parse(line: str) -> tuple[Any, Text | str]:
    """The id of a line, and what to classify or what is wrong with the line."""
    if _NOT_UTF8.search(line):
        return None, "not UTF-8"
    try:
        data = json.loads(line.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return None, "not a JSON object"
    identifier = data.get("id")
    # What JSON cannot write (NaN) or what nests without end would make an output line that nobody can read.
    if not (identifier is None or isinstance(identifier, str | int | float)) or _endless(identifier):
        return None, "id is neither a string nor a number"
    return identifier, _text(data)


def _text(data: dict[str, Any]) -> Text | str:
    if "text" not in data:
        return "text is missing"
    fields: dict[str, str] = {}
    for name in ("text", "subject", "from_name", "from_address"):
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            return f"{name} is not a string"
        fields[name] = value or ""
    channel = data.get("channel") or "email"
    if channel not in CHANNELS:
        return f"channel is none of {', '.join(CHANNELS)}"
    hint = data.get("language_hint")
    return Text(
        channel=cast(Channel, channel),
        language_hint=cast(Language, hint) if hint in LANGUAGES else None,
        **fields,
    )


def _endless(identifier: object) -> bool:
    return isinstance(identifier, float) and not math.isfinite(identifier)


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines that are waiting, up to 32 at a time. A program that asks line by line has each answer at once."""
    waiting: Queue[str | BaseException | None] = Queue(_AHEAD)
    Thread(target=_read_ahead, args=(lines, waiting), daemon=True).start()
    while True:
        batch: list[str] = []
        item = waiting.get()
        try:
            while isinstance(item, str):
                batch.append(item)
                if len(batch) == _BATCH:
                    break
                item = waiting.get_nowait()
        except Empty:
            pass
        if batch:
            yield batch
        if isinstance(item, BaseException):
            raise item
        if item is None:
            return


def _read_ahead(lines: Iterable[str], waiting: Queue[str | BaseException | None]) -> None:
    try:
        for line in lines:
            if line.strip():
                waiting.put(line)
    except Exception as error:  # noqa: BLE001 - raised again where the lines are used
        waiting.put(error)
    else:
        waiting.put(None)


def _dump(data: dict[str, Any]) -> str:
    # ASCII only: a lone surrogate in an id or a text must not break the output's encoding.
    return json.dumps(data)
