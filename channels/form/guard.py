"""Against robots at the form. It never refuses and never asks people a riddle: at worst they press Send once more.

Every form carries the signed moment at which it was first drawn. A form that is sent within a few seconds was not filled in by
a hand. Only while the house is flooded, the last page carries a challenge too (see channels.form.proof), which the browser
solves by itself; a browser without script proves instead that it has had the form for a while.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from channels.form import proof
from channels.form.flood import Flood

# What is said to somebody who has to press Send once more (config/pages, "notice").
Reason = Literal["quick", "wait", "proof"]
_LONGEST_MOMENT: Final = 100
# Nobody counts single seconds: a wait is told in steps of so many.
_STEP: Final = 5


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """`least_seconds`: a younger form is not taken yet. While the form is flooded, one without a proof must be
    `wait_seconds` old, and a proof costs `proof_bits` zero bits. `network_factor`: how many times as much as from one
    address may come from one network."""

    least_seconds: int = 3
    wait_seconds: int = 20
    proof_bits: int = 16
    network_factor: int = 10


@dataclass(frozen=True, slots=True)
class Held:
    """Not taken yet: why, and after how many seconds it will be."""

    reason: Reason
    seconds: int


@dataclass
class Guard:
    """Signs what the form carries, and judges it when the form is sent. `secret` is that of the forms."""

    secret: bytes
    flood: Flood
    settings: GuardSettings = field(default_factory=GuardSettings)
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def now(self) -> float:
        """The moment of a form that is drawn for the first time."""
        return self.clock()

    def signed(self, moment: float, key: str) -> str:
        """Return a moment, in whole seconds, as the form with this key carries it."""
        seconds = str(int(moment))
        return f"{seconds}.{self._signature(seconds, key)}"

    def moment(self, given: str, key: str) -> float:
        """Return when this form was first drawn: now, if it does not say so or says what cannot be.

        An old page, another secret or a clock that was set back cost one more press, nothing else.
        """
        seconds, _, signature = given[:_LONGEST_MOMENT].partition(".")
        true = hmac.compare_digest(self._signature(seconds, key).encode(), signature.encode("utf-8", "replace"))
        return min(float(seconds), self.clock()) if true else self.clock()

    async def challenge(self, cookie: str, key: str) -> str:
        """Return the challenge for the last page, "" while there is no flood."""
        if not await self.flood.look():
            return ""
        return proof.challenge(self.secret, cookie=cookie, key=key, bits=self.settings.proof_bits, now=self.clock())

    async def held(self, *, cookie: str, key: str, moment: float, given: str) -> Held | None:
        """Count a form that is sent; say why it is not taken yet, None when it is. `given` is the proof it carries."""
        flooded = await self.flood.look(sent=1)
        age = self.clock() - moment
        if age < self.settings.least_seconds:
            return Held("quick", math.ceil(self.settings.least_seconds - age))
        if not flooded:
            return None
        verdict = proof.judge(self.secret, given, cookie=cookie, key=key, now=self.clock())
        if verdict == "bad":
            return Held("proof", 0)
        if verdict == "good" or age >= self.settings.wait_seconds:
            return None
        return Held("wait", _STEP * math.ceil((self.settings.wait_seconds - age) / _STEP))

    def _signature(self, seconds: str, key: str) -> str:
        return hmac.new(self.secret, f"moment\0{key}\0{seconds}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
