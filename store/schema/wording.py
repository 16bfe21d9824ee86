"""The words that members get: what was published in place of the shipped texts, and what is being written."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, Text

from store.columns import Moment, metadata, own_id, ref

# One row for each publication of one situation, in all languages. `body` is JSON: language → part → words.
published_texts = Table(
    "published_texts",
    metadata,
    own_id(),
    Column("situation", String(24), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    # Languages, separated by blanks, whose words were not read again since the first language changed.
    Column("old", String(20), nullable=False, default=""),
    Column("comment", Text, nullable=False),
    ref("author_id", "users.id"),
    ref("reader_id", "users.id", nullable=True),
    Column("published_at", Moment, nullable=False),
    Column("active", Boolean, nullable=False),
)

# What is being written for a situation: one draft that supervisors share.
text_drafts = Table(
    "text_drafts",
    metadata,
    Column("situation", String(24), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    # Languages that somebody has read again although their words stay.
    Column("read_again", String(20), nullable=False, default=""),
    ref("author_id", "users.id"),
    Column("updated_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
)
