"""What the console needs from the house to train the classifier on corrections, and to choose which version reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from store.viewer import Viewer

# "never": none was begun. "kept": a new version is there. "refused": it was no better, or worse in something. "failed": it
# could not be trained; `said` tells why. "broken": whoever trained it is gone.
Stage = Literal["never", "running", "kept", "refused", "failed", "broken"]


@dataclass(frozen=True, slots=True)
class Training:
    """The latest training. `said` is what it last said, in English, for who looks after the classifier."""

    stage: Stage
    began_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    version: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the model. `comparison` is what the training measured, part by part, as `guichet model list --json`."""

    id: str
    made_at: datetime | None
    made_by: str
    corrections: int
    kept_out: int
    replaces: str
    comparison: Sequence[Mapping[str, Any]]


class NoSuchVersionError(Exception):
    """There is no such version here, or its files are not whole."""


class NoWayBackError(Exception):
    """No other version read before."""


class Trainer(Protocol):
    """The house."""

    async def training(self, *, now: datetime) -> Training:
        """How the latest training does, whichever process runs it."""
        ...

    async def start(self, viewer: Viewer, *, now: datetime) -> bool:
        """Begin a training beside the house; False when one runs already. It is told of in the audit when it keeps something."""
        ...

    async def versions(self) -> tuple[str, Sequence[Version]]:
        """The id of the version that reads, and every version, the shipped one first."""
        ...

    async def use(self, viewer: Viewer, version: str, *, now: datetime) -> None:
        """Let a version read from the next message on. Raises NoSuchVersionError."""
        ...

    async def back(self, viewer: Viewer, leaving: str, *, now: datetime) -> str:
        """Let the version read again that the present one replaced, unless that is not `leaving` any more; returns the id of
        the one that reads then. Raises NoWayBackError."""
        ...
