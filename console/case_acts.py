"""The addresses of a case's page and of everything that people do there."""

from __future__ import annotations

from typing import Final

from console import noting
from console.actions import Actions
from console.again import Again
from console.answering import Answering
from console.asking import Asking
from console.case_page import CasePage
from console.closing import Closing
from console.closing_page import ClosingPage
from console.contacting import Contacting
from console.drafting import Drafting
from console.moving import Moving
from console.pausing import Pausing
from console.relating import Relating
from console.rights import Right
from console.site import Handler, Site
from console.why_page import WhyPage

_CASE: Final = "/console/case/{reference}"


def case_acts(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right each asks for."""
    page = CasePage(site)
    on_case = Actions(site, page).on_case
    drafting, closing_page = Drafting(site, page), ClosingPage(site, page)
    answering, moving, closing, pausing = Answering(site), Moving(site), Closing(site), Pausing(site)
    relating, contacting = Relating(page), Contacting(site)
    return [
        ("GET", _CASE, "case", page.show, "reads"),
        ("GET", f"{_CASE}/why", "case-why", WhyPage(site, page).show, "reads"),
        ("POST", f"{_CASE}/open", "case-open", page.say_why, "reads"),
        ("POST", f"{_CASE}/note", "case-note", on_case(noting.note), "notes"),
        ("POST", f"{_CASE}/take", "case-take", on_case(moving.take), "handles"),
        ("POST", f"{_CASE}/assign", "case-assign", on_case(moving.assign), "handles"),
        ("POST", f"{_CASE}/reply", "case-reply", on_case(answering.reply), "handles"),
        ("POST", f"{_CASE}/ready", "case-ready", page.ready, "handles"),
        ("POST", f"{_CASE}/draft", "case-draft", drafting.keep, "notes"),
        ("POST", f"{_CASE}/undo", "case-undo", on_case(answering.undo), "handles"),
        ("POST", f"{_CASE}/ask", "case-ask", on_case(Asking(site).ask), "handles"),
        ("POST", f"{_CASE}/pause", "case-pause", on_case(pausing.pause), "handles"),
        ("POST", f"{_CASE}/wake", "case-wake", on_case(pausing.wake), "handles"),
        ("POST", f"{_CASE}/move", "case-move", on_case(moving.move), "handles"),
        ("POST", f"{_CASE}/department", "case-department", on_case(moving.department), "handles"),
        ("POST", f"{_CASE}/correct", "case-correct", on_case(moving.correct), "handles"),
        ("POST", f"{_CASE}/link", "case-link", on_case(relating.link), "handles"),
        ("POST", f"{_CASE}/unlink", "case-unlink", on_case(relating.unlink), "handles"),
        ("POST", f"{_CASE}/reachable", "case-reachable", on_case(noting.reachable), "handles"),
        ("POST", f"{_CASE}/contact", "case-contact", on_case(contacting.change), "records"),
        ("POST", f"{_CASE}/contact-undo", "case-contact-undo", on_case(contacting.undo), "records"),
        ("POST", f"{_CASE}/again", "case-again", on_case(Again(site).send), "handles"),
        ("POST", f"{_CASE}/reopen", "case-reopen", on_case(closing.reopen), "handles"),
        ("GET", f"{_CASE}/close", "case-closing", closing_page.show, "handles"),
        ("POST", f"{_CASE}/close/look", "case-close-look", closing_page.look, "handles"),
        ("POST", f"{_CASE}/close", "case-close", on_case(closing.close), "handles"),
    ]
