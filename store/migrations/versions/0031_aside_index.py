"""An index of what was put aside (robots, and what was no message): few rows, listed by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    aside = sa.text("fate IN ('robot', 'set_aside')")
    op.create_index("ix_inbox_aside", "inbox", ["fate", "id"], sqlite_where=aside, postgresql_where=aside)
