"""Who looks, and what they may see. Every query for cases takes a viewer; there is none without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, true

from config.vocabulary import Role
from store.schema import cases


@dataclass(frozen=True, slots=True)
class Viewer:
    """A colleague who is signed in. `medical`: may open sealed cases. `queues`: those whose cases they may see, None for all.

    An administrator manages access and reads no case.
    """

    user_id: int
    name: str
    role: Role
    medical: bool = False
    queues: frozenset[str] | None = None

    @property
    def reads_cases(self) -> bool:
        """Whether this role reads cases at all."""
        return self.role != "administrator"

    @property
    def handles_cases(self) -> bool:
        """Whether this role changes cases."""
        return self.role in ("mediator", "supervisor")

    @property
    def supervises(self) -> bool:
        """Whether this role sees quarantine, rules and channels."""
        return self.role == "supervisor"

    @property
    def sees_everything(self) -> bool:
        """Whether no case is kept from them, sealed or not."""
        return self.reads_cases and self.medical and self.queues is None

    def has_queue(self, queue: str) -> bool:
        """Whether the cases of a queue are theirs to see."""
        return self.reads_cases and (self.queues is None or queue in self.queues)

    def may_list(self) -> ColumnElement[Any]:
        """The condition on `cases` that holds for those that this viewer may know of, sealed ones included."""
        if not self.reads_cases:
            return false()
        return true() if self.queues is None else cases.c.queue.in_(sorted(self.queues))

    def may_see(self) -> ColumnElement[Any]:
        """The condition on `cases` that holds for what this viewer may read."""
        return self.may_list() if self.medical else and_(self.may_list(), not_(cases.c.sealed))
