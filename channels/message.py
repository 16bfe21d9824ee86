"""The frozen types that travel between the stages: what came in raw, what was understood of it, what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from config.vocabulary import AddressKind, Channel, Language

_NOTHING: Mapping[str, str] = MappingProxyType({})

# The result of checking who sent a mail, as our own border server reported it (RFC 8601); "unknown" when it said nothing.
Authentication = Literal["pass", "fail", "none", "unknown"]
# Why a message must never be acknowledged. "own": our own mail came back. See RFC 3834.
RobotKind = Literal["own", "bounce", "auto_reply", "list", "bulk", "system"]


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Bytes as they arrived at a door, before anybody tried to understand them.

    `channel` and `external_id` are unique together: the same delivery handed over twice is stored once.
    `account` names the door (a mailbox, a phone number, "form"). `envelope` holds what the transport said beside the
    bytes (for mail: "mail_from", "rcpt_to" separated by spaces; for the form: "address", "language").
    """

    channel: Channel
    account: str
    external_id: str
    body: bytes
    received_at: datetime
    envelope: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a message says it is from. A claim, never a proof."""

    kind: AddressKind
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message. `name` is what the sender called it, data and never a path.

    `declared_type` is what the sender said, `type` what the bytes look like.
    """

    name: str
    type: str
    content: bytes = field(repr=False)
    declared_type: str = ""
    inline: bool = False
    content_id: str = ""

    @property
    def size(self) -> int:
        """Length of the content in bytes."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class ThreadKeys:
    """Everything a message says about which earlier message it belongs to; each is a claim to be checked.

    `reply_tags`: the parts after "+" of the addresses it was sent to. `quoted_references`: case references found in its
    subject and text, in canonical form, check digits verified.
    """

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    reply_tags: tuple[str, ...] = ()
    quoted_references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report. `permanent`: the address does not work (5.x.x); False for delays and full mailboxes."""

    recipient: str
    permanent: bool
    status: str = ""
    explanation: str = ""
    original_message_id: str = ""


@dataclass(frozen=True, slots=True)
class Robot:
    """Why a message was taken for an automatic one. `evidence` names the header or phrase that decided."""

    kind: RobotKind
    evidence: str


@dataclass(frozen=True, slots=True)
class MediaLink:
    """A file that came with a message and still lies with the provider: the worker fetches it later (channels.media, H4).

    `url` holds no secret; `declared_type` is what the provider said, `id` its name for the file, `name` the sender's, empty
    where there is none.
    """

    url: str
    declared_type: str = ""
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers that a member may press instead of typing it. `id` is for us, `label` for them."""

    id: str
    label: str


# In the envelope of what a colleague typed in: the member's language, where they chose one.
ANSWER_IN: Final = "answer_in"


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message as understood. `text` is the whole plain text, `reply` only what is new in it, and `signature` what its
    sender put below: no part of the story, and often the only place where they say who they are.

    `sender` is None when it is not clear who wrote (no From, several, or none usable): nothing is sent then.
    `defects` lists, in a few fixed words each, what was wrong with the bytes; `hidden_text` is what the sender made
    invisible to the reader and must never count as evidence.
    """

    channel: Channel
    account: str
    external_id: str
    sender: Sender | None
    subject: str
    text: str
    reply: str
    received_at: datetime
    sent_at: datetime | None = None
    thread: ThreadKeys = ThreadKeys()
    attachments: tuple[Attachment, ...] = ()
    robot: Robot | None = None
    bounce: Bounce | None = None
    authentication: Authentication = "unknown"
    language_hint: Language | None = None
    # The language in which the member is to be answered, where a colleague said so: the words may be in the colleague's own.
    answer_in: Language | None = None
    member_number: str = ""
    # Other addresses that the member gave to be reached at (the form asks for a mail and a phone number).
    other_contacts: tuple[Sender, ...] = ()
    html: str = ""
    signature: str = ""
    hidden_text: str = ""
    defects: tuple[str, ...] = ()
    # For a message that its sender has changed: the `thread.message_id` of what it stands for now.
    edit_of: str = ""
    # Files that are still to be fetched; one that cannot be is missing among the attachments, and the message stays.
    media: tuple[MediaLink, ...] = ()
    # The id of the choice whose button was pressed; its label is the text.
    choice: str = ""


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to one recipient. `key` is the idempotency key: the same key never reaches the member as two messages.

    `auto`: sent by the house without a person (RFC 3834 headers, capped). `reply_tag` and `message_tag` are the signed
    parts that let an answer find its case; empty where the channel has none. `conversation` is what the caps per
    conversation count by.
    """

    key: str
    channel: Channel
    account: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    language: Language
    auto: bool
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_tag: str = ""
    message_tag: str = ""
    attachments: tuple[Attachment, ...] = ()
    # When the member last wrote to us on this channel: WhatsApp takes free text for 24 hours after it.
    heard_at: datetime | None = None
    # Set when this is no first attempt: since when it may have gone out already, with nobody told how that ended.
    tried_since: datetime | None = None
    choices: tuple[Choice, ...] = ()
