"""From the stored bytes of a submission to a message. A parser bug is repaired by replaying the bytes."""

from __future__ import annotations

from channels.form.fields import international
from channels.form.submission import Submission
from channels.mail.sniff import sniff
from channels.message import ANSWER_IN, Attachment, InboundMessage, RawMessage, Sender, ThreadKeys
from channels.reference import find_references
from channels.web import texts
from channels.web.languages import known


def parse(raw: RawMessage) -> InboundMessage:
    """Return what a submission says. Raises channels.contract.UnreadableError.

    The sender is reached by mail where an address was given, else by telephone. A name with neither is a sender by post
    without an address: somebody said who they are, but nothing can be sent. Nothing at all: no sender.
    """
    submission = Submission.from_bytes(raw.body)
    contacts = _contacts(submission)
    said = _said(submission)
    return InboundMessage(
        channel=raw.channel,
        account=raw.account,
        external_id=raw.external_id,
        sender=contacts[0] if contacts else None,
        subject=submission.subject,
        text=said,
        reply=said,
        received_at=raw.received_at,
        sent_at=raw.received_at,
        thread=ThreadKeys(quoted_references=find_references(f"{submission.subject}\n{submission.text}")),
        attachments=tuple(
            Attachment(file.name, sniff(file.content), file.content, declared_type=file.declared_type)
            for file in submission.files
        ),
        language_hint=submission.language,
        answer_in=known(raw.envelope.get(ANSWER_IN, "")),
        member_number=submission.member_number,
        other_contacts=tuple(contacts[1:]),
    )


def _contacts(submission: Submission) -> list[Sender]:
    contacts = []
    if submission.email:
        contacts.append(Sender("email", submission.email, submission.name))
    if submission.phone:
        contacts.append(Sender("phone", international(submission.phone) or submission.phone, submission.name))
    if submission.post:
        contacts.append(Sender("post", submission.post, submission.name))
    if submission.name and not contacts:
        contacts.append(Sender("post", "", submission.name))
    return contacts


def _said(submission: Submission) -> str:
    """Everything that the member told us, as one text: the story first, then their other answers under their questions."""
    words = texts.pages()[submission.language or "fr"]
    parts = [submission.text]
    if submission.wanted:
        parts.append(f"{words['form.said.wanted']}\n{submission.wanted}")
    if submission.for_name or submission.for_tie:
        who = ", ".join(part for part in (submission.for_name, submission.for_tie) if part)
        parts.append(f"{words['form.said.for']} {who}")
    return "\n\n".join(part for part in parts if part)
