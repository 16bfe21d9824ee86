"""The draft of new rules, its rehearsals, and what people thought of the cases that would change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rule_drafts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("base", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", _ID, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("proposed_by", _ID, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("harm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_rule_drafts_changed_by_users")),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.id"], name=op.f("fk_rule_drafts_proposed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_drafts")),
    )
    op.create_table(
        "rehearsals",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("base", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("started_by", _ID, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name=op.f("fk_rehearsals_started_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsals")),
    )
    op.create_table(
        "rehearsal_changes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("rehearsal_id", _ID, nullable=False),
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("queue_before", sa.String(length=24), nullable=False),
        sa.Column("queue_after", sa.String(length=24), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("harms", sa.JSON(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=False),
        sa.Column("judged", sa.String(length=6), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("judged_by", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["rehearsal_id"],
            ["rehearsals.id"],
            name=op.f("fk_rehearsal_changes_rehearsal_id_rehearsals"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_rehearsal_changes_case_id_cases"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["judged_by"], ["users.id"], name=op.f("fk_rehearsal_changes_judged_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_changes")),
    )
    op.create_index(op.f("ix_rehearsal_changes_case_id"), "rehearsal_changes", ["case_id"])
    op.create_index("ix_rehearsal_changes_rehearsal_id_worst_id", "rehearsal_changes", ["rehearsal_id", "worst", "id"])
