"""What people corrected, which model reads, and how often it says what."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    LargeBinary,
    String,
    Table,
)

from store.columns import Moment, metadata, own_id, ref

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
