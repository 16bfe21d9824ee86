"""Colleagues see where the classifier was wrong, and say what is right."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gateway.demo.handling import Handling, Life
from gateway.demo.templates import in_house
from store import corrections
from store.database import Tx
from store.labels import WrongLabelsError

_REASONS: Final = {
    "fr": ("Vu avec le service, ce n'est pas pour eux.", "Le membre le dit lui-même plus bas dans sa lettre.", ""),
    "nl": ("Bekeken met de dienst, het is niet voor hen.", "Het lid zegt het zelf verderop in de brief.", ""),
}


async def correct(tx: Tx, handling: Handling, life: Life, now: datetime) -> None:
    """Correct what the classifier said of a case that is open."""
    row = await handling.row(tx, life.case_id)
    if row is None or not life.wrong:
        return
    reason, who = handling.rng.choice(_REASONS[in_house(life.language)]), handling.somebody(row)
    try:
        await corrections.correct(tx, who, life.case_id, dict(life.wrong), now=now, reason=reason)
    except (corrections.NothingToCorrectError, WrongLabelsError):
        return
