"""Indexes by which the lists of the console are read a page at a time, however many cases there are."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_cases_state_due_on_id": ["state", "due_on", "id"],
    "ix_cases_assignee_id_state_due_on_id": ["assignee_id", "state", "due_on", "id"],
    "ix_cases_priority_state_due_on_id": ["priority", "state", "due_on", "id"],
    "ix_cases_state_closed_at_id": ["state", "closed_at", "id"],
    "ix_cases_queue_state_closed_at_id": ["queue", "state", "closed_at", "id"],
    "ix_cases_state_queue_due_on_id": ["state", "queue", "due_on", "id", "assignee_id", "merged_into"],
}


def upgrade() -> None:
    """Make the indexes, and leave out those that begin like one of them."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "cases", columns)
    for name in ("ix_cases_assignee_id", "ix_cases_queue_state_due_on", "ix_cases_state_due_on"):
        op.drop_index(name, table_name="cases")
