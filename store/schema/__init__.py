"""The tables of the register, the same on SQLite and PostgreSQL.

Everything that a person wrote or that names a person is kept as bytes written by `store.texts`: PostgreSQL's text type cannot
hold a NUL, and one place that writes and reads texts is where encryption belongs. Addresses of contacts stay plain, because
mail is matched by them. The shape changes only through a migration beside this folder; a test compares the two.
"""

from __future__ import annotations

from store.columns import metadata
from store.schema.access import (
    audit,
    audit_chain,
    audit_unlinked,
    identities,
    kept_forms,
    kept_views,
    passkeys,
    recovery_codes,
    sessions,
    sign_in_failures,
    totp,
    users,
)
from store.schema.access_answers import access_cases, access_hands, access_items, access_requests
from store.schema.cases import (
    SEARCH,
    case_contacts,
    case_links,
    cases,
    classifications,
    codes,
    contacts,
    deadlines,
    decisions,
    links,
    merges,
    notes,
    people,
    person_numbers,
    ratings,
    receipts,
    sequences,
)
from store.schema.contacting import contact_changes, sent_again
from store.schema.entries import entries
from store.schema.handling import drafts, mentions, pauses, questions, recommendations
from store.schema.intake import domain_rates, held, idempotency, inbox
from store.schema.learning import corrections, label_counts, model_uses
from store.schema.listing import list_acts
from store.schema.messages import conversations, files, message_files, messages, opted_out, outbox
from store.schema.operations import announcements, clock_runs, heartbeats, rule_sets
from store.schema.presence import presence
from store.schema.rehearsing import rehearsal_changes, rehearsals, rule_drafts, rule_returns
from store.schema.reports import reports
from store.schema.wording import published_texts, text_drafts

__all__ = [
    "SEARCH",
    "access_cases",
    "access_hands",
    "access_items",
    "access_requests",
    "announcements",
    "audit",
    "audit_chain",
    "audit_unlinked",
    "case_contacts",
    "case_links",
    "cases",
    "classifications",
    "clock_runs",
    "codes",
    "contact_changes",
    "contacts",
    "conversations",
    "corrections",
    "deadlines",
    "decisions",
    "domain_rates",
    "drafts",
    "entries",
    "files",
    "heartbeats",
    "held",
    "idempotency",
    "identities",
    "inbox",
    "kept_forms",
    "kept_views",
    "label_counts",
    "links",
    "list_acts",
    "mentions",
    "merges",
    "message_files",
    "messages",
    "metadata",
    "model_uses",
    "notes",
    "opted_out",
    "outbox",
    "passkeys",
    "pauses",
    "people",
    "person_numbers",
    "presence",
    "published_texts",
    "questions",
    "ratings",
    "receipts",
    "recommendations",
    "recovery_codes",
    "rehearsal_changes",
    "rehearsals",
    "reports",
    "rule_drafts",
    "rule_returns",
    "rule_sets",
    "sent_again",
    "sequences",
    "sessions",
    "sign_in_failures",
    "text_drafts",
    "totp",
    "users",
]
