""" "See my case": by reference and an address on file, or by reference and the code of a receipt (rule F8).

With an address the answer is the same page whether anything matches or not, made before anything is looked up. With the
code of a receipt, which has 80 random bits, the case opens at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from channels.form import fields
from channels.form.fields import Trouble
from channels.form.site import FINDS, Site, page_language
from channels.form.words import sentence
from channels.reference import parse_reference
from channels.web import csrf
from channels.web.body import BodyError, read_form
from channels.web.middleware import error_answer

PURPOSE: Final = "find"
_LONGEST: Final = 254


class FindPages:
    """Handlers of `/{language}/find`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the form."""
        return self._draw(request, {}, (), status=200)

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Open the case of a receipt, or let a link be sent and say so."""
        site, language = self._site, page_language(request)
        if not csrf.same_origin(request, site.pages.base_url):
            raise web.HTTPForbidden
        try:
            form = await read_form(request, site.limits, with_files=False)
        except BodyError as error:
            return error_answer(request, site.pages, error.status)
        cookie = site.form_cookie.read(request)
        known = csrf.is_cookie(cookie) and csrf.is_valid(site.secret, PURPOSE, cookie, form.fields.get("csrf", ""))
        typed = {name: fields.clean_line(form.fields.get(name, ""))[:_LONGEST] for name in ("reference", "proof")}
        reference = parse_reference(typed["reference"])
        troubles = _troubles(typed, reference)
        if reference is None or troubles or not known:
            return self._draw(request, typed, troubles, status=422 if troubles else 403, again=not known)
        wait = await site.wait_before(request, "find", FINDS)
        if wait:
            return error_answer(request, site.pages, 429, retry_after=wait)
        if not _is_receipt_code(typed["proof"]):
            await site.case_door.find(reference, typed["proof"], language)
            return site.pages.page("find_sent.html", language, here="find")
        token = await site.case_door.open_by_receipt(reference, typed["proof"])
        if token is None:
            return self._draw(request, typed, [Trouble("proof", "find_wrong")], status=422)
        answer = site.redirect(f"/{language}/case")
        site.case_cookie.set(answer, token)
        return answer

    def _draw(
        self,
        request: web.Request,
        typed: dict[str, str],
        troubles: Sequence[Trouble],
        *,
        status: int,
        again: bool = False,
    ) -> web.Response:
        site, language = self._site, page_language(request)
        cookie = site.form_cookie.read(request)
        fresh = not csrf.is_cookie(cookie)
        if fresh:
            cookie = csrf.new_cookie()
        answer = site.pages.page(
            "find.html",
            language,
            status=status,
            here="find",
            values=typed,
            troubles=troubles,
            sentence=lambda trouble: sentence(trouble, language),
            notice="again" if again and not troubles else "",
            csrf=csrf.token(site.secret, PURPOSE, cookie),
        )
        if fresh:
            site.form_cookie.set(answer, cookie)
        return answer


def _troubles(typed: dict[str, str], reference: str | None) -> list[Trouble]:
    found = []
    if not typed["reference"]:
        found.append(Trouble("reference", "reference_empty"))
    elif reference is None:
        # The check digits catch a slip of the finger before anything is searched.
        found.append(Trouble("reference", "reference_wrong"))
    if not typed["proof"]:
        found.append(Trouble("proof", "proof_empty"))
    return found


def _is_receipt_code(text: str) -> bool:
    """Whether this has the shape of a receipt's code; a telephone number has fewer signs, a mail address an "@"."""
    return len([sign for sign in text if sign.isalnum()]) == _CODE_SIGNS and "@" not in text and "+" not in text


_CODE_SIGNS: Final = 16
