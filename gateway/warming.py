"""What the first messages after a start would wait for, loaded before them: words, texts, patterns, calendars.

Every file is read once and kept. Read in the middle of a turn, all of them together take more than a second, in which the
worker hears nobody else.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from channels.message import InboundMessage, RawMessage, Sender
from channels.web.texts import pages
from chatbot import state as talk
from chatbot.dialogue import step
from chatbot.replies import render
from classifier.classification import Text
from config.departments import departments, queues
from config.vocabulary import LANGUAGES, Language
from config.wording import wording
from gateway.arrival import Arrival
from gateway.classifying import unclassified
from gateway.conversing import Known, staffed
from gateway.line import said_in
from router import deadlines
from router.dates import in_full
from store.inbox import Item

# A question and words of every day: both need all that the robot knows.
_SAID: Final = "Bonjour, je voudrais savoir comment cela va ?"


def load(now: datetime) -> None:
    """Load all of it; takes a second or two of one core."""
    _load_calendars(now.date())
    for language in LANGUAGES:
        _rehearse(language, now)
    pages()
    wording()
    departments()
    queues()


def _load_calendars(today: date) -> None:
    for year in (today.year, today.year + 1):
        deadlines.is_working_day(today.replace(year=year, day=1))
    for language in LANGUAGES:
        in_full(today, language)


def _rehearse(language: Language, now: datetime) -> None:
    """Say a line to the robot that nobody keeps."""
    message = InboundMessage(
        channel="chat",
        account="",
        external_id="",
        sender=Sender("chat", "", ""),
        subject="",
        text=_SAID,
        reply=_SAID,
        received_at=now,
    )
    raw = RawMessage("chat", "", "", b"", now)
    arrival = Arrival(Item(0, 0, raw, None), message, unclassified(Text(channel="chat", text=_SAID)))
    state = talk.begin("chat", language)
    outcome = step(state, said_in(arrival, state), Known(), staffed(now), now)
    render(outcome.replies, "chat", language)
