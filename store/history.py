"""A classification as it was kept, read again."""

from __future__ import annotations

from typing import Any

from classifier.classification import Classification, Evidence, Passage


def classification_from(said: dict[str, Any]) -> Classification:
    """The classification that was kept as JSON (see Classification.as_json)."""
    flags = ("anonymous", "off_scope", "doctor", "urgent", "second_line")
    return Classification(
        language=said["language"],
        kind=said["kind"],
        flags={flag: bool(said[flag]) for flag in flags},  # type: ignore[misc]  # the closed list of flags
        department=said["department"],
        departments=tuple(map(tuple, said["departments"])),
        probabilities=said["probabilities"],
        abstained=tuple(said["abstained_on"]),
        because=said.get("abstained_because", {}),
        evidence=tuple(Evidence(**item) for item in said["evidence"]),
        model=said["model"],
        # What was kept before these were told has none.
        languages=tuple(Passage(**item) for item in said.get("languages", ())),
    )
