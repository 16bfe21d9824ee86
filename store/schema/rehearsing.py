"""New rules on their way: the one draft, its rehearsals on past cases, and what people thought of each case that would change."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from store.columns import Moment, metadata, own_id, ref

# At most one row: supervisors share one draft. `base` is the version that it was made from; `proposed_by` has said that it
# is ready, so that another one may read and publish it. Whoever read it and wants something changed sends it back to
# them with a word, which stands until it is ready again.
rule_drafts = Table(
    "rule_drafts",
    metadata,
    own_id(),
    Column("base", String(60), nullable=False),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    ref("changed_by", "users.id"),
    Column("changed_at", Moment, nullable=False),
    ref("proposed_by", "users.id", nullable=True),
    Column("comment", Text, nullable=False, default=""),
    Column("harm", Text, nullable=False, default=""),
    ref("sent_back_by", "users.id", nullable=True),
    ref("sent_back_to", "users.id", nullable=True),
    Column("sent_back_word", Text, nullable=False, default=""),
)

# At most one row: somebody wants an earlier version back, and waits for another supervisor to confirm it. `live` is the
# version that decided when they asked; when another one does, what they asked for has lapsed.
rule_returns = Table(
    "rule_returns",
    metadata,
    own_id(),
    Column("version", String(60), nullable=False),
    Column("live", String(60), nullable=False),
    Column("comment", Text, nullable=False),
    Column("harm", Text, nullable=False),
    ref("asked_by", "users.id"),
    Column("asked_at", Moment, nullable=False),
)

# `state`: running, done, stopped, failed. `seen_at` is moved on while it runs; `sums` is what was found so far.
rehearsals = Table(
    "rehearsals",
    metadata,
    own_id(),
    Column("base", String(60), nullable=False),
    Column("body", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("until", Moment, nullable=False),
    Column("state", String(8), nullable=False),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("stop_asked", Boolean, nullable=False, default=False),
    Column("sums", JSON, nullable=False),
    ref("started_by", "users.id"),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

# A case that the draft would treat in another way. `sealed`: only for those who may see medical matters. `worst` is the
# place of its worst harm, 9 for none.
rehearsal_changes = Table(
    "rehearsal_changes",
    metadata,
    own_id(),
    ref("rehearsal_id", "rehearsals.id", goes_with=True),
    ref("case_id", "cases.id", goes_with=True, index=True),
    Column("sealed", Boolean, nullable=False),
    Column("queue_before", String(24), nullable=False),
    Column("queue_after", String(24), nullable=False),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    Column("harms", JSON, nullable=False),
    Column("worst", Integer, nullable=False),
    Column("judged", String(6), nullable=False, default=""),
    Column("note", LargeBinary, nullable=False),
    ref("judged_by", "users.id", nullable=True),
    Index("ix_rehearsal_changes_rehearsal_id_worst_id", "rehearsal_id", "worst", "id"),
)
