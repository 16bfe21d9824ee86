"""Who works here, how they came in, and what they did."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from store.columns import Id, Moment, metadata, own_id, ref

users = Table(
    "users",
    metadata,
    own_id(),
    Column("login", String(120), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    # May open what is sealed: medical matters. A right of the person, not of the role.
    Column("medical", Boolean, nullable=False, default=False),
    # The queues whose cases this person may see; NULL: all of them.
    Column("queues", JSON(none_as_null=True), nullable=True),
    Column("password", String(200), nullable=False),
    # The password was made by somebody else: it opens only the page to choose one's own, until this moment.
    Column("once_until", Moment, nullable=True),
    Column("disabled", Boolean, nullable=False, default=False),
    # How long an answer of theirs can be taken back (NULL: as the house has it), and "light" or "dark" where they
    # want it other than their browser does.
    Column("undo_seconds", Integer, nullable=True),
    Column("theme", String(5), nullable=False, default="", server_default=""),
    # "large" or "larger" where they want bigger text in the console.
    Column("text_size", String(6), nullable=False, default="", server_default=""),
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
    # When its person last gave a password or a code: some acts want that to be fresh.
    Column("proved_at", Moment, nullable=True),
    # What is wanted before they are in: "code", "password", "enrol"; "" for a whole session.
    Column("pending", String(10), nullable=False, default="", server_default=""),
    # What kind of browser it is, in two words, for the list of one's own sessions.
    Column("browser", String(40), nullable=False, default="", server_default=""),
    # What a passkey of its person is to sign next, with what for, and since when; NULL once it was answered.
    Column("challenge", String(64), nullable=True),
    Column("challenge_at", Moment, nullable=True),
)

# Failed sign-ins, by the hash of account and address: the growing wait is computed from them.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
)

# Lists that a colleague gave a name: what narrows them, as in their address. A shared one stands in everybody's rail.
kept_views = Table(
    "kept_views",
    metadata,
    own_id(),
    ref("owner_id", "users.id", index=True),
    Column("name", String(60), nullable=False),
    Column("queue", String(24)),
    Column("chosen", JSON, nullable=False),
    Column("shared", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
)

# The second step of signing in: the seed of the codes, encrypted, and the last step of 30 seconds that was used.
totp = Table(
    "totp",
    metadata,
    ref("user_id", "users.id"),
    Column("seed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("set_at", Moment, nullable=False),
    PrimaryKeyConstraint("user_id"),
)

# What signs in once in place of such a code; only a keyed hash is kept.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    own_id(),
    ref("user_id", "users.id", index=True),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", Moment, nullable=True),
)

# The form that waits while its person proves who they are at an issuer's page: one for each session, encrypted by the caller.
kept_forms = Table(
    "kept_forms",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    ref("user_id", "users.id"),
    Column("content", LargeBinary, nullable=False),
    Column("kept_at", Moment, nullable=False),
)

# Passkeys: the public part of each, and how often it has signed (0 for those that do not count).
passkeys = Table(
    "passkeys",
    metadata,
    own_id(),
    ref("user_id", "users.id", index=True),
    Column("name", String(60), nullable=False),
    # The SHA-256 of its identifier, which is as long as its maker likes.
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("credential", LargeBinary, nullable=False),
    Column("signed", BigInteger, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
)

# Accounts of an OpenID Connect issuer, and the colleague behind each.
identities = Table(
    "identities",
    metadata,
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    ref("user_id", "users.id", index=True),
    PrimaryKeyConstraint("issuer", "subject"),
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
    Index("ix_audit_actor_id", "actor", "id"),
)

# Append only, like the audit: one link for each entry, in the order in which they were linked (`store.audit_chain`).
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("position", Id, primary_key=True, autoincrement=False),
    Column("audit_id", Id, ForeignKey("audit.id"), nullable=False, unique=True),
    # SHA-256 over the digest before and the entry.
    Column("digest", LargeBinary, nullable=False),
)

# Entries that have no link yet: put here by a trigger in the transaction that writes the entry, taken away with its link.
audit_unlinked = Table(
    "audit_unlinked",
    metadata,
    Column("audit_id", Id, primary_key=True, autoincrement=False),
)
