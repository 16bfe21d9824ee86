"""A register on SQLite is kept on a disk of this machine, or not at all."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from config.settings import SettingsError, load
from gateway import processes
from gateway.house import build
from gateway.local_disk import network_file_system


@pytest.mark.parametrize(
    ("mounts", "folder", "kind"),
    [
        ("/dev/sda1 / ext4 rw 0 0\n", "/var/lib/guichet", None),
        ("/dev/sda1 / ext4 rw 0 0\nnas:/v /var/lib nfs4 rw 0 0\n", "/var/lib/guichet", "nfs4"),
        ("/dev/sda1 / ext4 rw 0 0\nnas:/v /var/lib nfs4 rw 0 0\n", "/var/library", None),
        ("nas:/v / nfs rw 0 0\n/dev/sda1 /var/lib ext4 rw 0 0\n", "/var/lib/guichet", None),
        ("/dev/sda1 /var/lib ext4 rw 0 0\nnas:/v /var/lib cifs rw 0 0\n", "/var/lib/guichet", "cifs"),
        ("me@host:/ /srv/my\\040data fuse.sshfs rw 0 0\n", "/srv/my data/guichet", "fuse.sshfs"),
        ("overlay / overlay rw 0 0\nrubbish\n\n", "/data", None),
        ("", "/data", None),
    ],
)
def test_the_mount_that_shows_decides(tmp_path: Path, mounts: str, folder: str, kind: str | None) -> None:
    table = tmp_path / "mounts"
    table.write_text(mounts, encoding="utf-8")
    assert network_file_system(Path(folder), mounts=table) == kind


def test_without_a_table_nothing_is_said(tmp_path: Path) -> None:
    assert network_file_system(tmp_path, mounts=tmp_path / "none") is None


def test_a_house_on_a_network_disk_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    house = build(load(data=tmp_path / "data"), name="test")
    monkeypatch.setattr(processes, "network_file_system", lambda _folder: "nfs4")
    with ExitStack() as stack, pytest.raises(SettingsError, match=r"network file system \(nfs4\).*local disk"):
        stack.enter_context(processes._sole_owner(house, processes.PARTS))
