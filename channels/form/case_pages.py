"""The secret link, the receipt, and the page of the member's case (rules C1, C2, C5, S8).

The link's token is swapped at once for a cookie and a clean address. Looking changes nothing; writing is a post with a
token of its own. An unknown, an ended and a forbidden link get the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.form import fields, steps, uploading
from channels.form.case_access import LONGEST_TOKEN, CaseAccess
from channels.form.contract import CaseView, IdempotencyConflictError, LetterUnavailableError, case_path
from channels.form.fields import Trouble
from channels.form.form_pages import LATER, NOTICE_STATUS, Notice, file_troubles, given_key, new_key
from channels.form.site import Site, page_language
from channels.form.submission import Submission
from channels.form.telling import told
from channels.form.words import sentence
from channels.web import csrf
from channels.web.address import limit_key
from channels.web.body import BodyError, Form, read_form
from channels.web.middleware import error_answer

_KEPT: Final = ("text", "name", "member_number", "comment")
_SCORES: Final = ("1", "2", "3", "4", "5")
_LONGEST_COMMENT: Final = 2_000
# What was just done, as the address after it says; each has its sentence.
_DONE: Final = ("sent", "withdrawn", "rated", "ended", "reached")


class CasePages:
    """Handlers of `/{language}/c/{token}`, `/{language}/receipt` and `/{language}/case`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access = CaseAccess(site)

    async def open_link(self, request: web.Request) -> web.StreamResponse:
        """Swap the token for a cookie and go on to the clean address."""
        token = request.match_info["token"][:LONGEST_TOKEN]
        found = await self._access.look_up(request, token)
        if isinstance(found, web.Response):
            return found
        page = "receipt" if "new" in request.query else "case"
        if request.query.get("to") == "letter":
            page = "case/letter"
        answer = self._site.redirect(f"/{page_language(request)}/{page}")
        self._site.case_cookie.set(answer, token)
        return answer

    async def receipt(self, request: web.Request) -> web.StreamResponse:
        """Show the receipt, with the case as it stands now."""
        found = await self._access.unlocked(request, wait=True)
        if isinstance(found, web.Response):
            return found
        language = page_language(request)
        return self._site.pages.page(
            "receipt.html",
            language,
            here="receipt",
            case=found,
            link=f"{self._site.pages.base_url}{case_path(language, self._access.token(request))}",
            csrf=self._access.csrf(request),
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the case."""
        found = await self._access.unlocked(request)
        if isinstance(found, web.Response):
            return found
        done = next((what for what in _DONE if what in request.query), "")
        return await self._draw(request, found, status=200, done=done)

    async def letter(self, request: web.Request) -> web.StreamResponse:
        """The ready-to-sign letter as a PDF. Typesetting is costly, so each sender gets a few a minute."""
        site = self._site
        found = await self._access.unlocked(request)
        if isinstance(found, web.Response):
            return found
        if await site.limiter.take("letter", limit_key(site.address(request)), rate=3, burst=4, per_day=40):
            return error_answer(request, site.pages, 429)
        try:
            pdf = await site.door.letter(self._access.token(request))
        except LetterUnavailableError:
            return error_answer(request, site.pages, 503)
        if pdf is None:
            return error_answer(request, site.pages, 404)
        headers = {
            "Content-Disposition": f'attachment; filename="{found.reference}.pdf"',
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=pdf, content_type="application/pdf", headers=headers)

    async def add(self, request: web.Request) -> web.StreamResponse:
        """Take a further message, a name, or a disagreement."""
        if not csrf.same_origin(request, self._site.pages.base_url):
            raise web.HTTPForbidden
        with self._site.uploads.room(request) as room:
            return await self._take(request, room)

    async def _take(self, request: web.Request, room: bool) -> web.StreamResponse:
        site, token = self._site, self._access.token(request)
        found = await self._access.unlocked(request)
        if isinstance(found, web.Response):
            return found
        wait = await site.wait_before_submitting(request)
        fits = (request.content_length or 0) <= site.limits.body
        try:
            form = await read_form(request, site.limits, with_files=fits and room and not wait)
        except BodyError as error:
            return error_answer(request, site.pages, error.status)
        notice = self._objection(request, form, wait, fits, room)
        if notice:
            answer = await self._draw(request, found, form=form, notice=notice, status=NOTICE_STATUS[notice])
            if notice in ("too_many", "store"):
                answer.headers["Retry-After"] = str(wait or LATER)
            return answer
        if "remove" in request.query:
            return await self._without(request, found, form)
        return await self._add(request, token, found, form)

    async def _add(self, request: web.Request, token: str, found: CaseView, form: Form) -> web.StreamResponse:
        whole = await self._with_waiting_files(form)
        if whole is None:
            return await self._draw(request, found, form=form, notice="files_gone", status=422)
        addition, troubles = await asyncio.to_thread(_addition, whole, found, request)
        # Those that waited were looked into when they came.
        troubles += [
            Trouble("files", "file_infected", file.name)
            for file in form.files
            if await self._site.scanner.scan(file.content) == "infected"
        ]
        if troubles:
            status = 413 if whole.stopped == "file_bytes" else 422
            return await self._draw(request, found, form=form, troubles=troubles, status=status)
        return await self._hand_over(request, token, found, form, addition)

    async def _with_waiting_files(self, form: Form) -> Form | None:
        """The form with the files that were sent one by one before it; None when some of them are gone."""
        tokens = steps.tokens(form.fields.get(steps.KEPT, ""))
        waiting = await self._site.door.staged_files(tokens) if tokens else []
        if len(waiting) < len(tokens):
            return None
        files, limits = (*waiting, *form.files), self._site.limits
        if len(files) > limits.files:
            return replace(form, stopped="files")
        if sum(len(file.content) for file in files) > limits.file_bytes:
            return replace(form, stopped="file_bytes")
        return replace(form, files=files)

    async def _without(self, request: web.Request, found: CaseView, form: Form) -> web.Response:
        """The page again, without one of the files that wait."""
        unwanted, tokens = request.query["remove"], steps.tokens(form.fields.get(steps.KEPT, ""))
        if unwanted in tokens:
            await self._site.door.unstage([unwanted])
        left = " ".join(token for token in tokens if token != unwanted)
        return await self._draw(
            request, found, form=replace(form, fields={**form.fields, steps.KEPT: left}), status=200
        )

    def _objection(self, request: web.Request, form: Form, wait: int, fits: bool, room: bool) -> Notice:
        if wait:
            return "too_many"
        if not fits or not room:
            return "store" if fits else "too_large"
        return "" if self._access.is_ours(request, form) else "again"

    async def rate(self, request: web.Request) -> web.StreamResponse:
        """Keep how the member thinks their case was handled."""
        form = await self._access.short_form(request)
        if isinstance(form, web.Response):
            return form
        found = await self._access.unlocked(request)
        if isinstance(found, web.Response):
            return found
        score = form.fields.get("score", "")
        comment = fields.clean_text(form.fields.get("comment", ""))[:_LONGEST_COMMENT]
        if score not in _SCORES:
            missing = [Trouble("score-1", "score_missing")]
            return await self._draw(request, found, form=form, troubles=missing, status=422)
        refused = await self._access.act(request)
        if refused is not None:
            return refused
        here = f"/{page_language(request)}/case"
        kept = await self._site.case_door.rate(self._access.token(request), int(score), comment)
        return self._site.redirect(f"{here}?rated" if kept else here)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Forget the case in this browser (a shared computer)."""
        site = self._site
        form = await self._access.short_form(request)
        if isinstance(form, web.Response):
            return form
        answer = site.redirect(f"/{page_language(request)}/")
        site.case_cookie.forget(answer)
        return answer

    async def _hand_over(
        self, request: web.Request, token: str, case: CaseView, form: Form, addition: Submission
    ) -> web.StreamResponse:
        try:
            kept = await self._site.door.add_message(
                token,
                addition,
                idempotency_key=given_key(form),
                body_hash=await asyncio.to_thread(addition.body_hash),
                address=self._site.address(request),
            )
        except StoreUnavailableError:
            answer = await self._draw(request, case, form=form, notice="store", status=503)
            answer.headers["Retry-After"] = str(LATER)
            return answer
        except IdempotencyConflictError:
            return await self._draw(request, case, form=form, notice="sent_before", status=422, key=new_key())
        if not kept:
            return error_answer(request, self._site.pages, 404)
        return self._site.redirect(f"/{page_language(request)}/case?sent")

    async def _draw(
        self,
        request: web.Request,
        case: CaseView,
        *,
        status: int,
        done: str = "",
        form: Form | None = None,
        notice: Notice = "",
        troubles: Sequence[Trouble] = (),
        key: str = "",
    ) -> web.Response:
        typed = form.fields if form else {}
        language = page_language(request)
        tokens = steps.tokens(typed.get(steps.KEPT, ""))
        waiting = await self._site.door.staged(tokens) if tokens else []
        return self._site.pages.page(
            "case.html",
            language,
            **told(case, language),
            sentence=lambda trouble: sentence(trouble, language),
            status=status,
            here="case",
            csrf=self._access.csrf(request),
            key=key or (given_key(form) if form else new_key()),
            values={name: fields.clean_text(typed.get(name, ""))[: 4 * fields.MAX_TEXT] for name in _KEPT},
            disagrees=typed.get("act") == "disagree",
            done=done,
            notice=notice,
            troubles=troubles,
            # What came with the page is lost with it; what was sent before it waits on.
            files_lost=len(waiting) < len(tokens) or bool(form and (form.files or form.stopped)),
            kept=" ".join(file.token for file in waiting),
            waiting=waiting,
            upload=uploading.for_script(self._site, language, "case"),
        )


def _addition(form: Form, case: CaseView, request: web.Request) -> tuple[Submission, list[Trouble]]:
    """Return the addition and what is wrong with it. A name, a file or "I don't agree" needs no text beside it."""
    identifies = "identify" in case.can
    wanted = ("text", *(("name", "member_number") if identifies else ()))
    values: dict[str, object] = {name: form.fields.get(name, "") for name in wanted}
    addition, troubles = fields.check(values, form.files, language=page_language(request))
    disagrees = form.fields.get("act") == "disagree" and "disagree" in case.can
    said_more = bool(addition.name) or bool(form.files) or disagrees
    troubles = [trouble for trouble in troubles if not (trouble.key == "text_empty" and said_more)]
    if identifies and not addition.name and not addition.text:
        troubles = [Trouble("name", "name_empty"), *(trouble for trouble in troubles if trouble.key != "text_empty")]
    return (
        Submission(
            text=addition.text,
            language=addition.language,
            name=addition.name,
            member_number=addition.member_number,
            files=addition.files,
            disagrees=disagrees,
        ),
        [*troubles, *file_troubles(form)],
    )
