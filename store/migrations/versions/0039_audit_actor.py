"""What one person did is found without reading what all others did."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_audit_actor_id"), "audit", ["actor", "id"])
