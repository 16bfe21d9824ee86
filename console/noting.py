"""What is kept on a case for colleagues: notes, and that an address works again."""

from __future__ import annotations

from console.actions import After, change, text_of
from console.site import Who
from store import cases, people
from store.cases import StaleError
from store.database import Tx
from store.views import Row


async def note(tx: Tx, who: Who, row: Row, after: After) -> str:
    """Write something down that the member never sees. It changes nothing, so it cannot come too late."""
    del after
    text = text_of(who)
    await cases.add_note(tx, row.id, who.viewer.user_id, text, now=who.now)
    return "?done=noted#last"


async def reachable(tx: Tx, who: Who, row: Row, after: After) -> str:
    """The member's address works again: automatic messages may go there."""
    del after
    wanted = who.form.get("contact", "")
    known = await people.contacts_of_case(tx, row.id)
    contact = next((one for one in known if str(one.id) == wanted and one.unreachable), None)
    if contact is None:
        raise StaleError(row.id)
    await change(tx, who, row, "contact.reachable", {"contact": contact.id})
    await people.reachable_again(tx, contact.id)
    return "?done=reachable"
