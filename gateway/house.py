"""The parts that every process shares, made once from the settings."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from config.mailboxes import MailboxSettings, load_mailboxes
from config.settings import Settings, SettingsError
from config.vocabulary import Language
from gateway import keys
from router.decide import RuleError, RuleSet, load_rules, parse_rules
from store import inbox, outbox, rule_sets
from store.database import Store
from store.files import FileStore
from store.live import Live
from store.queue import LocalQueue, Queue
from store.staging import Staging


@dataclass(frozen=True, slots=True)
class Randomness:
    """Where secrets come from; replaced by something repeatable when a decision is replayed."""

    token: Callable[[], str] = lambda: secrets.token_urlsafe(16)


@dataclass(frozen=True)
class House:
    """The settings, the store, the queues and the keys of one process."""

    settings: Settings
    mailboxes: tuple[MailboxSettings, ...]
    store: Store
    arrivals: Queue
    departures: Queue
    live: Live
    secret: bytes
    randomness: Randomness

    @property
    def staging(self) -> Staging:
        """Where files of unfinished forms wait."""
        return Staging(self.settings.data / "unsent")

    @cached_property
    def tag_keys(self) -> tuple[bytes, ...]:
        """The keys that sign reply addresses and Message-IDs; the first signs, all verify."""
        return tuple(keys.derived(secret, "tags") for secret in (self.secret, *keys.earlier(self.settings)))

    @property
    def own_addresses(self) -> frozenset[str]:
        """The addresses of the house, in lower case."""
        return frozenset(box.address.lower() for box in self.mailboxes)

    @property
    def lease(self) -> timedelta:
        """How long an item may be in hand before it is handed out again: longer than the watchdog lets a worker work."""
        return timedelta(seconds=self.settings.item_seconds * 1.5)

    def mailbox(self, account: str) -> MailboxSettings | None:
        """The mailbox with this address."""
        return next((box for box in self.mailboxes if box.address.lower() == account.lower()), None)

    def default_queue(self, account: str) -> str:
        """Where what comes in on an account goes: a queue, or "department" for by department."""
        return self._queues.get(account.lower(), "department")

    @cached_property
    def _queues(self) -> dict[str, str]:
        # Rehearsals ask for each of a hundred thousand cases.
        return {box.address.lower(): box.queue for box in reversed(self.mailboxes)}

    def mailbox_for(self, language: Language) -> MailboxSettings:
        """The mailbox which answers what came by another door: one that goes by department, in the member's language."""
        by_department = [box for box in self.mailboxes if box.queue == "department"] or list(self.mailboxes)
        return next((box for box in by_department if box.language == language), by_department[0])

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def close(self) -> None:
        """Give everything back."""
        await self.arrivals.close()
        await self.departures.close()
        await self.live.close()
        await self.store.close()


def build(settings: Settings, *, name: str) -> House:
    """Make the parts; nothing is opened yet. `name` tells this process from others in the queue. Raises SettingsError."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        secret = keys.master(settings)
    except OSError as error:
        raise SettingsError(f"the data folder {settings.data} cannot be used ({error.strerror})") from None
    arrivals, departures, live = _hints(settings, name)
    return House(
        settings=settings,
        mailboxes=load_mailboxes(settings.mailboxes),
        store=_store(settings, keys.derived(secret, "numbers of people")),
        arrivals=arrivals,
        departures=departures,
        live=live,
        secret=secret,
        randomness=Randomness(),
    )


def _store(settings: Settings, number_key: bytes) -> Store:
    files = FileStore(settings.data / "files")
    try:
        return Store(settings.sql_url, files, unsafe_ok=settings.allow_unsafe_database, number_key=number_key)
    except ValueError:
        # The address itself is not repeated: it may hold a password.
        raise SettingsError("DATABASE_URL is no address of a database; write postgresql://user@host/name") from None


def _hints(settings: Settings, name: str) -> tuple[Queue, Queue, Live]:
    if not settings.redis_url:
        return LocalQueue(), LocalQueue(), Live()
    from store.redis_live import RedisLive  # noqa: PLC0415 (only where there is a Redis)
    from store.redis_queue import RedisQueue  # noqa: PLC0415 (only where there is a Redis)

    # A hint may be taken over once its holder cannot be working on it any more.
    patience = settings.item_seconds * 1.5
    try:
        return (
            RedisQueue(settings.redis_url, "arrivals", name, reclaim_seconds=patience),
            RedisQueue(settings.redis_url, "departures", name, reclaim_seconds=patience),
            RedisLive(settings.redis_url),
        )
    except ValueError:
        raise SettingsError("REDIS_URL is no address of a Redis server; write redis://host:6379/0") from None


async def release_what_was_in_hand(house: House) -> None:
    """For the one process that owns its database alone: whatever the last run had in hand is due again now."""
    async with house.store.write() as tx:
        await inbox.release_all(tx)
        await outbox.release_all(tx)


async def active_rules(house: House) -> RuleSet:
    """The published rules that decide now; the shipped file is published at the first start."""
    async with house.store.read() as tx:
        published = await rule_sets.active(tx)
    if published:
        return await asyncio.to_thread(parse_rules, published.body)
    try:
        shipped, body = await asyncio.to_thread(_shipped, house.settings.rules)
    except RuleError as error:
        raise SettingsError(f"GUICHET_RULES: {error}") from None
    async with house.store.write() as tx:
        if await rule_sets.active(tx) is None:
            await rule_sets.publish(
                tx,
                version=shipped.version,
                body=body,
                comment="The rules as shipped.",
                author_id=None,
                now=house.now(),
            )
    return await active_rules(house)


def _shipped(path: Path) -> tuple[RuleSet, str]:
    return load_rules(path), path.read_text(encoding="utf-8")
