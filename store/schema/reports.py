"""The monthly report as people wrote and approved it."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, LargeBinary, Table, Text

from store.columns import Moment, metadata, ref

# One row a month that somebody wrote about. `body` holds the figures as they were approved; empty for a draft, whose figures
# are what the register says now.
reports = Table(
    "reports",
    metadata,
    Column("month", Date, primary_key=True),
    Column("sentences", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("body", Text, nullable=False, default=""),
    ref("approved_by", "users.id", nullable=True),
    Column("approved_at", Moment),
)
