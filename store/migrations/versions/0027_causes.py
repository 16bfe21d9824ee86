"""Why a complaint was made, as whoever closed it said; and which notes say what was done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("cases", sa.Column("cause", sa.String(length=24), nullable=False, server_default=""))
    op.add_column("notes", sa.Column("about", sa.String(length=12), nullable=False, server_default=""))
