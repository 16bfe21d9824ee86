"""The index of merged cases holds merged ones only: of all, SQLite would read the whole register to count what is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index anew."""
    merged = sa.text("merged_into IS NOT NULL")
    op.drop_index("ix_cases_merged_into", table_name="cases")
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
