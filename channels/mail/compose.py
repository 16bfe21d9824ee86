"""From an OutboundMessage to the mail that goes out: one recipient, headers that cannot be injected into."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from channels.mail.headers import MailPolicy, UnusableAddressError, address, clean, message_ids
from channels.mail.page import html_page
from channels.mail.tags import read_reply_tag, sign_bounce_tag, sign_message_tag
from channels.message import Attachment, OutboundMessage
from config.mailboxes import MailboxSettings

# Our own mark: a mail that carries it has been round a loop.
LOOP_HEADER = "X-Guichet"
_POLICY = MailPolicy(linesep="\r\n")
_MAX_LOCAL = 64


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to send: its envelope (`mail_from` is where bounces go) and its bytes.

    `smtputf8`: the recipient's local part is not ASCII, so that only a server with SMTPUTF8 (RFC 6531) can take it.
    """

    mail_from: str
    rcpt_to: str
    message_id: str
    data: bytes
    smtputf8: bool


def compose(
    message: OutboundMessage, mailbox: MailboxSettings, *, keys: Sequence[bytes], instance: str, now: datetime
) -> Composed:
    """Make the mail. The same message gives the same Message-ID, and for the same `now` the same bytes.

    `keys` sign the return path and, unless the message brings a tag, the Message-ID; `instance` names this
    installation in the loop mark. Raises UnusableAddressError when the recipient's or a reply address cannot be used,
    and nothing else whatever the names, subjects and references hold.
    """
    mail = EmailMessage(policy=_POLICY)
    house = address(mailbox.name, mailbox.address)
    recipient = address(message.recipient_name, message.recipient)
    tag = message.message_tag or sign_message_tag(message.key, keys)
    message_id = f"<{tag}@{house.domain}>"
    mail["From"] = house
    mail["To"] = recipient
    if message.reply_tag:
        mail["Reply-To"] = address(mailbox.name, _plus(mailbox.address, message.reply_tag))
    mail["Subject"] = subject = clean(message.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    _add_thread(mail, message)
    mail[LOOP_HEADER] = clean(instance)
    if message.auto:
        _mark_as_automatic(mail)
    _fill(mail, message, subject)
    # Last: what is set before the parts moves into the first of them.
    mail["Content-Language"] = message.language
    smtputf8 = not recipient.username.isascii()
    data = mail.as_bytes(policy=_POLICY.clone(utf8=smtputf8))
    return Composed(_return_path(message, mailbox, keys), recipient.addr_spec, message_id, data, smtputf8)


def _add_thread(mail: EmailMessage, message: OutboundMessage) -> None:
    parent = message_ids(message.in_reply_to)
    if parent:
        mail["In-Reply-To"] = parent[-1]
    if references := message_ids(*message.references, *parent):
        mail["References"] = " ".join(references)


def _mark_as_automatic(mail: EmailMessage) -> None:
    """Tell other robots not to answer (RFC 3834 3.1.7; the second header is what Exchange obeys).

    Exchange's "All" would suppress non-delivery reports too, and we would never learn that an address is dead; so the
    others are named one by one. No `Precedence: bulk`: RFC 3834 advises against relying on it, and large providers
    take it for advertising, which an acknowledgement that the law asks for must not be filed as.
    """
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply, DR, RN, NRN"


def _fill(mail: EmailMessage, message: OutboundMessage, subject: str) -> None:
    text = "".join(sign for sign in message.text.replace("\r\n", "\n") if _may_stand_in_text(sign)).rstrip("\n") + "\n"
    mail.set_content(text, charset="utf-8")
    mail.add_alternative(html_page(text, language=message.language, title=subject), subtype="html", charset="utf-8")
    for attachment in message.attachments:
        _attach(mail, attachment)


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    main, _, sub = attachment.type.partition("/")
    known = (
        main.isascii()
        and sub.isascii()
        and main.isalnum()
        and sub.replace("-", "").replace(".", "").replace("+", "").isalnum()
    )
    # A message or multipart may not be base64 (RFC 2045 6.4), and nothing of ours is one.
    if not known or main in ("message", "multipart"):
        main, sub = "application", "octet-stream"
    name = clean(attachment.name.replace("/", "_").replace("\\", "_")) or "file"
    mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=name)


def _return_path(message: OutboundMessage, mailbox: MailboxSettings, keys: Sequence[bytes]) -> str:
    """Where bounces go: tagged with case and contact (M10). Mail that belongs to no case asks for none (RFC 3834 3.3)."""
    tag = read_reply_tag(message.reply_tag, keys)
    if tag is None:
        return "" if message.auto else mailbox.address
    return _plus(mailbox.address, sign_bounce_tag(tag.case_id, tag.contact_id, keys))


def _plus(mailbox: str, tag: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    if len(local) + 1 + len(tag) > _MAX_LOCAL:
        raise UnusableAddressError
    return f"{local}+{tag}@{domain}"


def _may_stand_in_text(sign: str) -> bool:
    return sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs")
