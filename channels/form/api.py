"""`POST /api/v1/messages`: the same door for programs, JSON or multipart; errors are problem details (RFC 9457)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from channels.contract import StoreUnavailableError
from channels.form import fields, openapi
from channels.form.contract import IdempotencyConflictError
from channels.form.fields import Trouble
from channels.form.form_pages import LATER, file_troubles
from channels.form.site import Site
from channels.form.submission import Submission
from channels.form.words import sentence
from channels.web import csrf, languages, problem
from channels.web.body import BodyError, Form, read_form, read_json
from config.vocabulary import Language

_LONGEST_KEY = 128


class Api:
    """Handlers under `/api/v1/`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._description = openapi.description(site.pages.base_url)

    async def describe(self, _: web.Request) -> web.StreamResponse:
        """Answer with the OpenAPI description."""
        return web.json_response(self._description, headers={"Cache-Control": "no-cache"})

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Take one message; 201 with its reference and secret link."""
        language = languages.of_request(request)
        refusal = await self._at_the_door(request, language)
        if refusal is not None:
            return refusal
        with self._site.uploads.room(request) as room:
            if not room:
                return _later(problem.response(503, 503, language), LATER)
            return await self._take(request, language)

    async def _take(self, request: web.Request, language: Language) -> web.StreamResponse:
        try:
            values, form = await self._read(request)
        except BodyError as error:
            if error.reason == "malformed" and request.content_type == "application/json":
                return _refused(400, language, [Trouble("", "not_object")])
            return problem.response(error.status, error.status, language)
        if values is None:
            return _refused(422, language, [Trouble("", "not_object")])
        language = _language_of(values) or language
        submission, troubles = await asyncio.to_thread(fields.check, values, form.files)
        troubles += file_troubles(form)
        if troubles:
            return _refused(413 if form.stopped == "file_bytes" else 422, language, troubles)
        return await self._hand_over(request, request.headers.get("Idempotency-Key"), language, submission)

    async def _at_the_door(self, request: web.Request, language: Language) -> web.Response | None:
        """Return the refusal that needs no look at the body, None when there is none."""
        if not csrf.same_origin(request, self._site.pages.base_url):
            return problem.response(403, 403, language)
        keys = request.headers.getall("Idempotency-Key", [])
        if len(keys) > 1 or not all(_is_key(key) for key in keys):
            return _refused(400, language, [Trouble("Idempotency-Key", "key")])
        wait = await self._site.wait_before_submitting(request)
        return _later(problem.response(429, 429, language), wait) if wait else None

    async def _hand_over(
        self, request: web.Request, key: str | None, language: Language, submission: Submission
    ) -> web.StreamResponse:
        try:
            receipt = await self._site.door.accept(
                submission,
                idempotency_key=key,
                body_hash=await asyncio.to_thread(submission.body_hash),
                address=self._site.address(request),
            )
        except StoreUnavailableError:
            return _later(problem.response(503, 503, language), LATER)
        except IdempotencyConflictError:
            return _refused(422, language, [Trouble("Idempotency-Key", "key_conflict")])
        body = {
            "reference": receipt.reference,
            "status_url": receipt.status_url,
            "due_on": receipt.due_on.isoformat() if receipt.due_on else None,
            "language": receipt.language,
        }
        return web.json_response(body, status=201, headers={"Cache-Control": "no-store"})

    async def _read(self, request: web.Request) -> tuple[Mapping[str, Any] | None, Form]:
        """Return the values (None when the JSON is no object) and the form they came in."""
        if request.content_type == "application/json":
            body = await read_json(request, self._site.limits)
            return (body if isinstance(body, dict) else None), Form({})
        if request.content_type != "multipart/form-data":
            raise BodyError("unsupported")
        form = await read_form(request, self._site.limits)
        return form.fields, form


def _is_key(key: str) -> bool:
    return 1 <= len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()


def _language_of(values: Mapping[str, Any]) -> Language | None:
    given = values.get("language")
    return languages.known(given.strip().lower()) if isinstance(given, str) else None


def _refused(status: int, language: Language, troubles: Sequence[Trouble]) -> web.Response:
    kind = status if status in (400, 413) else 422
    errors = [problem.FieldProblem(trouble.field, sentence(trouble, language)) for trouble in troubles]
    return problem.response(status, kind, language, errors=errors)


def _later(answer: web.Response, seconds: int) -> web.Response:
    answer.headers["Retry-After"] = str(seconds)
    return answer
