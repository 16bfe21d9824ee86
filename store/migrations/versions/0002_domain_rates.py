"""How much automatic mail went to each domain in each minute, counted for all workers together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "domain_rates",
        sa.Column("domain_hash", sa.String(length=64), nullable=False),
        sa.Column("minute", sa.String(length=16), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("domain_hash", "minute", name=op.f("pk_domain_rates")),
    )
