"""The clocks of a case: due dates, working days as Belgium counts them, reminders, and how long is left, in words.

The day of receipt is day 0 (Regulation (EEC, Euratom) 1182/71, article 3(1), counts so too). Working days are Monday
to Friday without the legal holidays; whether Saturdays count is a setting, since "jours ouvrables" may be read so.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo

from config.deadlines import ClockRule, Deadlines, deadlines
from config.departments import departments
from config.public_holidays import legal_holidays
from config.vocabulary import Department, Language

BRUSSELS: Final = ZoneInfo("Europe/Brussels")
_ONE_DAY: Final = timedelta(days=1)
# Cases nobody will examine have only their receipt to wait for.
_NO_RESULT: Final = ("compliment", "suggestion")


class Decided(Protocol):
    """What clocks need to know of a decision; `router.decision.Decision` has it, and so has a stored case."""

    @property
    def queue(self) -> str: ...
    @property
    def department(self) -> Department | None: ...
    @property
    def situation(self) -> str: ...
    @property
    def refused(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise on a case. `kind` "receipt" ends with the acknowledgement, "result" with the answer."""

    id: str
    due_on: date
    source: str
    kind: Literal["receipt", "result"] = "result"
    pausable: bool = False


@dataclass(frozen=True, slots=True)
class Reminder:
    """A day on which somebody is told about a clock. `working_days_left` is negative for an escalation."""

    clock: str
    on: date
    kind: Literal["reminder", "escalation"]
    working_days_left: int


