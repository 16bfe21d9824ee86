"""Whether there is room to keep what comes in. Without it, saying yes would be a lie."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LOOK_EVERY: Final = 2.0


@dataclass
class Room:
    """Free space under the data folder, looked at every two seconds at most."""

    folder: Path
    least_bytes: int
    least_percent: float
    _seen: tuple[float, bool] = field(default=(-1e9, True))

    def enough(self) -> bool:
        """Whether there is more free than the least in bytes, and than the least share of the disk."""
        now = time.monotonic()
        if now - self._seen[0] > _LOOK_EVERY:
            usage = shutil.disk_usage(self.folder)
            least = max(self.least_bytes, usage.total * self.least_percent / 100)
            self._seen = (now, usage.free >= least)
        return self._seen[1]
