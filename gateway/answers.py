"""Automatic answers on their way out: the text with its own secret link, within the limits that keep two robots apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from channels.form.contract import case_path
from channels.mail.tags import sign_message_tag, sign_reply_tag
from channels.message import InboundMessage, OutboundMessage, Sender
from config.vocabulary import Channel, Language
from gateway.house import House
from router.acknowledgement import About, AckText, Asked, asked_for
from router.deadlines import received_day
from store import audit, cases, links, outbox, outbox_figures, people
from store.database import Tx

# RFC 3834, section 2: limit what goes to one address, whatever comes from it.
PER_CONVERSATION: Final = timedelta(minutes=10)
A_DAY: Final = timedelta(days=1)
PER_ADDRESS_A_DAY: Final = 5
# By which channel a contact of a kind is answered.
_CHANNEL_OF: Final[dict[str, Channel]] = {"email": "email", "phone": "sms", "telegram": "telegram", "chat": "chat"}


def case_url(house: House, language: Language, token: str) -> str:
    """The secret link that a message carries."""
    return house.settings.base_url + case_path(language, token)


def letter_url(house: House, language: Language, token: str) -> str:
    """The link to the ready-to-sign letter of the same case."""
    return f"{case_url(house, language, token)}?to=letter"


async def may_answer(
    tx: Tx, contact: people.Contact, case_id: int | None, *, texted: bool = False, now: datetime
) -> bool:
    """Whether one more automatic message may go to this contact now; `case_id` is None for a case not opened yet.

    By mail only, unless it was asked for as a text message (`texted`).
    """
    if contact.unreachable or contact.kind != ("phone" if texted else "email"):
        return False
    just_now, today = await outbox_figures.automatic_since(
        tx, contact_id=contact.id, case_id=case_id, about_case_since=now - PER_CONVERSATION, since=now - A_DAY
    )
    return just_now == 0 and today < PER_ADDRESS_A_DAY


async def send(
    tx: Tx,
    house: House,
    text: AckText,
    *,
    key: str,
    situation: str,
    case_id: int,
    contact: people.Contact,
    name: str,
    token: str,
    answers: InboundMessage,
    texted: bool = False,
    now: datetime,
) -> int | None:
    """Put an automatic answer into the outbox and on the case; None when a limit forbids it, which the case then shows."""
    if not await may_answer(tx, contact, case_id, texted=texted, now=now):
        detail = {"contact": contact.id, "situation": situation}
        await audit.write(tx, actor="system", act="acknowledgement.withheld", at=now, case_id=case_id, detail=detail)
        return None
    channel = _CHANNEL_OF[contact.kind]
    box = house.mailbox(answers.account) or house.mailbox_for(text.language)
    account = house.settings.sms_number if texted else box.address
    tag = sign_message_tag(key, house.tag_keys)
    by_mail = answers.channel == "email"
    message = OutboundMessage(
        key=key,
        channel=channel,
        account=account,
        recipient=contact.address,
        recipient_name=name,
        subject=text.subject,
        text=text.text,
        language=text.language,
        auto=True,
        in_reply_to=answers.thread.message_id if by_mail else "",
        references=answers.thread.references if by_mail else (),
        reply_tag=sign_reply_tag(case_id, contact.id, house.tag_keys),
        message_tag=tag,
    )
    message_id = await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=case_id,
            direction="out",
            channel=channel,
            account=account,
            subject=text.subject,
            text=text.text,
            reply="",
            at=now,
            contact_id=contact.id,
            auto=True,
            situation=situation,
            rfc_message_id="" if texted else f"<{tag}@{box.address.rpartition('@')[2]}>",
        ),
    )
    await links.add(tx, token, now=now, case_id=case_id, contact_id=contact.id)
    return await outbox.put(tx, message, now=now, case_id=case_id, message_id=message_id, contact_id=contact.id)


async def send_asked(
    tx: Tx,
    house: House,
    what: Asked,
    *,
    key: str,
    case_id: int,
    contact: people.Contact | Sender,
    reference: str,
    language: Language,
    case_url: str = "",
    code: str = "",
    about: About = "",
    wait: timedelta = timedelta(0),
    now: datetime,
) -> int | None:
    """Put what a member asked for on our pages into the outbox, due after `wait`. It is no message of the case: nobody else is
    to read a link or a code. An address that is not confirmed yet is no contact, and what is answered from there joins nothing.

    Returns the outbox's id, None where this was put there before.
    """
    channel = _CHANNEL_OF[contact.kind]
    contact_id = contact.id if isinstance(contact, people.Contact) else None
    text = asked_for(
        what,
        language,
        channel,
        reference=reference,
        case_url=case_url,
        code=code,
        about=about,
        changed_on=received_day(now),
    )
    account = house.settings.sms_number if channel == "sms" else house.mailbox_for(language).address
    message = OutboundMessage(
        key=key,
        channel=channel,
        account=account,
        recipient=contact.address,
        recipient_name="",
        subject=text.subject,
        text=text.text,
        language=language,
        auto=True,
        reply_tag=sign_reply_tag(case_id, contact_id, house.tag_keys) if contact_id is not None else "",
        message_tag=sign_message_tag(key, house.tag_keys),
    )
    return await outbox.put(tx, message, now=now, due_at=now + wait, case_id=case_id, contact_id=contact_id)
