"""The PDFs of the quality policy, each made when it is first asked for and then kept in memory.

Anybody may ask, and making one takes seconds: so one child works at a time, however many ask, and where one could not be
made, nobody makes us try again for a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from config.quality import policies
from config.vocabulary import Language
from router.pdf import PdfError, make_pdf
from router.policy import policy_html

log = structlog.get_logger(__name__)

REST_SECONDS: Final = 60.0


class PolicyPdf:
    """`make` typesets a document, `clock` counts seconds."""

    def __init__(
        self, make: Callable[[str], Awaitable[bytes]] = make_pdf, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = make
        self._clock = clock
        self._made: dict[Language, bytes] = {}
        self._one_at_a_time = asyncio.Lock()
        self._rest_until = float("-inf")

    async def in_language(self, language: Language) -> bytes | None:
        """The policy as a PDF; None when it cannot be made just now."""
        if language not in self._made:
            async with self._one_at_a_time:
                if language not in self._made and self._clock() >= self._rest_until:
                    await self._try(language)
        return self._made.get(language)

    async def _try(self, language: Language) -> None:
        try:
            self._made[language] = await self._make(policy_html(policies()[language], language))
        except PdfError as error:
            self._rest_until = self._clock() + REST_SECONDS
            log.warning("the quality policy could not be made", language=language, reason=str(error))
