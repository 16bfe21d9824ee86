"""Answers to members who ask which data the house holds of them (GDPR, article 15), from the draft to what was fetched."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, LargeBinary, String, Table

from store.columns import Id, Moment, metadata, own_id, ref


def _of(name: str, target: str) -> Column[Any]:
    """A part of a table's key that is a row of another table."""
    return Column(name, Id, ForeignKey(target), primary_key=True, autoincrement=False)


# `name` is whose data it is, as they wrote it; `body` what was handed to the second reader, `archive` what was approved, each
# under its SHA-256. An archive is emptied once it can no longer be fetched; its hash stays.
access_requests = Table(
    "access_requests",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("person_id", "people.id", index=True),
    ref("contact_id", "contacts.id", nullable=True),
    Column("name", LargeBinary, nullable=False),
    Column("identity", String(16), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    ref("begun_by", "users.id"),
    Column("begun_at", Moment, nullable=False),
    ref("sent_by", "users.id", nullable=True),
    Column("sent_at", Moment),
    Column("comment", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", String(64), nullable=False),
    ref("approved_by", "users.id", nullable=True),
    Column("approved_at", Moment),
    Column("archive", LargeBinary, nullable=False),
    Column("archive_hash", String(64), nullable=False),
    Column("fetched_at", Moment),
    Column("fetched", Integer, nullable=False),
)

# Whether a case of the person goes into the answer, who said so, and what is masked in it beyond what is found by itself
# (`also`) or was found wrongly (`shown`).
access_cases = Table(
    "access_cases",
    metadata,
    _of("request_id", "access_requests.id"),
    _of("case_id", "cases.id"),
    Column("taken", Boolean, nullable=False),
    Column("also", LargeBinary, nullable=False),
    Column("shown", LargeBinary, nullable=False),
    ref("user_id", "users.id"),
    Column("at", Moment, nullable=False),
)

# What somebody put in or left out by hand: a note, or a message ("note", "message").
access_items = Table(
    "access_items",
    metadata,
    _of("request_id", "access_requests.id"),
    ref("case_id", "cases.id", index=True),
    Column("kind", String(8), primary_key=True),
    Column("item_id", Id, primary_key=True, autoincrement=False),
    Column("taken", Boolean, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    ref("user_id", "users.id"),
    Column("at", Moment, nullable=False),
)

# Everybody who has prepared something of an answer: none of them is its second reader.
access_hands = Table(
    "access_hands",
    metadata,
    _of("request_id", "access_requests.id"),
    _of("user_id", "users.id"),
)
