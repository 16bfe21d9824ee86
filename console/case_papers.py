"""PDFs of a case: its file, a copy without what is internal, and the letter to the coordinating doctor."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from config.vocabulary import LANGUAGES
from console.case_file import CaseFile
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.case_paper import document
from console.papers import as_attachment
from console.proof import Proof
from console.rights import Right
from console.site import Handler, Site, Who
from router import deadlines
from router.letter import LetterData, letter_html
from router.pdf import PdfError, make_pdf
from store import audit

_CASE: Final = "/console/case/{reference}"


class CasePapers:
    """Handlers of a case's PDFs. One is made at a time: the typesetter takes memory that messages need."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._page = CasePage(site)
        self._proof = Proof(site)
        self._one = asyncio.Semaphore(1)

    async def file(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The whole file."""
        return await self._made(request, who, "file")

    async def copy(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What passed between the member and the house, without notes, questions to departments and acts."""
        return await self._made(request, who, "copy")

    async def letter(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The letter to the coordinating doctor, in the member's own first words, for them to sign."""
        return await self._made(request, who, "letter")

    async def _made(self, request: web.Request, who: Who, what: str) -> web.Response:
        # What leaves the console as a file is an export (rule S10).
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        try:
            file = await self._page.file(request, who)
        except (LockedError, ReasonWantedError) as error:
            return await self._page.refusal(who, error)
        html = self._letter(file) if what == "letter" else self._document(file, who, what)
        try:
            async with self._one:
                content = await make_pdf(html)
        except PdfError:
            return await self._site.page("no_pdf.html", who, status=503, row=file.row)
        # "file" is what a look at an attachment says.
        detail = {"what": "whole" if what == "file" else what, "messages": len(file.messages)}
        async with self._site.store.write() as tx:
            await audit.write(tx, actor=who.actor, act="case.printed", at=who.now, case_id=file.row.id, detail=detail)
        response = as_attachment(content, f"{file.row.reference}{'' if what == 'file' else f'-{what}'}.pdf")
        response.content_type = "application/pdf"
        return response

    def _document(self, file: CaseFile, who: Who, what: str) -> str:
        return document(file, who, whole=what == "file", saturdays=self._site.saturdays)

    def _letter(self, file: CaseFile) -> str:
        """Raises HTTPNotFound for a case that is not about the medical adviser, or in which the member wrote nothing."""
        row = file.row
        first = next((message for message in file.messages if message.direction == "in"), None)
        if first is None or not has_letter(file):
            raise web.HTTPNotFound
        return letter_html(
            LetterData(
                language=next((one for one in LANGUAGES if one == row.language), "fr"),
                reference=row.reference,
                text=first.reply or first.text,
                written_on=deadlines.received_day(row.received_at),
                name=file.member.name if file.member else "",
                member_number=file.member.member_number if file.member else "",
                contact=first.address,
                files=tuple(one.name for one in first.files if not one.inline),
            )
        )


def has_letter(file: CaseFile) -> bool:
    """Whether a letter to the coordinating doctor fits the case: it is with them, or about the medical adviser."""
    return file.row.queue == "medical_coordinator" or bool(file.row.flags.get("doctor"))


def paper_routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right each asks for."""
    papers = CasePapers(site)
    return [
        ("GET", f"{_CASE}/paper/file", "case-pdf", papers.file, "handles"),
        ("GET", f"{_CASE}/paper/copy", "case-copy", papers.copy, "handles"),
        ("GET", f"{_CASE}/paper/letter", "case-letter", papers.letter, "handles"),
    ]
