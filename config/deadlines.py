"""The clocks as data: how long each runs, on which cases, and where the promise comes from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from config.departments import NOTIFIABLE
from config.names import FourLanguages
from config.strict_yaml import validated
from config.vocabulary import QUEUES, Department

SHIPPED: Final = Path(__file__).resolve().parent / "deadlines.yaml"


class ClockRule(BaseModel, extra="forbid", frozen=True):
    """One clock. Exactly one of `calendar_days`, `working_days`, `months`, `department` says how long it runs."""

    id: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    kind: Literal["receipt", "result"]
    names: FourLanguages
    source: Annotated[str, Field(min_length=10, max_length=400)]
    calendar_days: Annotated[int, Field(ge=1, le=366)] | None = None
    working_days: Annotated[int, Field(ge=1, le=250)] | None = None
    months: Annotated[int, Field(ge=1, le=12)] | None = None
    department: Literal[True] | None = None
    queues: tuple[str, ...] = ()
    departments: tuple[Department, ...] = ()
    pausable: bool = False

    @field_validator("queues")
    @classmethod
    def _known(cls, queues: tuple[str, ...]) -> tuple[str, ...]:
        for queue in queues:
            if queue not in QUEUES:
                raise ValueError(f"there is no queue '{queue}'")
        return queues

    @model_validator(mode="after")
    def _one_length(self) -> ClockRule:
        lengths = (self.calendar_days, self.working_days, self.months, self.department)
        if sum(length is not None for length in lengths) != 1:
            raise ValueError(f"clock '{self.id}' needs exactly one of calendar_days, working_days, months, department")
        return self


class Deadlines(BaseModel, extra="forbid", frozen=True):
    """All clocks, the reminders before a due date (in working days, descending) and who hears when one has passed."""

    clocks: Annotated[tuple[ClockRule, ...], Field(min_length=1)]
    reminders: tuple[Annotated[int, Field(ge=1, le=60)], ...]
    escalate_to: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _sound(self) -> Deadlines:
        ids = [clock.id for clock in self.clocks]
        if len(set(ids)) != len(ids):
            raise ValueError("a clock is named twice")
        if list(self.reminders) != sorted(set(self.reminders), reverse=True):
            raise ValueError("reminders go down, each once")
        for name in self.escalate_to:
            if name not in NOTIFIABLE:
                raise ValueError(f"'{name}' cannot be notified")
        return self


def load_deadlines(path: Path = SHIPPED) -> Deadlines:
    """Read the clocks. Raises DataError, in words, when the file is missing or wrong."""
    return validated(Deadlines, path)


@cache
def deadlines() -> Deadlines:
    """The shipped clocks, read once."""
    return load_deadlines()
