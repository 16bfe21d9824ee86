"""Whether the classifier can still be trusted, where not, and teaching it from what people corrected."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from aiohttp import web

from console.days import midnight
from console.proof import Proof
from console.quality_figures import Bin, figures
from console.site import Handler, Site, Who
from console.training_contract import NoSuchVersionError, NoWayBackError, Trainer
from router import deadlines
from store import judged

_SPANS: Final = (1, 3, 12)
_USUAL: Final = 3
# The picture of the curve, in its own units.
_SIDE: Final = 200


class Quality:
    """Handlers of `/console/quality`."""

    def __init__(self, site: Site, trainer: Trainer) -> None:
        self._site = site
        self._trainer = trainer
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The figures of the last months, the latest training, and the versions."""
        months = _months(request.query.get("months", ""))
        today = deadlines.received_day(who.now)
        since = _months_before(today, months)
        async with self._site.store.read() as tx:
            found = await judged.listing(tx, who.viewer, midnight(since), who.now)
            hidden = await judged.hidden(tx, who.viewer, midnight(since), who.now)
        training = await self._trainer.training(now=who.now)
        in_use, versions = await self._trainer.versions()
        counted = figures(found)
        said = request.query.get("said", "")
        return await self._site.page(
            "quality.html",
            who,
            here="quality",
            months=months,
            spans=_SPANS,
            since=since,
            figures=counted,
            hidden=hidden,
            most=judged.MOST if len(found) == judged.MOST else 0,
            curve=[_point(one) for one in counted.bins],
            side=_SIDE,
            training=training,
            in_use=in_use,
            versions=versions,
            said=said if said in ("began", "running", "used", "back", "broken", "first") else "",
        )

    async def state(self, _: web.Request, who: Who) -> web.StreamResponse:
        """The part of the page about the training, which the page asks for while one runs."""
        training = await self._trainer.training(now=who.now)
        in_use, versions = await self._trainer.versions()
        text = self._site.pages.draw(
            "training.html", who.language, who.now, training=training, in_use=in_use, versions=versions, csrf=who.csrf
        )
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def train(self, _: web.Request, who: Who) -> web.StreamResponse:
        """Begin a training, unless one runs."""
        began = await self._trainer.start(who.viewer, now=who.now)
        return self._back("began" if began else "running")

    async def use(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let a version read."""
        if (wanted := await self._proof.wanted(request, who)) is not None:
            return wanted
        try:
            await self._trainer.use(who.viewer, who.form.get("version", ""), now=who.now)
        except NoSuchVersionError:
            return self._back("broken")
        return self._back("used")

    async def back(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let the version read again that stood before."""
        if (wanted := await self._proof.wanted(request, who)) is not None:
            return wanted
        try:
            await self._trainer.back(who.viewer, who.form.get("leaving", ""), now=who.now)
        except NoWayBackError:
            return self._back("first")
        return self._back("back")

    def _back(self, said: str) -> web.Response:
        return self._site.see_other(f"/console/quality?said={said}#training")


def routes(site: Site, trainer: Trainer) -> list[tuple[str, str, str, Handler, Any]]:
    """The pages of this file: method, path, name, handler, right."""
    page = Quality(site, trainer)
    return [
        ("GET", "/console/quality", "quality", page.show, "supervises"),
        ("GET", "/console/quality/training", "quality-training", page.state, "supervises"),
        ("POST", "/console/quality/train", "quality-train", page.train, "supervises"),
        ("POST", "/console/quality/use", "quality-use", page.use, "supervises"),
        ("POST", "/console/quality/back", "quality-back", page.back, "supervises"),
    ]


def _months(text: str) -> int:
    return int(text) if text in {str(span) for span in _SPANS} else _USUAL


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months back, the present one counted."""
    place = day.year * 12 + day.month - months
    return date(place // 12, place % 12 + 1, 1)


def _point(one: Bin) -> dict[str, Any]:
    """A bin at its place in the picture: to the right how sure, up how often right, its interval as a line."""
    low, high = one.right.interval
    return {
        "x": round(one.said * _SIDE, 1),
        "y": round((1 - one.right.value) * _SIDE, 1),
        "top": round((1 - high) * _SIDE, 1),
        "bottom": round((1 - low) * _SIDE, 1),
        "few": one.right.few,
        "said": one.said,
        "right": one.right,
    }
