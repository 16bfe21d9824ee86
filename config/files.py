"""The data files of the house, read together at the start: a wrong one is refused then, not when a message needs it."""

from __future__ import annotations

from config.deadlines import deadlines
from config.departments import departments, queues
from config.directory import directory
from config.distress import distress
from config.hours import hours
from config.knowledge import knowledge
from config.letter import letters
from config.notices import notices
from config.quality import policies
from config.sms import sms_words
from config.strict_yaml import DataError
from config.telegram import telegram_words
from config.wording import wording


def problems() -> list[str]:
    """What is wrong with the data files, a sentence for each file; empty when all can be used. They stay read."""
    found = []
    for read in (
        departments,
        queues,
        deadlines,
        directory,
        distress,
        hours,
        letters,
        notices,
        policies,
        telegram_words,
        sms_words,
        knowledge,
        letters,
        notices,
        policies,
        wording,
    ):
        try:
            read()
        except DataError as error:
            found.append(str(error))
    return found
