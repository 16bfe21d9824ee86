"""Recommendations to departments: made on a case, sent, followed until they are done or refused."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from config.vocabulary import DEPARTMENTS
from console.actions import Actions, After, WrongFormError, change, current_version, text_of
from console.case_page import CasePage
from console.contract import NoDepartmentError, QuestionMail
from console.days import day_of
from console.rights import Right
from console.site import Handler, Site, Who
from console.words import catalogue
from store import recommendations
from store.database import Tx
from store.recommendations import STATES
from store.views import Row

_CASE: Final = "/console/case/{reference}"
_LONGEST_REMARK: Final = 2_000


class Recommending:
    """Acts of recommending, and the page of all recommendations."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def make(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Recommend something to a department, and send it there where that was asked and an address is known."""
        department = who.form.get("department", "")
        if department not in DEPARTMENTS:
            raise WrongFormError("unknown_department")
        text = text_of(who)
        await change(tx, who, row, "case.recommended", {"to": department})
        await recommendations.make(
            tx,
            who.viewer,
            row.id,
            department=department,
            text=text,
            due_on=day_of(who.form.get("due_on", "")),
            now=who.now,
        )
        if who.form.get("mail") and not row.sealed:
            words = catalogue()[who.language]
            mail = QuestionMail(
                subject=words["recommend.subject"].replace("{reference}", row.reference),
                below=words["ask.below"].replace("{name}", who.viewer.name),
                language=who.language,
            )
            try:
                version = await current_version(tx, who, row.id)
                after.departing.append(
                    await self._site.desk.ask(
                        tx, who.viewer, row.id, department, text, mail=mail, now=who.now, version=version
                    )
                )
            except NoDepartmentError:
                raise WrongFormError("no_department_mail") from None
        return "?done=recommended#recommendations"

    async def follow(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Say what became of a recommendation."""
        del after
        state = next((known for known in STATES if known == who.form.get("state", "")), None)
        number = who.form.get("recommendation", "")
        if state is None or not number.isdecimal() or len(number) > 15:
            raise WrongFormError("no_recommendation_state")
        remark = who.form.get("remark", "").strip()[:_LONGEST_REMARK]
        if not await recommendations.follow(tx, row.id, int(number), state, remark, now=who.now):
            raise WrongFormError("no_recommendation_state")
        await change(tx, who, row, "case.recommendation_followed", {"state": state})
        return "?done=followed#recommendations"

    async def listed(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Every recommendation that waits, the earliest due first, and the last that ended."""
        del request
        async with self._site.store.read() as tx:
            following = await recommendations.to_follow(tx, who.viewer)
            over = await recommendations.ended(tx, who.viewer)
        return await self._site.page(
            "recommendations.html", who, here="recommendations", following=following, over=over
        )


def recommendation_routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right each asks for."""
    page = Recommending(site)
    on_case = Actions(site, CasePage(site)).on_case
    return [
        ("GET", "/console/recommendations", "recommendations", page.listed, "reads"),
        ("POST", f"{_CASE}/recommend", "case-recommend", on_case(page.make), "handles"),
        ("POST", f"{_CASE}/follow", "case-follow", on_case(page.follow), "handles"),
    ]
