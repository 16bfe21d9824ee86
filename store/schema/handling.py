"""What colleagues do on a case beside answering: what they began to write, what they asked a department, when it rests."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, LargeBinary, String, Table, UniqueConstraint

from store.columns import Moment, metadata, own_id, ref

# What somebody typed and has not sent: one text of each purpose for a colleague and a case.
drafts = Table(
    "drafts",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True, goes_with=True),
    ref("user_id", "users.id", goes_with=True),
    Column("purpose", String(12), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("user_id", "case_id", "purpose"),
)

# Questions to departments. What was asked and answered are messages of the case, `message_id` the question.
questions = Table(
    "questions",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("message_id", "messages.id", nullable=True),
    Column("department", String(24), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment),
)

# Every pause of a case, so that the days it took can be told; one without `ended_at` goes on.
pauses = Table(
    "pauses",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("author_id", "users.id", nullable=True),
    Column("reason", String(12), nullable=False),
    Column("until_on", Date, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

# That a colleague is to look at a case: named in a note, or given the case. Never what is said there.
mentions = Table(
    "mentions",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("user_id", "users.id"),
    ref("author_id", "users.id", nullable=True),
    Column("why", String(8), nullable=False),
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment),
    Index("ix_mentions_user_id_seen_at", "user_id", "seen_at"),
)

# What the mediator recommends to a department, and what became of it.
recommendations = Table(
    "recommendations",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("author_id", "users.id", nullable=True),
    Column("department", String(24), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    # What the department said of it last.
    Column("remark", LargeBinary, nullable=False),
    Column("due_on", Date),
    Column("made_at", Moment, nullable=False, index=True),
    Column("changed_at", Moment),
)
