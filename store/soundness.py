"""What the reconciliation asks beside the fates: cases whose member was owed a word, and the files that must be there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import String, cast, literal, select, union

from store import cases as register
from store import texts
from store.database import Tx
from store.files import FileStore
from store.schema import audit, cases, contact_changes, decisions, files, inbox, outbox


async def unacknowledged(tx: Tx) -> int:
    """Cases whose acknowledgement was decided, and is neither in the outbox nor withheld with a word in the audit."""
    key = literal("ack-") + cast(inbox.c.id, String)
    withheld = select(audit.c.id).where(audit.c.case_id == cases.c.id, audit.c.act == "acknowledgement.withheld")
    later = contact_changes
    rows = await tx.conn.execute(
        select(decisions.c.body)
        .join(cases, cases.c.id == decisions.c.case_id)
        .join(inbox, (inbox.c.case_id == cases.c.id) & (inbox.c.fate == "opened"))
        .where(
            cases.c.contact_id.is_not(None),
            ~select(outbox.c.id).where(outbox.c.key == key).exists(),
            ~withheld.exists(),
            # Who left no address was told by word of mouth; one that came later is owed nothing.
            ~select(later.c.id).where(later.c.case_id == cases.c.id, later.c.old_id.is_(None)).exists(),
        )
    )
    return sum(bool(texts.read_json(row.body, register.DECISION)["acknowledge"]) for row in rows)


async def file_names(tx: Tx) -> list[str]:
    """Every file that a row names: attachments, and raw messages too large for a row."""
    named = union(select(files.c.hash), select(inbox.c.raw_file).where(inbox.c.raw_file.is_not(None)))
    return list((await tx.conn.execute(named)).scalars())


def lost(kept: FileStore, names: Sequence[str]) -> int:
    """How many of these files are missing or no longer what their name says. Reads them all: not for the event loop."""
    return sum(not kept.holds(name) for name in names)
