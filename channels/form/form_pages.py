"""The form in three pages. Whatever goes wrong, what was typed is on the page that says so."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.form import fields, hinting, steps, uploading
from channels.form.contract import IdempotencyConflictError, Noticed
from channels.form.fields import Trouble
from channels.form.site import PURPOSE, TURNS, Site, page_language
from channels.form.steps import StagedFile
from channels.form.submission import Submission
from channels.form.words import sentence
from channels.web import csrf
from channels.web.body import BodyError, Form, read_form
from channels.web.middleware import error_answer
from config.vocabulary import Language

# After so many seconds a sender may try again when we could not keep the message (rule Q5).
LATER: Final = 120
# What was typed never takes more than this many bytes, files do.
_LIGHT: Final = 256 * 1024
# A field that people do not see; programs that fill in every field give themselves away by it.
TRAP: Final = "website"

# Something about the whole form, not about one field (config/pages, "notice").
Notice = Literal[
    "", "again", "too_many", "too_large", "store", "sent_before", "trap", "files_gone", "quick", "wait", "proof"
]
NOTICE_STATUS: Final[dict[Notice, int]] = {
    "": 422,
    "again": 403,
    "too_many": 429,
    "too_large": 413,
    "store": 503,
    "sent_before": 422,
    "trap": 422,
    "files_gone": 422,
    "quick": 429,
    "wait": 429,
    "proof": 403,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What came with the form, as typed; `key` makes a double tap one case, `files` wait in the house already."""

    values: Mapping[str, str]
    key: str
    # When the form was first drawn, and the proof it carries (see channels.form.guard).
    moment: float
    proof: str = ""
    files: tuple[StagedFile, ...] = ()
    # Files that were chosen and could not be kept: their owner has to choose them again.
    files_lost: bool = False
    # Tokens of files that are gone: carried on, so that sending without them is never silent.
    missing: tuple[str, ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens of the waiting files."""
        return tuple(file.token for file in self.files)


class FormPages:
    """Handlers of `/{language}/complaint`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._guard = site.guard

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the empty form. It may be kept by this browser, so that Back finds what was typed.

        A later page is asked for by a browser that reloads it: its script fills it in again from what it has kept.
        """
        page = steps.wanted_page(request.query.get("go", ""), default=1)
        return await self._draw(
            request, Typed(dict.fromkeys(steps.TYPED, ""), new_key(), self._guard.now()), page=page, status=200
        )

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Take a page of the form: on to the next one or to the receipt, or back with words about what is wrong.

        The button says in the address where it leads: `go` names a page, `remove` a file to take off; without either
        the form is sent.
        """
        if not csrf.same_origin(request, self._site.pages.base_url):
            raise web.HTTPForbidden
        with self._site.uploads.room(request) as room:
            return await self._take(request, room)

    async def _take(self, request: web.Request, room: bool) -> web.StreamResponse:
        site = self._site
        sends = not ({"go", "remove"} & set(request.query))
        # A page that brings files costs us as much as sending does, so it counts as much; so does one of unknown size.
        light = request.content_length is not None and request.content_length <= _LIGHT
        wait = await (
            site.wait_before(request, "turn", TURNS) if light and not sends else site.wait_before_submitting(request)
        )
        fits = (request.content_length or 0) <= site.limits.body
        try:
            form = await read_form(request, site.limits, with_files=fits and room and not wait)
        except BodyError as error:
            return error_answer(request, site.pages, error.status)
        here = steps.wanted_page(form.fields.get("page", ""), default=1)
        typed = await self._typed(form)
        notice = self._objection(request, form, wait, fits, room)
        if notice:
            return await self._refuse(
                request,
                replace(typed, files_lost=typed.files_lost or bool(form.files or form.stopped)),
                here,
                notice,
                wait,
            )
        troubles = file_troubles(form)
        try:
            typed, wrong = await self._with_new_files(typed, form)
        except StoreUnavailableError:
            return await self._refuse(request, replace(typed, files_lost=True), here, "store", 0)
        troubles = [*wrong, *troubles]
        if "remove" in request.query:
            return await self._remove(request, typed, here)
        if not sends or "switch" in form.fields:
            return await self._turn(request, typed, troubles, here)
        return await self._send(request, typed, troubles)

    async def _refuse(
        self, request: web.Request, typed: Typed, page: int, notice: Notice, wait: int
    ) -> web.StreamResponse:
        answer = await self._draw(request, typed, page=page, notice=notice, seconds=wait, status=NOTICE_STATUS[notice])
        if notice in ("too_many", "store", "quick", "wait"):
            answer.headers["Retry-After"] = str(wait or LATER)
        return answer

    async def _with_new_files(self, typed: Typed, form: Form) -> tuple[Typed, list[Trouble]]:
        """The form with the files that came with this page, each kept where it may be sent. Raises StoreUnavailableError."""
        cleaned = [await asyncio.to_thread(fields.clean_upload, file) for file in form.files]
        wrong = [(file, await self._site.file_trouble(file)) for file in cleaned]
        troubles = [Trouble("files", f"file_{why}", file.name) for file, why in wrong if why]
        good = [file for file, why in wrong if not why]
        limits = self._site.limits
        if len(typed.files) + len(good) > limits.files:
            return replace(typed, files_lost=True), [*troubles, Trouble("files", "files_many")]
        if sum(file.size for file in typed.files) + sum(len(file.content) for file in good) > limits.file_bytes:
            return replace(typed, files_lost=True), [*troubles, Trouble("files", "files_large")]
        staged = await self._site.door.stage(good) if good else []
        lost = typed.files_lost or bool(form.stopped)
        return replace(typed, files=(*typed.files, *staged), files_lost=lost), troubles

    async def _remove(self, request: web.Request, typed: Typed, page: int) -> web.StreamResponse:
        unwanted = request.query["remove"]
        if unwanted in typed.tokens:
            await self._site.door.unstage([unwanted])
        left = tuple(file for file in typed.files if file.token != unwanted)
        return await self._draw(request, replace(typed, files=left), page=page, status=200)

    async def _turn(
        self, request: web.Request, typed: Typed, troubles: Sequence[Trouble], here: int
    ) -> web.StreamResponse:
        """Turn to another page; forwards only where nothing is wrong before it."""
        there = steps.wanted_page(request.query.get("go", ""), default=here)
        if there > here or troubles:
            _, found = await asyncio.to_thread(fields.check, typed.values, (), language=page_language(request))
            found = [*found, *troubles]
            wrong = steps.first_wrong(found, before=max(there, 2) if troubles else there)
            if wrong is not None:
                status = 413 if any(trouble.key == "files_large" for trouble in troubles) else 422
                shown = steps.on_page(found, wrong)
                return await self._draw(request, typed, page=wrong, troubles=shown, status=status)
        return await self._draw(request, typed, page=there, status=200)

    async def _send(self, request: web.Request, typed: Typed, troubles: Sequence[Trouble]) -> web.StreamResponse:
        submission, found = await asyncio.to_thread(fields.check, typed.values, (), language=page_language(request))
        found = [*found, *troubles]
        if found:
            wrong = steps.first_wrong(found, before=steps.LAST + 1) or 1
            status = 413 if any(trouble.key == "files_large" for trouble in troubles) else 422
            return await self._draw(request, typed, page=wrong, troubles=steps.on_page(found, wrong), status=status)
        uploads = await self._site.door.staged_files(typed.tokens)
        if typed.files_lost or len(uploads) < len(typed.files):
            # Sent without a word, the papers would be missing and nobody would know.
            there = tuple(await self._site.door.staged(typed.tokens))
            told = replace(typed, files=there, files_lost=True, missing=())
            return await self._refuse(request, told, 1, "files_gone", 0)
        held = await self._guard.held(
            cookie=self._site.form_cookie.read(request), key=typed.key, moment=typed.moment, given=typed.proof
        )
        if held is not None:
            return await self._refuse(request, typed, steps.LAST, held.reason, held.seconds)
        return await self._hand_over(request, typed, replace(submission, files=tuple(uploads)))

    async def _hand_over(self, request: web.Request, typed: Typed, submission: Submission) -> web.StreamResponse:
        try:
            receipt = await self._site.door.accept(
                submission,
                idempotency_key=typed.key,
                body_hash=await asyncio.to_thread(submission.body_hash),
                address=self._site.address(request),
                # The receipt waits for its date itself: whoever sends must not, however many others do.
                wait=False,
            )
        except StoreUnavailableError:
            return await self._refuse(request, typed, steps.LAST, "store", 0)
        except IdempotencyConflictError:
            # They went back, changed something and sent again: that is a second message, sent when they press again.
            again = replace(typed, key=new_key())
            return await self._draw(request, again, page=steps.LAST, notice="sent_before", status=422)
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

    async def _typed(self, form: Form) -> Typed:
        # Not cut: an error about length shows the whole text, which reading has bounded (BodyLimits.text).
        values = {name: fields.clean_text(form.fields.get(name, "")) for name in steps.TYPED}
        tokens = steps.tokens(form.fields.get(steps.KEPT, ""))
        waiting = tuple(await self._site.door.staged(tokens)) if tokens else ()
        missing = tuple(sorted(set(tokens) - {file.token for file in waiting}))
        key = given_key(form)
        return Typed(
            values,
            key,
            self._guard.moment(form.fields.get("since", ""), key),
            form.fields.get("proof", ""),
            waiting,
            files_lost=bool(missing),
            missing=missing,
        )

    async def _draw(
        self,
        request: web.Request,
        typed: Typed,
        *,
        page: int,
        status: int,
        notice: Notice = "",
        seconds: int = 0,
        troubles: Sequence[Trouble] = (),
    ) -> web.Response:
        language: Language = page_language(request)
        cookie = self._site.form_cookie.read(request)
        fresh = not csrf.is_cookie(cookie)
        if fresh:
            cookie = csrf.new_cookie()
        text = typed.values.get("text", "")[: fields.MAX_TEXT]
        noticed = await self._site.door.notice(text, language) if page > 1 and text else Noticed()
        answer = self._site.pages.page(
            "complaint.html",
            language,
            status=status,
            here="complaint",
            page=page,
            last=steps.LAST,
            values=typed.values,
            carried=[name for name in steps.TYPED if name not in steps.FIELDS[page] and typed.values.get(name)],
            key=typed.key,
            since=self._guard.signed(typed.moment, typed.key),
            proof=await self._guard.challenge(cookie, typed.key) if page == steps.LAST else "",
            kept=" ".join((*typed.tokens, *typed.missing)),
            files=typed.files,
            csrf=csrf.token(self._site.secret, PURPOSE, cookie),
            notice=notice,
            seconds=seconds,
            troubles=troubles,
            sentence=lambda trouble: sentence(trouble, language),
            files_lost=typed.files_lost,
            noticed=noticed,
            likely=hinting.likely(noticed, language),
            upload=uploading.for_script(self._site, language, "complaint"),
            trap=TRAP,
            most_text=fields.MAX_TEXT,
        )
        # Kept by this browser and nobody else, so that Back and Forward find what was typed on each page.
        answer.headers["Cache-Control"] = "private, no-cache"
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
