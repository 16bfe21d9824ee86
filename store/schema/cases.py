"""The register proper: who wrote, their cases, what was decided of them and why, their clocks and their ways in."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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
    text,
)

from store.columns import Id, Moment, metadata, own_id, ref

people = Table(
    "people",
    metadata,
    own_id(),
    Column("name", LargeBinary, nullable=False),
    Column("language", String(2), nullable=False),
    Column("member_number", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# By what a person is found whose number somebody types in: an HMAC of it, since the number itself is kept as a text.
person_numbers = Table(
    "person_numbers",
    metadata,
    Column("person_id", Id, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True, index=True),
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
    # Why it was complained about, as whoever closed it said (config/causes.yaml); "" where nobody said.
    Column("cause", String(24), nullable=False, server_default=""),
    Column("sealed", Boolean, nullable=False, default=False),
    Column("flags", JSON, nullable=False),
    Column("abstained", Boolean, nullable=False, default=False),
    Column("language", String(2), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(254), nullable=False),
    ref("person_id", "people.id", nullable=True, index=True),
    ref("contact_id", "contacts.id", nullable=True),
    ref("assignee_id", "users.id", nullable=True),
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
    # Nothing is to be done before this day, and why; the clocks that may not wait go on.
    Column("paused_until", Date),
    Column("paused_for", String(12), nullable=False, server_default=""),
    # Each list of the console is read in the order of one of these, from the place where the page begins.
    Index("ix_cases_state_due_on_id", "state", "due_on", "id"),
    Index("ix_cases_assignee_id_state_due_on_id", "assignee_id", "state", "due_on", "id"),
    Index("ix_cases_priority_state_due_on_id", "priority", "state", "due_on", "id"),
    Index("ix_cases_state_closed_at_id", "state", "closed_at", "id"),
    Index("ix_cases_queue_state_closed_at_id", "queue", "state", "closed_at", "id"),
    # This one also holds all that the rail counts.
    Index("ix_cases_state_queue_due_on_id", "state", "queue", "due_on", "id", "assignee_id", "merged_into"),
    Index("ix_cases_received_at", "received_at"),
    # Only of what rests, as below: of all, SQLite would take it to find those that do not.
    Index(
        "ix_cases_paused_until",
        "paused_until",
        "id",
        sqlite_where=text("paused_until IS NOT NULL"),
        postgresql_where=text("paused_until IS NOT NULL"),
    ),
    # Only of what was merged: SQLite would take an index of all for the few that it is not, and read the whole register.
    Index(
        "ix_cases_merged_into",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)

# Which case was merged into which, and what stood before, so that it can be taken back.
merges = Table(
    "merges",
    metadata,
    own_id(),
    ref("case_id", "cases.id", index=True),
    ref("into_id", "cases.id", index=True),
    ref("author_id", "users.id", nullable=True),
    Column("before", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("undone_at", Moment),
    ref("undone_by", "users.id", nullable=True),
)

# Which cases have to do with each other and stay apart; `case_id` is the lower of the two.
case_links = Table(
    "case_links",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("other_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False, index=True),
    ref("author_id", "users.id"),
    Column("at", Moment, nullable=False),
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
    # The rules that took part and those that nearly did, as ",one,two,": counted without opening any decision.
    Column("hits", Text, nullable=False, default=""),
    Column("near", Text, nullable=False, default=""),
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
    # "closing" where it says what was done, written when the case was closed.
    Column("about", String(12), nullable=False, server_default=""),
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

sequences = Table(
    "sequences",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

# The one readable copy of texts, folded: unsealed cases only. On SQLite an FTS5 table of the same name replaces it.
SEARCH = "case_search"
