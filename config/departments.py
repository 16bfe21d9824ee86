"""The departments and queues of the house, read from departments.yaml and queues.yaml and checked whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, field_validator, model_validator

from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import DEPARTMENTS, QUEUES, ROLES, SPECIAL_QUEUES, Department, Language

SHIPPED: Final = Path(__file__).resolve().parent
# Who a rule or a department may have told of a case: the people of a queue, or everyone in a role. Never an address:
# who these people are, and how they are reached, is for the register of users.
NOTIFIABLE: Final[tuple[str, ...]] = (*QUEUES, *(role for role in ROLES if role not in QUEUES))

_Notify = Annotated[tuple[str, ...], Field(max_length=10)]


def _known_people(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in NOTIFIABLE:
            raise ValueError(f"'{name}' is neither a queue nor a role that can be notified")
    return names


class DepartmentEntry(BaseModel, extra="forbid", frozen=True):
    """One department: its names, its own deadline in working days (None: it promises no date) and who is told."""

    id: Department
    names: FourLanguages
    working_days: Annotated[int, Field(ge=1, le=60)] | None = None
    notify: _Notify = ()

    _people = field_validator("notify")(_known_people)


class QueueEntry(BaseModel, extra="forbid", frozen=True):
    """One queue that belongs to no department."""

    id: str
    names: FourLanguages
    purpose: FourLanguages
    notify: _Notify = ()

    _people = field_validator("notify")(_known_people)


class Departments(BaseModel, extra="forbid", frozen=True):
    """All departments, each exactly once."""

    departments: tuple[DepartmentEntry, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Departments:
        _exactly([entry.id for entry in self.departments], DEPARTMENTS, "department")
        return self


class Queues(BaseModel, extra="forbid", frozen=True):
    """All queues that are no department's, each exactly once."""

    queues: tuple[QueueEntry, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Queues:
        _exactly([entry.id for entry in self.queues], SPECIAL_QUEUES, "queue")
        return self


def load_departments(path: Path = SHIPPED / "departments.yaml") -> Mapping[Department, DepartmentEntry]:
    """All departments by id. Raises DataError when one is missing, unknown, named twice or wrong."""
    return {entry.id: entry for entry in validated(Departments, path).departments}


def load_queues(path: Path = SHIPPED / "queues.yaml") -> Mapping[str, QueueEntry]:
    """The queues `mediation`, `triage` and `medical_coordinator` by id. Raises DataError like load_departments."""
    return {entry.id: entry for entry in validated(Queues, path).queues}


@cache
def departments() -> Mapping[Department, DepartmentEntry]:
    """The shipped departments, read once."""
    return load_departments()


@cache
def queues() -> Mapping[str, QueueEntry]:
    """The shipped queues, read once."""
    return load_queues()


def department_name(department: Department, language: Language) -> str:
    """What members call a department."""
    return departments()[department].names.in_language(language)


def queue_name(queue: str, language: Language) -> str:
    """What people call a queue, a department's included. Raises KeyError for a queue that does not exist."""
    if queue in queues():
        return queues()[queue].names.in_language(language)
    by_name: Mapping[str, DepartmentEntry] = {str(name): entry for name, entry in departments().items()}
    return by_name[queue].names.in_language(language)


def _exactly(found: list[Any], wanted: tuple[str, ...], what: str) -> None:
    problems = [f"{what} '{name}' is missing" for name in wanted if name not in found]
    problems += [f"{what} '{name}' is unknown" for name in found if name not in wanted]
    problems += [f"{what} '{name}' is named twice" for name in wanted if found.count(name) > 1]
    if problems:
        raise ValueError("; ".join(problems))
