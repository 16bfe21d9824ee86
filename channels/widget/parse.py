"""From the stored bytes of a line in the web chat to a message. They are a submission's, as the form keeps it."""

from __future__ import annotations

from channels.form.submission import Submission
from channels.mail.sniff import sniff
from channels.message import Attachment, InboundMessage, RawMessage, Sender, ThreadKeys
from channels.reference import find_references


def parse(raw: RawMessage) -> InboundMessage:
    """Return what was said. Raises channels.contract.UnreadableError."""
    submission = Submission.from_bytes(raw.body)
    return InboundMessage(
        channel=raw.channel,
        account=raw.account,
        external_id=raw.external_id,
        sender=Sender("chat", raw.envelope.get("address", "")),
        subject="",
        text=submission.text,
        reply=submission.text,
        received_at=raw.received_at,
        sent_at=raw.received_at,
        thread=ThreadKeys(quoted_references=find_references(submission.text)),
        attachments=tuple(
            Attachment(file.name, sniff(file.content), file.content, declared_type=file.declared_type)
            for file in submission.files
        ),
        choice=raw.envelope.get("choice", ""),
    )
