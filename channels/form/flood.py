"""Whether the form is being flooded: more is sent by everybody together than people ever send."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import structlog

from channels.web.limits import Limiter

_log = structlog.get_logger(__name__)

# It is over when, for so many seconds, less than half as much came as it takes to begin.
CALM: Final = 120.0
_SCOPE: Final = "form-sent"

Switch = Literal["auto", "on", "off"]


@dataclass
class Flood:
    """Counts what is sent, over all processes that share the limiter, and says whether it is too much.

    `most` is how much may be sent in a minute. `switch` lets an operator decide instead.
    """

    limiter: Limiter
    most: int
    switch: Switch = "auto"
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    _until: float | None = None

    async def look(self, *, sent: int = 0) -> bool:
        """Count what is just being sent, and say whether there is a flood."""
        if self.switch == "auto":
            seen = await self.limiter.last_minute(_SCOPE, add=sent)
            if seen > self.most or (self._until is not None and seen >= self.most / 2):
                self._began(seen)
        return self.is_on()

    def is_on(self) -> bool:
        """Say it as it was last seen; time alone may have ended it since."""
        if self.switch != "auto":
            return self.switch == "on"
        if self._until is not None and self.clock() >= self._until:
            self._until = None
            _log.warning("the form is not flooded any more")
        return self._until is not None

    def _began(self, seen: float) -> None:
        if self._until is None:
            _log.warning("the form is flooded", sent_in_a_minute=round(seen), most=self.most)
        self._until = self.clock() + CALM
