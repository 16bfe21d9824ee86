"""What belongs to a message: its files, to look at or to save, its original bytes, and the mail as it was sent. Only through a
case that opens."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from channels.pictures.child import PictureError
from channels.pictures.cleaning import cleaned
from channels.pictures.preview import MOST_PAGES, Previews, shown_as, words
from console import as_sent
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.site import Site, Who
from store import correspondence, inbox
from store.correspondence import FileRow, MessageRow
from store.files import FileLostError
from store.views import Row

# Whatever it is, a browser saves it and never shows it on our address (rule F6).
_SHUT_OFF: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_HEADERS: Final = {"Content-Type": "application/octet-stream", **_SHUT_OFF}
_LONGEST_NAME: Final = 120


def as_attachment(content: bytes, name: str) -> web.Response:
    """Bytes to save under the name that their sender gave them (RFC 6266, RFC 8187)."""
    cleaned = "".join(sign if sign.isprintable() and sign not in '/\\:*?"<>|' else "_" for sign in name).strip(". ")
    # Names are cut from the front: their end says what the file is.
    given = cleaned[-_LONGEST_NAME:] or "file"
    disposition = f"attachment; filename*=UTF-8''{quote(given.encode('utf-8', 'replace'), safe='')}"
    return web.Response(body=content, headers={**_HEADERS, "Content-Disposition": disposition})


class Papers:
    """Handlers of files, originals and mails as sent."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page
        self._previews = Previews()

    async def file(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A file of the case, to save; of a picture, a copy upright and without its place, its date and its camera (rule F5)."""
        found = await self._content(request, who)
        if isinstance(found, web.Response):
            return found
        row, file, content = found
        try:
            name, content = await cleaned(file.name, content)
        except PictureError as error:
            return await self._unprepared(who, row, file, error)
        await self._note(who, row, "file", file=file.id)
        return as_attachment(content, name)

    async def look(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A page with what a file holds, before anybody saves it: its first pages as pictures, or its words."""
        found = await self._content(request, who)
        if isinstance(found, web.Response):
            return found
        row, file, content = found
        shown, status = shown_as(file.name, content), 200
        said: dict[str, Any] = {"shown": shown, "why": ""}
        try:
            if shown == "pages":
                count = (await self._previews.page(file.hash, content, 1)).count
                said |= {"count": count, "pages": min(count, MOST_PAGES)}
            elif shown == "words":
                said["text"], said["cut"] = await words(content)
        except PictureError as error:
            said, status = {"shown": None, "why": error.reason}, 503 if error.reason == "busy" else 422
        await self._note(who, row, "file", file=file.id)
        return await self._site.page("look.html", who, status=status, here=row.queue, row=row, file=file, **said)

    async def page(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One page of a file as a picture, for our own pages alone: asked for by itself it is saved (rule F6)."""
        found = await self._content(request, who)
        if isinstance(found, web.Response):
            return found
        row, file, content = found
        number = int(request.match_info["page"])
        if shown_as(file.name, content) != "pages" or number > MOST_PAGES:
            raise web.HTTPNotFound
        try:
            drawn = await self._previews.page(file.hash, content, number)
        except PictureError as error:
            return await self._unprepared(who, row, file, error)
        await self._note(who, row, "file", file=file.id, page=number)
        headers = {"Content-Type": "image/jpeg", "Content-Disposition": "attachment", **_SHUT_OFF}
        return web.Response(body=drawn.jpeg, headers=headers)

    async def _content(self, request: web.Request, who: Who) -> tuple[Row, FileRow, bytes] | web.Response:
        """A file with its bytes, from a case that opens, and looked into by the scanner; else the page that says why not."""
        try:
            async with self._site.store.read() as tx:
                row = await self._page.find(tx, who, request)
                file = await correspondence.file_of(tx, who.viewer, row.id, int(request.match_info["file"]))
        except (LockedError, ReasonWantedError) as error:
            return await self._page.refusal(who, error)
        if file is None:
            raise web.HTTPNotFound
        try:
            content = await asyncio.to_thread(self._site.store.files.read, file.hash)
        except FileLostError:
            return await self._site.page("lost.html", who, status=410, row=row, name=file.name)
        unsafe = await self._unsafe(who, row, content, file.name)
        return (row, file, content) if unsafe is None else unsafe

    async def _unsafe(self, who: Who, row: Row, content: bytes, name: str) -> web.Response | None:
        """The page that says why nobody gets this file; None where nothing speaks against it (rule F7)."""
        verdict = await self._site.scanner.scan(content)
        if verdict not in ("infected", "unknown"):
            return None
        # Asked for again in a minute, one that could not be looked at may be given.
        why, status = ("virus", 422) if verdict == "infected" else ("unchecked", 503)
        return await self._site.page("unsafe.html", who, status=status, here=row.queue, row=row, name=name, why=why)

    async def _unprepared(self, who: Who, row: Row, file: FileRow, error: PictureError) -> web.Response:
        """The page that says why a picture is not given, with the way to its original message."""
        async with self._site.store.read() as tx:
            messages = await correspondence.messages_of(tx, who.viewer, row.id)
        message = next(
            (message for message in messages if message.inbox_id is not None and file in message.files), None
        )
        return await self._site.page(
            "picture.html",
            who,
            # Asked for again in a minute it may be there; else it stays as it is.
            status=503 if error.reason == "busy" else 422,
            here=row.queue,
            row=row,
            name=file.name,
            why=error.reason,
            message=message,
        )

    async def original(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The bytes of a message as they arrived, to save."""
        found = await self._message(request, who)
        if isinstance(found, web.Response):
            return found
        row, message = found
        if message.inbox_id is None:
            raise web.HTTPNotFound
        async with self._site.store.read() as tx:
            raw = await inbox.raw_of(tx, message.inbox_id)
        if raw is None:
            raise web.HTTPNotFound
        end = "eml" if message.channel == "email" else "txt"
        name = f"{row.reference}-{message.id}.{end}"
        unsafe = await self._unsafe(who, row, raw.body, name)
        if unsafe is not None:
            return unsafe
        await self._note(who, row, "original", message=message.id)
        return as_attachment(raw.body, name)

    async def as_sent(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page around the mail as it was sent."""
        found = await self._message(request, who)
        if isinstance(found, web.Response):
            return found
        row, message = found
        understood = await self._site.desk.understood(message.inbox_id) if message.inbox_id is not None else None
        formatted = understood is not None and bool(understood.html)
        answer = await self._site.page(
            "as_sent.html", who, here=row.queue, row=row, message=message, formatted=formatted
        )
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return answer

    async def document(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The mail itself, for the frame."""
        found = await self._message(request, who)
        if isinstance(found, web.Response):
            return found
        row, message = found
        understood = await self._site.desk.understood(message.inbox_id) if message.inbox_id is not None else None
        if understood is None or not understood.html:
            raise web.HTTPNotFound
        await self._note(who, row, "as_sent", message=message.id)
        text = await asyncio.to_thread(as_sent.harmless, understood.html)
        return web.Response(
            text=text,
            content_type="text/html",
            headers={"Content-Security-Policy": as_sent.POLICY, "Cache-Control": "no-store"},
        )

    async def _message(self, request: web.Request, who: Who) -> tuple[Row, MessageRow] | web.Response:
        wanted = int(request.match_info["message"])
        try:
            async with self._site.store.read() as tx:
                row = await self._page.find(tx, who, request)
                messages = await correspondence.messages_of(tx, who.viewer, row.id)
        except (LockedError, ReasonWantedError) as error:
            return await self._page.refusal(who, error)
        message = next((message for message in messages if message.id == wanted), None)
        if message is None or message.direction != "in":
            raise web.HTTPNotFound
        return row, message

    async def _note(self, who: Who, row: Row, what: str, **detail: Any) -> None:
        await self._page.note_look(who, row, what, **detail)
