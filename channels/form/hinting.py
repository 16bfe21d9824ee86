"""What the house notices in a story while it is being written, told beside it. The text is looked at and forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from channels.form import fields
from channels.form.contract import Noticed
from channels.form.site import HINTS, PURPOSE, Site, page_language
from channels.web import csrf
from channels.web.body import BodyError, read_form
from config.departments import department_name
from config.vocabulary import Language


@dataclass(frozen=True, slots=True)
class Hinting:
    """The handler of `/{language}/complaint/notice`."""

    site: Site

    async def notice(self, request: web.Request) -> web.StreamResponse:
        """Answer with a fragment of the page, or with 204 where there is nothing to say. Refusals have no words: a hint that
        does not come is missed by nobody."""
        site, language = self.site, page_language(request)
        if not csrf.same_origin(request, site.pages.base_url):
            raise web.HTTPForbidden
        wait = await site.wait_before(request, "hint", HINTS)
        try:
            form = await read_form(request, site.limits, with_files=False)
        except BodyError as error:
            return web.Response(status=error.status)
        cookie = site.form_cookie.read(request)
        if not cookie or not csrf.is_valid(site.secret, PURPOSE, cookie, form.fields.get("csrf", "")):
            return web.Response(status=403)
        if wait:
            return web.Response(status=429, headers={"Retry-After": str(wait)})
        text = fields.clean_text(form.fields.get("text", ""))[: fields.MAX_TEXT]
        noticed = await site.door.notice(text, language) if text else Noticed()
        if noticed == Noticed():
            return web.Response(status=204, headers={"Cache-Control": "no-store"})
        return site.pages.page("hints.html", language, noticed=noticed, likely=likely(noticed, language))


def likely(noticed: Noticed, language: Language) -> str:
    """The name of the department that a text is most likely for, "" when its words do not say."""
    return department_name(noticed.department, language) if noticed.department else ""
