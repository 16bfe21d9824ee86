"""Everything below /console/, put into an application in one call, each route with the right it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from channels.viruses import NoScanner, Scanner
from channels.web.address import networks
from channels.web.cookies import Cookie
from channels.web.limits import Limiter
from console import (
    announcing,
    audit_page,
    calendar,
    door_trials,
    doors,
    fates,
    kept_views,
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
from console.contract import Desk
from console.door_contract import DoorChecks
from console.entry_contract import Entries
from console.entry_routes import WITH_FILES
from console.entry_routes import routes as entry_routes
from console.held_acts import HeldActs
from console.lists import Lists
from console.live_pages import routes as live_routes
from console.mentioning import mention_routes
from console.merging import routes as merging_routes
from console.oidc import Provider, Relation
from console.oidc_page import OidcPage
from console.pages import ConsolePages
from console.papers import Papers
from console.passkey_pages import PasskeyPages
from console.passkeys import Passkeys
from console.quarantine import Quarantine
from console.recommending import recommendation_routes
from console.rights import Right
from console.rules_contract import RuleHouse
from console.rules_routes import routes as rules_routes
from console.searching import Search
from console.second_step import SecondStep
from console.sign_in import SignIn
from console.site import Handler, Site, Who
from console.steps import Steps
from console.streams import Streams
from console.talk_contract import Talks
from console.talk_page import TalkPage
from console.talks_page import TalksPage
from console.texts_page import TextsPage
from console.training_contract import Trainer
from store.database import Store

_CASE: Final = "/console/case/{reference}"
# Fifteen digits: every id of ours, and no number that a database could not take.
_ID: Final = r"\d{1,15}"
_TALK: Final = f"/console/conversations/{{talk:{_ID}}}"


def add_routes(
    app: web.Application,
    *,
    store: Store,
    desk: Desk,
    talks: Talks,
    entries: Entries,
    rules: RuleHouse,
    trainer: Trainer,
    checks: DoorChecks,
    limiter: Limiter,
    base_url: str,
    secret: bytes,
    trusted_proxies: tuple[str, ...],
    now: Callable[[], datetime],
    saturdays: bool = False,
    scanner: Scanner | None = None,
    earlier_secrets: Sequence[bytes] = (),
    require_second_step: bool = False,
    oidc: Relation | None = None,
) -> None:
    """Add the console.

    The application must run `channels.web.middleware.middlewares(base_url)`. `secret` signs the token of the sign-in
    form; `saturdays` says whether they are working days, `scanner` looks into files before they are given.
    `earlier_secrets`, the newest first, still open what they sealed; with `require_second_step` nobody is in without one.
    `oidc`: the issuer with whose accounts colleagues may sign in, too.
    Raises ValueError for a secret under 16 bytes.
    """
    if len(secret) < 16:
        raise ValueError("the secret of the console must have at least 16 bytes")
    secure = urlsplit(base_url).scheme == "https"
    site = Site(
        store=store,
        desk=desk,
        talks=talks,
        limiter=limiter,
        base_url=base_url.rstrip("/"),
        secret=secret,
        trusted=networks(trusted_proxies),
        pages=ConsolePages(saturdays=saturdays),
        session_cookie=Cookie("console", secure),
        visit_cookie=Cookie("console-visit", secure),
        language_cookie=Cookie("console-language", secure),
        account_cookie=Cookie("console-account", secure),
        clock=now,
        saturdays=saturdays,
        scanner=scanner or NoScanner(),
        second_step=SecondStep((secret, *earlier_secrets)),
        passkeys=Passkeys(base_url, "Guichet"),
        second_step_required=require_second_step,
        account_name=oidc.name if oidc else "",
    )
    steps = Steps(site)
    sign_in = SignIn(site, steps)
    app.router.add_get("/console/sign-in", sign_in.show, name="console-signin")
    app.router.add_post("/console/sign-in", sign_in.enter, name="console-signin-post")
    account = OidcPage(site, steps, Provider(oidc, now) if oidc else None)
    app.router.add_get("/console/sign-in/account", account.leave, name="console-signin-account")
    app.router.add_get("/console/sign-in/account/back", account.back, name="console-signin-account-back")
    app.router.add_get("/console/sign-in/code", steps.show, name="console-signin-code")
    app.router.add_post("/console/sign-in/code", steps.give_code, name="console-signin-code-post")
    app.router.add_post("/console/sign-in/passkey", steps.ask_passkey, name="console-signin-passkey")
    app.router.add_get("/console/sign-in/second-step", steps.show, name="console-signin-enrol")
    app.router.add_post("/console/sign-in/second-step", steps.enrol, name="console-signin-enrol-post")
    app.router.add_get("/console/sign-in/password", steps.show, name="console-signin-password")
    app.router.add_post("/console/sign-in/password", steps.choose_password, name="console-signin-password-post")
    app.router.add_post("/console/language", sign_in.choose_language, name="console-language")
    streams = Streams(site)
    app.on_shutdown.append(streams.end)
    behind_the_guard = [
        *rules_routes(site, rules),
        *_routes(site, sign_in),
        *case_acts(site),
        *live_routes(site, streams),
        *bulk_routes(site),
        *merging_routes(site),
        *mention_routes(site),
        *recommendation_routes(site),
        *paper_routes(site),
        *_talk_routes(site, streams),
        *kept_views.routes(site),
        *entry_routes(site, entries),
        *people_routes.routes(site),
        *PasskeyPages(site).routes(),
        *report_routes.routes(site),
        *queues.routes(site),
        *doors.routes(site, checks),
        *door_trials.routes(site, checks),
        *fates.routes(site),
        *announcing.routes(site),
        *calendar.routes(site),
        *quality.routes(site, trainer),
        *audit_page.routes(site),
        *TextsPage(site, checks).routes(),
    ]
    for method, path, name, handler, right in behind_the_guard:
        app.router.add_route(
            method, path, site.guarded(handler, right, files=name == WITH_FILES), name=f"console-{name}"
        )
    site.pages.static.add_to(app)
    app.middlewares.append(site.no_such_page)


def _routes(site: Site, sign_in: SignIn) -> list[tuple[str, str, str, Handler, Right]]:
    """Every page behind the guard: method, path, name, handler, and the right it asks for."""
    lists, page, asides, quarantine = Lists(site), CasePage(site), Asides(site), Quarantine(site)
    held, papers = HeldActs(site, page), Papers(site, page)

    async def keys(_: web.Request, who: Who) -> web.StreamResponse:
        return await site.page("keys.html", who, here="keys")

    return [
        ("POST", "/console/sign-out", "sign-out", sign_in.leave, "any"),
        ("POST", "/console/session", "session", sign_in.alive, "any"),
        ("GET", "/console/keys", "keys", keys, "any"),
        ("GET", "/console/", "all", lists.everything, "any"),
        ("GET", "/console/mine", "mine", lists.mine, "reads"),
        ("GET", "/console/queue/{queue:[a-z_]{1,24}}", "queue", lists.queue, "reads"),
        ("GET", "/console/search", "search", Search(site).search, "reads"),
        ("GET", f"{_CASE}/file/{{file:{_ID}}}", "case-file", papers.file, "reads"),
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


def _talk_routes(site: Site, streams: Streams) -> list[tuple[str, str, str, Handler, Right]]:
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
