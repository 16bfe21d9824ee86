"""Everything below /console/, put into an application in one call, each route with the right it asks for."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console import (
    access_acts,
    announcing,
    audit_page,
    calendar,
    door_trials,
    doors,
    fates,
    guides,
    kept_views,
    own_acts,
    people_routes,
    quality,
    queues,
    report_routes,
)
from console.asides import Asides
from console.bulk import routes as bulk_routes
from console.case_acts import case_acts
from console.case_page import CasePage
from console.case_papers import paper_routes
from console.entry_routes import WITH_FILES
from console.entry_routes import routes as entry_routes
from console.held_acts import HeldActs
from console.keys import KeysPage
from console.lists import Lists
from console.live_pages import routes as live_routes
from console.mentioning import mention_routes
from console.merging import routes as merging_routes
from console.oidc import Provider
from console.oidc_page import OidcPage
from console.papers import Papers
from console.parts import Parts
from console.passkey_pages import PasskeyPages
from console.quarantine import Quarantine
from console.recommending import recommendation_routes
from console.rights import Right
from console.rules_routes import routes as rules_routes
from console.searching import Search
from console.sign_in import SignIn
from console.site import Handler, Site
from console.steps import Steps
from console.streams import Streams
from console.talk_page import TalkPage
from console.talks_page import TalksPage
from console.texts_page import TextsPage

# Method, path, name, handler, and the right that it asks for.
Route = tuple[str, str, str, Handler, Right]
_CASE: Final = "/console/case/{reference}"
# Fifteen digits: every id of ours, and no number that a database could not take.
_ID: Final = r"\d{1,15}"
_TALK: Final = f"/console/conversations/{{talk:{_ID}}}"


def add_routes(app: web.Application, parts: Parts) -> None:
    """Add the console.

    The application must run `channels.web.middleware.middlewares(base_url)`. Raises ValueError for a secret under 16 bytes.
    """
    site = parts.site()
    streams = Streams(site)
    app.on_shutdown.append(streams.end)
    steps = Steps(site)
    sign_in = SignIn(site, steps)
    account = OidcPage(site, steps, Provider(parts.oidc, parts.clock) if parts.oidc else None)
    _add_way_in(app, sign_in, steps, account)
    for method, path, name, handler, right in _behind_the_guard(site, sign_in, streams, parts):
        app.router.add_route(
            method, path, site.guarded(handler, right, files=name == WITH_FILES), name=f"console-{name}"
        )
    site.pages.static.add_to(app)
    app.middlewares.append(site.no_such_page)


def _add_way_in(app: web.Application, sign_in: SignIn, steps: Steps, account: OidcPage) -> None:
    """The pages for who is not signed in yet, or not wholly."""
    get, post = app.router.add_get, app.router.add_post
    get("/console/sign-in", sign_in.show, name="console-signin")
    post("/console/sign-in", sign_in.enter, name="console-signin-post")
    get("/console/sign-in/account", account.leave, name="console-signin-account")
    get("/console/sign-in/account/back", account.back, name="console-signin-account-back")
    get("/console/sign-in/code", steps.show, name="console-signin-code")
    post("/console/sign-in/code", steps.give_code, name="console-signin-code-post")
    post("/console/sign-in/passkey", steps.ask_passkey, name="console-signin-passkey")
    get("/console/sign-in/second-step", steps.show, name="console-signin-enrol")
    post("/console/sign-in/second-step", steps.enrol, name="console-signin-enrol-post")
    get("/console/sign-in/password", steps.show, name="console-signin-password")
    post("/console/sign-in/password", steps.choose_password, name="console-signin-password-post")
    post("/console/language", sign_in.choose_language, name="console-language")


def _behind_the_guard(site: Site, sign_in: SignIn, streams: Streams, parts: Parts) -> list[Route]:
    """Every page behind the guard: each room brings its own."""
    return [
        *rules_routes(site, parts.rules),
        *_routes(site, sign_in),
        *case_acts(site),
        *live_routes(site, streams),
        *bulk_routes(site),
        *merging_routes(site),
        *mention_routes(site),
        *recommendation_routes(site),
        *paper_routes(site),
        *access_acts.routes(site, parts.access),
        *_talk_routes(site, streams),
        *kept_views.routes(site),
        *entry_routes(site, parts.entries),
        *people_routes.routes(site),
        *own_acts.routes(site),
        *PasskeyPages(site).routes(),
        *report_routes.routes(site),
        *queues.routes(site),
        *doors.routes(site, parts.checks),
        *door_trials.routes(site, parts.checks),
        *fates.routes(site),
        *guides.routes(site),
        *announcing.routes(site),
        *calendar.routes(site),
        *quality.routes(site, parts.trainer),
        *audit_page.routes(site),
        *TextsPage(site, parts.checks).routes(),
    ]


def _routes(site: Site, sign_in: SignIn) -> list[Route]:
    """Every page behind the guard: method, path, name, handler, and the right it asks for."""
    lists, page, asides, quarantine = Lists(site), CasePage(site), Asides(site), Quarantine(site)
    held, papers = HeldActs(site, page), Papers(site, page)

    return [
        ("POST", "/console/sign-out", "sign-out", sign_in.leave, "any"),
        ("POST", "/console/session", "session", sign_in.alive, "any"),
        ("GET", "/console/keys", "keys", KeysPage(site).show, "any"),
        ("GET", "/console/", "all", lists.everything, "any"),
        ("GET", "/console/mine", "mine", lists.mine, "reads"),
        ("GET", "/console/queue/{queue:[a-z_]{1,24}}", "queue", lists.queue, "reads"),
        ("GET", "/console/search", "search", Search(site).search, "reads"),
        ("GET", f"{_CASE}/file/{{file:{_ID}}}", "case-file", papers.file, "reads"),
        ("GET", f"{_CASE}/file/{{file:{_ID}}}/look", "case-look", papers.look, "reads"),
        ("GET", f"{_CASE}/file/{{file:{_ID}}}/look/{{page:[1-9][0-9]?}}", "case-look-page", papers.page, "reads"),
        ("GET", f"{_CASE}/original/{{message:{_ID}}}", "case-original", papers.original, "reads"),
        ("GET", f"{_CASE}/as-sent/{{message:{_ID}}}", "case-html", papers.as_sent, "reads"),
        ("GET", f"{_CASE}/as-sent/{{message:{_ID}}}/document", "case-document", papers.document, "reads"),
        ("GET", "/console/held", "held", asides.held, "handles"),
        ("POST", f"/console/held/{{held:{_ID}}}/join", "held-join", held.join_held, "handles"),
        ("POST", f"/console/held/{{held:{_ID}}}/own", "held-own", held.own_case, "handles"),
        ("GET", "/console/robots", "robots", asides.robots, "handles"),
        ("GET", f"/console/robots/{{item:{_ID}}}", "robot", asides.robot, "handles"),
        ("POST", f"/console/robots/{{item:{_ID}}}/case", "robot-case", asides.not_a_robot, "handles"),
        ("GET", "/console/quarantine", "quarantine", quarantine.show, "supervises"),
        ("GET", f"/console/quarantine/{{item:{_ID}}}", "quarantine-item", quarantine.open, "supervises"),
        ("POST", "/console/quarantine/replay", "quarantine-replay", quarantine.replay, "supervises"),
        ("POST", f"/console/quarantine/{{item:{_ID}}}/aside", "quarantine-aside", quarantine.set_aside, "supervises"),
        ("POST", f"/console/quarantine/{{item:{_ID}}}/back", "quarantine-back", quarantine.bring_back, "supervises"),
    ]


def _talk_routes(site: Site, streams: Streams) -> list[Route]:
    """The pages of conversations, as `_routes`."""
    listed, page = TalksPage(site, streams), TalkPage(site, streams)
    return [
        ("GET", "/console/conversations", "talks", listed.show, "reads"),
        ("GET", "/console/conversations/events", "talks-events", listed.events, "reads"),
        ("GET", _TALK, "talk", page.show, "reads"),
        ("GET", f"{_TALK}/events", "talk-events", page.events, "reads"),
        ("POST", f"{_TALK}/take", "talk-take", page.take, "handles"),
        ("POST", f"{_TALK}/say", "talk-say", page.say, "handles"),
        ("POST", f"{_TALK}/back", "talk-back", page.give_back, "handles"),
        ("POST", f"{_TALK}/typing", "talk-typing", page.typing, "handles"),
        ("POST", f"{_TALK}/seen", "talk-seen", page.seen, "handles"),
    ]
