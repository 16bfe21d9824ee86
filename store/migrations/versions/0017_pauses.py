"""Cases that rest until a day, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and make the table."""
    op.add_column("cases", sa.Column("paused_until", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("paused_for", sa.String(length=12), nullable=False, server_default=""))
    op.create_index(op.f("ix_cases_paused_until"), "cases", ["paused_until"])
    op.create_table(
        "pauses",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("author_id", Id, nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_pauses_case_id_cases")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_pauses_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index(op.f("ix_pauses_case_id"), "pauses", ["case_id"])
