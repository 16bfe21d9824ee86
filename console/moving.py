"""Whose case it is and what it is about: take, assign, move to another queue, correct the department and the labels."""

from __future__ import annotations

from typing import Any, Final, cast

from config.vocabulary import DEPARTMENTS, FLAGS, KINDS, QUEUES, Department
from console.actions import After, WrongFormError, change, version_of
from console.case_file import may_have
from console.site import Site, Who
from router import deadlines
from store import clocks, corrections, mentions, search, users
from store.corrections import NothingToCorrectError
from store.database import Tx
from store.labels import WrongLabelsError
from store.views import Row

# What is wanted is so already: nothing happened that the case would tell, and no open page is out of date.
_UNCHANGED: Final = "?done=unchanged"


class Moving:
    """Acts that say whose a case is and what it is about."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def take(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Make the case one's own."""
        del after
        if row.assignee_id == who.viewer.user_id:
            return "?done=taken"
        await change(tx, who, row, "case.taken", assignee_id=who.viewer.user_id)
        return "?done=taken"

    async def assign(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Give the case to a colleague who may have it, or to nobody."""
        del after
        wanted = who.form.get("assignee", "")
        people = [user for user in await users.listing(tx) if may_have(user, row)]
        user = next((user for user in people if str(user.id) == wanted), None)
        if wanted and user is None:
            raise WrongFormError("unknown_person")
        if (user.id if user else None) == row.assignee_id:
            return _UNCHANGED
        detail = {"to": f"user:{user.id}" if user else ""}
        await change(tx, who, row, "case.assigned", detail, assignee_id=user.id if user else None)
        if user:
            await mentions.add(tx, row.id, user.id, "given", author_id=who.viewer.user_id, now=who.now)
        return "?done=assigned"

    async def move(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Send the case to another queue, whose people are told that one waits. What goes to the medical advisers' queue is
        sealed from then on."""
        queue = who.form.get("queue", "")
        if queue not in QUEUES:
            raise WrongFormError("unknown_queue")
        if queue == row.queue:
            return _UNCHANGED
        values: dict[str, Any] = {"queue": queue, "assignee_id": None}
        if queue in DEPARTMENTS:
            values["department"] = queue
        if queue == "medical_coordinator":
            values["sealed"] = True
        await change(tx, who, row, "case.moved", {"from": row.queue, "to": queue}, **values)
        if queue == "medical_coordinator":
            await search.remove(tx, row.id)
        department = queue if queue in DEPARTMENTS else row.department
        await self._clocks(tx, row, queue, cast("Department | None", department))
        sealed = row.sealed or queue == "medical_coordinator"
        after.departing += await self._site.desk.tell(tx, queue, row.reference, sealed=sealed, now=who.now)
        if not who.viewer.has_queue(queue) or (queue == "medical_coordinator" and not who.viewer.medical):
            return f"/console/queue/{row.queue}?moved={queue}"
        return "?done=moved"

    async def department(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Correct which department it is about."""
        del after
        department = who.form.get("department", "") or None
        if department is not None and department not in DEPARTMENTS:
            raise WrongFormError("unknown_department")
        detail = {"from": row.department or "", "to": department or ""}
        try:
            # What the classifier said was wrong then, and it can learn from it.
            await corrections.correct(
                tx, who.viewer, row.id, {"department": department}, now=who.now, version=version_of(who)
            )
        except NothingToCorrectError:
            if department == row.department:
                return _UNCHANGED
            await change(tx, who, row, "case.department", detail, department=department)
        await self._clocks(tx, row, row.queue, department)
        return "?done=department"

    async def correct(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Correct what the classifier said of the message that opened the case: its kind and flags. What is about the medical
        adviser is sealed from then on."""
        del after
        kind = who.form.get("kind", "")
        wanted: dict[str, Any] = {"kind": kind} if kind in KINDS and kind != row.kind else {}
        for flag in FLAGS:
            holds = f"flag-{flag}" in who.form
            if holds != bool(row.flags.get(flag)):
                wanted[flag] = holds
        try:
            await corrections.correct(tx, who.viewer, row.id, wanted, now=who.now, version=version_of(who))
        except NothingToCorrectError:
            raise WrongFormError("nothing_corrected") from None
        except WrongLabelsError:
            raise WrongFormError("wrong_labels") from None
        if wanted.get("doctor") and not who.viewer.medical:
            return f"/console/queue/{row.queue}?sealed"
        return "?done=corrected"

    async def _clocks(self, tx: Tx, row: Row, queue: str, department: Department | None) -> None:
        if row.state != "open":
            return
        wanted = deadlines.clocks_for(
            _Going(queue, department, row.situation, row.refused),
            deadlines.received_day(row.received_at),
            saturdays=self._site.saturdays,
        )
        results = [(clock.id, clock.due_on, clock.source) for clock in wanted if clock.kind == "result"]
        await clocks.tighten(tx, row.id, results)


class _Going:
    """A case on its way to another queue, as the clocks want a decision."""

    def __init__(self, queue: str, department: Department | None, situation: str, refused: str) -> None:
        self.queue = queue
        self.department = department
        self.situation = situation
        self.refused = refused
