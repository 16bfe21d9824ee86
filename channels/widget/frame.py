"""The two pages of the chat: the frame, the only page of ours that others may frame, and an example of such a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from channels.form import files as file_rules
from channels.form.fields import MAX_TEXT
from channels.web import languages, texts
from channels.widget.site import Site
from config.vocabulary import Language

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
# The words that the scripts of the frame need, under `widget.chat` in config/pages.
_WORDS: Final = (
    "bot",
    "you",
    "waiting",
    "waiting_now",
    "kept",
    "read",
    "busy",
    "store",
    "offline",
    "back",
    "typing",
    "choices",
    "over",
    "long",
    "earlier",
    "left",
    "transcript_name",
    "transcript_title",
    "files_first",
    "forgotten",
    "sent_files",
)
_UPLOAD: Final = (
    "waiting",
    "sending",
    "checking",
    "added",
    "taken_off",
    "cancel",
    "again",
    "failed",
    "large",
)


@dataclass(frozen=True, slots=True)
class FramePages:
    """Handlers of `/widget/frame/{language}` and `/widget/demo`."""

    site: Site

    async def frame(self, request: web.Request) -> web.StreamResponse:
        """Draw the frame. It holds nothing of anybody, so it may be kept by the browser, which asks before each use."""
        language = languages.known(request.match_info["language"]) or "fr"
        own = self.site.own_origin
        # Older Safari does not take 'self' for sockets.
        live = own.replace("http", "ws", 1)
        headers = {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {live}; form-action 'none'; base-uri 'none'; "
            f"frame-ancestors {' '.join(self.site.hosts)}",
            "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
            # A host page that isolates itself (COEP) may hold us too; which pages may is said above.
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Cache-Control": "no-cache",
        }
        return self.site.pages.page("frame.html", language, headers=headers, told=self._told(language), here="")

    async def demo(self, request: web.Request) -> web.StreamResponse:
        """Draw a page such as the mutual's own, under a policy that lets in nothing but what the chat needs of us."""
        language = languages.known(request.match_info.get("language", "")) or languages.preferred(
            request.headers.get("Accept-Language", "")
        )
        own = self.site.own_origin
        headers = {
            "Content-Security-Policy": f"default-src 'none'; script-src {own}; style-src {own}; img-src {own}; "
            f"frame-src {own}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Vary": "Accept-Language",
        }
        return self.site.pages.page("demo.html", language, headers=headers)

    def _told(self, language: Language) -> dict[str, Any]:
        """What the scripts of the frame need to know."""
        words = texts.pages()[language]
        return {
            "language": language,
            "hosts": self.site.hosts,
            "frame": self.site.limits.frame,
            "most": MAX_TEXT,
            "endings": sorted(file_rules.ENDINGS),
            "files": self.site.bodies.files,
            "bytes": self.site.bodies.file_bytes,
            "words": {name: words[f"widget.chat.{name}"] for name in _WORDS},
            "upload": {name: words[f"upload.{name}"] for name in _UPLOAD}
            | {"remove": words["form.waiting.remove"], "many": words["trouble.files_many"]}
            | {"empty": words["trouble.file_empty"], "kind": words["trouble.file_kind"]},
        }
