"""The last look at an answer before it leaves: what is known of whom it goes to, and what is odd about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from console.actions import WrongFormError, same_words
from console.answer_checks import Doubt, Member, Read, doubts, own_words, says_enough, unfinished
from console.case_file import CaseFile, opening_words
from console.contract import NoWayBackError, Recipient
from console.site import Site, Who
from store import case_around, numbers, people
from store.correspondence import MessageRow
from store.database import Tx

# What may be a number by which we know somebody, however it is grouped; and how many of a text are looked up.
_DIGITS: Final = re.compile(r"(?<![\d-])\d(?:[ ./-]?\d){5,12}(?![\d-])")
_MOST: Final = 20


async def looked_over(
    site: Site, tx: Tx, who: Who, file: CaseFile, text: str, *, decided: bool = False, also: Sequence[Doubt] = ()
) -> Recipient:
    """To whom the form says that a text goes. Raises WrongFormError for one in which nothing was written, for a text message of a
    sealed case, and for one that is odd, until its writer is sure; NoWayBackError where it would reach nobody.

    `also`: what is odd about what goes together with it."""
    file = replace(file, recipients=await site.desk.recipients(tx, file.row.id))
    to = file.recipient(who.form.get("to", ""))
    if to is None:
        raise NoWayBackError
    opening = opening_words(file, who.viewer.name, to)
    if same_words(text, opening):
        raise WrongFormError("empty")
    if file.row.sealed and to.way not in ("email", "page"):
        # It would lie open on the screen of a telephone, and with whoever carries it there.
        raise WrongFormError("sealed_text_message")
    words = own_words(text, opening)
    member = await _member(tx, who, file, to)
    read = Read(
        spoken=await site.desk.spoken(words) if says_enough(words) else None,
        particulars=await site.desk.particulars(words),
        strangers=await _strangers(tx, words, member, to),
    )
    until_sure(who, (*doubts(words, member, read, decided=decided), *also))
    return to


def looked_over_for_colleagues(who: Who, text: str) -> None:
    """The same for a text to a department. Raises WrongFormError for one that is not finished, until its writer is sure."""
    until_sure(who, unfinished(text))


def until_sure(who: Who, found: Sequence[Doubt]) -> None:
    """Raises WrongFormError where there is a doubt of which the form does not say that its writer is sure."""
    if {doubt.key for doubt in found} - set(who.form.get("sure", "").split()):
        raise WrongFormError("unsure", tuple(found))


async def _member(tx: Tx, who: Who, file: CaseFile, to: Recipient) -> Member:
    """What is known of whom the answer goes to, and whom else it could be mistaken to be about."""
    own = [message for message in file.messages if _theirs(file, message, to)]
    contacts = await people.contacts_of_case(tx, to.case_id)
    known = await people.person_of(tx, to.person_id) if to.person_id is not None else None
    wrote = [
        f"{message.sender_name}\n{message.subject}\n{message.text}" for message in own if message.direction == "in"
    ]
    wrote += [contact.address for contact in contacts] + ([known.member_number] if known else [])
    parties = [one.name for one in file.recipients if one.case_id != to.case_id]
    held = [one.message.sender_name for one in file.held]
    but = {one.person_id for one in file.recipients if one.person_id is not None} | {file.row.person_id or 0}
    hand = await case_around.names_at_hand(tx, who.viewer, but=but)
    return Member(
        name=to.name,
        language=to.language,
        way=to.way,
        wrote="\n".join(wrote),
        references=frozenset(
            {file.row.reference, to.reference}
            | {one.reference for one in file.others}
            | {one.reference for one in file.merged}
        ),
        others=list(dict.fromkeys(filter(None, (*parties, *held, *hand)))),
        asked=_asked(own),
    )


def _theirs(file: CaseFile, message: MessageRow, to: Recipient) -> bool:
    if len(file.recipients) < 2:
        return True
    return message.address == to.address if message.address else message.case_id == to.case_id


def _asked(own: Sequence[MessageRow]) -> str:
    """What they wrote since a person last answered them."""
    words: list[str] = []
    for message in own:
        if message.direction == "out" and not message.auto and message.delivery != "cancelled":
            words.clear()
        elif message.direction == "in":
            words.append(message.reply or message.text)
    return "\n".join(words)


async def _strangers(tx: Tx, words: str, member: Member, to: Recipient) -> list[str]:
    """Numbers by which we know other people, and not this one."""
    mine = re.sub(r"\D", "", member.wrote)
    found: list[str] = []
    for number in _DIGITS.findall(words)[:_MOST]:
        if re.sub(r"\D", "", number) in mine:
            continue
        known = await numbers.people_with(tx, number)
        if known and to.person_id not in known:
            found.append(number)
    return found
