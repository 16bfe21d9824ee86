"""The page that asks for a code before a case is opened, withdrawn or copied, or the answer to a request for access is fetched
(rule C3). Looking sends nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal, cast

from aiohttp import web

from channels.form.case_access import CaseAccess
from channels.form.case_contract import PURPOSES, CodeOutcome, Package, PackageUnavailableError, Purpose
from channels.form.contract import CaseView
from channels.form.site import CODES, Site, page_language
from channels.form.telling import told
from channels.web import csrf
from channels.web.body import Form
from channels.web.middleware import error_answer

Problem = Literal["", "empty", "wrong", "over", "too_many", "unavailable"]
_STATUS: Final[dict[Problem, int]] = {
    "": 200,
    "empty": 422,
    "wrong": 422,
    "over": 422,
    "too_many": 429,
    "unavailable": 503,
}
_LONGEST_CODE: Final = 40


class CodePages:
    """Handlers of `/{language}/case/code`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._access = CaseAccess(site)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Say what the code is for, and show the field for it where one was asked for in this browser."""
        found = await self._access.opened(request)
        if isinstance(found, web.Response):
            return found
        purpose = _purpose(request.query.get("for", ""))
        if not _may(found, purpose):
            return self._site.redirect(f"/{page_language(request)}/case")
        return self._draw(request, found, purpose)

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Send a code to the address on file."""
        wanted = await self._wanted(request)
        if isinstance(wanted, web.Response):
            return wanted
        _, found, purpose = wanted
        refused = await self._access.act(request)
        if refused is not None:
            return refused
        browser = csrf.new_cookie()
        sent = await self._site.case_door.send_code(self._access.token(request), purpose, browser)
        if sent == "too_many":
            return self._draw(request, found, purpose, problem="too_many")
        asked = f"/case/code?for={purpose}&asked" if sent == "sent" else "/case"
        answer = self._site.redirect(f"/{page_language(request)}{asked}")
        if sent == "sent":
            self._site.browser_cookie.set(answer, browser)
        return answer

    async def use(self, request: web.Request) -> web.StreamResponse:
        """Try the code, and do what it was asked for."""
        wanted = await self._wanted(request)
        if isinstance(wanted, web.Response):
            return wanted
        form, found, purpose = wanted
        wait = await self._site.wait_before(request, "code", CODES)
        if wait:
            return error_answer(request, self._site.pages, 429, retry_after=wait)
        code = form.fields.get("code", "").strip()[:_LONGEST_CODE]
        if not code:
            return self._draw(request, found, purpose, problem="empty")
        return await self._done(request, found, purpose, code)

    async def _wanted(self, request: web.Request) -> tuple[Form, CaseView, Purpose] | web.Response:
        """What a post asks for: its form, this browser's case and the act; else the answer that says why not."""
        form = await self._access.short_form(request)
        if isinstance(form, web.Response):
            return form
        found = await self._access.opened(request)
        if isinstance(found, web.Response):
            return found
        purpose = _purpose(form.fields.get("for", ""))
        if not _may(found, purpose):
            return self._site.redirect(f"/{page_language(request)}/case")
        return form, found, purpose

    async def _done(self, request: web.Request, case: CaseView, purpose: Purpose, code: str) -> web.StreamResponse:
        token, browser = self._access.token(request), self._site.browser_cookie.read(request)
        door, language = self._site.case_door, page_language(request)
        if purpose == "open":
            opened = await door.unlock(token, browser, code)
            if opened in ("wrong", "over"):
                return self._draw(request, case, purpose, problem=cast(Problem, opened))
            answer = self._site.redirect(f"/{language}/case")
            self._site.case_cookie.set(answer, opened)
            return answer
        if purpose == "withdraw":
            outcome: CodeOutcome = await door.withdraw(token, browser, code)
            if outcome != "right":
                return self._draw(request, case, purpose, problem=outcome)
            return self._site.redirect(f"/{language}/case?withdrawn")
        if purpose == "access":
            return self._given(request, case, purpose, await door.fetch_access(token, browser, code))
        return await self._copy(request, case, token, browser, code)

    async def _copy(
        self, request: web.Request, case: CaseView, token: str, browser: str, code: str
    ) -> web.StreamResponse:
        pages, language = self._site.pages, page_language(request)
        try:
            package = await self._site.case_door.copy(
                token,
                browser,
                code,
                draw=lambda view: pages.draw("copy.html", language, now=datetime.now(UTC), **told(view, language)),
            )
        except PackageUnavailableError:
            return self._draw(request, case, "copy", problem="unavailable")
        return self._given(request, case, "copy", package)

    def _given(
        self, request: web.Request, case: CaseView, purpose: Purpose, given: Package | CodeOutcome
    ) -> web.StreamResponse:
        """What was fetched, or the page that says why it was not."""
        if isinstance(given, Package):
            return _archive(given)
        return self._draw(request, case, purpose, problem=cast(Problem, given))

    def _draw(self, request: web.Request, case: CaseView, purpose: Purpose, *, problem: Problem = "") -> web.Response:
        answer = self._site.pages.page(
            "case_code.html",
            page_language(request),
            status=_STATUS[problem],
            here=f"case/code?for={purpose}",
            case=case,
            purpose=purpose,
            problem=problem,
            # A code that was asked for is typed in the same browser; one that is over has to be asked for again.
            asked=bool(self._site.browser_cookie.read(request))
            and ("asked" in request.query or problem in ("empty", "wrong")),
            csrf=self._access.csrf(request),
        )
        if problem == "too_many":
            answer.headers["Retry-After"] = "3600"
        return answer


def _archive(package: Package) -> web.Response:
    """The archive, to save and never to show (rule F6); the server closes its file once it is sent."""
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="{package.name}"',
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.Response(body=package.file, headers=headers)


def _purpose(text: str) -> Purpose:
    return next((known for known in PURPOSES if known == text), "open")


def _may(case: CaseView, purpose: Purpose) -> bool:
    """Whether this act is offered on this case now."""
    return case.locked if purpose == "open" else purpose in case.can
