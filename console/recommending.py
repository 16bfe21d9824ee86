"""Recommendations to departments: made on a case, sent, followed until they are done or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web

from config.vocabulary import DEPARTMENTS
from console.actions import Actions, After, WrongFormError, change, current_version, text_of, version_of
from console.case_page import CasePage
from console.contract import NoDepartmentError, QuestionMail
from console.days import day_of
from console.looking_over import looked_over_for_colleagues
from console.rights import Right
from console.site import Handler, Site, Who
from console.words import catalogue, in_house
from store import cases, recommendations
from store.database import Tx
from store.recommendations import STATES
from store.views import Row

_CASE: Final = "/console/case/{reference}"
_LONGEST_REMARK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A recommendation as a form asks for it. `mail`: whether the department is to get it by mail too."""

    department: str
    text: str
    due_on: date | None
    mail: bool


def wish_of(form: Mapping[str, str], text: str, *, prefix: str = "") -> Wish:
    """The recommendation of a form whose fields bear a prefix. Raises WrongFormError for a department that there is not."""
    department = form.get(f"{prefix}department", "")
    if department not in DEPARTMENTS:
        raise WrongFormError("unknown_department")
    return Wish(department, text, day_of(form.get(f"{prefix}due_on", "")), bool(form.get(f"{prefix}mail")))


async def recommend(site: Site, tx: Tx, who: Who, row: Row, after: After, wish: Wish, *, version: int) -> None:
    """Record a recommendation, and send it to the department where that was asked; a sealed case never goes by mail.

    Raises StaleError when the case is not at `version` any more.
    """
    detail = {"to": wish.department}
    await cases.change(
        tx,
        row.id,
        actor=who.actor,
        act="case.recommended",
        now=who.now,
        version=version,
        detail=detail,
        unread=False,
    )
    await recommendations.make(
        tx,
        who.viewer,
        row.id,
        department=wish.department,
        text=wish.text,
        due_on=wish.due_on,
        now=who.now,
    )
    if not wish.mail or row.sealed:
        return
    language = in_house(row.language, who.language)
    words = catalogue()[language]
    mail = QuestionMail(
        subject=words["recommend.subject"].replace("{reference}", row.reference),
        below=words["ask.below"].replace("{name}", who.viewer.name),
        language=language,
    )
    at = await current_version(tx, who, row.id)
    try:
        outbox_id = await site.desk.ask(
            tx, who.viewer, row.id, wish.department, wish.text, mail=mail, now=who.now, version=at
        )
    except NoDepartmentError:
        raise WrongFormError("no_department_mail") from None
    after.departing.append(outbox_id)


class Recommending:
    """Acts of recommending, and the page of all recommendations."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def make(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Recommend something to a department, and send it there where that was asked and an address is known."""
        wish = wish_of(who.form, text_of(who))
        looked_over_for_colleagues(who, wish.text)
        await recommend(self._site, tx, who, row, after, wish, version=version_of(who))
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
