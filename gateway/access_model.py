"""The answer to a request for access as data: what is frozen for the second reader, and what the member fetches as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from config.vocabulary import Language
from gateway.access_masking import Piece

Pieces = tuple[Piece, ...]


class Line(BaseModel, frozen=True):
    """A message or note. `author` is whom of us the member knows by it, or the department that was asked or answered."""

    sort: Literal["you", "we", "asked", "answered", "note"]
    at: datetime
    channel: str = ""
    author: str = ""
    subject: Pieces = ()
    text: Pieces = ()
    files: tuple[Pieces, ...] = ()


class Step(BaseModel, frozen=True):
    """Which queue had the case, from this day on."""

    on: date
    queue: str


class Clock(BaseModel, frozen=True):
    """A promise on the case."""

    clock: str
    due_on: date
    state: str


class Label(BaseModel, frozen=True):
    """What the machine said of the first message. `sure` is of a hundred; `left_open`: it did not decide."""

    label: str
    value: str = ""
    sure: int
    left_open: bool = False


class Corrected(BaseModel, frozen=True):
    """What a person changed of it."""

    on: date
    label: str
    value: str


class AnswerCase(BaseModel, frozen=True):
    """One case of the person. `of_others` counts what other people wrote in it, `left_out` what of it was left out by people."""

    number: int
    reference: str
    own: bool
    language: str
    channel: str
    received_on: date
    closed_on: date | None
    outcome: str
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    clocks: tuple[Clock, ...]
    labels: tuple[Label, ...]
    model: str
    rule: str
    rules_version: str
    corrected: tuple[Corrected, ...]
    roles: tuple[str, ...]
    departments: tuple[tuple[date, str], ...]
    sent_to: tuple[str, ...]
    of_others: int
    left_out: int


class Answer(BaseModel, frozen=True):
    """The whole answer."""

    reference: str
    language: Language
    name: str
    member_number: str
    contacts: tuple[tuple[str, str], ...]
    asked_on: date
    made_on: date
    cases: tuple[AnswerCase, ...]
