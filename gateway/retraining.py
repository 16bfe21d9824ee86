"""A model that learns from corrections, beside the one that reads: trained, compared, and kept only if nothing gets worse.

Everything happens in this house: texts go from the register through the mask into the training and nowhere else.
"""

from __future__ import annotations

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

    Raises `NothingToLearnError`, `corpus.CorpusError`, `UnknownVersionError` when the version in use is not on this machine.
    """
    async with house.store.read() as tx:
        taught = lessons_from(await lessons.standing(tx))
        in_use = await model_uses.in_use(tx)
    if not taught.learning:
        raise NothingToLearnError
    versions = Versions(house.settings.data / "models")
    made = versions.begin()
    try:
        found = _trained(versions, made, folder, seed, in_use, taught, even_if_no_better, progress)
        if found.verdict.accepted:
            versions.keep(made, _about(found, by, now))
            async with house.store.write() as tx:
                detail = {"version": found.id, "replaces": in_use, "corrections": len(taught.learning)}
                await audit.write(tx, actor="command", act="model.trained", at=now, detail=detail)
        return found
    finally:
        versions.drop(made)


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

    old = load(None if in_use == SHIPPED else versions.path_of(in_use))
    if in_use not in (SHIPPED, old.model_id):
        raise UnknownVersionError(in_use)
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
