"""Everything the public web needs, put into an application in one call."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web

from channels.form import case_access
from channels.form.api import Api
from channels.form.case_acts import CaseActs
from channels.form.case_contract import CaseDoor
from channels.form.case_pages import CasePages
from channels.form.code_pages import CodePages
from channels.form.contact_contract import ContactDoor
from channels.form.contract import Door, Limiter
from channels.form.details_pages import DetailsPages
from channels.form.find_pages import FindPages
from channels.form.form_pages import FormPages
from channels.form.front_pages import FrontPages
from channels.form.guard import Guard
from channels.form.hinting import Hinting
from channels.form.site import PURPOSE, TEMPLATES, Site
from channels.form.uploading import Uploading
from channels.viruses import NoScanner, Scanner
from channels.web.address import networks
from channels.web.body import continue_if_wanted
from channels.web.cookies import Cookie
from channels.web.pages import Pages
from config.vocabulary import Way

_LANGUAGE = "{language:fr|nl|de|en}"


def _now() -> datetime:
    return datetime.now(UTC)


def add_routes(
    app: web.Application,
    *,
    door: Door,
    case_door: CaseDoor,
    contact_door: ContactDoor,
    limiter: Limiter,
    guard: Guard,
    scanner: Scanner | None = None,
    base_url: str,
    secret: bytes,
    trusted_proxies: tuple[str, ...],
    production: bool,
    down: Collection[Way] = (),
    chat: bool = False,
    now: Callable[[], datetime] = _now,
) -> None:
    """Add the landing page, the quality policy, the form, the case page, the API and the static files.

    `down` are the ways to the house that do not work today; `chat`: the first page offers the web chat, which the same
    application serves; `now` gives an aware moment.

    The application must run `channels.web.middleware.middlewares(base_url)`. Raises ValueError for a secret under 16
    bytes, a proxy that is no network, or, in production, a public address without https.
    """
    secure = urlsplit(base_url).scheme == "https"
    if len(secret) < 16:
        raise ValueError("the secret of the forms must have at least 16 bytes")
    if production and not secure:
        raise ValueError("in production the public address must be https")
    site = Site(
        door=door,
        case_door=case_door,
        limiter=limiter,
        guard=guard,
        scanner=scanner or NoScanner(),
        secret=secret,
        trusted=networks(trusted_proxies),
        pages=Pages(base_url, [TEMPLATES], down=down),
        form_cookie=Cookie("form", secure),
        case_cookie=Cookie("case", secure),
        browser_cookie=Cookie("browser", secure),
    )
    _add_front(app, FrontPages(site, now, chat=chat))
    _add_form(app, site)
    _add_case(app, site)
    _add_details(app, DetailsPages(site, contact_door))
    api = Api(site)
    app.router.add_post("/api/v1/messages", api.submit, name="api-messages", expect_handler=continue_if_wanted)
    app.router.add_get("/api/v1/openapi.json", api.describe, name="api-description")
    site.pages.static.add_to(app)


def _add_front(app: web.Application, front: FrontPages) -> None:
    get = app.router.add_get
    get("/", front.choose_language, name="choose-language")
    get(f"/{_LANGUAGE}", front.add_slash, name="landing-typed")
    get(f"/{_LANGUAGE}/", front.landing, name="landing")
    get(f"/{_LANGUAGE}/quality", front.quality, name="quality")
    get(f"/{_LANGUAGE}/quality.pdf", front.quality_pdf, name="quality-pdf")


def _add_form(app: web.Application, site: Site) -> None:
    form, get, post = FormPages(site), app.router.add_get, app.router.add_post
    get(f"/{_LANGUAGE}/complaint", form.show, name="form")
    post(f"/{_LANGUAGE}/complaint", form.submit, name="form-submit", expect_handler=continue_if_wanted)
    post(f"/{_LANGUAGE}/complaint/notice", Hinting(site).notice, name="form-notice")
    _add_files(app, "complaint", Uploading(site, PURPOSE, site.form_cookie))


def _add_case(app: web.Application, site: Site) -> None:
    case, code, acts, find = CasePages(site), CodePages(site), CaseActs(site), FindPages(site)
    get, post = app.router.add_get, app.router.add_post
    _add_files(app, "case", Uploading(site, case_access.PURPOSE, site.case_cookie))
    get(f"/{_LANGUAGE}/c/{{token}}", case.open_link, name="case-link")
    get(f"/{_LANGUAGE}/receipt", case.receipt, name="receipt")
    get(f"/{_LANGUAGE}/receipt.pdf", acts.receipt_pdf, name="receipt-pdf")
    get(f"/{_LANGUAGE}/case", case.show, name="case")
    get(f"/{_LANGUAGE}/case/letter", case.letter, name="case-letter")
    post(f"/{_LANGUAGE}/case", case.add, name="case-add", expect_handler=continue_if_wanted)
    post(f"/{_LANGUAGE}/case/leave", case.leave, name="case-leave")
    post(f"/{_LANGUAGE}/case/rate", case.rate, name="case-rate")
    get(f"/{_LANGUAGE}/case/code", code.show, name="case-code")
    post(f"/{_LANGUAGE}/case/code", code.ask, name="case-code-ask")
    post(f"/{_LANGUAGE}/case/code/use", code.use, name="case-code-use")
    post(f"/{_LANGUAGE}/case/links", acts.end_links, name="case-links-end")
    get(f"/{_LANGUAGE}/case/due.ics", acts.calendar, name="case-calendar")
    get(f"/{_LANGUAGE}/find", find.show, name="find")
    post(f"/{_LANGUAGE}/find", find.submit, name="find-submit")


def _add_details(app: web.Application, details: DetailsPages) -> None:
    app.router.add_get(f"/{_LANGUAGE}/case/details", details.show, name="case-details")
    app.router.add_post(f"/{_LANGUAGE}/case/details", details.ask, name="case-details-ask")
    app.router.add_post(f"/{_LANGUAGE}/case/details/code", details.prove, name="case-details-code")
    app.router.add_post(f"/{_LANGUAGE}/case/details/confirm", details.confirm, name="case-details-confirm")


def _add_files(app: web.Application, page: str, files: Uploading) -> None:
    """The files of the form and of the case page, each on its own row."""
    post = app.router.add_post
    post(f"/{_LANGUAGE}/{page}/files", files.add, name=f"{page}-file", expect_handler=continue_if_wanted)
    post(f"/{_LANGUAGE}/{page}/files/waiting", files.waiting, name=f"{page}-files-waiting")
    post(f"/{_LANGUAGE}/{page}/files/remove", files.remove, name=f"{page}-file-remove")
