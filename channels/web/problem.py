"""Errors of the API as problem details (RFC 9457), in the caller's language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from channels.web import texts
from config.vocabulary import Language


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: its name and a sentence for people."""

    field: str
    message: str


def response(
    status: int,
    kind: int,
    language: Language,
    *,
    number: str = "",
    detail: str = "",
    errors: Sequence[FieldProblem] = (),
) -> web.Response:
    """Return the problem; `kind` picks the words (see config/pages, "error"), `number` is what to quote."""
    words = texts.pages()[language]
    body: dict[str, object] = {
        "type": "about:blank",
        "title": words[f"error.{kind}.title"],
        "status": status,
        "detail": detail or words[f"error.{kind}.text"],
    }
    if number:
        body["number"] = number
    if errors:
        body["errors"] = [{"field": error.field, "message": error.message} for error in errors]
    answer = web.Response(
        text=json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Language"] = language
    return answer
