"""What providers say of our messages after they took them, the order of messages to one address, and who wants none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and make the table."""
    op.add_column("outbox", sa.Column("thread", sa.String(length=64), nullable=True))
    op.add_column("outbox", sa.Column("receipt", sa.String(length=12), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("receipt_code", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("receipt_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_outbox_thread_state", "outbox", ["thread", "state"])
    op.create_index("ix_outbox_provider_id", "outbox", ["provider_id"])
    op.create_index("ix_outbox_channel_ended_at", "outbox", ["channel", "ended_at"])
    op.create_table(
        "opted_out",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "address_hash", name=op.f("pk_opted_out")),
    )
