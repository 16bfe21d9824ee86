"""What a classifier would say of a story, its mistakes included, and what is right: the difference is what people correct."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from classifier.classification import Classification, Evidence
from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, Department, Flag, Kind, Language
from gateway.demo.templates import Theme

MODEL: Final = "demo"
# How often a flag is not seen where it should be, and is seen where it should not.
_MISSED: Final[dict[Flag, float]] = {
    "urgent": 0.16, "second_line": 0.07, "doctor": 0.06, "off_scope": 0.06, "anonymous": 0.05
}  # fmt: skip
_INVENTED: Final[dict[Flag, float]] = {"urgent": 0.006, "second_line": 0.006, "doctor": 0.004, "off_scope": 0.007}
_WRONG_DEPARTMENT: Final = 0.06
_WRONG_KIND: Final = 0.015
_UNSURE: Final = 0.1
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


@dataclass(frozen=True, slots=True)
class Labels:
    """What a story is said to be."""

    kind: Kind
    department: Department | None
    flags: frozenset[Flag]

    def unlike(self, right: Labels) -> dict[str, Any]:
        """What has to be corrected for `right` to hold."""
        wanted: dict[str, Any] = {flag: flag in right.flags for flag in self.flags ^ right.flags}
        wanted |= {"kind": right.kind} if self.kind != right.kind else {}
        return wanted | ({"department": right.department} if self.department != right.department else {})


def right(theme: Theme, department: Department | None) -> Labels:
    """What a story of a theme is."""
    return Labels(theme.kind, department, frozenset(theme.flags))


def said(found: Classification) -> Labels:
    """What a classification says."""
    return Labels(found.kind, found.department, frozenset(flag for flag in FLAGS if found.flags[flag]))


def judged(truth: Labels, language: Language, evidence: tuple[Evidence, ...], rng: Random) -> Classification:
    """What a classifier would say, which is mostly right."""
    taken = _mistaken(truth, rng)
    unsure = _unsure(truth, taken, rng)
    chances: dict[str, Any] = {flag: _chance(flag in taken.flags, flag in truth.flags, rng) for flag in FLAGS}
    if unsure in FLAGS:
        chances[unsure] = 0.72
    sure = round(rng.uniform(0.88, 0.995) if taken.kind == truth.kind else rng.uniform(0.55, 0.8), 4)
    return Classification(
        language=language,
        kind=taken.kind,
        flags={flag: flag in taken.flags for flag in FLAGS},
        department=taken.department,
        departments=_departments(taken, truth, unsure == "department", rng),
        probabilities={"kind": {kind: round((1 - sure) / 4, 4) for kind in KINDS} | {taken.kind: sure}, **chances},
        abstained=(unsure,) if unsure else (),
        evidence=evidence,
        model=MODEL,
        because={unsure: "undecided" if unsure == "department" else "not_certain_enough"} if unsure else {},
    )


def _mistaken(truth: Labels, rng: Random) -> Labels:
    flags = {flag for flag in sorted(truth.flags) if rng.random() >= _MISSED[flag]}
    kind, department = truth.kind, truth.department
    if kind == "other":
        return truth
    if not truth.flags:
        flags |= {flag for flag, chance in _INVENTED.items() if rng.random() < chance}
    if rng.random() < _WRONG_KIND and kind in ("complaint", "question"):
        kind = "question" if kind == "complaint" else "complaint"
    if department in _CONFUSED and rng.random() < _WRONG_DEPARTMENT:
        department = rng.choice(_CONFUSED[department])
    return Labels(kind, None if "off_scope" in flags else department, frozenset(flags))


def _unsure(truth: Labels, taken: Labels, rng: Random) -> str:
    """The label of which the classifier says that it is not sure; "" mostly."""
    if rng.random() >= _UNSURE:
        return ""
    if taken.department and not truth.flags:
        return "department"
    return next((flag for flag in ("off_scope", "anonymous") if flag in taken.flags), "")


def _chance(taken: bool, really: bool, rng: Random) -> float:
    low, high = {(True, True): (0.85, 0.99), (True, False): (0.8, 0.97), (False, True): (0.2, 0.34)}.get(
        (taken, really), (0.001, 0.06)
    )
    return round(rng.uniform(low, high), 4)


def _departments(taken: Labels, truth: Labels, unsure: bool, rng: Random) -> tuple[tuple[Department, float], ...]:
    if taken.department is None:
        return ()
    low, high = (0.41, 0.52) if unsure else (0.72, 0.97) if taken.department == truth.department else (0.55, 0.85)
    first = round(rng.uniform(low, high), 4)
    others = rng.sample([name for name in DEPARTMENTS if name != taken.department], 2)
    return (
        (taken.department, first),
        (others[0], round((1 - first) * 0.6, 4)),
        (others[1], round((1 - first) * 0.3, 4)),
    )
