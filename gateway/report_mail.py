"""A word by mail about the monthly report: its headlines to its readers once it is approved, else a reminder to the supervisors.

The mail holds no personal data: the answers as they leave the house, with small counts hidden, a link, and the report as a PDF
for which the same holds. The examples are members' own words; they stay behind the sign-in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import structlog

from channels.mail.tags import sign_message_tag
from channels.message import Attachment, OutboundMessage
from console.report_files import File, made, signed
from console.report_sections import sections
from console.report_writing import month_name
from console.words import Words, catalogue
from gateway.house import House
from report import figures
from report.figures import Report
from report.kept import Current
from router.pdf import PdfError
from store import audit, operations, outbox, reports, users
from store.database import Tx
from store.reports import Kept

log = structlog.get_logger(__name__)

# The sections whose answers are told.
_TOLD: Final = ("trend", "clocks", "times", "outcomes", "satisfaction")
# Nobody is told of what was approved longer ago: as when readers are named for the first time.
_LATE: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told of a month, and was not yet. `report` is None for a reminder, `paper` where no PDF could be made."""

    job: Literal["report", "report_reminder"]
    month: date
    report: Report | None = None
    paper: File | None = None


async def due(house: House, today: date) -> Due | None:
    """What is due today about a month that is over; None where nobody is to be told, or everybody was."""
    if not house.settings.report_to:
        return None
    month = figures.earlier(today.replace(day=1), 1)
    found = await _of_last(house, month) if today.day >= house.settings.report_day else None
    return found or await _late(house, month, figures.midnight(today) - _LATE)


async def _of_last(house: House, month: date) -> Due | None:
    async with house.store.read() as tx:
        if await operations.has_run(tx, "report", f"{month:%Y-%m}"):
            return None
        kept = await reports.of_month(tx, month)
        reminded = await operations.has_run(tx, "report_reminder", f"{month:%Y-%m}")
    if kept.approved_at is not None:
        return await _approved(house, kept)
    return None if reminded else Due("report_reminder", month)


async def _late(house: House, month: date, since: datetime) -> Due | None:
    """A report of an earlier month that was approved lately, once the next month was over too: its readers still wait for it."""
    async with house.store.read() as tx:
        for earlier in await reports.approved_since(tx, since, before=month):
            if not await operations.has_run(tx, "report", f"{earlier:%Y-%m}"):
                kept = await reports.of_month(tx, earlier)
                break
        else:
            return None
    return await _approved(house, kept)


async def _approved(house: House, kept: Kept) -> Due:
    report = Report.model_validate_json(kept.body)
    return Due("report", kept.month, report, await _paper(house, report, kept))


async def _paper(house: House, report: Report, kept: Kept) -> File | None:
    """The report as it is mailed. Without a typesetter its readers are told all the same, and follow the link."""
    without = report.model_copy(
        update={"themes": tuple(one.model_copy(update={"examples": ()}) for one in report.themes)}
    )
    language = house.settings.report_language
    try:
        return await made(without, "pdf", language, signed(Current(report, kept)), now=house.now())
    except PdfError as error:
        log.error("the mail of the monthly report goes without its PDF", error=type(error).__name__)
        return None


async def put(tx: Tx, house: House, what: Due, *, now: datetime) -> dict[str, Any]:
    """Put the mails into the outbox. Returns how many there are, for the run."""
    language = house.settings.report_language
    words = catalogue()[language]
    subject, text = _words(house, words, what)
    if what.report is None:
        to = [user.login for user in await users.to_tell(tx, ("supervisor",), sealed=False)]
    else:
        to = list(house.settings.report_to)
    for address in dict.fromkeys(to):
        key = f"{what.job}-{what.month:%Y-%m}-{hashlib.sha256(address.encode()).hexdigest()[:16]}"
        message = OutboundMessage(
            key=key,
            channel="email",
            account=house.mailbox_for(language).address,
            recipient=address,
            recipient_name="",
            subject=subject,
            text=text,
            language=language,
            auto=True,
            message_tag=sign_message_tag(key, house.tag_keys),
            attachments=(Attachment(what.paper.name, what.paper.type, what.paper.content),) if what.paper else (),
        )
        await outbox.put(tx, message, now=now)
    if what.report is not None:
        detail = {
            "month": f"{what.month:%Y-%m}",
            "recipients": len(to),
            "rows": what.paper.rows if what.paper else len(_TOLD),
        }
        await audit.write(tx, actor="system", act="report.sent", at=now, detail=detail)
    return {"mails": len(to)}


def _words(house: House, words: Words, what: Due) -> tuple[str, str]:
    month = month_name(what.month, words)
    url = f"{house.settings.base_url}/console/report?month={what.month:%Y-%m}"
    if what.report is None:
        return _named(words["report.mail.waits"], month), f"{_named(words['report.mail.remind'], month)}\n\n{url}\n"
    by_id = {one.id: one.answer for one in sections(what.report, words, leaving=True)}
    answers = "\n".join(f"- {by_id[name]}" for name in _TOLD)
    where = words["report.mail.attached" if what.paper else "report.mail.where"]
    text = f"{_named(words['report.mail.approved'], month)}\n\n{answers}\n\n{where}\n{url}\n"
    return _named(words["report.mail.subject"], month), text


def _named(text: str, month: str) -> str:
    return text.replace("{month}", month)
