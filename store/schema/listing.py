"""What was done from a list, to several cases at once, so that it can be taken back."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table

from store.columns import Moment, metadata, own_id, ref

# One act of one person. `target` is the queue or the person (by id) that the cases went to, "" for none. `changed` holds the
# cases with the version they have since and what stood before, `left` the others with why: ids and labels only.
list_acts = Table(
    "list_acts",
    metadata,
    own_id(),
    ref("user_id", "users.id"),
    Column("act", String(12), nullable=False),
    Column("target", String(24), nullable=False),
    Column("changed", JSON, nullable=False),
    Column("left", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("undone_at", Moment),
    Index("ix_list_acts_user_id_at", "user_id", "at"),
)
