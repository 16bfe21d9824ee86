"""Conversations on chat channels: their state, the messages that belong to them, and the order of their turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MESSAGES = "fk_messages_conversation_id_conversations"


def upgrade() -> None:
    """Make the table, and tie messages and inbox to it."""
    op.create_table(
        "conversations",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=254), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("open_key", sa.String(length=64), nullable=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("origin", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("taken_by", _ID, nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_conversations_case_id_cases")),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name=op.f("fk_conversations_taken_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("open_key", name=op.f("uq_conversations_open_key")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_conversations_secret_hash")),
    )
    op.create_index(op.f("ix_conversations_case_id"), "conversations", ["case_id"])
    op.create_index(op.f("ix_conversations_taken_by"), "conversations", ["taken_by"])
    op.create_index("ix_conversations_stage_due_at", "conversations", ["stage", "due_at"])
    if op.get_bind().dialect.name == "sqlite":
        # SQLite adds a column with its reference in one statement, and knows no other way but copying the table.
        op.execute(
            f"ALTER TABLE messages ADD COLUMN conversation_id INTEGER CONSTRAINT {_MESSAGES} REFERENCES conversations (id)"
        )
    else:
        op.add_column("messages", sa.Column("conversation_id", _ID, nullable=True))
        op.create_foreign_key(_MESSAGES, "messages", "conversations", ["conversation_id"], ["id"])
    op.add_column("messages", sa.Column("choices", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_messages_conversation_id"), "messages", ["conversation_id"])
    op.add_column("inbox", sa.Column("thread", sa.String(length=64), nullable=True))
    op.create_index("ix_inbox_thread_state", "inbox", ["thread", "state"])
