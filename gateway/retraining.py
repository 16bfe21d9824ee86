"""A model that learns from corrections, beside the one that reads: trained, compared, and kept only if nothing gets worse.

Everything happens in this house: texts go from the register through the mask into the training and nowhere else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from classifier import comparing, corpus
from classifier.comparing import Compared, Verdict
from classifier.pipeline import load
from gateway.lessons import Lessons, lessons_from
from gateway.versions import About, UnknownVersionError, Versions
from store import audit, lessons, model_uses
from store.model_uses import SHIPPED

if TYPE_CHECKING:
    from classifier.corpus import Record
    from classifier.pipeline import Classifier
    from gateway.house import House

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of a training: the version's id, which is kept only when the verdict accepts it."""

    id: str
    replaces: str
    lessons: Lessons
    compared: tuple[Compared, ...]
    verdict: Verdict


class NothingToLearnError(Exception):
    """There is no correction to learn from."""


class ReplacedMeanwhileError(Exception):
    """Another version was put in use while this one was trained: it was compared with one that reads no more."""


class _StoppedError(Exception):
    """Whoever asked for the training has gone."""


async def retrain(
    house: House,
    *,
    folder: Path,
    seed: int | None,
    by: str,
    even_if_no_better: bool,
    now: datetime,
    progress: Progress,
) -> Retrained:
    """Train on the corpus and the learning part of the corrections, compare with the version in use, keep or drop.

    `progress` is told each step, from another thread. Raises `NothingToLearnError`, `corpus.CorpusError`,
    `UnknownVersionError` when the version in use cannot be loaded on this machine, `ReplacedMeanwhileError`.
    """
    async with house.store.read() as tx:
        taught = lessons_from(await lessons.standing(tx))
        in_use = await model_uses.in_use(tx)
    if not taught.learning:
        raise NothingToLearnError
    versions = Versions(house.settings.data / "models")
    made = versions.begin()
    try:
        found = await _beside(
            lambda tell: _trained(versions, made, folder, seed, in_use, taught, even_if_no_better, tell), progress
        )
        if found.verdict.accepted:
            versions.settle(made, _about(found, by, now))
            async with house.store.write() as tx:
                if await model_uses.in_use(tx) != in_use:
                    raise ReplacedMeanwhileError
                detail = {"version": found.id, "replaces": in_use, "corrections": len(taught.learning)}
                await audit.write(tx, actor="command", act="model.trained", at=now, detail=detail)
                # Last, so that nothing is kept of which the register knows nothing.
                versions.keep(made, found.id)
        return found
    finally:
        versions.drop(made)


async def _beside(work: Callable[[Progress], Retrained], progress: Progress) -> Retrained:
    """Do long work in a thread. Cancelled, it ends at its next step, and is waited for: its folder is still in its hands."""
    gone = threading.Event()

    def tell(step: str) -> None:
        if gone.is_set():
            raise _StoppedError
        progress(step)

    working = asyncio.create_task(asyncio.to_thread(work, tell))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        gone.set()
        await asyncio.gather(working, return_exceptions=True)
        raise


def _trained(
    versions: Versions,
    made: Path,
    folder: Path,
    seed: int | None,
    in_use: str,
    taught: Lessons,
    even_if_no_better: bool,
    progress: Progress,
) -> Retrained:
    from classifier import train  # noqa: PLC0415 (scikit-learn is loaded where a model is trained, and nowhere else)

    progress(f"loading the version in use ({in_use})")
    old = _reading_now(versions, in_use)
    # With the seed of the old model the test part is one that neither of both has seen.
    chosen = old.seed if seed is None else seed
    train.train(folder, made, seed=chosen, more=taught.learning, progress=progress)
    new = load(made)
    test = corpus.split(corpus.read(folder), seed=chosen).test
    parts = (("corpus", test), ("corrections", taught.kept_out))
    compared = []
    for name, records in parts:
        if not records:
            continue
        progress(f"comparing on {len(records)} messages ({name})")
        compared.append(_compared(name, records, old, new, chosen))
    return Retrained(
        id=new.model_id,
        replaces=in_use,
        lessons=taught,
        compared=tuple(compared),
        verdict=comparing.verdict(compared, even_if_no_better=even_if_no_better),
    )


def _reading_now(versions: Versions, version: str) -> Classifier:
    try:
        found = load(None if version == SHIPPED else versions.path_of(version))
    except Exception as error:  # any failure to load means the same: there is nothing to compare with
        raise UnknownVersionError(version) from error
    if version not in (SHIPPED, found.model_id):
        raise UnknownVersionError(version)
    return found


def _compared(name: str, records: Sequence[Record], old: Classifier, new: Classifier, seed: int) -> Compared:
    texts = [record.message for record in records]
    return comparing.compare(name, records, old.classify(texts), new.classify(texts), seed=seed)


def _about(found: Retrained, by: str, now: datetime) -> About:
    return About(
        id=found.id,
        made_at=now.isoformat(timespec="seconds"),
        made_by=by,
        corrections=len(found.lessons.learning),
        kept_out=len(found.lessons.kept_out),
        replaces=found.replaces,
        comparison=[part.as_json() for part in found.compared],
        verdict=found.verdict.reasons,
    )
