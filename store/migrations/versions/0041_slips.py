"""When the slip of an entry was printed, for the case that comes of it to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("entries", sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True))
