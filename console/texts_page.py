"""The texts for members: the whole matrix on one page, an editor with four languages side by side, and what went before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal, get_args

from aiohttp import web

from config.filling import TextError
from config.vocabulary import LANGUAGES, Language
from console.door_contract import DoorChecks
from console.proof import Proof
from console.rights import Right
from console.site import Handler, Site, Who
from console.text_cells import REFUSING, SOURCE, Line, current_body, differences, grid, line, old_after, shipped_body
from console.text_trials import TextTrials, as_text
from router import deadlines
from router.acknowledgement import TEXTS
from router.text_check import LONGEST, MOST_SMS, PARTS
from router.text_preview import Past, preview
from router.texts import FLAGS, NAMES
from store import awaited, past_case, wordings
from store.database import Tx
from store.wordings import Body, Draft, Published, StaleDraftError

Shown = Literal["email", "sms", "chat", "letter"]
SHOWN: Final[tuple[Shown, ...]] = get_args(Shown)
_SITUATION: Final = "/console/texts/{situation:[a-z0-9_]{1,24}}"
_LONGEST_COMMENT: Final = 500
# Who saved a draft so lately is most likely still at it.
_WRITING: Final = timedelta(minutes=15)


class TextsPage:
    """Handlers of `/console/texts` and of one situation below it."""

    def __init__(self, site: Site, checks: DoorChecks) -> None:
        self._site = site
        self._trials = TextTrials(site, checks)
        self._proof = Proof(site)

    def routes(self) -> list[tuple[str, str, str, Handler, Right]]:
        """Method, path, name, handler, and the right that each asks for: who answers members reads, a supervisor writes."""
        return [
            ("GET", "/console/texts", "texts", self.show, "handles"),
            ("GET", _SITUATION, "text", self.one, "handles"),
            ("POST", f"{_SITUATION}/draft", "text-draft", self.save, "supervises"),
            ("POST", f"{_SITUATION}/publish", "text-publish", self.publish, "supervises"),
            ("POST", f"{_SITUATION}/try", "text-send", self.try_out, "supervises"),
            ("POST", f"{_SITUATION}/return", "text-back", self.go_back, "supervises"),
        ]

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The grid."""
        async with self._site.store.read() as tx:
            published = await wordings.in_use(tx)
            drafts = {
                name: draft for name in await wordings.drafted(tx) if (draft := await wordings.draft_of(tx, name))
            }
            to_publish = await awaited.texts(tx, who.viewer, REFUSING)
        lines = await asyncio.to_thread(grid, published, drafts)
        done = request.query.get("done", "")
        return await self._site.page(
            "texts.html",
            who,
            here="texts",
            lines=lines,
            to_publish=to_publish,
            drafts=drafts,
            published=published,
            member_languages=LANGUAGES,
            most_sms=MOST_SMS,
            done=done if done in ("published", "returned", "dropped") else "",
        )

    async def one(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One situation."""
        return await self._draw(request, who)

    async def save(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Keep the draft, or drop it."""
        situation = _known(request)
        if who.form.get("how") == "drop":
            async with self._site.store.write() as tx:
                await wordings.drop_draft(tx, situation)
            return self._site.see_other("/console/texts?done=dropped")
        body, again = _typed(who.form), tuple(one for one in LANGUAGES if f"again-{one}" in who.form)
        version = who.form.get("version", "")
        try:
            async with self._site.store.write() as tx:
                await wordings.save_draft(
                    tx,
                    who.viewer,
                    situation,
                    body,
                    read_again=again,
                    version=int(version) if version.isdecimal() and len(version) < 10 else 0,
                    now=who.now,
                )
                state = await _state(tx, situation)
        except StaleDraftError:
            return await self._draw(request, who, typed=body, problem="stale", status=409)
        # What is to check stands at the top; a text that is sound is looked at below.
        blocked = (await asyncio.to_thread(line, situation, *state)).blocked
        saved = f"/console/texts/{situation}?done=saved&as={_shown(who.form.get('as', ''))}"
        return self._site.see_other(saved if blocked else f"{saved}#preview")

    async def publish(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let members get the draft: whole, with a comment, and for a refusal by somebody else than who wrote it."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        situation = _known(request)
        comment = who.form.get("text", "").strip()[:_LONGEST_COMMENT]
        async with self._site.store.write() as tx:
            published, draft = await _state(tx, situation)
            problem = await self._refusal(who, situation, published, draft, comment)
            if draft is not None and not problem:
                await wordings.publish(
                    tx,
                    who.viewer,
                    situation,
                    draft.body,
                    old=old_after(situation, published, draft),
                    comment=comment,
                    author_id=draft.author_id,
                    reader_id=who.viewer.user_id if who.viewer.user_id != draft.author_id else None,
                    now=who.now,
                )
        if problem:
            return await self._draw(request, who, problem=problem, comment=comment, status=409)
        return self._site.see_other("/console/texts?done=published")

    async def try_out(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Send it to who asks, as a member would get it."""
        situation = _known(request)
        if not await self._trials.send(who, situation):
            return await self._draw(request, who, problem="untried", status=409)
        return self._site.see_other(f"/console/texts/{situation}?done=tried#preview")

    async def _refusal(
        self, who: Who, situation: str, published: Published | None, draft: Draft | None, comment: str
    ) -> str:
        """Why this draft is not published, "" when it may be."""
        if draft is None or who.form.get("version", "") != str(draft.version):
            return "stale"
        if not comment:
            return "no_comment"
        if (await asyncio.to_thread(line, situation, published, draft)).blocked:
            return "blocked"
        return "own" if situation in REFUSING and draft.author_id == who.viewer.user_id else ""

    async def go_back(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let members get earlier words again."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        situation, number = _known(request), who.form.get("number", "")
        if not number.isdecimal() or len(number) > 15:
            raise web.HTTPNotFound
        async with self._site.store.write() as tx:
            done = await wordings.go_back(tx, who.viewer, situation, int(number), now=who.now)
        if not done:
            raise web.HTTPNotFound
        return self._site.see_other("/console/texts?done=returned")

    async def _draw(
        self,
        request: web.Request,
        who: Who,
        *,
        typed: Body | None = None,
        problem: str = "",
        comment: str = "",
        status: int = 200,
    ) -> web.Response:
        situation = _known(request)
        shown = _shown(request.query.get("as", "") or who.form.get("as", ""))
        async with self._site.store.read() as tx:
            published, draft = await _state(tx, situation)
            past = await past_case.latest_of(tx, who.viewer, situation) if "past" in request.query else None
            history = await wordings.history(tx, situation)
        body = typed or (draft.body if draft else current_body(situation, published))
        now_told = current_body(situation, published)
        done = request.query.get("done", "")
        return await self._site.page(
            "text.html",
            who,
            status=status,
            here="texts",
            situation=situation,
            body=body,
            draft=draft,
            version=draft.version if draft else 0,
            line=await asyncio.to_thread(_line_of, situation, published, draft, body),
            changes=differences(now_told, draft.body) if draft else [],
            history=[
                (one, differences(_before(history, index, situation), one.body)) for index, one in enumerate(history)
            ],
            is_shipped=published is None,
            previews=_previews(situation, body, shown, _past(past)),
            shown=shown,
            shown_ways=SHOWN,
            past=past,
            asked_for_past="past" in request.query,
            parts=PARTS,
            longest=LONGEST,
            member_languages=LANGUAGES,
            source=SOURCE,
            names=sorted(NAMES),
            conditions=sorted(FLAGS),
            refusing=situation in REFUSING,
            problem=problem,
            comment=comment,
            done=done if done in ("saved", "tried") else "",
            trials=await self._trials.doors(who),
            writing=draft
            if draft and draft.author_id != who.viewer.user_id and who.now - draft.updated_at < _WRITING
            else None,
            published=published,
        )


def _known(request: web.Request) -> str:
    situation = request.match_info["situation"]
    if situation not in TEXTS:
        raise web.HTTPNotFound
    return situation


async def _state(tx: Tx, situation: str) -> tuple[Published | None, Draft | None]:
    return (await wordings.in_use(tx)).get(situation), await wordings.draft_of(tx, situation)


def _line_of(situation: str, published: Published | None, draft: Draft | None, body: Body) -> Line:
    """The situation's cells, with the words that stand in the fields."""
    if draft is None:
        return line(situation, published, None)
    return line(
        situation, published, Draft(situation, body, draft.read_again, draft.author_id, "", draft.updated_at, 0)
    )


def _typed(form: Mapping[str, str]) -> Body:
    return {
        language: {
            part: form.get(f"{part}-{language}", "").replace("\r\n", "\n").strip("\n")[: LONGEST[part] * 2]
            for part in PARTS
        }
        for language in LANGUAGES
    }


def _before(history: list[Published], index: int, situation: str) -> Body:
    return history[index + 1].body if index + 1 < len(history) else shipped_body(situation)


def _shown(wanted: str) -> Shown:
    return next((one for one in SHOWN if one == wanted), "email")


def _past(case: past_case.PastCase | None) -> Past | None:
    if case is None:
        return None
    received_on = deadlines.received_day(case.received_at)
    return Past(case.initials, case.kind, case.department, received_on, case.due_on)


def _previews(situation: str, body: Body, channel: Shown, past: Past | None) -> dict[Language, Any]:
    """The text in each language as it would go out; None where it cannot be read."""
    found: dict[Language, Any] = {}
    for language in LANGUAGES:
        try:
            found[language] = preview(situation, language, as_text(situation, body, language), channel, past)
        except (TextError, ValueError):
            found[language] = None
    return found
