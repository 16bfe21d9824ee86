"""Small things on the page of a case that need no page of their own: ending other links, taking the date along."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from channels.form.calendar_file import due_date
from channels.form.case_access import CaseAccess
from channels.form.site import Site, page_language
from channels.web.middleware import error_answer
from channels.web.texts import pages


class CaseActs:
    """Handlers of `/{language}/case/links` and `/{language}/case/due.ics`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access = CaseAccess(site)

    async def end_links(self, request: web.Request) -> web.StreamResponse:
        """End every link to this case but the one of this browser."""
        form = await self._access.short_form(request)
        if isinstance(form, web.Response):
            return form
        if not await self._site.case_door.revoke(self._access.token(request)):
            return error_answer(request, self._site.pages, 404)
        return self._site.redirect(f"/{page_language(request)}/case?ended")

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
        headers = {
            "Content-Disposition": f'attachment; filename="{found.reference}.ics"',
            "Cache-Control": "no-store",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(text=body, content_type="text/calendar", charset="utf-8", headers=headers)
