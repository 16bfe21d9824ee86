"""What is said in both directions: messages and their files, conversations, what waits to go out."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from store.columns import Moment, metadata, own_id, ref

# Talks with the robot or a colleague on a chat channel. `state` is what the dialogue knows; `due_at` when it should act by
# itself (remind, give up). `open_key` is unique while it is open, so that one address has one conversation at a time.
conversations = Table(
    "conversations",
    metadata,
    own_id(),
    Column("channel", String(16), nullable=False),
    Column("account", String(254), nullable=False),
    Column("address", String(320), nullable=False),
    Column("open_key", String(64), unique=True),
    # The widget's conversations are found by a secret; only its SHA-256 is here, with the origin that it is bound to.
    Column("secret_hash", String(64), unique=True),
    Column("origin", String(254), nullable=False, default=""),
    Column("language", String(2), nullable=False),
    Column("stage", String(12), nullable=False, default="robot"),
    Column("state", LargeBinary, nullable=False),
    ref("case_id", "cases.id", nullable=True, index=True),
    ref("taken_by", "users.id", nullable=True, index=True),
    Column("started_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("ended_at", Moment),
    Column("version", Integer, nullable=False, default=1),
    Index("ix_conversations_stage_due_at", "stage", "due_at"),
)

# `case_id` is empty while a message is held for a mediator's decision, and while a conversation has become no case.
messages = Table(
    "messages",
    metadata,
    own_id(),
    ref("case_id", "cases.id", nullable=True, index=True),
    Column("direction", String(3), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(254), nullable=False),
    ref("contact_id", "contacts.id", nullable=True, index=True),
    ref("author_id", "users.id", nullable=True),
    ref("inbox_id", "inbox.id", nullable=True, index=True),
    Column("auto", Boolean, nullable=False, default=False),
    Column("situation", String(16), nullable=False, default=""),
    Column("sender_name", LargeBinary, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("reply", LargeBinary, nullable=False),
    # What the sender made invisible: shown apart, never taken for words of theirs.
    Column("hidden", LargeBinary, nullable=False),
    # The Message-ID (RFC 5322) as received or sent, by which later mails find this one.
    Column("rfc_message_id", String(998), index=True),
    Column("verified", Boolean, nullable=False, default=True),
    Column("defects", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    ref("conversation_id", "conversations.id", nullable=True, index=True),
    # What the robot offered to press: [[id, label], …].
    Column("choices", JSON),
)

files = Table(
    "files",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("stored_at", Moment, nullable=False),
)

message_files = Table(
    "message_files",
    metadata,
    own_id(),
    ref("message_id", "messages.id", index=True),
    Column("hash", String(64), ForeignKey("files.hash"), nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("type", String(120), nullable=False),
    Column("size", Integer, nullable=False),
    Column("inline", Boolean, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    own_id(),
    Column("key", String(80), nullable=False, unique=True),
    ref("case_id", "cases.id", nullable=True, index=True),
    ref("message_id", "messages.id", nullable=True, index=True),
    ref("contact_id", "contacts.id", nullable=True, index=True),
    Column("channel", String(16), nullable=False),
    Column("auto", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False, default="waiting"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("taken_until", Moment),
    Column("code", String(120), nullable=False, default=""),
    Column("provider_id", String(200), nullable=False, default=""),
    Column("ended_at", Moment),
    # What messages to one address on a chat channel share, so that they go out one after the other; empty for the rest.
    Column("thread", String(64)),
    # How far the provider says that the message came since it was taken, the reason where it did not, and since when.
    Column("receipt", String(12), nullable=False, server_default=""),
    Column("receipt_code", String(8), nullable=False, server_default=""),
    Column("receipt_at", Moment),
    Index("ix_outbox_state_due_at", "state", "due_at"),
    Index("ix_outbox_thread_state", "thread", "state"),
    Index("ix_outbox_provider_id", "provider_id"),
    Index("ix_outbox_channel_ended_at", "channel", "ended_at"),
)

# Addresses that want nothing from us any more (STOP): only hashes, which is enough to keep to it.
opted_out = Table(
    "opted_out",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("address_hash", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
)
