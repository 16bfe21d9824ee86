"""What the handlers of the form, the API and the case page share: the house behind, and who may knock how often."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from channels.form import files as file_rules
from channels.form.case_contract import CaseDoor
from channels.form.contract import Door
from channels.form.guard import Guard
from channels.viruses import NoScanner, Scanner
from channels.web import languages
from channels.web.address import Networks, client_address, limit_key, network_key
from channels.web.body import BodyLimits, Upload, Uploads
from channels.web.cookies import Cookie
from channels.web.limits import Barred, Limiter
from channels.web.pages import Pages
from config.vocabulary import Language

# What the tokens of the form are made for; those of the case page are made for another purpose.
PURPOSE: Final = "form"
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
# Files that travel one by one: ten to a form, some of them twice, several people behind one address.
FILES: Final = Rate(40, 60, 400)
# Looking at a text while it is written. Who types faster is told nothing for a moment, and misses nothing.
HINTS: Final = Rate(60, 30, 5_000)


@dataclass(frozen=True, slots=True)
class Site:
    """The parts that a handler needs. `secret` signs the tokens of forms, `guard` keeps robots from the form."""

    door: Door
    case_door: CaseDoor
    limiter: Limiter
    guard: Guard
    secret: bytes
    trusted: Networks
    pages: Pages
    form_cookie: Cookie
    case_cookie: Cookie
    # Tells this browser from another one with the same link, for the codes that are asked for here.
    browser_cookie: Cookie
    scanner: Scanner = field(default_factory=NoScanner)
    limits: BodyLimits = field(default_factory=BodyLimits)
    uploads: Uploads = field(default_factory=Uploads)
    barred: Barred = field(default_factory=Barred)

    def address(self, request: web.Request) -> str:
        """Return the address of the sender."""
        return client_address(request, self.trusted)

    async def wait_before(self, request: web.Request, scope: str, allowed: Rate) -> int:
        """Count one act of this sender and of their network; return the seconds to wait, 0 when it may go on.

        By address first: what one address does too often does not use up what its neighbours may do.
        """
        address = self.address(request)
        times = self.guard.settings.network_factor
        return await self._take(scope, limit_key(address), allowed, 1) or await self._take(
            f"{scope}-network", network_key(address), allowed, times
        )

    async def wait_before_submitting(self, request: web.Request) -> int:
        """Count one submission."""
        return await self.wait_before(request, "submit", SUBMISSIONS)

    async def _take(self, scope: str, key: str, allowed: Rate, times: int) -> int:
        return await self.limiter.take(
            scope, key, rate=times * allowed.rate, burst=times * allowed.burst, per_day=times * allowed.per_day
        )

    async def file_trouble(self, file: Upload) -> str:
        """Why a file cannot be taken ("kind", "infected", …), "" when it can. A scanner that cannot be asked stops nobody
        here: colleagues wait for it instead (rule F7)."""
        why = await asyncio.to_thread(file_rules.trouble, file)
        if why:
            return why
        return "infected" if await self.scanner.scan(file.content) == "infected" else ""

    def redirect(self, path: str) -> web.Response:
        """Send the browser to a page of ours, below the configured address (rule F9)."""
        return self.see_other(f"{self.pages.base_url}{path}")

    def see_other(self, url: str) -> web.Response:
        """Send the browser to an address that the house made."""
        return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def page_language(request: web.Request) -> Language:
    """Return the language of the page's address; the route has let only ours pass."""
    return languages.known(request.match_info["language"]) or "fr"
