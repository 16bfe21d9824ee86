"""What a page asks of the person who opens it, and what each role may."""

from __future__ import annotations

from typing import Literal

from store.viewer import Viewer

# "any": to be signed in. "records": to write down what a member says at the counter or by telephone. "reports", "approves": to
# read the monthly report, and to write and approve it; it counts all queues, so only those who see all of them.
# "oversees": to see who has which access.
Right = Literal[
    "any", "reads", "notes", "records", "handles", "reports", "approves", "supervises", "oversees", "administers"
]


def may(viewer: Viewer, right: Right) -> bool:
    """Whether a colleague's role has a right. Agents write down what they hear, but do not decide about cases."""
    return {
        "any": True,
        "reads": viewer.reads_cases,
        "notes": viewer.handles_cases or viewer.role == "agent",
        "records": viewer.handles_cases or viewer.role == "agent",
        "handles": viewer.handles_cases,
        "reports": viewer.role in ("supervisor", "reader") and viewer.queues is None,
        "approves": viewer.supervises and viewer.queues is None,
        "supervises": viewer.supervises,
        "oversees": viewer.supervises or viewer.role == "administrator",
        "administers": viewer.role == "administrator",
    }[right]
