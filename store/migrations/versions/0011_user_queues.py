"""The queues whose cases a colleague may see; none named: all, as before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("users", sa.Column("queues", sa.JSON(none_as_null=True), nullable=True))
