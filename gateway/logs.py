"""Logs: JSON lines on stderr in production, readable ones in a terminal; one event one line, and no personal data.

Events carry ids, labels and numbers. Exceptions are logged by class and place, never by message: a message of an exception
may quote what somebody wrote.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

# Loggers of libraries which write addresses, headers or statements at INFO or DEBUG.
_QUIET = (
    "twilio",
    "telegram",
    "httpx",
    "aiohttp.access",
    "sqlalchemy",
    "imapclient",
    "mail.log",
    "aiosqlite",
    "asyncio",
)


def configure(*, json_lines: bool, level: str = "INFO") -> None:
    """Set logging up for this process, third-party loggers included."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_instead_of_messages,
        _one_line,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[1:3], _without_foreign_text, _places_instead_of_messages, _one_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_foreign_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's message may hold what it was working on; its logger and level are all that is kept."""
    record = event.get("_record")
    if record is not None:
        event["event"] = "library message"
        event["library"] = record.name
        event["place"] = f"{record.module}:{record.lineno}"
        if record.exc_info and not event.get("exc_info"):
            event["exc_info"] = record.exc_info
    return event


def _places_instead_of_messages(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its class and the places it passed."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        event["at"] = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return event


def _one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape control characters, so that no value can forge a line or colour a terminal."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = value.encode("unicode_escape").decode("ascii")
    return event
