"""What arrives: raw items and their one fate, what was tried twice, and what was held apart."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.columns import Moment, metadata, own_id, ref

# What arrived, raw, and what became of it. `fate` is set once, in the transaction that records everything else.
inbox = Table(
    "inbox",
    metadata,
    own_id(),
    Column("channel", String(16), nullable=False),
    Column("account", String(254), nullable=False),
    Column("external_id", String(200), nullable=False),
    Column("raw", LargeBinary),
    Column("raw_file", String(64)),
    Column("size", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    # When these bytes were committed; a mailbox says itself when it received them.
    Column("kept_at", Moment, nullable=False),
    # How often the same delivery was handed over again; with this, the items add up to what the mailbox delivered.
    Column("redeliveries", Integer, nullable=False, default=0),
    Column("state", String(12), nullable=False, default="waiting"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Moment, nullable=False),
    Column("taken_until", Moment),
    Column("fate", String(12)),
    Column("fate_at", Moment),
    Column("error", Text),
    Column("fingerprint", String(64)),
    ref("case_id", "cases.id", nullable=True, index=True),
    # The web form tells a reference before the case is recorded: reserved here with the raw bytes.
    Column("reserved_reference", String(24)),
    # What keeps the turns of one conversation in their order: the hash of channel, account and address; empty for letters.
    Column("thread", String(64)),
    UniqueConstraint("channel", "account", "external_id"),
    Index("ix_inbox_state_due_at", "state", "due_at"),
    Index("ix_inbox_fingerprint_kept_at", "fingerprint", "kept_at"),
    Index("ix_inbox_thread_state", "thread", "state"),
    # Only of what was put aside, which is listed by itself.
    Index(
        "ix_inbox_aside",
        "fate",
        "id",
        sqlite_where=text("fate IN ('robot', 'set_aside')"),
        postgresql_where=text("fate IN ('robot', 'set_aside')"),
    ),
)

held = Table(
    "held",
    metadata,
    own_id(),
    ref("message_id", "messages.id", nullable=True),
    ref("inbox_id", "inbox.id"),
    ref("case_id", "cases.id", index=True),
    Column("why", String(120), nullable=False),
    # A held message about a medical adviser is sealed even where the case it names is not.
    Column("sealed", Boolean, nullable=False, default=False),
    Column("state", String(8), nullable=False, default="waiting"),
    Column("at", Moment, nullable=False),
    Column("decided_at", Moment),
    ref("decided_by", "users.id", nullable=True),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("answer", LargeBinary),
    Column("created_at", Moment, nullable=False),
)

# How much automatic mail went to a domain in a minute ("2026-11-26T09:30"), for all workers together.
domain_rates = Table(
    "domain_rates",
    metadata,
    Column("domain_hash", String(64), primary_key=True),
    Column("minute", String(16), primary_key=True),
    Column("sent", Integer, nullable=False),
)
