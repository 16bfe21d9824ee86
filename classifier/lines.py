"""`guichet classify`: JSON lines in, JSON lines out. A broken line gives a line with an error, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol, cast

from classifier.classification import Classification, Text
from config.vocabulary import CHANNELS, LANGUAGES, Channel, Language

_BATCH: Final = 32


class Classifies(Protocol):
    """What a loaded classifier offers."""

    def classify(self, texts: list[Text]) -> list[Classification]:
        """One classification for each text, in order."""
        ...


def classify_lines(lines: Iterable[str], classifier: Classifies) -> Iterator[str]:
    """One JSON line for each non-empty line in, in order.

    In: {id, channel, from_name, from_address, subject, text}; what is missing is empty, the channel then "email".
    Out: the id and what `Classification.as_json` gives, `abstained` as a boolean; or {"id": …, "error": …}.
    """
    for batch in _batches(lines):
        parsed = [_parse(line) for line in batch]
        texts = [text for _, text in parsed if isinstance(text, Text)]
        results = iter(classifier.classify(texts))
        for identifier, text in parsed:
            if isinstance(text, Text):
                yield _dump({"id": identifier, **next(results).as_json()})
            else:
                yield _dump({"id": identifier, "error": text})


def _parse(line: str) -> tuple[Any, Text | str]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None, "not a JSON object"
    if not isinstance(data, dict):
        return None, "not a JSON object"
    identifier = data.get("id")
    fields: dict[str, str] = {}
    for name in ("text", "subject", "from_name", "from_address"):
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            return identifier, f"{name} is not a string"
        fields[name] = value or ""
    channel = data.get("channel") or "email"
    if channel not in CHANNELS:
        return identifier, f"channel is none of {', '.join(CHANNELS)}"
    hint = data.get("language_hint")
    return identifier, Text(
        channel=cast(Channel, channel),
        language_hint=cast(Language, hint) if hint in LANGUAGES else None,
        **fields,
    )


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for line in lines:
        if line.strip():
            batch.append(line)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _dump(data: dict[str, Any]) -> str:
    # ASCII only: a lone surrogate in an id or a text must not break the output's encoding.
    return json.dumps(data)
