"""The page of a member's details: how they are reached, and changing it with a code at an address on file and one at the new one.

Looking sends nothing, and no step is kept here: what was typed travels with the forms, and each code is bound to it (rule C4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, cast

from aiohttp import web

from channels.form.case_access import CaseAccess
from channels.form.contact_contract import ContactDoor, NewContact, OwnContact, Refused
from channels.form.contract import CaseView
from channels.form.site import CODES, Site, page_language
from channels.message import Sender
from channels.web import csrf
from channels.web.body import Form
from channels.web.contact_field import Wrong
from channels.web.middleware import error_answer

Step = Literal["list", "code", "confirm"]
Problem = Literal["", "code_empty", "code_wrong", "code_over", "too_many"] | Wrong | Refused
_LONGEST: Final = 320
_LONGEST_CODE: Final = 40


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a post asks for: its form, this browser's case and addresses, and what was typed."""

    form: Form
    case: CaseView
    contacts: tuple[OwnContact, ...]
    typed: str
    instead_of: int


class DetailsPages:
    """Handlers of `/{language}/case/details`."""

    def __init__(self, site: Site, door: ContactDoor) -> None:
        self._site = site
        self._door = door
        self._access = CaseAccess(site)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The addresses that are known, masked, and the form to change them."""
        found = await self._access.unlocked(request)
        if isinstance(found, web.Response):
            return found
        contacts = tuple(await self._door.mine(self._access.token(request)))
        return self._draw(request, found, contacts, "list", instead_of=_wrong_one(contacts))

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Send a code to the address on file."""
        asked = await self._asked(request)
        if isinstance(asked, web.Response):
            return asked
        wanted = self._wanted(asked)
        if not isinstance(wanted, NewContact):
            return self._again(request, asked, "list", wanted)
        refused = await self._access.act(request)
        if refused is not None:
            return refused
        browser = csrf.new_cookie()
        sent = await self._door.ask(self._access.token(request), browser, wanted)
        if sent == "none":
            return error_answer(request, self._site.pages, 404)
        if sent != "sent":
            return self._again(request, asked, "list", cast(Problem, sent))
        answer = self._again(request, asked, "code", "")
        self._site.browser_cookie.set(answer, browser)
        return answer

    async def prove(self, request: web.Request) -> web.StreamResponse:
        """Try the code from the address on file; then one goes to the new address."""
        found = await self._with_code(request, "code")
        if isinstance(found, web.StreamResponse):
            return found
        asked, wanted, code = found
        token, browser = self._access.token(request), self._site.browser_cookie.read(request)
        outcome = await self._door.prove(token, browser, wanted, code)
        if outcome == "sent":
            return self._again(request, asked, "confirm", "")
        if outcome == "too_many":
            return self._again(request, asked, "list", "too_many")
        return self._again(request, asked, "code", "code_wrong" if outcome == "wrong" else "code_over")

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        """Try the code from the new address, and change it."""
        found = await self._with_code(request, "confirm")
        if isinstance(found, web.StreamResponse):
            return found
        asked, wanted, code = found
        token, browser = self._access.token(request), self._site.browser_cookie.read(request)
        outcome = await self._door.confirm(token, browser, wanted, code)
        if outcome in ("wrong", "over"):
            return self._again(request, asked, "confirm", "code_wrong" if outcome == "wrong" else "code_over")
        answer = self._site.redirect(f"/{page_language(request)}/case?reached")
        self._site.case_cookie.set(answer, outcome)
        return answer

    async def _asked(self, request: web.Request) -> _Asked | web.Response:
        form = await self._access.short_form(request)
        if isinstance(form, web.Response):
            return form
        found = await self._access.unlocked(request)
        if isinstance(found, web.Response):
            return found
        if "contact" not in found.can:
            return self._site.redirect(f"/{page_language(request)}/case/details")
        contacts = tuple(await self._door.mine(self._access.token(request)))
        chosen = form.fields.get("instead_of", "")
        known = next((one.id for one in contacts if one.changes and str(one.id) == chosen), 0)
        return _Asked(form, found, contacts, form.fields.get("address", "")[: _LONGEST + 1], known)

    async def _with_code(self, request: web.Request, step: Step) -> tuple[_Asked, NewContact, str] | web.StreamResponse:
        asked = await self._asked(request)
        if isinstance(asked, web.Response):
            return asked
        wait = await self._site.wait_before(request, "code", CODES)
        if wait:
            return error_answer(request, self._site.pages, 429, retry_after=wait)
        wanted = self._wanted(asked)
        if not isinstance(wanted, NewContact):
            return self._again(request, asked, "list", wanted)
        code = asked.form.fields.get("code", "").strip()[:_LONGEST_CODE]
        return (asked, wanted, code) if code else self._again(request, asked, step, "code_empty")

    def _wanted(self, asked: _Asked) -> NewContact | Wrong:
        read = self._door.read(asked.typed)
        return NewContact(read, asked.instead_of) if isinstance(read, Sender) else read

    def _again(self, request: web.Request, asked: _Asked, step: Step, problem: Problem) -> web.Response:
        return self._draw(
            request, asked.case, asked.contacts, step, typed=asked.typed, instead_of=asked.instead_of, problem=problem
        )

    def _draw(
        self,
        request: web.Request,
        case: CaseView,
        contacts: tuple[OwnContact, ...],
        step: Step,
        *,
        typed: str = "",
        instead_of: int = 0,
        problem: Problem = "",
    ) -> web.Response:
        read = self._door.read(typed) if typed else None
        answer = self._site.pages.page(
            "details.html",
            page_language(request),
            status=429 if problem == "too_many" else 422 if problem else 200,
            here="case/details",
            case=case,
            contacts=contacts,
            step=step,
            typed=typed,
            instead_of=instead_of,
            problem=problem,
            # Where the second code went, whole: it is what was typed in this form, and a typing error is to be seen.
            new_shown=read.address if isinstance(read, Sender) else "",
            csrf=self._access.csrf(request),
        )
        if problem == "too_many":
            answer.headers["Retry-After"] = "3600"
        return answer


def _wrong_one(contacts: tuple[OwnContact, ...]) -> int:
    """The address that is chosen when the page is opened: the one from which mail comes back, else the first."""
    return next((one.id for one in sorted(contacts, key=lambda one: one.arrives) if one.changes), 0)
