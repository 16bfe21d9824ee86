"""Files that travel one by one while the form is being filled in: taken at once, told by their token, taken off again.

Only the script of the page calls here; without it files come with the page (form_pages). What holds there holds here:
cookie and token of the form, the room for large bodies, the same checks of every file, the same limits together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.form import fields, steps
from channels.form import files as file_rules
from channels.form.fields import Trouble
from channels.form.site import FILES, TURNS, Site, page_language
from channels.form.steps import StagedFile
from channels.form.words import sentence
from channels.web import csrf, texts
from channels.web.body import BodyError, Form, Upload, read_form
from channels.web.cookies import Cookie
from config.vocabulary import Language

# After so many seconds another try may succeed where files cannot be kept just now (rule Q5).
LATER: Final = 120
# The sentences and words that the script needs, under `upload` in config/pages.
_WORDS: Final = (
    "waiting",
    "sending",
    "checking",
    "added",
    "taken_off",
    "cancel",
    "again",
    "lost",
    "failed",
    "large",
    "drop",
    "photo",
    "wait",
    "stay",
    "unsent",
    "gone",
)


@dataclass(frozen=True, slots=True)
class Uploading:
    """Handlers below `/{language}/complaint/files` and `/{language}/case/files`.

    `purpose` and `cookie` are those by which the form that the files belong to proves itself.
    """

    site: Site
    purpose: str
    cookie: Cookie

    async def add(self, request: web.Request) -> web.StreamResponse:
        """Take one file: `{token, name, size}`, or `{trouble}`, a sentence, with the status that fits.

        Fields `csrf` and `kept` (the tokens of the files that are there already) come before the file.
        """
        self._refuse_other_pages(request)
        with self.site.uploads.room(request) as room:
            return await self._take(request, room)

    async def waiting(self, request: web.Request) -> web.StreamResponse:
        """Say which of the files in `kept` are still there: `{files: [{token, name, size}]}`."""
        language = page_language(request)
        form = await self._read_light(request)
        if isinstance(form, web.Response):
            return form
        found = await self.site.door.staged(steps.tokens(form.fields.get(steps.KEPT, "")))
        return _answer(language, {"files": [_described(file) for file in found]})

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """Forget the file `token`. A token that opens nothing gets the same answer."""
        form = await self._read_light(request)
        if isinstance(form, web.Response):
            return form
        await self.site.door.unstage(steps.tokens(form.fields.get("token", ""))[:1])
        return web.Response(status=204, headers={"Cache-Control": "no-store"})

    async def _take(self, request: web.Request, room: bool) -> web.Response:
        site, language = self.site, page_language(request)
        wait = await site.wait_before(request, "file", FILES)
        try:
            form = await read_form(request, replace(site.limits, files=1), with_files=room and not wait)
        except BodyError as error:
            return _trouble(language, error.status, "upload.large" if error.status == 413 else "upload.failed")
        except ConnectionResetError:
            # They pressed Cancel, or lost the connection: no failure of ours, and nobody is left to read this.
            return _trouble(language, 400, "upload.failed")
        if wait:
            return _trouble(language, 429, "upload.busy", retry_after=wait)
        if not room:
            return _trouble(language, 503, "upload.store", retry_after=LATER)
        return await self._keep(request, form)

    async def _keep(self, request: web.Request, form: Form) -> web.Response:
        language = page_language(request)
        if not self._is_ours(request, form):
            return _trouble(language, 403, "upload.expired")
        if form.stopped == "file_bytes":
            return _trouble(language, 413, "upload.large")
        if len(form.files) != 1 or form.stopped:
            return _trouble(language, 400, "upload.failed")
        file = await asyncio.to_thread(fields.clean_upload, form.files[0])
        why = await self.site.file_trouble(file)
        if why:
            said = sentence(Trouble("files", f"file_{why}", file.name), language)
            return _answer(language, {"trouble": said}, status=422)
        beside = await self.site.door.staged(steps.tokens(form.fields.get(steps.KEPT, "")))
        return await self._stage(file, beside, language)

    async def _stage(self, file: Upload, beside: Sequence[StagedFile], language: Language) -> web.Response:
        if len(beside) >= self.site.limits.files:
            return _trouble(language, 422, "trouble.files_many")
        if sum(one.size for one in beside) + len(file.content) > self.site.limits.file_bytes:
            return _trouble(language, 413, "upload.large")
        try:
            (kept,) = await self.site.door.stage([file])
        except StoreUnavailableError:
            return _trouble(language, 503, "upload.store", retry_after=LATER)
        return _answer(language, _described(kept))

    async def _read_light(self, request: web.Request) -> Form | web.Response:
        """The fields of a request without a file, or its refusal."""
        self._refuse_other_pages(request)
        language = page_language(request)
        wait = await self.site.wait_before(request, "turn", TURNS)
        try:
            form = await read_form(request, self.site.limits, with_files=False)
        except BodyError as error:
            return _trouble(language, error.status, "upload.failed")
        if wait:
            return _trouble(language, 429, "upload.busy", retry_after=wait)
        return form if self._is_ours(request, form) else _trouble(language, 403, "upload.expired")

    def _refuse_other_pages(self, request: web.Request) -> None:
        if not csrf.same_origin(request, self.site.pages.base_url):
            raise web.HTTPForbidden

    def _is_ours(self, request: web.Request, form: Form) -> bool:
        cookie = self.cookie.read(request)
        return bool(cookie) and csrf.is_valid(self.site.secret, self.purpose, cookie, form.fields.get("csrf", ""))


def for_script(site: Site, language: Language, page: str) -> dict[str, Any]:
    """What the script of the page needs to know: where to send, what may be sent, and every word it says."""
    words = texts.pages()[language]
    said = {name: words[f"upload.{name}"] for name in _WORDS}
    said |= {"remove": words["form.waiting.remove"], "many": words["trouble.files_many"]}
    said |= {"empty": words["trouble.file_empty"], "kind": words["trouble.file_kind"]}
    return {
        "form": f"/{language}/{page}",
        "to": f"/{language}/{page}/files",
        "endings": sorted(file_rules.ENDINGS),
        "most": site.limits.files,
        "bytes": site.limits.file_bytes,
        "words": said,
    }


def _described(file: StagedFile) -> dict[str, Any]:
    return {"token": file.token, "name": file.name, "size": file.size}


def _trouble(language: Language, status: int, key: str, *, retry_after: int = 0) -> web.Response:
    answer = _answer(language, {"trouble": texts.pages()[language][key]}, status=status)
    if retry_after:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _answer(language: Language, content: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.json_response(
        content, status=status, headers={"Cache-Control": "no-store", "Content-Language": language}
    )
