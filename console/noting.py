"""What is kept on a case for colleagues: notes, and that an address works again."""

from __future__ import annotations

from console.actions import After, change, moment_of, text_of
from console.case_file import may_be_told
from console.mentioning import told
from console.site import Who
from store import cases, drafts, mentions, people, threads, users
from store.cases import StaleError
from store.database import Tx
from store.views import Row


async def note(tx: Tx, who: Who, row: Row, after: After) -> str:
    """Write something down that the member never sees, and let those know whom it names.

    It changes nothing, so it cannot come too late; the same press of the same button once more is one note.
    """
    del after
    text = text_of(who)
    made = moment_of(who.form.get("seen", ""))
    # Two presses at the same moment come one after the other.
    await threads.current(tx, row.id, held=True)
    if made is not None and await cases.noted_since(tx, row.id, who.viewer.user_id, text, since=made):
        return "?done=noted#last"
    await cases.add_note(tx, row.id, who.viewer.user_id, text, now=who.now)
    people_told = [user for user in await users.listing(tx) if may_be_told(user, row)]
    for user in told(who.form, text, people_told):
        await mentions.add(tx, row.id, user.id, "note", author_id=who.viewer.user_id, now=who.now)
    # Who writes on the case has looked at it.
    await mentions.seen(tx, who.viewer, case_id=row.id, now=who.now)
    await drafts.let_go(tx, who.viewer, row.id, "note")
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
