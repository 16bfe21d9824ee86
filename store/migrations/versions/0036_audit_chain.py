"""The audit is chained: each entry gets a link that holds the digest of all before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.columns import Id

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the chain, empty; the entries that are there wait for their links like new ones."""
    op.create_table(
        "audit_chain",
        sa.Column("position", Id, autoincrement=False, nullable=False),
        sa.Column("audit_id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name=op.f("fk_audit_chain_audit_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_chain_audit_id")),
    )
    op.create_table(
        "audit_unlinked",
        sa.Column("audit_id", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_unlinked")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()
    op.execute("INSERT INTO audit_unlinked (audit_id) SELECT id FROM audit")


def _sqlite() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_chain_no_{act.lower()} BEFORE {act} ON audit_chain "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END"
        )
    op.execute(
        "CREATE TRIGGER audit_wants_a_link AFTER INSERT ON audit "
        "BEGIN INSERT INTO audit_unlinked (audit_id) VALUES (NEW.id); END"
    )


def _postgresql() -> None:
    op.execute(
        "CREATE TRIGGER audit_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )
    op.execute(
        "CREATE FUNCTION audit_wants_a_link() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO audit_unlinked (audit_id) VALUES (NEW.id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_wants_a_link AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_wants_a_link()"
    )
