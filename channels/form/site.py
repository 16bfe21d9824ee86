"""What the handlers of the form, the API and the case page share: the house behind, and who may knock how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from channels.form.case_contract import CaseDoor
from channels.form.contract import Door
from channels.web import languages
from channels.web.address import Networks, client_address, limit_key
from channels.web.body import BodyLimits, Uploads
from channels.web.cookies import Cookie
from channels.web.limits import Barred, Limiter
from channels.web.pages import Pages
from config.vocabulary import Language

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a minute, at most `burst` at once, and so many a day (0: no daily limit)."""

    rate: float
    burst: int
    per_day: int


# Rule F4, and rule C5: 30 bad secret links in ten minutes.
SUBMISSIONS: Final = Rate(20, 40, 200)
# Turning pages of the form costs little; sending it is counted apart.
TURNS: Final = Rate(60, 120, 2_000)
BAD_LINKS: Final = Rate(3, 30, 0)
# Rule F8: 10 tries an hour to find a case. Codes are counted by the house too, for each case.
FINDS: Final = Rate(10 / 60, 10, 0)
CODES: Final = Rate(20 / 60, 20, 0)
# Each of these writes into the register: asking for a code, an opinion, ending links.
ACTS: Final = Rate(6, 20, 100)
# Typesetting takes a second of a processor.
PDFS: Final = Rate(3, 4, 40)


@dataclass(frozen=True, slots=True)
class Site:
    """The parts that a handler needs. `secret` signs the tokens of forms."""

    door: Door
    case_door: CaseDoor
    limiter: Limiter
    secret: bytes
    trusted: Networks
    pages: Pages
    form_cookie: Cookie
    case_cookie: Cookie
    # Tells this browser from another one with the same link, for the codes that are asked for here.
    browser_cookie: Cookie
    limits: BodyLimits = field(default_factory=BodyLimits)
    uploads: Uploads = field(default_factory=Uploads)
    barred: Barred = field(default_factory=Barred)

    def address(self, request: web.Request) -> str:
        """Return the address of the sender."""
        return client_address(request, self.trusted)

    async def wait_before_submitting(self, request: web.Request) -> int:
        """Count one submission; return the seconds that this sender has to wait, 0 when it may go on."""
        key = limit_key(self.address(request))
        allowed = SUBMISSIONS
        return await self.limiter.take("submit", key, rate=allowed.rate, burst=allowed.burst, per_day=allowed.per_day)

    async def wait_before(self, request: web.Request, what: str, allowed: Rate) -> int:
        """Count one act of this sender; return the seconds to wait, 0 when it may go on."""
        key = limit_key(self.address(request))
        return await self.limiter.take(what, key, rate=allowed.rate, burst=allowed.burst, per_day=allowed.per_day)

    async def wait_before_turning(self, request: web.Request) -> int:
        """Count one page of the form that was turned; return the seconds to wait, 0 when it may go on."""
        key, allowed = limit_key(self.address(request)), TURNS
        return await self.limiter.take("turn", key, rate=allowed.rate, burst=allowed.burst, per_day=allowed.per_day)

    def redirect(self, path: str) -> web.Response:
        """Send the browser to a page of ours, below the configured address (rule F9)."""
        return self.see_other(f"{self.pages.base_url}{path}")

    def see_other(self, url: str) -> web.Response:
        """Send the browser to an address that the house made."""
        return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def page_language(request: web.Request) -> Language:
    """Return the language of the page's address; the route has let only ours pass."""
    return languages.known(request.match_info["language"]) or "fr"
