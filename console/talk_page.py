"""One conversation: what is said, what the robot understood, and the colleague who takes it over, writes and gives it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from config.canned import canned
from console.case_page import REASONS, CasePage
from console.recent_looks import RecentLooks
from console.site import Site, Who
from console.streams import Parts, Streams
from console.talk_contract import GoneError, OverError, TakenError, TalkLine, TooLongError, WholeTalk
from store import audit, views
from store.live import Hint
from store.views import Row

# What a page may say was just done; the words are under "talk.done".
DONE: Final = frozenset({"taken", "said", "back"})
# Looks of one person at one conversation are one look for so long.
_ONE_LOOK: Final = timedelta(minutes=5)
_PAUSE: Final = 0.1


class _ReasonWantedError(Exception):
    """It belongs to a sealed case, and this person has not said yet why they open it."""

    def __init__(self, row: Row) -> None:
        super().__init__(row.id)
        self.row = row


class TalkPage:
    """Handlers of `/console/conversations/{talk}`, its stream and its forms."""

    def __init__(self, site: Site, streams: Streams) -> None:
        self._site = site
        self._streams = streams
        self._cases = CasePage(site)
        self._looks = RecentLooks(_ONE_LOOK)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The conversation."""
        return await self._draw(request, who)

    async def events(self, request: web.Request, who: Who) -> web.StreamResponse:
        """What is new in it: lines, who has it, what the robot has understood, and who is writing."""
        talk_id = _talk_id(request)
        live = _Live(self, talk_id, after=_number(request.query.get("after", "")))
        if await self.whole_of(who, talk_id, after=0) is None:
            raise web.HTTPNotFound
        return await self._streams.serve(request, who, talk_id, live.draw, pause=_PAUSE)

    async def take(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Have it. `had` says who had it on the page that the form is from."""
        had = _number(who.form.get("had", "")) or None
        return await self._act(
            request, who, "taken", lambda talk_id: self._site.talks.take(who.viewer, talk_id, had=had, now=who.now)
        )

    async def give_back(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let the robot go on."""
        return await self._act(
            request, who, "back", lambda talk_id: self._site.talks.give_back(who.viewer, talk_id, now=who.now)
        )

    async def say(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Write to the member; or, without a script, put a ready text into the box."""
        text = who.form.get("text", "").replace("\r\n", "\n").strip()
        if "insert" in who.form:
            return await self._insert(request, who, text)
        if not text:
            return await self._draw(request, who, status=422, problem="empty")
        return await self._act(
            request, who, "said", lambda talk_id: self._site.talks.say(who.viewer, talk_id, text, now=who.now)
        )

    async def typing(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Tell the member that this person is writing, every two seconds at most."""
        whole = await self._own(request, who)
        key = f"{who.viewer.user_id}-{whole.talk.id}"
        if not await self._site.limiter.take("console typing", key, rate=30, burst=2, per_day=0):
            await self._site.talks.typing(who.viewer, whole.talk)
        return web.Response(status=204)

    async def seen(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Tell the member that the person who has it has read up to a line."""
        whole = await self._own(request, who)
        last = _number(who.form.get("last", ""))
        if last in [line.id for line in whole.lines]:
            await self._site.talks.seen(whole.talk, last)
        return web.Response(status=204)

    async def _own(self, request: web.Request, who: Who) -> WholeTalk:
        """The conversation, which this person has. Raises HTTPConflict when they do not."""
        try:
            whole = await self._whole(who, _talk_id(request))
        except _ReasonWantedError:
            raise web.HTTPForbidden from None
        if not is_mine(who, whole):
            raise web.HTTPConflict
        return whole

    async def _act(
        self, request: web.Request, who: Who, done: str, act: Callable[[int], Awaitable[None]]
    ) -> web.StreamResponse:
        talk_id = _talk_id(request)
        try:
            await self._whole(who, talk_id)
            await act(talk_id)
        except _ReasonWantedError as error:
            return await self._why(who, error)
        except GoneError:
            raise web.HTTPNotFound from None
        except TakenError as error:
            return await self._draw(request, who, status=409, problem="taken" if error.by else "free", by=error.by)
        except OverError:
            return await self._draw(request, who, status=409, problem="over")
        except TooLongError:
            return await self._draw(request, who, status=422, problem="too_long")
        return self._site.see_other(f"/console/conversations/{talk_id}?done={done}#write")

    async def _insert(self, request: web.Request, who: Who, text: str) -> web.StreamResponse:
        whole = await self._own(request, who)
        found = canned().find(who.form.get("canned", ""))
        ready = found.words(whole.talk.language, me=whole.signs_as) if found else ""
        return await self._draw(request, who, text="\n\n".join(filter(None, (text, ready))))

    async def _draw(
        self,
        request: web.Request,
        who: Who,
        *,
        status: int = 200,
        text: str | None = None,
        problem: str = "",
        by: str = "",
    ) -> web.Response:
        try:
            whole = await self._whole(who, _talk_id(request))
        except _ReasonWantedError as error:
            return await self._why(who, error)
        await self.note_look(who, whole)
        if is_mine(who, whole) and (last := _last_of_member(whole.lines)):
            await self._site.talks.seen(whole.talk, last)
        done = request.query.get("done", "")
        typed = who.form.get("text", "") if text is None else text
        return await self._site.page(
            "talk.html",
            who,
            status=status,
            here="talks",
            done=done if done in DONE else "",
            text=typed,
            problem=problem,
            by=by,
            last=whole.lines[-1].id if whole.lines else 0,
            **self.context(who, whole),
        )

    def context(self, who: Who, whole: WholeTalk) -> dict[str, Any]:
        """What every part of the page needs."""
        texts = [
            (one.id, one.title.in_language(who.language), one.words(whole.talk.language, me=whole.signs_as))
            for one in canned().root
        ]
        mine = is_mine(who, whole)
        return {"whole": whole, "talk": whole.talk, "mine": mine, "mode": mode(who, whole), "ready": texts}

    def part(self, template: str, who: Who, whole: WholeTalk, **context: Any) -> str:
        """A part of the page, for one that is open."""
        site = self._site
        more = {"who": who, "csrf": who.csrf, "text": "", **self.context(who, whole), **context}
        return site.pages.draw(template, who.language, who.now, **more)

    async def whole_of(self, who: Who, talk_id: int, *, after: int) -> WholeTalk | None:
        """The conversation, or None when it is not (any more) for this person."""
        try:
            return await self._whole(who, talk_id, after=after)
        except (web.HTTPNotFound, _ReasonWantedError):
            return None

    async def _whole(self, who: Who, talk_id: int, *, after: int = 0) -> WholeTalk:
        """The conversation, when this person may open it now: of a sealed case after they have said why (rule S2)."""
        async with self._site.store.read() as tx:
            try:
                whole = await self._site.talks.whole(tx, who.viewer, talk_id, after=after)
            except GoneError:
                raise web.HTTPNotFound from None
            case_id = whole.talk.case_id
            row = await views.case(tx, who.viewer, case_id) if case_id is not None else None
            if row is not None and not is_mine(who, whole) and not await self._cases.may_read(tx, who, row):
                raise _ReasonWantedError(row)
        return whole

    async def _why(self, who: Who, error: _ReasonWantedError) -> web.Response:
        return await self._site.page("why_sealed.html", who, status=403, row=error.row, reasons=REASONS)

    async def note_look(self, who: Who, whole: WholeTalk) -> None:
        """That somebody reads along is an act (rule L4)."""
        key = (who.viewer.user_id, whole.talk.id)
        if self._looks.holds(key, who.now):
            return
        detail = {"conversation": whole.talk.id}
        async with self._site.store.write() as tx:
            act = "conversation.viewed"
            await audit.write(tx, actor=who.actor, act=act, at=who.now, case_id=whole.talk.case_id, detail=detail)
        self._looks.note(key, who.now)


class _Live:
    """What one open page has been given of a conversation."""

    def __init__(self, page: TalkPage, talk_id: int, *, after: int) -> None:
        self._page = page
        self._talk_id = talk_id
        self._after = after
        self._version = -1
        self._mode = ""
        self._unread: set[int] = set()

    async def draw(self, who: Who, hints: Sequence[Hint]) -> Parts | None:
        # A line that was not read yet is drawn again once it is.
        since = min((self._after, *(line - 1 for line in self._unread)))
        whole = await self._page.whole_of(who, self._talk_id, after=since)
        if whole is None:
            return None
        await self._page.note_look(who, whole)
        parts: list[tuple[str, Any]] = []
        if lines := [line for line in whole.lines if line.id > self._after or self._now_read(line)]:
            shown = [
                {"id": line.id, "html": self._page.part("talk_line.html", who, whole, line=line)} for line in lines
            ]
            parts.append(("lines", {"lines": shown}))
            self._after = max(self._after, whole.lines[-1].id)
        self._unread = {line.id for line in whole.lines if line.unread}
        parts += self._around(who, whole)
        for hint in hints:
            if hint.what == "typing" and hint.name != whole.signs_as:
                parts.append(("typing", {"name": hint.name}))
        return parts

    def _now_read(self, line: TalkLine) -> bool:
        return line.id in self._unread and not line.unread

    def _around(self, who: Who, whole: WholeTalk) -> Parts:
        """Head, box and what was understood, when something of them has changed."""
        now = mode(who, whole)
        if (whole.talk.version, now) == (self._version, self._mode):
            return ()
        self._version, self._mode = whole.talk.version, now
        parts = ("head", "side", "write")
        drawn = {name: self._page.part(f"talk_{name}.html", who, whole) for name in parts}
        return [("around", {"mode": now, **drawn})]


def is_mine(who: Who, whole: WholeTalk) -> bool:
    """Whether this person has the conversation."""
    return whole.talk.stage == "person" and whole.talk.holder_id == who.viewer.user_id


def mode(who: Who, whole: WholeTalk) -> str:
    """What this person can do with it: while that stays the same, the box that they type in is left alone."""
    return f"{whole.talk.stage}-{whole.talk.holder_id or 0}-{who.may('handles')}"


def _last_of_member(lines: Sequence[TalkLine]) -> int:
    return max((line.id for line in lines if line.who == "member"), default=0)


def _talk_id(request: web.Request) -> int:
    return int(request.match_info["talk"])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
