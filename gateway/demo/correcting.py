"""How wrong the classifier is said to be, and how colleagues put it right: the department mostly, a flag or the kind now and
then."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from config.vocabulary import DEPARTMENTS, Department
from gateway.demo.handling import Handling, Life
from gateway.demo.templates import in_house
from store import corrections, views
from store.database import Tx
from store.labels import WrongLabelsError

# Which departments are taken for which others.
_CONFUSED: Final[dict[Department, tuple[Department, ...]]] = {
    "reimbursements": ("benefits", "hospital_dental", "membership"),
    "incapacity": ("reimbursements", "contributions"),
    "membership": ("contributions", "digital"),
    "contributions": ("membership",),
    "hospital_dental": ("reimbursements", "benefits"),
    "benefits": ("reimbursements",),
    "branches": ("contact_center", "social_service"),
    "contact_center": ("branches", "digital"),
    "digital": ("contact_center",),
    "social_service": ("branches", "benefits"),
    "privacy": ("digital", "branches"),
}
# Which labels are wrong, of a hundred.
_WRONG: Final = {"department": 62, "urgent": 12, "second_line": 12, "kind": 10, "doctor": 4}
_SEALED_IN_VAIN: Final = 0.3
_REASONS: Final = {
    "fr": ("Vu avec le service, ce n'est pas pour eux.", "Le membre le dit lui-même plus bas dans sa lettre.", ""),
    "nl": ("Bekeken met de dienst, het is niet voor hen.", "Het lid zegt het zelf verderop in de brief.", ""),
}


async def correct(tx: Tx, handling: Handling, life: Life, now: datetime) -> None:
    """A colleague says what it really was."""
    row = await handling.row(tx, life.case_id)
    if row is None:
        return
    rng = handling.rng
    reason = rng.choice(_REASONS[in_house(life.language)])
    try:
        await corrections.correct(
            tx, handling.somebody(row), life.case_id, _wanted(handling, row, life), now=now, reason=reason
        )
    except (corrections.NothingToCorrectError, WrongLabelsError):
        return


def _wanted(handling: Handling, row: views.Row, life: Life) -> dict[str, Any]:
    rng, flags = handling.rng, life.matter.theme.flags
    if row.sealed:
        return {"doctor": False} if rng.random() < _SEALED_IN_VAIN else {}
    if "off_scope" in flags:
        return {"off_scope": False, "department": rng.choice(DEPARTMENTS)}
    label = rng.choices(tuple(_WRONG), tuple(_WRONG.values()))[0]
    if label == "kind":
        return {"kind": "question" if row.kind == "complaint" else "complaint"}
    if label == "department":
        confused = _CONFUSED.get(cast(Department, row.department), ())
        return {"department": rng.choice(confused)} if confused else {}
    return {label: label not in flags}
