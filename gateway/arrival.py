"""One item on its way into the register: what was worked out about it before the transaction, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from channels.message import InboundMessage, Sender
from classifier.classification import Classification
from config.vocabulary import Flag, Language
from store import cases, second_look
from store.inbox import Fate, Item


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an item."""

    fate: Fate
    case_id: int | None = None
    outbox_ids: tuple[int, ...] = ()
    conversation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One item with everything that was worked out about it before the transaction."""

    item: Item
    message: InboundMessage
    classification: Classification
    # On a chat channel the classification is of the conversation so far; this one is of the line alone. `entry` is the one of
    # the house's knowledge that answers it, `spoken` its language where its own words surely tell it.
    line: Classification | None = None
    entry: str = ""
    spoken: Language | None = None

    @property
    def automatic(self) -> bool:
        """Whether the message was sent by a machine, and no person has said otherwise."""
        found = self.message.robot is not None or self.message.bounce is not None
        return found and second_look.A_MEMBER not in self.item.raw.envelope

    @property
    def language(self) -> Language:
        """The member's language: as a colleague says, else as their words tell."""
        return self.message.answer_in or self.classification.language

    @property
    def writer(self) -> Sender | None:
        """The sender, where there is an address to know them by; somebody may give only a name."""
        sender = self.message.sender
        return sender if sender and sender.address else None

    @property
    def says_they_are(self) -> tuple[str, str]:
        """(name, member number) as the message gives them."""
        message, identity = self.message, self.classification.identity
        name = identity.name or (message.sender.name if message.sender else "")
        return name, message.member_number or identity.member_number

    @property
    def contact_of_link(self) -> int | None:
        """The contact whose secret link this was written behind."""
        value = self.item.raw.envelope.get("contact_id", "")
        return int(value) if value else None

    def flagged(self, flag: Flag) -> bool:
        """Whether the classifier raised a flag."""
        return bool(self.classification.flags.get(flag, False))

    def kept(self, case_id: int | None, contact_id: int | None, *, verified: bool = True) -> cases.NewMessage:
        """The message as it is kept on a case, or apart."""
        message = self.message
        return cases.NewMessage(
            case_id=case_id,
            direction="in",
            channel=message.channel,
            account=message.account,
            subject=message.subject,
            text=message.text,
            reply=message.reply,
            at=message.received_at,
            contact_id=contact_id,
            inbox_id=self.item.id or None,
            sender_name=message.sender.name if message.sender else "",
            rfc_message_id=message.thread.message_id,
            verified=verified,
            defects=message.defects,
            hidden=message.hidden_text,
        )


def fingerprint_of(message: InboundMessage) -> str | None:
    """What makes two mails the same message: sender, words and files. None where sameness means nothing.

    Only mail is compared: the form has its own idempotency, and in a chat people do repeat themselves.
    """
    if message.channel != "email" or message.sender is None:
        return None
    if not message.reply.strip() and not message.attachments:
        # Without words, only the very same mail (to two of our mailboxes, say) is the same message.
        return hashlib.sha256(f"mail {message.external_id}".encode()).hexdigest()
    parts = [
        message.sender.address.lower(),
        " ".join(message.subject.casefold().split()),
        " ".join(message.reply.casefold().split()),
        *sorted(hashlib.sha256(attachment.content).hexdigest() for attachment in message.attachments),
    ]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()
