"""The monthly report on the page: read, written about, approved, and taken along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web
from babel.dates import format_date

from console.papers import as_attachment
from console.proof import Proof
from console.report_files import FORMATS, File, made, signed
from console.report_sections import Section, sections
from console.report_writing import erratum_name, month_name
from console.site import Site, Who
from console.words import catalogue
from report import figures
from report.behind import cases_behind
from report.kept import Current, Erratum, current
from router.deadlines import received_day
from router.pdf import PdfError
from store import audit, reports

LONGEST: Final = 600
_MOST: Final = 200
# The longest are themes: a department and some words.
_LONGEST_VALUE: Final = 120
_MONTH: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody had typed when their form could not be taken, and why."""

    text: str
    problem: str


class ReportPage:
    """Handlers of `/console/report`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The report of a month; without one, of the last that is over."""
        done = request.query.get("done", "")
        return await self._draw(who, _month(request.query.get("month", ""), who), done=done)

    async def write(self, _: web.Request, who: Who) -> web.StreamResponse:
        """Keep the sentences of a draft."""
        first, text = _month(who.form.get("month", ""), who), _text(who)
        if len(text) > LONGEST:
            return await self._draw(who, first, Typed(text, "long"), status=422)
        try:
            async with self._site.store.write() as tx:
                await reports.write(tx, first, text, version=_version(who), user_id=who.viewer.user_id, now=who.now)
        except reports.StaleReportError:
            return await self._draw(who, first, Typed(text, "stale"), status=409)
        return self._site.see_other(f"/console/report?month={first:%Y-%m}&done=saved")

    async def approve(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Freeze the figures of a month that is over, as the register says them now. A password was given just before (S10)."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        first = _month(who.form.get("month", ""), who)
        found = await self._current(who, first)
        if not found.report.complete:
            return await self._draw(who, first, Typed("", "incomplete"), status=422)
        if not found.kept.sentences:
            return await self._draw(who, first, Typed("", "sentences"), status=422)
        try:
            async with self._site.store.write() as tx:
                await reports.approve(
                    tx,
                    first,
                    found.report.model_dump_json(),
                    version=_version(who),
                    user_id=who.viewer.user_id,
                    now=who.now,
                )
        except reports.StaleReportError:
            return await self._draw(who, first, Typed("", "stale"), status=409)
        return self._site.see_other(f"/console/report?month={first:%Y-%m}&done=was_approved")

    async def export(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The report, or one section of it, as a file. Each is in the audit (E5), and a password was given just before (S10)."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        first = _month(request.query.get("month", ""), who)
        wanted, only = request.query.get("format", ""), request.query.get("section", "")
        format_ = next((one for one in FORMATS if one == wanted), None)
        if format_ is None:
            raise web.HTTPNotFound
        found = await self._current(who, first)
        try:
            file = await made(found.report, format_, who.language, signed(found), now=who.now, only=only)
        except PdfError:
            return await self._draw(who, first, Typed("", "no_pdf"), status=503)
        except KeyError:
            raise web.HTTPNotFound from None
        await self._note(who, first, wanted, only, file)
        answer = as_attachment(file.content, file.name)
        answer.headers["Content-Type"] = file.type
        return answer

    async def _note(self, who: Who, first: date, format_: str, only: str, file: File) -> None:
        detail = {"month": f"{first:%Y-%m}", "format": format_, "section": only, "rows": file.rows}
        async with self._site.store.write() as tx:
            await audit.write(tx, actor=who.actor, act="report.exported", at=who.now, detail=detail)

    async def cases(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The cases behind a number."""
        first = _month(request.query.get("month", ""), who)
        by, value = request.query.get("by", ""), request.query.get("is", "")[:_LONGEST_VALUE]
        today = received_day(who.now)
        async with self._site.store.read() as tx:
            rows = await cases_behind(tx, who.viewer, first, today=today, by=by, value=value, limit=_MOST + 1)
        if rows is None:
            raise web.HTTPNotFound
        words = catalogue()[who.language]
        return await self._site.page(
            "report_cases.html",
            who,
            here="report",
            rows=rows[:_MOST],
            more=len(rows) > _MOST,
            most=_MOST,
            what=f"{erratum_name(words, by, value)}, {month_name(first, words)}",
            month=f"{first:%Y-%m}",
        )

    async def _current(self, who: Who, first: date, *, compare: bool = False) -> Current:
        return await current(self._site.store, who.viewer, first, today=received_day(who.now), compare=compare)

    async def _draw(
        self, who: Who, first: date, typed: Typed | None = None, *, status: int = 200, done: str = ""
    ) -> web.Response:
        found = await self._current(who, first, compare=True)
        words = catalogue()[who.language]
        shown: Sequence[Section] = sections(found.report, words, leaving=False)
        return await self._site.page(
            "report.html",
            who,
            status=status,
            here="report",
            report=found.report,
            kept=found.kept,
            errata=[(erratum_name(words, one.split, one.value), one, _tells(one)) for one in found.errata],
            approved=found.approved,
            sections=shown,
            month=month_name(first, words),
            first=first,
            following=figures.following(first),
            earlier=figures.earlier(first, 1),
            this_month=received_day(who.now).replace(day=1),
            typed=typed,
            done=done if done in ("saved", "was_approved") else "",
            formats=FORMATS,
            longest=LONGEST,
            day_before=format_date(
                found.report.asked_on, "d MMMM", locale="en_GB" if who.language == "en" else who.language
            ),
        )


def _tells(one: Erratum) -> bool:
    """Whether a figure may be told with its numbers: one of the split that sets medical matters apart may be small (rule E3)."""
    return one.split != "department"


def _month(text: str, who: Who) -> date:
    this_month = received_day(who.now).replace(day=1)
    if not text:
        return figures.earlier(this_month, 1)
    if not _MONTH.fullmatch(text):
        raise web.HTTPNotFound
    first = date.fromisoformat(f"{text}-01")
    if first > this_month:
        raise web.HTTPNotFound
    return first


def _text(who: Who) -> str:
    return who.form.get("text", "").replace("\r\n", "\n").strip()


def _version(who: Who) -> int:
    text = who.form.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
