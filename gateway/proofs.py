"""What a message offers as proof that it belongs to a case: signed parts are verified here, the rest is looked up."""

from __future__ import annotations

from collections.abc import Mapping

from channels.mail.tags import ReplyTag, read_bounce_tag, read_message_id, read_reply_tag
from channels.message import InboundMessage
from router.joining import Proof, ProofKind
from store import outbox, threads
from store.database import Tx


async def gather(tx: Tx, message: InboundMessage, keys: tuple[bytes, ...]) -> list[Proof]:
    """Everything in the message that names a case that exists."""
    thread = message.thread
    mentioned = tuple(dict.fromkeys((*thread.in_reply_to, *reversed(thread.references))))
    found: list[Proof] = []
    _add(found, "reply_tag", _by_reply_address(message, keys))
    _add(found, "own_message_id", await _by_our_message_id(tx, mentioned, keys))
    _add(found, "thread", await threads.case_of_message_ids(tx, mentioned, direction="in"))
    for reference in thread.quoted_references:
        _add(found, "quoted_reference", await threads.case_of_reference(tx, reference))
    return found


def _add(found: list[Proof], kind: ProofKind, case_id: int | None) -> None:
    if case_id is not None:
        found.append(Proof(kind, str(case_id)))


def _by_reply_address(message: InboundMessage, keys: tuple[bytes, ...]) -> int | None:
    for text in message.thread.reply_tags:
        tag = read_reply_tag(text, keys)
        if tag is not None:
            return tag.case_id
    return None


async def _by_our_message_id(tx: Tx, mentioned: tuple[str, ...], keys: tuple[bytes, ...]) -> int | None:
    for message_id in mentioned:
        tag = read_message_id(message_id, keys)
        if tag is not None:
            sent = await outbox.by_key(tx, tag.key)
            if sent and sent[1] is not None:
                return sent[1]
    return None


def failed_recipient(envelope: Mapping[str, str], message: InboundMessage, keys: tuple[bytes, ...]) -> ReplyTag | None:
    """The case and contact whose mail came back; None unless the report went to the return path that we signed."""
    recipients = [address.rpartition("@")[0].partition("+")[2] for address in envelope.get("rcpt_to", "").split()]
    for text in (*recipients, *message.thread.reply_tags):
        tag = read_bounce_tag(text, keys)
        if tag is not None:
            return tag
    return None
