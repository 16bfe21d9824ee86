"""What colleagues type in for a member who speaks or wrote on paper: while they type, and as long as the receipt is shown."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table, UniqueConstraint

from store.columns import Moment, metadata, own_id, ref

# One row for each page of the quick entry that was begun. `client_id` is made by the server for the page, so that the same page
# sent twice is one entry; once `inbox_id` is set, the raw item holds what was typed and `content` is empty.
entries = Table(
    "entries",
    metadata,
    own_id(),
    ref("author_id", "users.id"),
    Column("client_id", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("updated_at", Moment, nullable=False),
    ref("inbox_id", "inbox.id", nullable=True),
    # The reference told to the member: its own, or that of the case it was added to.
    Column("reference", String(24), nullable=False, default=""),
    # The secret link of the receipt, encrypted under a key that is not in the database; empty where there is none.
    Column("link", LargeBinary, nullable=False, default=b""),
    # The item in quarantine that this was typed from.
    ref("typed_from", "inbox.id", nullable=True),
    # When its slip was last printed for the member.
    Column("printed_at", Moment, nullable=True),
    UniqueConstraint("author_id", "client_id"),
)
