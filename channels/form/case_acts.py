"""Small things on the page of a case that need no page of their own: ending other links, taking date and receipt along."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from channels.form.calendar_file import due_date
from channels.form.case_access import CaseAccess
from channels.form.case_contract import PdfUnavailableError
from channels.form.site import PDFS, Site, page_language
from channels.web.middleware import error_answer
from channels.web.texts import pages

# To be saved, never shown on our address or kept by anybody in between (rule F6).
_TO_SAVE: Final = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox; default-src 'none'"}


class CaseActs:
    """Handlers of `/{language}/case/links`, `/{language}/case/due.ics` and `/{language}/receipt.pdf`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access = CaseAccess(site)

    async def end_links(self, request: web.Request) -> web.StreamResponse:
        """End every link to this case but the one of this browser."""
        form = await self._access.short_form(request)
        if isinstance(form, web.Response):
            return form
        found = await self._access.unlocked(request)
        refused = found if isinstance(found, web.Response) else await self._access.act(request)
        if refused is not None:
            return refused
        if not await self._site.case_door.revoke(self._access.token(request)):
            return error_answer(request, self._site.pages, 404)
        return self._site.redirect(f"/{page_language(request)}/case?ended")

    async def receipt_pdf(self, request: web.Request) -> web.StreamResponse:
        """The receipt as a PDF. Typesetting is costly, so each sender gets a few a minute."""
        site, language = self._site, page_language(request)
        found = await self._access.opened(request)
        if isinstance(found, web.Response):
            return found
        if found.locked:
            return error_answer(request, site.pages, 404)
        wait = await site.wait_before(request, "pdf", PDFS)
        if wait:
            return error_answer(request, site.pages, 429, retry_after=wait)
        find = f"{site.pages.base_url}/{language}/find"
        try:
            pdf = await site.case_door.pdf(site.pages.draw("receipt_pdf.html", language, case=found, find=find))
        except PdfUnavailableError:
            return error_answer(request, site.pages, 503)
        headers = {**_TO_SAVE, "Content-Disposition": f'attachment; filename="{found.reference}.pdf"'}
        return web.Response(body=pdf, content_type="application/pdf", headers=headers)

    async def calendar(self, request: web.Request) -> web.StreamResponse:
        """The promised date as a file for a calendar (RFC 5545); it says nothing of what the case is about (rule C6)."""
        found = await self._access.opened(request)
        if isinstance(found, web.Response):
            return found
        if found.due_on is None or found.locked:
            return error_answer(request, self._site.pages, 404)
        language = page_language(request)
        words = pages()[language]
        summary = f"{words['house.name']}: {words['calendar.result']} {found.reference}"
        body = due_date(
            found.reference,
            found.due_on,
            summary=summary,
            description=f"{words['calendar.call']} {words['house.phone']}",
            made_at=datetime.now(UTC),
        )
        headers = {**_TO_SAVE, "Content-Disposition": f'attachment; filename="{found.reference}.ics"'}
        return web.Response(text=body, content_type="text/calendar", charset="utf-8", headers=headers)
