"""Learning from people: corrections of labels, which version of the model is in use, and counts of what it says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "corrections",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("message_id", _ID, nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("case_before", sa.JSON(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("author_id", _ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_corrections_case_id_cases"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_corrections_message_id_messages"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_corrections_author_id_users")),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"], name=op.f("fk_corrections_undone_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_case_id"), "corrections", ["case_id"])
    op.create_index(op.f("ix_corrections_message_id"), "corrections", ["message_id"])
    op.create_table(
        "model_uses",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("before_id", _ID, nullable=True),
        sa.Column("author_id", _ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["before_id"], ["model_uses.id"], name=op.f("fk_model_uses_before_id_model_uses")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_model_uses_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_uses")),
    )
    op.create_table(
        "label_counts",
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("label", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model", "measure", "label", name=op.f("pk_label_counts")),
    )
