"""Answers to members who ask which data the house holds of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _requests()
    op.create_table(
        "access_cases",
        sa.Column("request_id", Id, autoincrement=False, nullable=False),
        sa.Column("case_id", Id, autoincrement=False, nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("also", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _key("access_cases", "request_id", "access_requests"),
        _key("access_cases", "case_id", "cases"),
        _key("access_cases", "user_id", "users"),
        sa.PrimaryKeyConstraint("request_id", "case_id", name=op.f("pk_access_cases")),
    )
    op.create_table(
        "access_items",
        sa.Column("request_id", Id, autoincrement=False, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("item_id", Id, autoincrement=False, nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _key("access_items", "request_id", "access_requests"),
        _key("access_items", "case_id", "cases"),
        _key("access_items", "user_id", "users"),
        sa.PrimaryKeyConstraint("request_id", "kind", "item_id", name=op.f("pk_access_items")),
    )
    op.create_index(op.f("ix_access_items_case_id"), "access_items", ["case_id"])
    op.create_table(
        "access_hands",
        sa.Column("request_id", Id, autoincrement=False, nullable=False),
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        _key("access_hands", "request_id", "access_requests"),
        _key("access_hands", "user_id", "users"),
        sa.PrimaryKeyConstraint("request_id", "user_id", name=op.f("pk_access_hands")),
    )


def _requests() -> None:
    op.create_table(
        "access_requests",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("identity", sa.String(16), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begun_by", Id, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", Id, nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("approved_by", Id, nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.Column("archive_hash", sa.String(64), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched", sa.Integer(), nullable=False),
        _key("access_requests", "case_id", "cases"),
        _key("access_requests", "person_id", "people"),
        _key("access_requests", "contact_id", "contacts"),
        _key("access_requests", "begun_by", "users"),
        _key("access_requests", "sent_by", "users"),
        _key("access_requests", "approved_by", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
    )
    for column in ("case_id", "person_id"):
        op.create_index(op.f(f"ix_access_requests_{column}"), "access_requests", [column])


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
