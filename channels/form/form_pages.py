"""The landing page and the form. Whatever goes wrong, what was typed is on the page that says so."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.form import fields
from channels.form.contract import IdempotencyConflictError
from channels.form.fields import Trouble
from channels.form.site import Site, page_language
from channels.form.submission import Submission
from channels.form.words import sentence
from channels.web import csrf, languages
from channels.web.body import BodyError, Form, read_form
from channels.web.middleware import error_answer
from config.vocabulary import Language

PURPOSE: Final = "form"
# After so many seconds a sender may try again when we could not keep the message (rule Q5).
LATER: Final = 120
# A field that people do not see; programs that fill in every field give themselves away by it.
TRAP: Final = "website"
_KEPT: Final = ("text", "name", "email", "phone", "member_number")

# Something about the whole form, not about one field (config/pages, "notice").
Notice = Literal["", "again", "too_many", "too_large", "store", "sent_before", "trap"]
NOTICE_STATUS: Final[dict[Notice, int]] = {
    "": 422,
    "again": 403,
    "too_many": 429,
    "too_large": 413,
    "store": 503,
    "sent_before": 422,
    "trap": 422,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with the form, as typed; `key` makes a double tap one case."""

    values: Mapping[str, str]
    key: str
    had_files: bool = False


class FormPages:
    """Handlers of `/`, `/{language}/` and `/{language}/complaint`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def choose_language(self, request: web.Request) -> web.StreamResponse:
        """Send a visitor without a language to the one their browser prefers."""
        answer = self._site.redirect(f"/{languages.preferred(request.headers.get('Accept-Language', ''))}/")
        answer.headers["Vary"] = "Accept-Language"
        return answer

    async def add_slash(self, request: web.Request) -> web.StreamResponse:
        """Help a visitor who typed the address as a letter prints it, without the slash."""
        return self._site.redirect(f"/{page_language(request)}/")

    async def landing(self, request: web.Request) -> web.StreamResponse:
        """Show the first page."""
        return self._site.pages.page(
            "landing.html", page_language(request), headers={"Cache-Control": "no-cache"}, here=""
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the empty form. It may be kept by this browser, so that Back finds what was typed."""
        answer = self._draw(request, Typed({}, new_key()), status=200)
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Take the form: on to the receipt, or back to the page with words about what is wrong."""
        if not csrf.same_origin(request, self._site.pages.base_url):
            raise web.HTTPForbidden
        with self._site.uploads.room(request) as room:
            return await self._take(request, room)

    async def _take(self, request: web.Request, room: bool) -> web.StreamResponse:
        site = self._site
        wait = await site.wait_before_submitting(request)
        fits = (request.content_length or 0) <= site.limits.body
        try:
            form = await read_form(request, site.limits, with_files=fits and room and not wait)
        except BodyError as error:
            return error_answer(request, site.pages, error.status)
        typed = _typed(form)
        if "switch" in form.fields:
            return self._draw(request, typed, status=200)
        notice = self._objection(request, form, wait, fits, room)
        if notice:
            answer = self._draw(request, typed, notice=notice, status=NOTICE_STATUS[notice])
            if notice in ("too_many", "store"):
                answer.headers["Retry-After"] = str(wait or LATER)
            return answer
        submission, troubles = await asyncio.to_thread(
            fields.check, form.fields, form.files, language=page_language(request)
        )
        troubles += file_troubles(form)
        if troubles:
            status = 413 if form.stopped == "file_bytes" else 422
            return self._draw(request, typed, troubles=troubles, status=status)
        return await self._hand_over(request, typed, submission)

    async def _hand_over(self, request: web.Request, typed: Typed, submission: Submission) -> web.StreamResponse:
        try:
            receipt = await self._site.door.accept(
                submission,
                idempotency_key=typed.key,
                body_hash=await asyncio.to_thread(submission.body_hash),
                address=self._site.address(request),
            )
        except StoreUnavailableError:
            answer = self._draw(request, typed, notice="store", status=503)
            answer.headers["Retry-After"] = str(LATER)
            return answer
        except IdempotencyConflictError:
            # They went back, changed something and sent again: that is a second message, sent when they press again.
            return self._draw(
                request, Typed(typed.values, new_key(), typed.had_files), notice="sent_before", status=422
            )
        return self._site.see_other(f"{receipt.status_url}?new")

    def _objection(self, request: web.Request, form: Form, wait: int, fits: bool, room: bool) -> Notice:
        if wait:
            return "too_many"
        if not fits or not room:
            return "store" if fits else "too_large"
        cookie = self._site.form_cookie.read(request)
        if not csrf.is_cookie(cookie) or not csrf.is_valid(
            self._site.secret, PURPOSE, cookie, form.fields.get("csrf", "")
        ):
            return "again"
        return "trap" if form.fields.get(TRAP) else ""

    def _draw(
        self,
        request: web.Request,
        typed: Typed,
        *,
        status: int,
        notice: Notice = "",
        troubles: Sequence[Trouble] = (),
    ) -> web.Response:
        language: Language = page_language(request)
        cookie = self._site.form_cookie.read(request)
        fresh = not csrf.is_cookie(cookie)
        if fresh:
            cookie = csrf.new_cookie()
        answer = self._site.pages.page(
            "complaint.html",
            language,
            status=status,
            here="complaint",
            values=typed.values,
            key=typed.key,
            csrf=csrf.token(self._site.secret, PURPOSE, cookie),
            notice=notice,
            troubles=troubles,
            sentence=lambda trouble: sentence(trouble, language),
            files_lost=typed.had_files,
            trap=TRAP,
            most_text=fields.MAX_TEXT,
        )
        if fresh:
            self._site.form_cookie.set(answer, cookie)
        return answer


def new_key() -> str:
    """Return a new idempotency key for a form."""
    return secrets.token_hex(16)


def given_key(form: Form) -> str:
    """Return the form's own idempotency key; a new one when somebody changed it."""
    key = form.fields.get("key", "")
    return key if len(key) == 32 and key.isascii() and key.isalnum() else new_key()


def file_troubles(form: Form) -> list[Trouble]:
    """Return what reading the files found wrong with them together."""
    if form.stopped == "files":
        return [Trouble("files", "files_many")]
    if form.stopped == "file_bytes":
        return [Trouble("files", "files_large")]
    return []


def _typed(form: Form) -> Typed:
    # Cut far above every limit, so that an error about length still shows the whole text.
    values = {name: fields.clean_text(form.fields.get(name, ""))[: 4 * fields.MAX_TEXT] for name in _KEPT}
    return Typed(values, given_key(form), had_files=bool(form.files) or bool(form.stopped))
