"""A version is in its folder whole or not at all, and no id leads anywhere else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.versions import About, UnknownVersionError, Versions

ID = "guichet-1-0a1b2c3d"


def about(version: str = ID, made_at: str = "2026-11-26T10:00:00+00:00") -> About:
    return About(version, made_at, "lena", 12, 6, "shipped", [], ("kept out: kind gets better",))


def keep(versions: Versions, told: About, weights: bytes = b"learnt") -> Path:
    made = versions.begin()
    (made / "weights").write_bytes(weights)
    versions.settle(made, told)
    return versions.keep(made, told.id)


def test_a_version_is_kept_and_told(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "models")
    assert versions.listing() == []
    made = versions.begin()
    (made / "weights").write_bytes(b"learnt")
    assert versions.listing() == []
    versions.settle(made, about())
    assert versions.listing() == []
    path = versions.keep(made, ID)
    assert (path / "weights").read_bytes() == b"learnt"
    assert versions.path_of(ID) == path
    assert versions.listing() == [about()]
    assert [entry.name for entry in versions.folder.iterdir()] == [ID]


def test_the_same_version_again_is_told_anew(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    for made_at in ("2026-11-26", "2026-11-27"):
        keep(versions, about(made_at=made_at))
    assert [one.made_at for one in versions.listing()] == ["2026-11-27"]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
def test_who_may_read_the_data_may_read_a_version(tmp_path: Path, mode: int) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(mode)
    assert stat.S_IMODE(keep(Versions(data / "models"), about()).stat().st_mode) == mode


@pytest.mark.parametrize(
    "wrong",
    ["", "..", "../models", ID + "\n", ID + "/..", f"./{ID}", "/etc", ID.upper(), "guichet-1-0a1b2c3", "shipped", "\0"],
)
def test_no_id_leads_anywhere_else(tmp_path: Path, wrong: str) -> None:
    versions = Versions(tmp_path / "models")
    keep(versions, about())
    with pytest.raises(UnknownVersionError):
        versions.path_of(wrong)
    made = versions.begin()
    with pytest.raises(UnknownVersionError):
        versions.keep(made, wrong)
    versions.drop(made)
    assert [entry.name for entry in versions.folder.iterdir()] == [ID]


def test_what_tells_nothing_is_not_listed_and_unfinished_work_is_no_version(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    versions.begin()
    (tmp_path / "guichet-1-ffffffff").mkdir()
    (tmp_path / "guichet-1-eeeeeeee").mkdir()
    (tmp_path / "guichet-1-eeeeeeee" / "about.json").write_text('{"id": 1}')
    assert versions.listing() == []
    with pytest.raises(UnknownVersionError):
        versions.path_of("guichet-1-dddddddd")
