"""Files of a message that is still being written: taken one by one, at once, told by their token, taken off again.

What holds for files of the form holds here (rules F1, F5 to F7). They belong to a conversation, so a token alone is worth
nothing to anybody else (rule W3).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.form import fields, steps
from channels.form import files as file_rules
from channels.form.fields import Trouble
from channels.form.words import sentence
from channels.web import languages, texts
from channels.web.body import BodyError, Form, Upload, read_form
from channels.widget.contract import Conversation
from channels.widget.frames import Hello
from channels.widget.site import BarredError, ForeignError, Site, StrangerError
from config.vocabulary import Language

# After so many seconds another try may succeed where files cannot be kept just now (rule Q5).
LATER: Final = 120
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Uploading:
    """Handlers below `/widget/files/{language}`."""

    site: Site

    async def add(self, request: web.Request) -> web.StreamResponse:
        """Take one file: `{token, name, size}`, or `{trouble}`, a sentence, with the status that fits.

        Fields `key`, `origin` and `kept` (the tokens of the files that are there already) come before the file.
        """
        self._refuse_other_pages(request)
        language = _language(request)
        try:
            await self.site.file_allowed(self.site.sender(request))
        except BarredError as error:
            return _trouble(language, 429, "upload.busy", retry_after=error.wait)
        with self.site.uploads.room(request) as room:
            if not room:
                return _trouble(language, 503, "upload.store", retry_after=LATER)
            try:
                form = await read_form(request, replace(self.site.bodies, files=1))
            except BodyError as error:
                return _trouble(language, error.status, "upload.large" if error.status == 413 else "upload.failed")
            except ConnectionResetError:
                # They pressed Cancel, or lost the connection: nobody is left to read this.
                return _trouble(language, 400, "upload.failed")
            return await self._keep(request, form, language)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """Forget the file `token`. A token that opens nothing gets the same answer."""
        self._refuse_other_pages(request)
        try:
            form = await read_form(request, self.site.bodies, with_files=False)
        except BodyError as error:
            return _trouble(_language(request), error.status, "upload.failed")
        conversation = await self._resume(request, form)
        if conversation is None:
            return _trouble(_language(request), 403, "upload.failed")
        for token in steps.tokens(form.fields.get("token", ""))[:1]:
            await self.site.door.unstage(conversation, token)
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    async def _keep(self, request: web.Request, form: Form, language: Language) -> web.Response:
        conversation = await self._resume(request, form)
        if conversation is None:
            return _trouble(language, 403, "upload.failed")
        if form.stopped == "file_bytes":
            return _trouble(language, 413, "upload.large")
        if len(form.files) != 1 or form.stopped:
            return _trouble(language, 400, "upload.failed")
        file = await asyncio.to_thread(fields.clean_upload, form.files[0])
        why = await self._file_trouble(file)
        if why:
            said = sentence(Trouble("files", f"file_{why}", file.name), language)
            return _answer(language, {"trouble": said}, status=422)
        return await self._stage(conversation, file, form, language)

    async def _stage(self, conversation: Conversation, file: Upload, form: Form, language: Language) -> web.Response:
        beside = await self.site.door.staged(conversation, steps.tokens(form.fields.get("kept", "")))
        if len(beside) >= self.site.bodies.files:
            return _trouble(language, 422, "trouble.files_many")
        if sum(one.size for one in beside) + len(file.content) > self.site.bodies.file_bytes:
            return _trouble(language, 413, "upload.large")
        try:
            kept = await self.site.door.stage(conversation, file)
        except StoreUnavailableError:
            return _trouble(language, 503, "upload.store", retry_after=LATER)
        return _answer(language, {"token": kept.token, "name": kept.name, "size": kept.size})

    async def _file_trouble(self, file: Upload) -> str:
        """Why a file cannot be taken, "" when it can. A scanner that cannot be asked stops nobody here (rule F7)."""
        why = await asyncio.to_thread(file_rules.trouble, file)
        if why:
            return why
        return "infected" if await self.site.scanner.scan(file.content) == "infected" else ""

    async def _resume(self, request: web.Request, form: Form) -> Conversation | None:
        who = Hello(form.fields.get("key", "")[:_LONGEST], form.fields.get("origin", "")[:_LONGEST], 0)
        try:
            return await self.site.resume(who, self.site.sender(request))
        except (StrangerError, ForeignError, BarredError):
            return None

    def _refuse_other_pages(self, request: web.Request) -> None:
        if not self.site.is_ours(request):
            raise web.HTTPForbidden


def _language(request: web.Request) -> Language:
    return languages.known(request.match_info["language"]) or "fr"


def _trouble(language: Language, status: int, key: str, *, retry_after: int = 0) -> web.Response:
    answer = _answer(language, {"trouble": texts.pages()[language][key]}, status=status)
    if retry_after:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _answer(language: Language, content: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.json_response(
        content, status=status, headers={"Cache-Control": "no-store", "Content-Language": language}
    )
