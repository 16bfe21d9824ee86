"""Fetching what came beside a message: later, by the worker, from the API's own address and from nowhere else (rule H4)."""

from __future__ import annotations

import asyncio
import re
from typing import Final, Literal
from urllib.parse import quote

import aiohttp
import structlog
from telegram.error import BadRequest, InvalidToken, TelegramError

from channels.form.fields import clean_file_name
from channels.mail.sniff import extension_for, type_of
from channels.message import Attachment
from channels.telegram_bot.bot import Access, Calls
from channels.telegram_bot.json_fields import fields, text
from channels.telegram_bot.media import Media

log = structlog.get_logger(__name__)

# What the Bot API gives to a bot.
MOST_BYTES: Final = 20 * 1000 * 1000
SECONDS: Final = 30.0
_CHUNK: Final = 64 * 1024
# A path below the API's own: plain names with slashes between them, none of which is "..".
_PATH = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[\w][\w.@ ()+,=-]*(?:/[\w.@ ()+,=-]+){0,8}")

Reason = Literal["too_large", "gone", "unreachable", "refused"]


class FileUnavailableError(Exception):
    """A file could not be fetched. `again`: it may be there later. The message that it came with is kept in any case."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason

    @property
    def again(self) -> bool:
        """Whether another try may bring it."""
        return self.reason in ("unreachable", "refused")


class TelegramFiles:
    """Fetches files of one bot. `seconds` is how long one may take, its path and its content together."""

    def __init__(self, access: Access, *, most_bytes: int = MOST_BYTES, seconds: float = SECONDS) -> None:
        self._access = access
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def fetch(self, media: Media) -> Attachment:
        """The file, with the type that its content shows. Raises FileUnavailableError."""
        try:
            if media.size > self._most_bytes:
                raise FileUnavailableError("too_large")
            async with asyncio.timeout(self._seconds):
                path = await self._path(media.file_id)
                content = await self._download(path)
        except FileUnavailableError as error:
            log.warning("telegram_file_not_fetched", reason=error.reason)
            raise
        except (TimeoutError, aiohttp.ClientError, OSError):
            log.warning("telegram_file_not_fetched", reason="unreachable")
            raise FileUnavailableError("unreachable") from None
        found = type_of(content, media.type)
        name = clean_file_name(media.name) if media.name else f"{media.kind}{extension_for(found)}"
        return Attachment(name, found, content, declared_type=media.type)

    async def _path(self, file_id: str) -> str:
        calls = Calls(self._access)
        try:
            found = fields(await calls.call("getFile", {"file_id": file_id}))
        except InvalidToken:
            raise FileUnavailableError("refused") from None
        except BadRequest as error:
            # "file is too big" is the only reason that has a meaning of its own; others say that the id is no (longer) good.
            raise FileUnavailableError("too_large" if "too big" in str(error).lower() else "gone") from None
        except TelegramError:
            raise FileUnavailableError("unreachable") from None
        finally:
            await calls.close()
        path = text(found.get("file_path"))
        # A server may name another address or a place on its disk: such a file is not ours to fetch.
        if not _PATH.fullmatch(path):
            raise FileUnavailableError("gone")
        return path

    async def _download(self, path: str) -> bytes:
        """The bytes, counted while they come, as they are: nothing is unpacked and no redirect followed."""
        address = f"{self._access.files}{self._access.token}/{quote(path)}"
        async with (
            aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "identity"}) as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise FileUnavailableError("gone" if answer.status in (400, 404, 410) else "unreachable")
            content = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                content += chunk
                if len(content) > self._most_bytes:
                    raise FileUnavailableError("too_large")
        return bytes(content)
