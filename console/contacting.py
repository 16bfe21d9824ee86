"""A colleague changes how a member is reached: an address comes, replaces another, or is not used any more (rule C4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.message import Sender
from console.actions import After, WrongFormError, version_of
from console.reach_contract import HOWS, CannotReachError, Wanted
from console.reached import may_change
from console.site import Site, Who
from store.contact_changes import ACTS, Act
from store.database import Tx
from store.views import Row

_LONGEST_WORDS: Final = 2_000


class Contacting:
    """Acts on how a member is reached."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def change(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Change it, and let the address that was used until now be told."""
        acts = await may_change(tx, who, row)
        act = next((one for one in ACTS if one == who.form.get("act")), None)
        if act is None:
            raise WrongFormError("contact_act")
        if act not in acts:
            raise WrongFormError("contact_not_yours")
        try:
            sent = await self._site.reach.change(
                tx, who.viewer, row.id, self._wanted(act, who.form), now=who.now, version=version_of(who)
            )
        except CannotReachError as error:
            raise WrongFormError(f"contact_{error.why}") from None
        if sent is not None:
            after.departing.append(sent)
        return "?done=contact" if sent is not None else "?done=contact_untold"

    def _wanted(self, act: Act, form: Mapping[str, str]) -> Wanted:
        sender: Sender | None = None
        if act != "end":
            read = self._site.reach.read(form.get("address", ""))
            if not isinstance(read, Sender):
                raise WrongFormError(f"contact_{read}")
            sender = read
        how = next((one for one in HOWS if one == form.get("how")), None)
        if how is None:
            raise WrongFormError("contact_how")
        words = form.get("words", "").replace("\r\n", "\n").strip()
        if not words:
            raise WrongFormError("contact_words")
        return Wanted(
            act,
            how,
            words[:_LONGEST_WORDS],
            contact_id=_number(form.get("contact", "")),
            sender=sender,
            member=_number(form.get("member", "")),
        )

    async def undo(self, tx: Tx, who: Who, row: Row, after: After) -> str:
        """Take one's own change back, while nobody was told of it."""
        del after
        change_id = _number(who.form.get("change", ""))
        done = change_id is not None and await self._site.reach.undo(tx, who.viewer, row.id, change_id, now=who.now)
        return "?done=contact_undone" if done else "?done=too_late"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else None
