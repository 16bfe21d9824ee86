"""The pages of supervision that the rail leads to, each for those whose role may open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.rights import Right


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the rail. Its words are `place.<name>`, and `name` is what the page calls itself in `here`."""

    name: str
    path: str
    right: Right


# In the order in which they stand.
PLACES: Final[tuple[Place, ...]] = (
    Place("recommendations", "/console/recommendations", "reads"),
    Place("access", "/console/access", "handles"),
    Place("quarantine", "/console/quarantine", "supervises"),
    Place("rules", "/console/rules", "handles"),
    Place("report", "/console/report", "reports"),
    Place("texts", "/console/texts", "handles"),
    Place("people", "/console/people", "oversees"),
    Place("queues", "/console/queues", "supervises"),
    Place("channels", "/console/channels", "supervises"),
    Place("fates", "/console/fates", "supervises"),
    Place("deadlines", "/console/deadlines", "supervises"),
    Place("quality", "/console/quality", "supervises"),
    Place("audit", "/console/audit", "supervises"),
)
