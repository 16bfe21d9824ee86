"""The tables of the register, the same on SQLite and PostgreSQL.

Everything that a person wrote or that names a person is kept as bytes written by `store.texts`: PostgreSQL's text type cannot
hold a NUL, and one place that writes and reads texts is where encryption belongs. Addresses of contacts stay plain, because
mail is matched by them. The shape changes only through a migration beside this file; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.columns import Id, Moment, metadata, own_id, ref

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
)

people = Table(
    "people",
    metadata,
    own_id(),
    Column("name", LargeBinary, nullable=False),
    Column("language", String(2), nullable=False),
    Column("member_number", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    own_id(),
    ref("person_id", "people.id", index=True),
    Column("kind", String(12), nullable=False),
    Column("address", String(320), nullable=False),
    Column("hard_bounces", Integer, nullable=False, default=0),
    Column("last_hard_bounce_at", Moment),
    # Two permanent failures within a week: nothing automatic is sent there any more, and the case says so.
    Column("unreachable", Boolean, nullable=False, default=False),
    UniqueConstraint("kind", "address"),
)

cases = Table(
    "cases",
    metadata,
    own_id(),
    Column("reference", String(24), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("queue", String(24), nullable=False),
    Column("department", String(24)),
    Column("priority", String(8), nullable=False),
    Column("situation", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("refused", String(12), nullable=False, default=""),
    Column("outcome", String(24)),
    Column("sealed", Boolean, nullable=False, default=False),
    Column("flags", JSON, nullable=False),
    Column("abstained", Boolean, nullable=False, default=False),
    Column("language", String(2), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(254), nullable=False),
    ref("person_id", "people.id", nullable=True, index=True),
    ref("contact_id", "contacts.id", nullable=True),
    ref("assignee_id", "users.id", nullable=True, index=True),
    Column("subject", LargeBinary, nullable=False),
    Column("first_words", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    # The earliest running clock for a result; empty where none is promised (thanks, refusals).
    Column("due_on", Date),
    Column("closed_at", Moment),
    Column("unread", Boolean, nullable=False, default=True),
    # Counts every change, so that a form made from an older state cannot overwrite a newer one.
    Column("version", Integer, nullable=False, default=1),
    ref("merged_into", "cases.id", nullable=True),
    Index("ix_cases_queue_state_due_on", "queue", "state", "due_on"),
    Index("ix_cases_state_due_on", "state", "due_on"),
    Index("ix_cases_received_at", "received_at"),
)

# Who is known on a case: only they can add to it by mail.
case_contacts = Table(
    "case_contacts",
    metadata,
    ref("case_id", "cases.id"),
    ref("contact_id", "contacts.id", index=True),
    Column("added_at", Moment, nullable=False),
    UniqueConstraint("case_id", "contact_id"),
)

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

classifications = Table(
    "classifications",
    metadata,
    own_id(),
    ref("message_id", "messages.id", index=True),
    ref("case_id", "cases.id", nullable=True, index=True),
    Column("model", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("message_id", "messages.id"),
    Column("rules_version", String(40), nullable=False),
    Column("decided_by", String(60), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

deadlines = Table(
    "deadlines",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    Column("clock", String(40), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("state", String(8), nullable=False, default="running"),
    # How many reminders were given, and whether the supervisors were told that it was missed.
    Column("reminders", Integer, nullable=False, default=0),
    Column("escalated_at", Moment),
    Column("ended_at", Moment),
    UniqueConstraint("case_id", "clock"),
    Index("ix_deadlines_state_due_on", "state", "due_on"),
)

notes = Table(
    "notes",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("author_id", "users.id", nullable=True),
    Column("text", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    own_id(),
    Column("key", String(80), nullable=False, unique=True),
    ref("case_id", "cases.id", nullable=True, index=True),
    ref("message_id", "messages.id", nullable=True),
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

# Secret links to a member's own case page; only the SHA-256 of the secret is here.
links = Table(
    "links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    ref("case_id", "cases.id", nullable=True, index=True),
    ref("inbox_id", "inbox.id", nullable=True, index=True),
    ref("contact_id", "contacts.id", nullable=True),
    Column("purpose", String(12), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

# Codes on receipts, by which a case is found again without mail; only the SHA-256 of a code is here.
receipts = Table(
    "receipts",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    ref("inbox_id", "inbox.id", index=True),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

# Six-digit codes sent to the address on file, for one act in one browser; hashed with a key of the house.
codes = Table(
    "codes",
    metadata,
    own_id(),
    ref("case_id", "cases.id"),
    Column("purpose", String(12), nullable=False),
    Column("browser_hash", String(64), nullable=False),
    Column("code_hash", String(64), nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index("ix_codes_case_id_created_at", "case_id", "created_at"),
)

# What members thought of how their case was handled: one rating of a case, from 1 (bad) to 5 (good).
ratings = Table(
    "ratings",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("score", Integer, nullable=False),
    Column("comment", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("answer", LargeBinary),
    Column("created_at", Moment, nullable=False),
)

sequences = Table(
    "sequences",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

rule_sets = Table(
    "rule_sets",
    metadata,
    own_id(),
    Column("version", String(40), nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("comment", Text, nullable=False),
    ref("author_id", "users.id", nullable=True),
    Column("published_at", Moment, nullable=False),
    Column("active", Boolean, nullable=False),
)

users = Table(
    "users",
    metadata,
    own_id(),
    Column("login", String(120), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    # May open what is sealed: medical matters. A right of the person, not of the role.
    Column("medical", Boolean, nullable=False, default=False),
    Column("password", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    ref("user_id", "users.id", index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

# Failed sign-ins, by the hash of account and address: the growing wait is computed from them.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
)

# Append only: triggers refuse UPDATE and DELETE. Who, what, when, which case; never content.
audit = Table(
    "audit",
    metadata,
    own_id(),
    Column("at", Moment, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("act", String(40), nullable=False),
    ref("case_id", "cases.id", nullable=True, index=True),
    Column("detail", JSON, nullable=False),
)

# How each door does: what the mail process last saw of its mailboxes, what the clock last did, which processes live.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", String(254), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)

# One row for each run of a periodic job that is done, so that two clocks act as one and a missed run is made up once.
clock_runs = Table(
    "clock_runs",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("result", JSON, nullable=False),
)

# How much automatic mail went to a domain in a minute ("2026-11-26T09:30"), for all workers together.
domain_rates = Table(
    "domain_rates",
    metadata,
    Column("domain_hash", String(64), primary_key=True),
    Column("minute", String(16), primary_key=True),
    Column("sent", Integer, nullable=False),
)

# What people said about the classifier's labels of a message: only the labels that they changed, and what the case said
# before. Undone rows stay. A case or message that is erased takes them with it: what was learnt from is gone too.
corrections = Table(
    "corrections",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True, goes_with=True),
    ref("message_id", "messages.id", index=True, goes_with=True),
    Column("model", String(40), nullable=False),
    Column("said", JSON, nullable=False),
    Column("wanted", JSON, nullable=False),
    Column("case_before", JSON, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    ref("author_id", "users.id", nullable=True),
    Column("at", Moment, nullable=False),
    Column("undone_at", Moment),
    ref("undone_by", "users.id", nullable=True),
)

# Each time that a version of the model was put in use; the last row says which is now. `version` is "shipped" or a
# version in the data folder; `before_id` is the row to which `guichet model back` returns.
model_uses = Table(
    "model_uses",
    metadata,
    own_id(),
    Column("version", String(40), nullable=False),
    ref("before_id", "model_uses.id", nullable=True),
    ref("author_id", "users.id", nullable=True),
    Column("at", Moment, nullable=False),
)

# What the classifier has said, counted: by model, measure ("kind", "abstained", …) and label. The counts only grow, so that
# whoever watches for drift can take their rate, over every worker and every restart.
label_counts = Table(
    "label_counts",
    metadata,
    Column("model", String(40), primary_key=True),
    Column("measure", String(24), primary_key=True),
    Column("label", String(24), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# The one readable copy of texts, folded: unsealed cases only. On SQLite an FTS5 table of the same name replaces it.
SEARCH = "case_search"
