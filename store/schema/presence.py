"""Who is where: a note of a moment, no record."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from store.columns import Id, Moment, metadata

# Who has which case open, as of when; a row that is older than a minute means nothing.
presence = Table(
    "presence",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column(
        "case_id", Id, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    ),
    Column("seen_at", Moment, nullable=False),
)
