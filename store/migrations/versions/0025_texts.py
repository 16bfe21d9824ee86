"""The words that members get, as supervisors publish them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "published_texts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("situation", sa.String(length=24), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("old", sa.String(length=20), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("author_id", Id, nullable=False),
        sa.Column("reader_id", Id, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_published_texts_author_id_users")),
        sa.ForeignKeyConstraint(["reader_id"], ["users.id"], name=op.f("fk_published_texts_reader_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_texts")),
    )
    op.create_index(op.f("ix_published_texts_situation"), "published_texts", ["situation"])
    op.create_table(
        "text_drafts",
        sa.Column("situation", sa.String(length=24), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("read_again", sa.String(length=20), nullable=False),
        sa.Column("author_id", Id, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_text_drafts_author_id_users")),
        sa.PrimaryKeyConstraint("situation", name=op.f("pk_text_drafts")),
    )
