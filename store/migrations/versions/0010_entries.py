"""What colleagues type in by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "entries",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("author_id", Id, nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inbox_id", Id, nullable=True),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("typed_from", Id, nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_entries_author_id_users")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_entries_inbox_id_inbox")),
        sa.ForeignKeyConstraint(["typed_from"], ["inbox.id"], name=op.f("fk_entries_typed_from_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("author_id", "client_id", name=op.f("uq_entries_author_id_client_id")),
    )
