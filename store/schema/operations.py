"""The rules in force, the signs of life of the processes, and what stands before members while a door is in trouble."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    LargeBinary,
    String,
    Table,
    Text,
)

from store.columns import Moment, metadata, own_id, ref

rule_sets = Table(
    "rule_sets",
    metadata,
    own_id(),
    Column("version", String(40), nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("comment", Text, nullable=False),
    ref("author_id", "users.id", nullable=True),
    Column("published_at", Moment, nullable=False),
    Column("active", Boolean, nullable=False),
)

# How each door does: what the mail process last saw of its mailboxes, what the clock last did, which processes live.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", String(254), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)

# One row for each run of a periodic job that is done, so that two clocks act as one and a missed run is made up once.
clock_runs = Table(
    "clock_runs",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("result", JSON, nullable=False),
)

# One row for each sentence that a supervisor put before members; it stands until `until`, or until somebody takes it off.
announcements = Table(
    "announcements",
    metadata,
    own_id(),
    Column("door", String(20), nullable=False),
    # JSON: language → sentence.
    Column("body", LargeBinary, nullable=False),
    ref("author_id", "users.id"),
    Column("put_up_at", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("taken_off_at", Moment, nullable=True),
    ref("taken_off_by", "users.id", nullable=True),
)
