"""The labels of a message as one flat mapping: {"kind": …, each flag: bool, "department": … or None}, and how people change it.

A correction names only what it changes, so a later one of the same label wins and the others stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from config.vocabulary import DEPARTMENTS, FLAGS, KINDS

Labels = Mapping[str, Any]
LABELS: Final[tuple[str, ...]] = ("kind", *FLAGS, "department")


class WrongLabelsError(ValueError):
    """These labels cannot be; the text says why, in words without anything of the case."""


def said(body: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of a classification as the register keeps it."""
    return {"kind": body["kind"], **{flag: bool(body[flag]) for flag in FLAGS}, "department": body["department"]}


def standing(first: Labels, corrections: Iterable[Labels]) -> dict[str, Any]:
    """What holds after corrections, the earliest first."""
    held = dict(first)
    for correction in corrections:
        held.update(correction)
    return held


def changed(before: Labels, wanted: Labels) -> dict[str, Any]:
    """What `wanted` changes of `before`, with what follows from it. Raises `WrongLabelsError`.

    Off scope excludes a department and the mutual's own adviser (`classifier.corpus` asks the same of every example): who
    says one of them and nothing of the other has said both.
    """
    _check(wanted)
    full = dict(wanted)
    if wanted.get("off_scope"):
        full.setdefault("department", None)
        full.setdefault("doctor", False)
    elif wanted.get("department") or wanted.get("doctor"):
        full.setdefault("off_scope", False)
    if full.get("off_scope") and full.get("department"):
        raise WrongLabelsError("what is off scope has no department")
    if full.get("off_scope") and full.get("doctor"):
        raise WrongLabelsError("the mutual's own adviser is never off scope")
    return {label: value for label, value in full.items() if before.get(label) != value}


def _check(wanted: Labels) -> None:
    for label, value in wanted.items():
        if label == "kind":
            known = value in KINDS
        elif label == "department":
            known = value is None or value in DEPARTMENTS
        elif label in FLAGS:
            known = isinstance(value, bool)
        else:
            raise WrongLabelsError(f"there is no label '{label}'")
        if not known:
            raise WrongLabelsError(f"'{value}' is no {label}")
