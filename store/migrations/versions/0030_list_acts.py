"""What was done from a list can be taken back; the index of resting cases holds resting ones only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the index anew."""
    op.create_table(
        "list_acts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=24), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("left", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_list_acts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_acts")),
    )
    op.create_index("ix_list_acts_user_id_at", "list_acts", ["user_id", "at"])
    resting = sa.text("paused_until IS NOT NULL")
    op.drop_index("ix_cases_paused_until", table_name="cases")
    op.create_index(
        "ix_cases_paused_until", "cases", ["paused_until", "id"], sqlite_where=resting, postgresql_where=resting
    )
