"""The page on which a case is closed: its outcome, a last message with its preview, and what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from config.causes import causes
from config.vocabulary import DEPARTMENTS, ROBOT, Language
from console import ending, ready
from console.answer_checks import Doubt
from console.came_from import carrying
from console.case_file import CaseFile, opening_words, other_bodies
from console.case_page import CasePage, LockedError, ReasonWantedError
from console.other_house import house_of
from console.paths import is_ours
from console.placing import with_ready_words
from console.site import Site, Who

OUTCOMES: Final = (
    "founded",
    "partly_founded",
    "not_founded",
    "explained",
    "withdrawn",
    "not_ours",
    "not_handled_anonymous",
    "not_handled_off_scope",
    ROBOT,
)
# The member was right, at least partly: what was behind it is to be said, so that it can be counted.
RIGHT: Final = frozenset({"founded", "partly_founded"})
# A decision stands, at least partly, and its member may dispute it: the time limits of the courts have kept running.
DECISION_STANDS: Final = frozenset({"not_founded", "partly_founded"})
# With these the member is told of another house that handles it.
PASSED_ON: Final = frozenset({"not_ours", "not_handled_off_scope"})


_LONGEST_PLACE: Final = 9


class ClosingPage:
    """Handlers of `/console/case/{reference}/close` before anything is closed."""

    def __init__(self, site: Site, page: CasePage) -> None:
        self._site = site
        self._page = page

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page as it is opened, with what this person had begun; a list leads here with the outcome already chosen."""
        outcome = request.query.get("outcome", "")
        form = {name: request.query[name] for name in ("back", "at") if name in request.query}
        if outcome in OUTCOMES:
            form["outcome"] = outcome
        undone = request.query.get("done") == "undone"
        return await self.draw(request, who, form, status=200, proposes=outcome in PASSED_ON, undone=undone)

    async def look(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The page with a ready text put in, or with the message as the member will read it. Nothing is closed."""
        previewed = who.form.get("how") == "preview"
        put_in = "" if previewed else who.form.get("ready", "")
        return await self.draw(request, who, who.form, status=200, previewed=previewed, put_in=put_in)

    async def draw(
        self,
        request: web.Request,
        who: Who,
        form: Mapping[str, str],
        *,
        status: int,
        problem: str = "",
        doubts: tuple[Doubt, ...] = (),
        previewed: bool = False,
        proposes: bool = False,
        put_in: str = "",
        undone: bool = False,
    ) -> web.Response:
        """The page, with what was chosen and typed before. `proposes`: with the house that the story speaks of and the text that
        names it, to be read before anything is sent. `put_in`: a ready text that somebody asked for just now; that one is still
        chosen in a form which was refused is no wish to have it a second time."""
        try:
            file = await self._page.file(request, who)
        except (LockedError, ReasonWantedError) as error:
            return await self._page.refusal(who, error)
        if file.row.state != "open":
            return self._site.see_other(carrying(f"/console/case/{file.row.reference}", who.came))
        to = file.recipient(form.get("to", ""))
        opening = opening_words(file, who.viewer.name, to)
        kept = file.drafts.get("closing")
        if "text" not in form and (rest := file.drafts.get("ending")):
            form = {**ending.read(rest.text), **form}
        if proposes and kept is None:
            found, put_in = _proposal(file, who, form["outcome"])
            form = {**form, "passed_to": found}
        text = form.get("text", kept.text if kept else opening).replace("\r\n", "\n")
        if chosen := ready.chosen("closings", put_in, file, who, body=form.get("passed_to", "")):
            text = with_ready_words(text, chosen.words, opening)
        return await self._site.page(
            "close.html",
            who,
            status=status,
            here=file.row.queue,
            file=file,
            row=file.row,
            outcomes=OUTCOMES,
            form=form,
            text=text,
            to=to,
            openings={one.case_id: opening_words(file, who.viewer.name, one) for one in file.recipients},
            from_draft=kept if kept and "text" not in form else None,
            ready=ready.offered("closings", file, who),
            causes=causes_offered(who.language),
            departments=DEPARTMENTS,
            bodies=sorted(other_bodies(who.language).items(), key=lambda one: one[1]),
            problem=problem,
            undone=undone,
            doubts=doubts,
            preview=text if previewed else "",
            back=back if is_ours(back := form.get("back", "")) else "",
            at=place_of(form),
        )


def place_of(form: Mapping[str, str]) -> str:
    """Where in a list the case stood from which somebody came here; "" when they did not."""
    at = form.get("at", "")
    return at if at.isascii() and at.isdecimal() and len(at) <= _LONGEST_PLACE else ""


def _proposal(file: CaseFile, who: Who, outcome: str) -> tuple[str, str]:
    """The house that handles what the member wrote of, and the ready text that sends them there; "" where none is certain."""
    story = next((one.reply or one.text for one in file.messages if one.direction == "in"), "")
    body = house_of(story, file.why, file.corrected) if file.why else None
    text = next((one.id for one in ready.offered("closings", file, who) if outcome in one.outcomes), "")
    return (body.id, text) if body else ("", "")


def causes_offered(language: Language) -> Mapping[str, str]:
    """The causes that can be chosen, with their names."""
    names = causes().names(language)
    return {one: names[one] for one in causes().offered()}


def passed_to(form: Mapping[str, str], outcome: str) -> str:
    """The id of the house that the member was sent to; "" where none was chosen or the outcome knows none."""
    wanted = form.get("passed_to", "")
    return wanted if outcome in PASSED_ON and wanted in other_bodies("fr") else ""