def received_day(moment: datetime) -> date:
    """The day of receipt in Brussels of an aware moment. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no day in Brussels")
    return moment.astimezone(BRUSSELS).date()


def is_working_day(day: date, *, saturdays: bool = False) -> bool:
    """Whether people are at work: Monday to Friday (Saturday if the setting says so), no Belgian legal holiday."""
    last = 5 if saturdays else 4
    return day.weekday() <= last and day not in legal_holidays(day.year)


def add_working_days(day: date, n: int, *, saturdays: bool = False) -> date:
    """The `n`-th working day after `day` (before it, for a negative `n`); `day` itself is not counted."""
    step = _ONE_DAY if n >= 0 else -_ONE_DAY
    left = abs(n)
    while left:
        day += step
        left -= is_working_day(day, saturdays=saturdays)
    return day


def working_days_between(start: date, end: date, *, saturdays: bool = False) -> int:
    """Working days after `start` up to and including `end`; negative when `end` lies before `start`."""
    if end < start:
        return -working_days_between(end, start, saturdays=saturdays)
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_working_day(day, saturdays=saturdays) for day in days)


def clocks_for(
    decision: Decided, received_on: date, *, saturdays: bool = False, data: Deadlines | None = None
) -> tuple[Clock, ...]:
    """The clocks that run on a case, the earliest first. Refused cases and thanks have only their receipt."""
    rules = (data or deadlines()).clocks
    clocks = [
        Clock(rule.id, due_on, rule.source, rule.kind, rule.pausable)
        for rule in rules
        if _runs(rule, decision) and (due_on := _due(rule, decision, received_on, saturdays=saturdays)) is not None
    ]
    return tuple(sorted(clocks, key=lambda clock: (clock.due_on, clock.id)))


def earliest(clocks: Sequence[Clock], *, acknowledged: bool = True) -> Clock | None:
    """The clock that leads the queue. Once the receipt has gone, only the clocks for a result count."""
    running = [clock for clock in clocks if clock.kind == "result" or not acknowledged]
    return min(running, key=lambda clock: clock.due_on, default=None)


def promised(decision: Decided, clocks: Sequence[Clock]) -> date | None:
    """The one date that the member is told, everywhere; None when none is promised.

    It is the earliest date for a result, so that it keeps every promise at once. What belongs to the coordinating
    doctor is answered by the union, in whose name we promise nothing.
    """
    if decision.queue == "medical_coordinator":
        return None
    leading = earliest(clocks)
    return leading.due_on if leading else None


def with_pauses(
    clocks: Iterable[Clock], pauses: Sequence[tuple[date, date]], *, saturdays: bool = False
) -> tuple[Clock, ...]:
    """The clocks after pauses, each from a day to the day work went on; only pausable clocks wait.

    A pause moves the due date by the working days that it took.
    """
    days = sum(working_days_between(start, end, saturdays=saturdays) for start, end in pauses if end > start)
    return tuple(
        replace(clock, due_on=add_working_days(clock.due_on, days, saturdays=saturdays)) if clock.pausable else clock
        for clock in clocks
    )


def after_pause(due_on: date, began: datetime, ended: datetime, *, saturdays: bool = False) -> date:
    """The due date of one clock that waited between two moments: later by the working days that the pause took. One that was
    over before it began is over."""
    if due_on < received_day(began):
        return due_on
    days = working_days_between(received_day(began), received_day(ended), saturdays=saturdays)
    return add_working_days(due_on, days, saturdays=saturdays) if days > 0 else due_on


def latest_pause(clocks: Iterable[tuple[str, date]], *, for_member: bool, data: Deadlines | None = None) -> date | None:
    """The last day until which a case may rest; None when no clock says.

    A case cannot be put off beyond a promise: only while we wait for the member do the pausable clocks wait too, and those
    that come from outside the house never do.
    """
    waiting = pausable(data) if for_member else frozenset()
    return min((due_on for clock, due_on in clocks if clock not in waiting), default=None)


def pausable(data: Deadlines | None = None) -> frozenset[str]:
    """The clocks that wait while we wait for the member."""
    return frozenset(rule.id for rule in (data or deadlines()).clocks if rule.pausable)


def reminders(
    clock: Clock, today: date, *, saturdays: bool = False, data: Deadlines | None = None
) -> tuple[Reminder, ...]:
    """Reminders from `today` on, and the escalation on the working day after the due date (today, if that has passed)."""
    planned = []
    for before in (data or deadlines()).reminders:
        on = add_working_days(clock.due_on, -before, saturdays=saturdays)
        if on >= today:
            planned.append(Reminder(clock.id, on, "reminder", before))
    after = max(add_working_days(clock.due_on, 1, saturdays=saturdays), today)
    late = -working_days_between(clock.due_on, after, saturdays=saturdays)
    return (*planned, Reminder(clock.id, after, "escalation", late))


def in_words(due_on: date, today: date, language: Language, *, saturdays: bool = False) -> str:
    """How long is left, as people say it: "in 17 working days", "today", "2 working days late"."""
    words = _WORDS[language]
    if due_on == today:
        return words.today
    if due_on == today + _ONE_DAY:
        return words.tomorrow
    working = working_days_between(today, due_on, saturdays=saturdays)
    days = (due_on - today).days
    if due_on > today:
        # A due date on Sunday, read on Friday: no working day is left, yet there are days.
        return _counted(words.ahead_working, working) if working else _counted(words.ahead, days)
    return _counted(words.late_working, -working) if working else _counted(words.late, -days)


@dataclass(frozen=True, slots=True)
class _Words:
    """Each pair is the singular and the plural."""

    today: str
    tomorrow: str
    ahead_working: tuple[str, str]
    ahead: tuple[str, str]
    late_working: tuple[str, str]
    late: tuple[str, str]


_WORDS: Final[dict[Language, _Words]] = {
    "fr": _Words(
        "aujourd’hui",
        "demain",
        ("dans 1 jour ouvrable", "dans {n} jours ouvrables"),
        ("dans 1 jour", "dans {n} jours"),
        ("en retard de 1 jour ouvrable", "en retard de {n} jours ouvrables"),
        ("en retard de 1 jour", "en retard de {n} jours"),
    ),
    "nl": _Words(
        "vandaag",
        "morgen",
        ("over 1 werkdag", "over {n} werkdagen"),
        ("over 1 dag", "over {n} dagen"),
        ("1 werkdag te laat", "{n} werkdagen te laat"),
        ("1 dag te laat", "{n} dagen te laat"),
    ),
    "de": _Words(
        "heute",
        "morgen",
        ("in 1 Arbeitstag", "in {n} Arbeitstagen"),
        ("in 1 Tag", "in {n} Tagen"),
        ("1 Arbeitstag verspätet", "{n} Arbeitstage verspätet"),
        ("1 Tag verspätet", "{n} Tage verspätet"),
    ),
    "en": _Words(
        "today",
        "tomorrow",
        ("in 1 working day", "in {n} working days"),
        ("in 1 day", "in {n} days"),
        ("1 working day late", "{n} working days late"),
        ("1 day late", "{n} days late"),
    ),
}


def _counted(forms: tuple[str, str], n: int) -> str:
    return forms[0] if n == 1 else forms[1].replace("{n}", str(n))


def answer_due(asked_on: date) -> date:
    """When a request for access is to be answered (GDPR, article 12(3)): one month after the day on which it was asked.

    A month that has no such day ends on its last; a Saturday, a Sunday or a holiday goes on to the next working day, whatever
    the house counts as one (Regulation 1182/71, article 3(2)(c) and (4)).
    """
    last = _months_later(asked_on, 1)
    return last if is_working_day(last) else add_working_days(last, 1)


def _runs(rule: ClockRule, decision: Decided) -> bool:
    if rule.kind == "receipt":
        return True
    if decision.refused or decision.situation in _NO_RESULT:
        return False
    if rule.departments and decision.department not in rule.departments:
        return False
    return not rule.queues or decision.queue in rule.queues


def _due(rule: ClockRule, decision: Decided, received_on: date, *, saturdays: bool) -> date | None:
    if rule.calendar_days is not None:
        return received_on + timedelta(days=rule.calendar_days)
    if rule.months is not None:
        return _months_later(received_on, rule.months)
    working_days = rule.working_days
    if rule.department:
        # A department's standard is for the cases in its own queue, not for those it only helps to examine.
        own = next((entry for name, entry in departments().items() if name == decision.queue), None)
        working_days = own.working_days if own else None
    return None if working_days is None else add_working_days(received_on, working_days, saturdays=saturdays)


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day (as Regulation 1182/71, article 3(2)(c), ends it)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
