"""The file of a case as one document for the typesetter: everything, or only what passed between the member and the house."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Final

from channels.web.pages import environment, straightened
from config.causes import causes
from config.vocabulary import FLAGS
from console.case_file import CaseFile
from console.pages import HERE, Say
from console.site import Who
from console.timeline import Item
from console.words import Words, catalogue
from router import deadlines
from store import links

_HOLE: Final = re.compile(r"\{(\w+)\}")
_STYLE: Final = (HERE / "paper" / "case.css").read_text(encoding="utf-8")
# The typesetter's time grows with the square of a paragraph, and a file that nobody can read helps nobody.
_LONGEST_LINE: Final = 2_000
_MOST_LINES: Final = 1_500


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `sort` says how it is set: "message", "note-entry", "department-entry", "event-entry"."""

    sort: str
    at: datetime
    title: str
    subject: str = ""
    lines: Sequence[str] = ()
    files: Sequence[str] = field(default=())


def document(file: CaseFile, who: Who, *, whole: bool, saturdays: bool) -> str:
    """The HTML, without any outside resource. `whole`: notes, questions to departments and acts too."""
    words = catalogue()[who.language]
    entries = [entry for item in file.items if (entry := _entry(item, file, words, whole=whole)) is not None]
    template = environment(HERE / "paper", finalize=straightened).get_template("case.html")
    return template.render(
        t=words,
        language=who.language,
        say=Say(who.language, who.now, saturdays=saturdays),
        now=who.now,
        name=who.viewer.name,
        row=file.row,
        file=file,
        whole=whole,
        days=_days(entries),
        style=_STYLE,
    )


def _days(entries: Sequence[Entry]) -> list[tuple[date, list[Entry]]]:
    return [(day, list(of_day)) for day, of_day in groupby(entries, lambda one: deadlines.received_day(one.at))]


def _entry(item: Item, file: CaseFile, words: Words, *, whole: bool) -> Entry | None:
    message = item.message
    if message is not None and (whole or message.direction in ("in", "out")):
        files = [paper.name or words["file.nameless"] for paper in message.files]
        sort = "message" if message.direction in ("in", "out") else "department-entry"
        text = message.reply or message.text
        return Entry(sort, item.at, _title(item, file, words), message.subject, _lines(links.masked(text)), files)
    if item.note is not None and whole:
        label = words["note.closing" if item.note.about == "closing" else "note.label"]
        return Entry("note-entry", item.at, f"{label}, {item.note.author}", "", _lines(item.note.text))
    if item.sort == "event" and whole:
        return Entry("event-entry", item.at, _told(item, file, words))
    return None


def _title(item: Item, file: CaseFile, words: Words) -> str:
    message = item.message
    if message is None:
        return ""
    channel = words.of("channel", message.channel)
    if message.direction == "in":
        name = message.sender_name or message.address or (file.member.name if file.member else "")
        return f"{channel}, {words['message.from'].replace('{name}', name or words['member.unclear'])}"
    if message.direction == "ask":
        return f"{words['ask.title']}, {words.queue(message.situation)}, {message.author}"
    if message.direction == "dep":
        return words["ask.answer"].replace("{name}", message.sender_name or words.queue(message.situation))
    if message.auto:
        situation = words.of("situation", message.situation)
        return f"{channel}, {words['message.receipt'].replace('{situation}', situation)}"
    return f"{channel}, {words['message.ours'].replace('{name}', message.author)}"


def _told(item: Item, file: CaseFile, words: Words) -> str:
    """An act in words, as on the page of the case."""
    detail = item.detail or {}
    labels = ", ".join(
        words.of("flag", name) if name in FLAGS else str(pair[1] or "")
        for name, pair in (detail.get("labels") or {}).items()
    )
    values = {
        "who": words.of("actor", item.actor) if item.actor in ("system", "member") else item.actor,
        "act": item.act,
        "queue": words.queue(detail.get("queue") or detail.get("to")),
        "from": words.queue(detail.get("from")),
        "rule": words.of("rule", detail.get("rule")),
        "outcome": words.of("outcome", detail.get("outcome")),
        "to": file.names.get(str(detail.get("to")), words["row.nobody"]),
        "holder": file.names.get(str(detail.get("from")), words["row.nobody"]),
        "what": words.of("audit.part", detail.get("what")),
        "department": words.queue(detail.get("to")) or words["side.no_department"],
        "clock": words.of("clock", detail.get("clock")),
        "status": str(detail.get("status", "")),
        "reason": words.of("pause.reason", detail.get("reason")),
        "until": str(detail.get("until", "")),
        "state": words.of("recommend.state", detail.get("state")),
        "labels": labels,
    }
    text = words.of("act", item.act, otherwise=words["act.other"])
    told = _HOLE.sub(lambda hole: values.get(hole.group(1), ""), text)
    cause = causes().names(words.language).get(detail.get("cause", ""), "")
    return f"{told} {words['act.cause'].replace('{cause}', cause)}" if cause else told


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n")[:_MOST_LINES]:
        lines += [line[at : at + _LONGEST_LINE] for at in range(0, max(1, len(line)), _LONGEST_LINE)]
    return lines[:_MOST_LINES]
