"""Reading what strangers send, within limits that hold while reading (security rule F1).

Nothing here trusts a length: the announced one refuses early, the counted one refuses the rest. aiohttp's multipart
reader does the parsing (RFC 7578); it reads through a meter that counts every byte and ends a sender who stalls.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, cast
from urllib.parse import parse_qsl

from aiohttp import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    MultipartReader,
    StreamReader,
    web,
)
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_exceptions import HTTPException

_T = TypeVar("_T")
_CHUNK: Final = 64 * 1024
# aiohttp warns about a broken part by printing its header, in which a file name is personal data (rule L1). Where warnings
# are errors, they end the reading as every other defect does.
_WARNINGS: Final = (BadContentDispositionHeader, BadContentDispositionParam)
for _category in _WARNINGS:
    warnings.filterwarnings("ignore", category=_category)
# The charsets that forms are really sent in; anything else is read as UTF-8.
_CHARSETS: Final = {"iso-8859-1": "cp1252", "windows-1252": "cp1252", "latin-1": "cp1252"}

Refusal = Literal["too_large", "too_many_parts", "too_slow", "broken_off", "malformed", "unsupported", "compressed"]


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How much may come. Sizes in bytes, times in seconds.

    `stall` is the longest silence, `total` the longest upload. `text` bounds bodies without files: JSON, plain forms
    and all the fields of a multipart form together.
    """

    body: int = 32 * 1024 * 1024
    text: int = 1024 * 1024
    files: int = 10
    file_bytes: int = 20 * 1000 * 1000
    parts: int = 40
    stall: float = 30.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as sent. `name` is what the sender called it, data and never a path."""

    name: str
    declared_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields (the first of each name) and files of a form.

    `stopped` says why reading ended before the end: "files" (more files than allowed), "file_bytes" (larger together
    than allowed), "early" (the caller wanted the fields before the first file only), or "" when all was read.
    """

    fields: dict[str, str]
    files: tuple[Upload, ...] = ()
    stopped: Literal["", "files", "file_bytes", "early"] = ""


