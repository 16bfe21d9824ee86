"""Who may see a case on our pages: the browser whose cookie holds a secret link that opens it (rules C2, C5, S8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from channels.form.contract import CaseView
from channels.form.site import ACTS, BAD_LINKS, Site, page_language
from channels.web import csrf
from channels.web.address import limit_key
from channels.web.body import BodyError, Form, read_form
from channels.web.middleware import error_answer

PURPOSE: Final = "case"
# The longest token worth looking up; what is longer is looked up cut, at the same cost, and never found.
LONGEST_TOKEN: Final = 64


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """What every page of a case begins with."""

    site: Site

    def token(self, request: web.Request) -> str:
        """The token in this browser's cookie, "" for none."""
        return self.site.case_cookie.read(request)[:LONGEST_TOKEN]

    def csrf(self, request: web.Request) -> str:
        """The token for forms on the pages of this browser's case."""
        return csrf.token(self.site.secret, PURPOSE, self.token(request))

    def is_ours(self, request: web.Request, form: Form) -> bool:
        """Whether a form came from one of these pages, in this browser."""
        return csrf.is_valid(self.site.secret, PURPOSE, self.token(request), form.fields.get("csrf", ""))

    async def look_up(self, request: web.Request, token: str, *, wait: bool = False) -> CaseView | web.Response:
        """Return the case, or the answer for those who have none: 404, and 429 after too many tries."""
        key = limit_key(self.site.address(request))
        seconds = self.site.barred.seconds_left(key)
        if not seconds:
            found = await self.site.door.case_view(token, wait=wait)
            if found is not None:
                return found
            allowed = BAD_LINKS
            seconds = await self.site.limiter.take(
                "bad_link", key, rate=allowed.rate, burst=allowed.burst, per_day=allowed.per_day
            )
            if not seconds:
                return error_answer(request, self.site.pages, 404)
            self.site.barred.bar(key, seconds)
        return error_answer(request, self.site.pages, 429, retry_after=seconds)

    async def opened(self, request: web.Request, *, wait: bool = False) -> CaseView | web.Response:
        """The case of this browser's cookie, or the answer for those who have none."""
        return await self.look_up(request, self.token(request), wait=wait)

    async def unlocked(self, request: web.Request, *, wait: bool = False) -> CaseView | web.Response:
        """The case of this browser, once it is open: the page that asks for a code comes before one that is not."""
        found = await self.opened(request, wait=wait)
        if isinstance(found, CaseView) and found.locked:
            return self.site.redirect(f"/{page_language(request)}/case/code?for=open")
        return found

    async def act(self, request: web.Request) -> web.Response | None:
        """Count an act that writes; the answer for who has done too many."""
        wait = await self.site.wait_before(request, "act", ACTS)
        return error_answer(request, self.site.pages, 429, retry_after=wait) if wait else None

    async def short_form(self, request: web.Request) -> Form | web.Response:
        """The form of a post without files, from a page of ours in this browser; else the answer that says why not."""
        if not csrf.same_origin(request, self.site.pages.base_url):
            raise web.HTTPForbidden
        try:
            form = await read_form(request, self.site.limits, with_files=False)
        except BodyError as error:
            return error_answer(request, self.site.pages, error.status)
        if not self.is_ours(request, form):
            raise web.HTTPForbidden
        return form
