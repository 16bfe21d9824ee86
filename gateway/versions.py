"""The versions of the model in the data folder: `models/<id>/`, each with what is told of it in `about.json`.

A version is named as the classifier names itself in every classification it makes, by the digest of what was learnt, so that a
folder whose files are not those it was kept with gives itself away.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

_ID: Final = re.compile(r"guichet-[0-9]{1,3}-[0-9a-f]{8}")
_ABOUT: Final = "about.json"
_UNFINISHED: Final = ".new-"


class UnknownVersionError(Exception):
    """There is no such version in this data folder."""


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a version: `made_at` in ISO 8601, `corrections` it learnt from, `kept_out` it was compared on."""

    id: str
    made_at: str
    made_by: str
    corrections: int
    kept_out: int
    replaces: str
    comparison: Any
    verdict: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """The folder of versions. The shipped model is not in it: it comes with the code."""

    folder: Path

    def path_of(self, version: str) -> Path:
        """The folder of a version. Raises `UnknownVersionError`, for whatever is not exactly an id, too."""
        path = self.folder / version if _ID.fullmatch(version) else None
        if path is None or not path.is_dir():
            raise UnknownVersionError(version)
        return path

    def begin(self) -> Path:
        """An empty folder beside the versions, in which one is made; nobody takes it for a version."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.folder))

    def settle(self, made: Path, about: About) -> None:
        """Write what is told of a version into its folder, open it to whoever may read the data, and have the disk hold it."""
        (made / _ABOUT).write_text(json.dumps(asdict(about), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        # A temporary folder is its maker's alone; the worker that reads may be somebody else.
        made.chmod(stat.S_IMODE(self.folder.parent.stat().st_mode))
        for path in [*made.rglob("*"), made]:
            _sync(path)

    def keep(self, made: Path, version: str) -> Path:
        """Turn a folder that is settled into this version: whole or not at all, whatever happens meanwhile."""
        if not _ID.fullmatch(version):
            raise UnknownVersionError(version)
        path = self.folder / version
        # The same bytes were kept before: they stay, and what is told of them is told anew.
        if path.exists():
            (made / _ABOUT).replace(path / _ABOUT)
            self.drop(made)
        else:
            made.rename(path)
        _sync(self.folder)
        return path

    def drop(self, made: Path) -> None:
        """Remove a folder from `begin` of which nothing came."""
        shutil.rmtree(made, ignore_errors=True)

    def listing(self) -> list[About]:
        """Every version that tells of itself, the oldest first."""
        paths = self.folder.iterdir() if self.folder.is_dir() else ()
        found = [about for path in paths if _ID.fullmatch(path.name) and (about := _read(path))]
        return sorted(found, key=lambda about: (about.made_at, about.id))


def whole(path: Path, version: str) -> None:
    """See that a version's files are those it was named by. Raises `OSError`, `ValueError`, `KeyError` where they are not."""
    from zipfile import BadZipFile  # noqa: PLC0415 (only where a version is chosen)

    from classifier import heads  # noqa: PLC0415 (numpy is loaded where a model is looked at)

    try:
        learnt = heads.from_disk(path / "guichet_heads")
    except BadZipFile:
        raise ValueError(version) from None
    if not (path / "config.cfg").is_file() or not learnt.digest.startswith(version.rpartition("-")[2]):
        raise ValueError(version)


def _read(path: Path) -> About | None:
    try:
        told: Mapping[str, Any] = json.loads((path / _ABOUT).read_text(encoding="utf-8"))
        return About(**{**told, "id": path.name, "verdict": tuple(told["verdict"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
