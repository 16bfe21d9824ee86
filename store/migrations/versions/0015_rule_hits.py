"""Which rules took part in a decision and which nearly did, beside the decision, so that they are counted at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Of decisions made before, only the rule that decided is counted."""
    op.add_column("decisions", sa.Column("hits", sa.Text(), nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("near", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE decisions SET hits = ',' || decided_by || ',' WHERE decided_by <> ''")
