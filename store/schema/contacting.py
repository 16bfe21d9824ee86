"""How members are reached, as it changed: which address took the place of which, and what has to be known to take it back."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table

from store.columns import Id, Moment, metadata, own_id, ref

# `case_id` is a case of the member whose address it is. `old_id` is the contact that was written to until then, `new_id` the
# one that came; `how` says by what we know (of a member who changed it themselves: "code"). Addresses stand in `contacts`.
contact_changes = Table(
    "contact_changes",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("author_id", "users.id", nullable=True),
    Column("act", String(8), nullable=False),
    ref("old_id", "contacts.id", nullable=True),
    ref("new_id", "contacts.id", nullable=True),
    Column("how", String(12), nullable=False),
    Column("at", Moment, nullable=False),
    # What goes out to the old contact; while it waits, the change can be taken back.
    ref("outbox_id", "outbox.id", nullable=True),
    Column("before", JSON, nullable=False),
    Column("undone_at", Moment, nullable=True),
    Index("ix_contact_changes_new_id", "new_id"),
)

# A message that did not arrive, and the one as which its words went out again.
sent_again = Table(
    "sent_again",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    ref("again_id", "messages.id"),
)
