"""The web application: public pages, API, case page, console and health in one aiohttp app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from channels.form.flood import Flood
from channels.form.guard import Guard, GuardSettings
from channels.form.routes import add_routes
from channels.viruses import scanner_at
from channels.web.access_log import route_name
from channels.web.limits import Limiter, MemoryLimiter
from channels.web.middleware import middlewares
from channels.web.server import Runner
from channels.widget.routes import add_routes as add_widget
from channels.widget.site import WidgetLimits, origin_of
from config.settings import Settings
from console.oidc import Relation
from console.parts import Parts
from console.routes import add_routes as add_console
from gateway import keys
from gateway.access_answer import HouseAccess
from gateway.case_door import CaseDoor
from gateway.chat_door import ChatDoor
from gateway.classifying import Classifying
from gateway.contact_door import HouseContactDoor
from gateway.desk import HouseDesk
from gateway.door import Door
from gateway.door_checks import HouseDoorChecks
from gateway.entries import HouseEntries
from gateway.health import Health
from gateway.hooks import add_hooks
from gateway.house import House
from gateway.house_rules import HouseRules
from gateway.metrics import Metrics
from gateway.reaching import HouseReach
from gateway.reading import ParserSettings, Parsing
from gateway.taking_over import HouseTalks
from gateway.training import HouseTrainer

# Headers beyond these are refused (F1); aiohttp counts both in bytes.
_LONGEST_LINE = 8190
_LONGEST_FIELD = 8190


def application(
    house: House,
    door: Door,
    metrics: Metrics,
    health: Health,
    limiter: Limiter,
    parsing: Parsing,
    classifying: Classifying | None = None,
) -> web.Application:
    """Everything that is served over HTTP."""
    settings = house.settings
    app = web.Application(
        middlewares=[_measuring(metrics), *middlewares(settings.base_url, settings.channels_down)],
        handler_args={"max_line_size": _LONGEST_LINE, "max_field_size": _LONGEST_FIELD, "keepalive_timeout": 30},
    )
    _add_public_pages(app, house, door, limiter, metrics)
    _add_console(app, house, door, limiter, parsing, classifying)
    _add_widget(app, house, door, limiter)
    add_hooks(app, house, door)
    health.add_routes(app)
    return app


def _add_public_pages(app: web.Application, house: House, door: Door, limiter: Limiter, metrics: Metrics) -> None:
    settings = house.settings
    case_door, guard = CaseDoor(house), _guard(house, limiter)
    # Asked when it is scraped: a flood ends by time, also when nobody comes any more.
    metrics.form_flooded.set_function(guard.flood.is_on)
    add_routes(
        app,
        door=door,
        case_door=case_door,
        contact_door=HouseContactDoor(house),
        limiter=limiter,
        guard=guard,
        base_url=settings.base_url,
        scanner=scanner_at(settings.clamd),
        secret=keys.derived(house.secret, "public forms"),
        trusted_proxies=settings.trusted_proxies,
        production=settings.production,
        down=settings.channels_down,
        chat=bool(_hosts(settings)),
        now=house.now,
    )

    async def settle(_: web.Application) -> None:
        # What somebody asked for before we were told to stop is still looked for.
        await case_door.settled()

    app.on_cleanup.append(settle)


def _add_console(
    app: web.Application, house: House, door: Door, limiter: Limiter, parsing: Parsing, classifying: Classifying | None
) -> None:
    settings = house.settings
    rules, trainer, hosts = HouseRules(house), HouseTrainer(house), _hosts(settings)
    parts = Parts(
        store=house.store,
        desk=HouseDesk(house, parsing),
        talks=HouseTalks(house),
        reach=HouseReach(house),
        entries=HouseEntries(house, door, classifying),
        rules=rules,
        trainer=trainer,
        checks=HouseDoorChecks(house, door, hosts[0] if hosts else ""),
        access=HouseAccess(house),
        limiter=limiter,
        clock=house.now,
        base_url=settings.base_url,
        secret=keys.derived(house.secret, "console"),
        trusted_proxies=settings.trusted_proxies,
        saturdays=settings.saturdays_are_working_days,
        scanner=scanner_at(settings.clamd),
        earlier_secrets=[keys.derived(secret, "console") for secret in keys.earlier(settings)],
        require_second_step=settings.require_second_step,
        oidc=_issuer(settings),
    )
    add_console(app, parts)

    async def settle(_: web.Application) -> None:
        await rules.end()
        await trainer.close()

    app.on_cleanup.append(settle)


def _add_widget(app: web.Application, house: House, door: Door, limiter: Limiter) -> None:
    settings = house.settings
    add_widget(
        app,
        door=ChatDoor(house, door),
        limiter=limiter,
        scanner=scanner_at(settings.clamd),
        base_url=settings.base_url,
        hosts=_hosts(settings),
        trusted_proxies=settings.trusted_proxies,
        limits=WidgetLimits(
            messages_a_minute=settings.widget_messages_a_minute,
            sockets_a_session=settings.widget_sockets_a_session,
            sockets_an_address=settings.widget_sockets_an_address,
        ),
        down=settings.channels_down,
    )


def _hosts(settings: Settings) -> tuple[str, ...]:
    """The pages that may hold the chat; on a developer's machine it works without a setting."""
    return settings.widget_origins or (() if settings.production else (origin_of(settings.base_url),))


def _guard(house: House, limiter: Limiter) -> Guard:
    settings = house.settings
    return Guard(
        keys.derived(house.secret, "guard of the form"),
        Flood(limiter, settings.form_flood_sent, settings.form_flood),
        GuardSettings(
            least_seconds=settings.form_least_seconds,
            wait_seconds=settings.form_wait_seconds,
            proof_bits=settings.form_proof_bits,
            network_factor=settings.form_network_factor,
        ),
    )


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _measuring(metrics: Metrics) -> Any:  # aiohttp leaves the type of middlewares open
    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        with metrics.in_progress.track_inprogress():
            response = await handler(request)
        metrics.requests.labels(route_name(request), f"{response.status // 100}xx").inc()
        return response

    return measure


@asynccontextmanager
async def serving(
    house: House, door: Door, metrics: Metrics, health: Health, classifying: Classifying | None = None
) -> AsyncIterator[None]:
    """Serve until the block ends; requests under way are finished first. `classifying` suggests to who types in."""
    settings = house.settings
    own = MemoryLimiter()
    shared = None
    if settings.redis_url:
        from store.limits import RedisLimits  # noqa: PLC0415 (only where there is a Redis)

        shared = RedisLimits(settings.redis_url, own)
    # Started when a mediator first asks for a mail as it was sent.
    parsing = Parsing(
        ParserSettings(house.own_addresses, settings.authserv_id, settings.parse_memory_mb, settings.parse_cpu_seconds),
        seconds=settings.parse_cpu_seconds,
    )
    app = application(house, door, metrics, health, shared or own, parsing, classifying)
    runner = Runner(app, base_url=settings.base_url, down=settings.channels_down, shutdown_timeout=5)
    await runner.setup()
    # Several web processes may listen on the same port; the kernel shares the connections out.
    site = web.TCPSite(runner, settings.host, settings.port, reuse_port=not house.store.one_writer)
    await site.start()
    try:
        yield
    finally:
        await runner.cleanup()
        await parsing.close()
        if shared is not None:
            await shared.close()


def _issuer(settings: Settings) -> Relation | None:
    if not settings.oidc_issuer:
        return None
    return Relation(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        roles=settings.oidc_roles,
        groups_claim=settings.oidc_groups_claim,
        scopes=settings.oidc_scopes,
        name=settings.oidc_name,
    )
