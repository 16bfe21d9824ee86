"""Drawing pages: one jinja2 environment with autoescape always on and undefined names refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
from aiohttp import web
from markupsafe import Markup, escape

from channels.web import languages, opening, texts
from channels.web.static import StaticFiles
from config.announcements import standing
from config.directions import straight
from config.directory import directory
from config.vocabulary import LANGUAGES, Language, Way

# A telephone number in brackets, with plain or no-break spaces.
_NUMBER = re.compile(r"\[([0-9\s]+)\]")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w.-]+")
_SITE: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_MB: Final = 1_000_000
HERE: Final = Path(__file__).resolve().parent


def environment(*folders: Path, finalize: Callable[[Any], Any] | None = None) -> jinja2.Environment:
    """Return an environment over these template folders, the shared ones last; `finalize` sees whatever is put into a page."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, HERE / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=finalize,
    )
    made.filters["lines"] = _lines
    made.filters["fill"] = _fill
    made.filters["callable"] = _callable
    made.filters["reachable"] = _reachable
    return made


def straightened(value: Any) -> Any:
    """For `finalize` where pages show what others wrote: without marks that turn round what stands beside it (rule M14)."""
    if isinstance(value, Markup):
        return Markup(straight(value))  # noqa: S704  # It was markup before; only marks of direction are gone.
    return straight(value) if isinstance(value, str) else value


class Pages:
    """The public pages' drawing board: templates, words, addresses of static files, and the help that all pages share."""

    def __init__(
        self,
        base_url: str,
        folders: Sequence[Path] = (),
        static: StaticFiles | None = None,
        down: Collection[Way] = (),
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.down = down
        self.static = static or StaticFiles(HERE / "static")
        self._environment = environment(*folders)

    def draw(self, template: str, language: Language, **context: Any) -> str:
        """Return the page as text.

        The template sees `t` (the words), `say` (dates and times), `said` (sets a text of the data files as the language
        writes it), what the help block of every page needs, and its own context.
        """
        return self._environment.get_template(template).render(
            t=texts.pages()[language],
            say=Say(language),
            language=language,
            own_names=languages.OWN_NAMES,
            languages=LANGUAGES,
            static=self.static.url,
            base_url=self.base_url,
            said=lambda text: texts.typeset(text, language),
            office=directory().office,
            phone_hours=opening.phone_hours(language),
            announced=standing().get(language, ()),
            not_working=opening.not_working(self.down, language),
            **context,
        )

    def page(
        self,
        template: str,
        language: Language,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> web.Response:
        """Return the page as an answer; it is never kept by a browser or a proxy unless `headers` says so."""
        response = web.Response(
            text=self.draw(template, language, **context), status=status, content_type="text/html", headers=headers
        )
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Content-Language"] = language
        return response


class Say:
    """Dates, times and references in the words of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def long_date(self, day: Any) -> str:
        """See languages.long_date."""
        return languages.long_date(day, self._language)

    def full_day(self, moment: Any) -> str:
        """The day of a moment in Brussels, with its year."""
        return languages.long_date(moment.astimezone(languages.BRUSSELS).date(), self._language)

    def short_date(self, moment: Any) -> str:
        """See languages.short_date."""
        return languages.short_date(moment, self._language)

    def clock_time(self, moment: Any) -> str:
        """See languages.clock_time."""
        return languages.clock_time(moment, self._language)

    def size(self, size: int) -> str:
        """A file's size: "3 kB", "1,2 Mo"."""
        if size < _MB:
            return f"{max(1, round(size / 1000))}\u00a0{'ko' if self._language == 'fr' else 'kB'}"
        amount = f"{size / _MB:.1f}" if self._language == "en" else f"{size / _MB:.1f}".replace(".", ",")
        return f"{amount}\u00a0{'Mo' if self._language == 'fr' else 'MB'}"

    def letters(self, code: str) -> str:
        """A code sign by sign, for those who hear the page: "K 7 Q M, 2 B 4 X"."""
        return ", ".join(" ".join(part) for part in code.split("-"))

    def spoken(self, reference: str) -> str:
        """See languages.spoken."""
        return languages.spoken(reference)


def _fill(text: str, **values: object) -> Markup:
    """Escape a text and put escaped values (or markup of ours) in the place of its {names}."""
    return Markup(texts.fill(str(escape(text)), {name: str(escape(value)) for name, value in values.items()}))  # noqa: S704  # Both sides are escaped.


def _callable(text: str) -> Markup:
    """Escape a text and turn each [number] into a link that calls it; a leading 0 is a Belgian number."""

    def link(match: re.Match[str]) -> Markup:
        digits = "".join(character for character in match.group(1) if character.isdigit())
        return Markup('<a class="tel" href="tel:{}">{}</a>').format(re.sub("^0", "+32", digits), match.group(1))

    return Markup(_NUMBER.sub(link, str(escape(text))))  # noqa: S704  # The text is escaped, the links are ours.


def _reachable(text: str, kind: str) -> Markup:
    """Escape a way to reach somebody and make it a link where it is nothing but a number, an address or a site."""
    digits = "".join(text.split())
    if kind == "phone" and digits.isdecimal():
        return _callable(f"[{text}]")
    if kind == "mail" and _MAIL.fullmatch(text):
        return Markup('<a class="mail" href="mailto:{0}">{0}</a>').format(text)
    if kind == "web" and _SITE.fullmatch(text):
        return Markup('<a class="mail" href="https://{0}" rel="external noreferrer">{0}</a>').format(text)
    return escape(text)


def _lines(text: str) -> Markup:
    """Escape a text and keep its paragraphs and line breaks."""
    paragraphs = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in part.strip("\n").split("\n")))
        for part in paragraphs
    )
