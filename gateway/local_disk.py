"""Whether a folder lies on a disk of this machine: the locks and syncs that SQLite rests on do not hold over a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

# As the kernel names them in /proc/self/mounts; SQLite: "WAL does not work over a network filesystem" (sqlite.org/wal.html).
# 9p and virtiofs are not among them: they carry the root of sandboxes and virtual machines, on the disk of the same host.
NETWORK: Final = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "davfs", "gfs2", "glusterfs", "lustre", "nfs", "nfs4", "ocfs2", "smb3", "smbfs"}
    | {"fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(folder: Path, *, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """The name of the network file system that the folder lies on; None for a local disk, or where nothing tells."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    deepest, found = -1, ""
    for line in lines:
        _, where, kind, *_ = [*line.split(" "), "", "", ""]
        point = Path(_OCTAL.sub(lambda octal: chr(int(octal[1], 8)), where))
        # Of several mounts over the same place the last one shows.
        if place.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, found = len(point.parts), kind
    return found if found in NETWORK else None
