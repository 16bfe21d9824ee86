"""The processes: web, mail, worker and clock, each alone or all in one, and how they end.

On SIGTERM a process is at once not ready, takes nothing new, finishes what is in hand, and exits with 0 within 25 seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from config.settings import Settings, SettingsError
from gateway.chaining import Chaining
from gateway.classifying import Classifying
from gateway.clock import Clock
from gateway.delivery import Delivery
from gateway.door import Door
from gateway.health import Health
from gateway.hints import carried
from gateway.house import House, active_rules, build, release_what_was_in_hand
from gateway.intake import BLIND_SECONDS, SWEEP_SECONDS, Intake
from gateway.local_disk import network_file_system
from gateway.metrics import Metrics
from gateway.reading import ParserSettings, Parsing
from gateway.room import Room
from gateway.texts_watch import TextsWatch
from gateway.versions import Versions
from gateway.wording_in_use import WordingInUse
from router.acknowledgement import missing_texts
from store import model_uses, operations

log = structlog.get_logger(__name__)

PARTS: Final = ("web", "mail", "worker", "clock")
BEAT_SECONDS: Final = 20.0
STOP_SECONDS: Final = 25.0


@dataclass
class Process:
    """One operating-system process with the parts that it runs."""

    house: House
    parts: tuple[str, ...]
    metrics: Metrics = field(default_factory=Metrics)
    classifying: Classifying = field(default_factory=Classifying)
    on_stop: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = self.house.settings
        least = max(settings.min_free_mb * 1024 * 1024, 3 * settings.max_mail_bytes if settings.min_free_mb else 0)
        self.room = Room(settings.data, least, settings.min_free_percent)
        self.door = Door(self.house, self.metrics, self.room)
        self.health = Health(self.house, self.metrics, self.room)
        self.classifying.versions = Versions(settings.data / "models")

    @property
    def patience(self) -> float:
        """How long a loop may wait for a hint: in one process every hint arrives; between processes only with Redis."""
        alone = set(self.parts) == set(PARTS)
        return SWEEP_SECONDS if alone or self.house.settings.redis_url else BLIND_SECONDS


async def run(settings: Settings, parts: tuple[str, ...], *, on_ready: Callable[[str], None] | None = None) -> None:
    """Run these parts until SIGTERM or SIGINT. Raises SettingsError, UnsafeDatabaseError, SchemaTooNewError."""
    if wrong := missing_texts():
        raise SettingsError("; ".join(wrong))
    house = build(settings, name=f"{socket.gethostname()}-{os.getpid()}")
    process = Process(house, parts)
    if settings.production and not settings.smtp_host:
        log.error("GUICHET_SMTP_HOST is not set: what should go out to members only lands in the folder sent/")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        stack.enter_context(_sole_owner(house, parts))
        stack.push_async_callback(house.close)
        await _open_store(house, stop)
        if stop.is_set():
            return
        if "worker" in parts:
            # Its child loads the model while the rest starts, on a core of its own.
            await stack.enter_async_context(_model(process))
        if house.store.one_writer:
            await release_what_was_in_hand(house)
        await active_rules(house)
        words = WordingInUse(house)
        await words.look()
        await stack.enter_async_context(_background("texts for members", words.run, words.stop))
        if "clock" in parts:
            # Before the parts, and so ended after them: the last head holds what they did at the end.
            chaining = Chaining(house)
            await stack.enter_async_context(_background("audit chain", chaining.run, chaining.stop))
        for part in PARTS:
            if part in parts:
                await stack.enter_async_context(_STARTERS[part](process))
        await stack.enter_async_context(carried(house, blind=process.patience == BLIND_SECONDS))
        await stack.enter_async_context(_beating(process))
        gc.freeze()
        gc.enable()
        if on_ready:
            on_ready(settings.base_url)
        await stop.wait()
        process.health.stopping = True
        log.info("stopping")
        # Everything is told at once, so that nothing new is taken while the first of them still finishes.
        for tell in process.on_stop:
            tell()


async def _open_store(house: House, stop: asyncio.Event) -> None:
    """Wait for a database that is not up yet; give up only when told to stop."""
    while not stop.is_set():
        try:
            await house.store.open()
            return
        except StoreUnavailableError:
            log.warning("the database cannot be reached; trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1)


@contextmanager
def _sole_owner(house: House, parts: tuple[str, ...]) -> Iterator[None]:
    """SQLite has one owner of its folder: a second process is refused, in words."""
    if not house.store.one_writer:
        yield
        return
    if set(parts) != set(PARTS):
        raise SettingsError("several processes need PostgreSQL: set DATABASE_URL, or use `guichet run`")
    if kind := network_file_system(house.settings.data):
        raise SettingsError(
            f"{house.settings.data} is on a network file system ({kind}), where SQLite can lose what it has said yes to: "
            "put GUICHET_DATA on a local disk, or set DATABASE_URL"
        )
    with (house.settings.data / "owner.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(f"another guichet is using {house.settings.data}") from None
        yield


@asynccontextmanager
async def _background(name: str, work: Callable[[], Awaitable[None]], stop: Callable[[], None]) -> AsyncIterator[None]:
    """Run a loop beside the others; at the end ask it to stop, and insist after a while."""
    task = asyncio.create_task(_forever(name, work), name=name)
    try:
        yield
    finally:
        stop()
        _, late = await asyncio.wait({task}, timeout=STOP_SECONDS - 5)
        for one in late:
            one.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await one


async def _forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """A loop that ends by an error is logged and started again; only being stopped ends it."""
    while True:
        try:
            await work()
            return
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a loop ended and starts again", loop=name)
            await asyncio.sleep(1)


@asynccontextmanager
async def _web(process: Process) -> AsyncIterator[None]:
    from gateway.web import serving  # noqa: PLC0415 (only the process that serves pages loads them)

    try:
        async with serving(process.house, process.door, process.metrics, process.health, process.classifying):
            yield
    finally:
        if "worker" not in process.parts:
            # What was loaded for suggestions only; beside a worker, the worker's end closes it.
            await process.classifying.close()


@asynccontextmanager
async def _mail(process: Process) -> AsyncIterator[None]:
    from gateway.mailing import receiving  # noqa: PLC0415 (only the process that receives mail loads this)
    from gateway.polling import polling  # noqa: PLC0415 (likewise)

    async with receiving(process.house, process.door) as lmtp, polling(process.house, process.door):
        process.on_stop.append(lmtp.refuse)
        yield


@asynccontextmanager
async def _model(process: Process) -> AsyncIterator[None]:
    # The register is asked first: after a restart no batch is read by another model than the one in use.
    async with process.house.store.read() as tx:
        version = await model_uses.in_use(tx)
    loading = asyncio.create_task(process.classifying.start(version))
    try:
        yield
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        await process.classifying.close()


@asynccontextmanager
async def _worker(process: Process) -> AsyncIterator[None]:
    from gateway.sending import sending  # noqa: PLC0415 (only the process that sends loads this)

    house = process.house
    settings = house.settings
    parsing = Parsing(
        ParserSettings(house.own_addresses, settings.authserv_id, settings.parse_memory_mb, settings.parse_cpu_seconds),
        seconds=settings.parse_cpu_seconds,
    )
    intake = Intake(house, parsing, process.classifying, process.metrics, patience=process.patience)

    async def begin() -> None:
        # Reading without the model would send everything to people for the few seconds that it takes to load.
        await asyncio.gather(parsing.warm(), intake.warm(), process.classifying.loaded.wait())
        # Beside the first messages: they are not kept waiting for what only conversations need.
        warming = asyncio.create_task(process.classifying.warm())
        try:
            await intake.run()
        finally:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)

    try:
        async with sending(house) as senders:
            intake.pressed = senders.pressed
            delivery = Delivery(house, senders.by_channel, process.metrics, patience=process.patience)
            process.on_stop += [intake.stop, delivery.stop]
            async with (
                _background("intake", begin, intake.stop),
                _background("delivery", delivery.run, delivery.stop),
            ):
                yield
    finally:
        await parsing.close()
        with contextlib.suppress(StoreUnavailableError):
            await process.metrics.drift.hand_over(house.store)


@asynccontextmanager
async def _clock(process: Process) -> AsyncIterator[None]:
    clock, watch = Clock(process.house), TextsWatch(process.house, process.door.submit)
    async with (
        _background("clock", clock.run, clock.stop),
        # Beside the clock, so that a provider that does not answer holds up no deadline.
        _background("texts held elsewhere", watch.run, watch.stop),
    ):
        yield


@asynccontextmanager
async def _beating(process: Process) -> AsyncIterator[None]:
    """Leave a sign of life for each part, so that readiness and operators know who is there."""
    name = f"{socket.gethostname()}-{os.getpid()}"

    async def beat() -> None:
        while not process.health.stopping:
            reading = process.classifying
            model = reading.ready
            told = {"model": model, "reads_with": reading.model_id, "missing": reading.missing}
            try:
                async with process.house.store.write() as tx:
                    for part in process.parts:
                        detail = told if part == "worker" else {}
                        await operations.beat(tx, f"{part}:{name}", "alive", detail, now=process.house.now())
                await process.metrics.drift.hand_over(process.house.store)
            except StoreUnavailableError:
                log.warning("the store cannot be reached; no sign of life was left")
            # A worker without its model yet says so again soon.
            await asyncio.sleep(BEAT_SECONDS if model or "worker" not in process.parts else 1)

    task = asyncio.create_task(_forever("signs of life", beat))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


_STARTERS: Final = {"web": _web, "mail": _mail, "worker": _worker, "clock": _clock}
