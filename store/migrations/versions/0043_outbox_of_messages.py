"""Finding what became of a message on its way out without reading the whole outbox: each page of a case asks that."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index(op.f("ix_outbox_message_id"), "outbox", ["message_id"])
