"""A second reader of new rules sends them back to their author with a word."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the word, by whom and to whom."""
    for column in ("sent_back_by", "sent_back_to"):
        name = op.f(f"fk_rule_drafts_{column}_users")
        if op.get_bind().dialect.name == "sqlite":
            # SQLite adds a column with its reference in one statement, and knows no other way but copying the table.
            op.execute(f"ALTER TABLE rule_drafts ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES users (id)")
        else:
            op.add_column("rule_drafts", sa.Column(column, Id, nullable=True))
            op.create_foreign_key(name, "rule_drafts", "users", [column], ["id"])
    op.add_column("rule_drafts", sa.Column("sent_back_word", sa.Text(), nullable=False, server_default=""))
