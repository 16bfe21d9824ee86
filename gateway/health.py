"""Alive, ready and measured: `/healthz`, `/readyz` with reasons, `/metrics`.

Reasons and figures are for operators: on loopback, or with the token. Everybody else learns yes or no.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from channels.contract import StoreUnavailableError
from gateway import silence
from gateway.house import House
from gateway.metrics import Metrics
from gateway.room import Room
from store import inbox, label_counts, model_uses, operations, outbox_figures

# A worker or a mailbox that has given no sign of life for so long is not there.
SILENT = timedelta(seconds=90)
BACKLOG = timedelta(minutes=15)
# What proxies add to a request that they pass on.
_BY_PROXIES = ("x-forwarded", "forwarded", "x-real-ip", "x-client-ip", "via")


@dataclass
class Health:
    """What is asked of a process from outside."""

    house: House
    metrics: Metrics
    room: Room
    stopping: bool = False
    # Set while the web process runs alone: then workers must be alive elsewhere.
    expects: tuple[str, ...] = field(default=())

    def add_routes(self, app: web.Application) -> None:
        """Add the three addresses."""
        app.router.add_get("/healthz", self._alive, name="healthz")
        app.router.add_get("/readyz", self._ready, name="readyz")
        app.router.add_get("/metrics", self._measured, name="metrics")

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, request: web.Request) -> web.Response:
        reasons = await self.reasons()
        status = 503 if any(reason["blocking"] for reason in reasons) else 200
        body: dict[str, Any] = {"ready": status == 200}
        if self._operator(request):
            body["reasons"] = reasons
        return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})

    async def _measured(self, request: web.Request) -> web.Response:
        if not self._operator(request):
            raise web.HTTPNotFound
        try:
            await self._measure()
        except StoreUnavailableError:
            self.metrics.waiting.set(float("nan"))
        return web.Response(body=generate_latest(self.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _measure(self) -> None:
        now = self.house.now()
        async with self.house.store.read() as tx:
            backlog = await inbox.backlog(tx)
            waiting, _ = await outbox_figures.waiting(tx)
            said = await label_counts.everything(tx)
            in_use = await model_uses.in_use(tx)
            beats = await operations.beats(tx)
        self.metrics.said.tell(said, in_use, _workers(beats, now))
        self.metrics.waiting.set(backlog.waiting)
        self.metrics.items.set(backlog.items)
        self.metrics.quarantined.set(backlog.quarantined)
        self.metrics.outgoing.set(waiting)
        self.metrics.oldest.set((now - backlog.oldest).total_seconds() if backlog.oldest else 0)

    async def reasons(self) -> list[dict[str, Any]]:
        """What is wrong, in words without personal data; `blocking` means that messages cannot be taken in."""
        found: list[dict[str, Any]] = []
        if self.stopping:
            found.append(_reason("stopping", "this process is about to end", blocking=True))
        if not self.room.enough():
            found.append(_reason("disk", "not enough free space to take messages in", blocking=True))
        try:
            found += await self._store_reasons()
        except StoreUnavailableError:
            found.append(_reason("store", "the database cannot be reached", blocking=True))
        return found

    async def _store_reasons(self) -> list[dict[str, Any]]:
        now, found = self.house.now(), []
        async with self.house.store.read() as tx:
            backlog = await inbox.backlog(tx)
            beats = {beat.name: beat for beat in await operations.beats(tx)}
        if backlog.oldest and now - backlog.oldest > BACKLOG:
            found.append(_reason("backlog", f"{backlog.waiting} items wait, the oldest for over 15 minutes"))
        if backlog.quarantined:
            found.append(_reason("quarantine", f"{backlog.quarantined} items need a person"))
        workers = _workers(beats.values(), now)
        if not workers:
            found.append(_reason("worker", "no worker has given a sign of life"))
        elif not any(beat.detail.get("model") for beat in workers):
            found.append(_reason("model", "no classifier is loaded: everything goes to triage"))
        if missing := sum(bool(beat.detail.get("missing")) for beat in workers):
            words = "the version of the model in use cannot be loaded: the shipped one reads in its place"
            found.append(_reason("model_version", words, workers=missing))
        if silent := [name for name, beat in beats.items() if name.startswith(silence.SIGN) and beat.state == "silent"]:
            found.append(_reason("silence", "nothing has come in for unusually long", accounts=len(silent)))
        if self.house.settings.telegram_polling and _away(beats.get("telegram"), now):
            found.append(_reason("telegram", "Telegram cannot be asked for updates"))
        # What the settings name is asked for: a mailbox nobody ever watched has left no sign, one that is gone leaves an old one.
        for number, box in enumerate(self.house.mailboxes):
            if box.imap_host and _away(beats.get(f"mailbox:{box.address}"), now):
                found.append(_reason("mailbox", "a mailbox cannot be fetched", number=number))
        return found

    def _operator(self, request: web.Request) -> bool:
        token = self.house.settings.metrics_token.get_secret_value()
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
            return True
        # A request that came through a proxy on this machine is not from this machine.
        forwarded = any(name.lower().startswith(_BY_PROXIES) for name in request.headers)
        try:
            return not forwarded and ipaddress.ip_address(request.remote or "").is_loopback
        except ValueError:
            return False


def _away(beat: operations.Beat | None, now: datetime) -> bool:
    """Whether what should be watched is not: nobody ever did, nobody does any more, or it cannot be reached."""
    return beat is None or beat.state != "watching" or now - beat.at > SILENT


def _workers(beats: Iterable[operations.Beat], now: datetime) -> list[operations.Beat]:
    """Those that are alive."""
    return [beat for beat in beats if beat.name.startswith("worker:") and now - beat.at < SILENT]


def _reason(name: str, words: str, *, blocking: bool = False, **more: Any) -> dict[str, Any]:
    return {"what": name, "words": words, "blocking": blocking} | more
