"""What a visitor reads before writing: the first page, and the quality policy as a page and as a PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from aiohttp import web

from channels.form.contract import PolicyUnavailableError
from channels.form.site import Site, page_language
from channels.web import languages, opening
from channels.web.middleware import CSP, error_answer
from config.directory import directory
from config.quality import policies

# A page without anything personal: kept, but asked for again before each use, since it says whether the line is open.
_FRESH: Final[Mapping[str, str]] = {"Cache-Control": "no-cache"}
# The chat stands in a frame of our own; nothing else does.
_WITH_CHAT: Final = f"{CSP}; frame-src 'self'"
# After so many seconds the PDF may be asked for again when it could not be made.
_LATER: Final = 60


class FrontPages:
    """Handlers of `/`, `/{language}/`, `/{language}/quality` and its PDF. `now` gives an aware moment; `chat`: the first page
    offers the web chat."""

    def __init__(self, site: Site, now: Callable[[], datetime], *, chat: bool = False) -> None:
        self._site = site
        self._now = now
        self._chat = chat

    async def choose_language(self, request: web.Request) -> web.StreamResponse:
        """Send a visitor without a language to the one their browser prefers."""
        answer = self._site.redirect(f"/{languages.preferred(request.headers.get('Accept-Language', ''))}/")
        answer.headers["Vary"] = "Accept-Language"
        return answer

    async def add_slash(self, request: web.Request) -> web.StreamResponse:
        """Help a visitor who typed the address as a letter prints it, without the slash."""
        return self._site.redirect(f"/{page_language(request)}/")

    async def landing(self, request: web.Request) -> web.StreamResponse:
        """Show the first page."""
        pages, language = self._site.pages, page_language(request)
        return pages.page(
            "landing.html",
            language,
            headers={**_FRESH, "Content-Security-Policy": _WITH_CHAT} if self._chat else _FRESH,
            here="",
            chat=self._chat,
            known=directory(),
            phone_now="" if "phone" in pages.down else opening.phone_now(self._now(), language),
        )

    async def quality(self, request: web.Request) -> web.StreamResponse:
        """Show the quality policy."""
        language = page_language(request)
        return self._site.pages.page(
            "quality.html",
            language,
            headers=_FRESH,
            here="quality",
            policy=policies()[language],
        )

    async def quality_pdf(self, request: web.Request) -> web.StreamResponse:
        """Give the quality policy as a PDF. It is the same for everybody, so anybody on the way may keep it."""
        language = page_language(request)
        try:
            pdf = await self._site.door.policy_pdf(language)
        except PolicyUnavailableError:
            return error_answer(request, self._site.pages, 503, retry_after=_LATER)
        headers = {
            "Content-Disposition": f'attachment; filename="{_FILE_NAMES[language]}.pdf"',
            "Cache-Control": "public, max-age=3600",
            "Content-Language": language,
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=pdf, content_type="application/pdf", headers=headers)


_FILE_NAMES: Final = {
    "fr": "Partenamut-politique-de-qualite",
    "nl": "Partenamut-kwaliteitsbeleid",
    "de": "Partenamut-Qualitaetspolitik",
    "en": "Partenamut-quality-policy",
}
