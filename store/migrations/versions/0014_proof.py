"""When the person of a session gave their password last, what it still waits for, and passwords that work once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("sessions", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("pending", sa.String(length=10), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("browser", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("users", sa.Column("once_until", sa.DateTime(timezone=True), nullable=True))
