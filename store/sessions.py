"""Sessions on the database server whose process stands still: what they hold is given back to those that work."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, text

from store.database import APPLICATION, Tx

# A process may be stopped, or its machine suspended, between the two halves of preparing a statement (Parse and Flush,
# then Bind, Execute and Sync: "Extended Query" in PostgreSQL's protocol). The server calls that session active while it
# waits for its client. It ends neither by the limit for idle transactions nor by the one for statements, and whatever
# it has locked is passed over by SKIP LOCKED for as long as the process stands. Only another session can end it.
_END_STUCK: Final = text(
    """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND application_name = :application
      AND pid <> pg_backend_pid() AND state = 'active' AND wait_event_type = 'Client'
      AND xact_start IS NOT NULL AND state_change < clock_timestamp() - make_interval(secs => :seconds)
    """
).bindparams(bindparam("application", APPLICATION))


async def end_stuck(tx: Tx, *, longer_than: timedelta) -> int:
    """End our own sessions that have waited so long for their process in the middle of a statement. Returns how many.

    Their transactions are undone, as when the process had died: what it had in hand is handed out again after its lease.
    """
    if tx.is_sqlite:
        return 0
    return int((await tx.conn.execute(_END_STUCK, {"seconds": longer_than.total_seconds()})).scalar_one())
