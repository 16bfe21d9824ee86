"""A training asked for in the console: a process of its own beside the house, its progress told in the register.

What trains is the command `guichet train --with-corrections`: the console and the terminal do the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

import structlog

from channels.contract import StoreUnavailableError
from console.training_contract import NoSuchVersionError, NoWayBackError, Stage, Training, Version
from gateway.house import House
from gateway.versions import About, UnknownVersionError, Versions, whole
from store import model_uses, operations, users
from store.model_uses import SHIPPED
from store.viewer import Viewer

log = structlog.get_logger(__name__)

SIGN: Final = "training"
_LEASE: Final = "lease:training"
_EVERY: Final = 5.0
# Who has given no sign of life for so long trains no more.
_GONE: Final = timedelta(seconds=60)
_LINES: Final = 12
_LONGEST_LINE: Final = 300
_KEPT: Final = re.compile(r"Kept as (guichet-[0-9]{1,3}-[0-9a-f]{8})")
_REFUSED: Final = "is not kept"


@dataclass(slots=True)
class HouseTrainer:
    """As console.training_contract.Trainer says. `command` is what is run, for tests to replace."""

    house: House
    command: Sequence[str] = (sys.executable, "-m", "gateway.cli", "train", "--with-corrections")
    _running: asyncio.Task[None] | None = field(default=None, init=False)

    async def training(self, *, now: datetime) -> Training:
        """As the contract says."""
        async with self.house.store.read() as tx:
            beat = await operations.beat_of(tx, SIGN)
        if beat is None:
            return Training("never")
        stage = cast(Stage, beat.state)
        if stage == "running" and now - beat.at > _GONE:
            stage = "broken"
        detail = beat.detail
        return Training(
            stage,
            began_at=_moment(detail.get("began")),
            ended_at=None if stage == "running" else beat.at,
            by=str(detail.get("by", "")),
            version=str(detail.get("version", "")),
            said=tuple(str(line) for line in detail.get("said", ())),
        )

    async def start(self, viewer: Viewer, *, now: datetime) -> bool:
        """As the contract says."""
        owner = self.house.randomness.token()
        async with self.house.store.write() as tx:
            if not await operations.hold_lease(tx, _LEASE, owner, now=now, life=_GONE):
                return False
            user = next(user for user in await users.listing(tx) if user.id == viewer.user_id)
            detail = {"began": now.isoformat(), "by": viewer.name, "said": [], "owner": owner}
            await operations.beat(tx, SIGN, "running", detail, now=now)
        self._running = asyncio.create_task(self._run(user.login, detail), name="training")
        return True

    async def close(self) -> None:
        """End a training that this process began."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def settled(self) -> None:
        """Wait for the training that this process began."""
        if self._running is not None:
            await asyncio.shield(self._running)

    async def versions(self) -> tuple[str, Sequence[Version]]:
        """As the contract says."""
        async with self.house.store.read() as tx:
            in_use = await model_uses.in_use(tx)
        found = await asyncio.to_thread(self._folder().listing)
        return in_use, [Version(SHIPPED, None, "", 0, 0, "", ()), *map(_version, found)]

    async def use(self, viewer: Viewer, version: str, *, now: datetime) -> None:
        """As the contract says."""
        if version != SHIPPED:
            try:
                await asyncio.to_thread(whole, self._folder().path_of(version), version)
            except (UnknownVersionError, OSError, ValueError, KeyError):
                raise NoSuchVersionError(version) from None
        async with self.house.store.write() as tx:
            await model_uses.use(tx, version, author_id=viewer.user_id, now=now)

    async def back(self, viewer: Viewer, leaving: str, *, now: datetime) -> str:
        """As the contract says."""
        try:
            async with self.house.store.write() as tx:
                return await model_uses.back(tx, author_id=viewer.user_id, now=now, leaving=leaving)
        except model_uses.NoWayBackError:
            raise NoWayBackError from None

    def _folder(self) -> Versions:
        return Versions(self.house.settings.data / "models")

    async def _run(self, login: str, detail: Mapping[str, Any]) -> None:
        """Run the command, tell every few seconds what it says, and how it ended."""
        said: deque[str] = deque(maxlen=_LINES)
        process = await asyncio.create_subprocess_exec(
            *self.command,
            *(("--by", login) if login else ()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        reading = asyncio.create_task(_read(cast(asyncio.StreamReader, process.stdout), said))
        try:
            while not reading.done():
                await asyncio.wait({reading}, timeout=_EVERY)
                await self._tell("running", detail, said)
            code = await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            reading.cancel()
            await self._tell("broken", detail, said)
            raise
        kept = next((found[1] for line in said if (found := _KEPT.search(line))), "")
        refused = any(_REFUSED in line for line in said)
        stage: Stage = "kept" if code == 0 and kept else "refused" if refused else "failed"
        log.info("a training has ended", stage=stage)
        await self._tell(stage, {**detail, "version": kept}, said)

    async def _tell(self, stage: Stage, detail: Mapping[str, Any], said: Sequence[str]) -> None:
        now = self.house.now()
        with contextlib.suppress(StoreUnavailableError):
            async with self.house.store.write() as tx:
                await operations.beat(tx, SIGN, stage, {**detail, "said": list(said)}, now=now)
                # Held while it runs; once it has ended, whoever asks next has it.
                held_at = now if stage == "running" else now - 2 * _GONE
                await operations.beat(tx, _LEASE, "held", {"owner": str(detail["owner"])}, now=held_at)


async def _read(output: asyncio.StreamReader, said: deque[str]) -> None:
    while line := await output.readline():
        text = line.decode("utf-8", "replace").strip()
        if text:
            said.append(text[:_LONGEST_LINE])


def _version(about: About) -> Version:
    return Version(
        id=about.id,
        made_at=_moment(about.made_at),
        made_by=about.made_by,
        corrections=about.corrections,
        kept_out=about.kept_out,
        replaces=about.replaces,
        comparison=about.comparison,
    )


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