class BodyError(Exception):
    """The body cannot be taken; `reason` says why, in one word of a closed list."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason: Refusal = reason

    @property
    def status(self) -> int:
        """The HTTP status that says so."""
        return _STATUS[self.reason]


_STATUS: Final[dict[Refusal, int]] = {
    "too_large": 413,
    "too_many_parts": 413,
    "too_slow": 408,
    # Nobody is there any more to read the answer; it is no fault of ours, and no error in the log.
    "broken_off": 400,
    "malformed": 400,
    "unsupported": 415,
    "compressed": 415,
}


class Uploads:
    """How many bytes of large bodies may be in memory at once, over all senders. Small bodies always have room: a story
    without files gets through while others send theirs."""

    def __init__(self, most: int = 256 * 1024 * 1024, limits: BodyLimits | None = None) -> None:
        self._left = most
        self._limits = limits or BodyLimits()

    @contextmanager
    def room(self, request: web.BaseRequest) -> Iterator[bool]:
        """Hold room for this body while it is read and handed over; gives False when there is none."""
        size = self._limits.body if request.content_length is None else request.content_length
        # What is over the limit is refused unread, and what is small is not worth counting.
        size = size if self._limits.text < size <= self._limits.body else 0
        if size > self._left:
            yield False
            return
        self._left -= size
        try:
            yield True
        finally:
            self._left += size


async def continue_if_wanted(request: web.Request) -> None:
    """Answer `Expect: 100-continue` only when the announced body can be taken; the refusal then costs no upload."""
    if request.headers.get("Expect", "").lower() == "100-continue" and _announced(request) <= BodyLimits().body:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # What was written is no part of the answer whose headers are still to come.
        request.writer.output_size = 0


async def read_raw(request: web.Request, limits: BodyLimits) -> bytes:
    """Read a body as it is, at most `limits.text` bytes. Raises BodyError."""
    _refuse_compressed(request)
    return await _read_all(request, limits, limits.text)


async def read_json(request: web.Request, limits: BodyLimits) -> Any:
    """Read a JSON body in UTF-8 (RFC 8259). Raises BodyError."""
    data = await read_raw(request, limits)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BodyError("malformed") from None


async def read_form(request: web.Request, limits: BodyLimits, *, with_files: bool = True) -> Form:
    """Read a form, multipart or plain. Raises BodyError.

    Without files, reading stops at the first one: what was typed comes before it and is all that is kept then.
    """
    _refuse_compressed(request)
    if request.content_type == "application/x-www-form-urlencoded":
        return _plain_form(await _read_all(request, limits, limits.text), limits)
    if request.content_type != "multipart/form-data":
        raise BodyError("unsupported")
    if with_files and _announced(request) > limits.body:
        raise BodyError("too_large")
    try:
        return await _multipart(request, limits, with_files)
    except (ValueError, RuntimeError, AssertionError, HttpProcessingError, *_WARNINGS):
        # The reader's several ways to say that this is no multipart body. Our own refusals are none of these.
        raise BodyError("malformed") from None
    except HTTPException:
        raise BodyError("too_large") from None


class _Meter:
    """The request's stream, counted and timed. It offers what the multipart reader uses of a StreamReader."""

    def __init__(self, stream: StreamReader, limits: BodyLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._read = 0
        self._deadline = asyncio.get_running_loop().time() + limits.total

    async def read(self, n: int = -1) -> bytes:
        return self._counted(await self._timed(self._stream.read(n)))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        return self._counted(await self._timed(self._stream.readline(max_line_length=max_line_length)))

    async def readany(self) -> bytes:
        return self._counted(await self._timed(self._stream.readany()))

    def at_eof(self) -> bool:
        return self._stream.at_eof()

    def unread_data(self, data: bytes) -> None:
        self._read -= len(data)
        self._stream.unread_data(data)

    async def _timed(self, reading: Awaitable[_T]) -> _T:
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            return await asyncio.wait_for(reading, max(0.0, min(self._limits.stall, left)))
        except TimeoutError:
            raise BodyError("too_slow") from None
        except (ConnectionError, web.RequestPayloadError):
            raise BodyError("broken_off") from None

    def _counted(self, data: bytes) -> bytes:
        self._read += len(data)
        if self._read > self._limits.body:
            raise BodyError("too_large")
        return data


def _refuse_compressed(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise BodyError("compressed")


def _announced(request: web.BaseRequest) -> int:
    return request.content_length or 0


async def _read_all(request: web.Request, limits: BodyLimits, most: int) -> bytes:
    if _announced(request) > most:
        raise BodyError("too_large")
    meter = _Meter(request.content, limits)
    data = bytearray()
    while chunk := await meter.readany():
        data += chunk
        if len(data) > most:
            raise BodyError("too_large")
    return bytes(data)


def _plain_form(data: bytes, limits: BodyLimits) -> Form:
    try:
        pairs = parse_qsl(
            data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=limits.parts, errors="replace"
        )
    except ValueError:
        raise BodyError("malformed") from None
    return Form(dict(reversed(pairs)))


async def _multipart(request: web.Request, limits: BodyLimits, with_files: bool) -> Form:
    reader = MultipartReader(
        request.headers, cast(StreamReader, _Meter(request.content, limits)), max_headers=20, max_field_size=4096
    )
    fields: dict[str, str] = {}
    files: list[Upload] = []
    text_left, file_left = limits.text, limits.file_bytes
    for _ in range(limits.parts + 1):
        part = await reader.next()
        if part is None:
            return Form(fields, tuple(files))
        if not isinstance(part, BodyPartReader) or part.name is None or _is_encoded(part):
            raise BodyError("malformed")
        if part.filename is None:
            data = await _read_part(part, text_left)
            if data is None:
                raise BodyError("too_large")
            text_left -= len(data)
            fields.setdefault(part.name, _decoded(part, data))
            continue
        if not with_files:
            return Form(fields, stopped="early")
        if len(files) == limits.files and part.filename:
            return Form(fields, stopped="files")
        data = await _read_part(part, file_left)
        if data is None:
            return Form(fields, stopped="file_bytes")
        file_left -= len(data)
        # A file field left empty is sent as a nameless file of no bytes.
        if data or part.filename:
            files.append(Upload(part.filename, part.headers.get("Content-Type", ""), data))
    raise BodyError("too_many_parts")


async def _read_part(part: BodyPartReader, most: int) -> bytes | None:
    """Return the bytes of one part, None when there are more than `most`."""
    data = bytearray()
    while not part.at_eof():
        data += await part.read_chunk(_CHUNK)
        if len(data) > most:
            return None
    return bytes(data)


def _is_encoded(part: BodyPartReader) -> bool:
    # RFC 7578, 4.7: senders must not use it any more, and none does; decoding would only add ways to hide a size.
    return part.headers.get("Content-Transfer-Encoding", "binary").strip().lower() not in ("binary", "8bit", "7bit")


def _decoded(part: BodyPartReader, data: bytes) -> str:
    declared = _CHARSETS.get(part.get_charset("utf-8").lower(), "utf-8")
    try:
        return data.decode(declared)
    except UnicodeDecodeError:
        # Old clients send Latin-1 without saying so; every byte means something in it, so no letter is lost.
        return data.decode("cp1252", "replace")
