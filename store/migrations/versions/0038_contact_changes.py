"""How members are reached, as it changed, and which messages went out again to another address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "contact_changes",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("author_id", Id, nullable=True),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("old_id", Id, nullable=True),
        sa.Column("new_id", Id, nullable=True),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outbox_id", Id, nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contact_changes_case_id_cases")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_contact_changes_author_id_users")),
        sa.ForeignKeyConstraint(["old_id"], ["contacts.id"], name=op.f("fk_contact_changes_old_id_contacts")),
        sa.ForeignKeyConstraint(["new_id"], ["contacts.id"], name=op.f("fk_contact_changes_new_id_contacts")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_contact_changes_outbox_id_outbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_changes")),
    )
    op.create_index(op.f("ix_contact_changes_case_id"), "contact_changes", ["case_id"])
    op.create_index("ix_contact_changes_new_id", "contact_changes", ["new_id"])
    op.create_table(
        "sent_again",
        sa.Column("message_id", Id, autoincrement=False, nullable=False),
        sa.Column("again_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_sent_again_message_id_messages")),
        sa.ForeignKeyConstraint(["again_id"], ["messages.id"], name=op.f("fk_sent_again_again_id_messages")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_sent_again")),
    )
