"""A question to a department on its way out, and the department's answer on its way into the case.

The answer counts only when three things hold (rule M9): it comes to the address that we signed for this question, from the
domain of an address of a department in the settings, and our border server says that the mail is authentic. Else it is held
for a mediator. Whatever it is, it reaches colleagues only: it opens no case, is never acknowledged and never goes to the member.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.mail.tags import read_message_id, read_question_tag, sign_message_tag, sign_question_tag
from channels.message import OutboundMessage
from config.departments import queue_name
from console.contract import NoDepartmentError, QuestionMail
from gateway import waking
from gateway.adding import hold_apart
from gateway.arrival import Arrival, Recorded
from gateway.house import House
from router.joining import Joining
from store import cases, mentions, outbox, questions, search, second_look, threads
from store.database import Tx
from store.viewer import Viewer

_KEY = "question-"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and what stands around it in the mail."""

    department: str
    text: str
    mail: QuestionMail


async def ask(
    tx: Tx,
    house: House,
    viewer: Viewer,
    case_id: int,
    question: Question,
    *,
    now: datetime,
    version: int,
    undo: timedelta,
) -> int:
    """As console.contract.Desk.ask says."""
    address = house.settings.department_mail.get(question.department)
    if address is None:
        raise NoDepartmentError
    await cases.change(
        tx,
        case_id,
        actor=f"user:{viewer.user_id}",
        act="case.asked",
        now=now,
        version=version,
        detail={"to": question.department},
        unread=False,
    )
    question_id = await questions.add(tx, case_id, question.department, now=now)
    message, kept = _mail(house, viewer, case_id, question_id, question, address, now)
    message_id = await cases.add_message(tx, kept)
    await questions.worded(tx, question_id, message_id)
    outbox_id = await outbox.put(tx, message, now=now, due_at=now + undo, case_id=case_id, message_id=message_id)
    if outbox_id is None:
        raise cases.StaleError(case_id)
    return outbox_id


def _mail(
    house: House, viewer: Viewer, case_id: int, question_id: int, question: Question, address: str, now: datetime
) -> tuple[OutboundMessage, cases.NewMessage]:
    """The mail to the department, and the same as a message of the case."""
    key = f"{_KEY}{question_id}"
    tag = sign_message_tag(key, house.tag_keys)
    box = house.mailbox_for(question.mail.language)
    mail = OutboundMessage(
        key=key,
        channel="email",
        account=box.address,
        recipient=address,
        recipient_name=queue_name(question.department, question.mail.language),
        subject=question.mail.subject,
        text=f"{question.text}\n\n{question.mail.below}",
        language=question.mail.language,
        auto=False,
        reply_tag=sign_question_tag(case_id, question_id, house.tag_keys),
        message_tag=tag,
    )
    kept = cases.NewMessage(
        case_id=case_id,
        direction="ask",
        channel="email",
        account=box.address,
        subject=mail.subject,
        text=mail.text,
        reply=question.text,
        at=now,
        author_id=viewer.user_id,
        situation=question.department[:16],
        rfc_message_id=f"<{tag}@{box.address.rpartition('@')[2]}>",
    )
    return mail, kept


async def asked_in(tx: Tx, house: House, arrival: Arrival) -> questions.Question | None:
    """The question that a mail answers, by the address or the Message-ID that we signed for it."""
    thread = arrival.message.thread
    for text in thread.reply_tags:
        tag = read_question_tag(text, house.tag_keys)
        if tag is not None:
            return await questions.by_id(tx, tag.question_id)
    for message_id in (*thread.in_reply_to, *reversed(thread.references)):
        signed = read_message_id(message_id, house.tag_keys)
        number = signed.key.removeprefix(_KEY) if signed and signed.key.startswith(_KEY) else ""
        if number.isdecimal():
            return await questions.by_id(tx, int(number))
    return None


async def from_department(
    tx: Tx, house: House, arrival: Arrival, question: questions.Question, *, now: datetime
) -> Recorded:
    """Keep an answer to a question on its case, or hold it for a mediator where it is not proven to be the department's."""
    current = await threads.current(tx, question.case_id, held=True)
    if current is None:
        return Recorded("robot")
    doubt = _doubt(house, arrival)
    if doubt:
        words = f"answers a question to a department, but {doubt}"
        return await hold_apart(tx, arrival, Joining("hold", str(current.id), words), current.id, None, now)
    await _keep(tx, arrival, question, current, now)
    await waking.heard_from(tx, house, current.id, "department", now=now)
    return Recorded("joined", current.id)


def _doubt(house: House, arrival: Arrival) -> str:
    """What is missing that the answer be taken for the department's; "" for nothing, or where a mediator has looked."""
    if second_look.TO_JOIN in arrival.item.raw.envelope:
        return ""
    address = arrival.writer.address if arrival.writer else ""
    listed = {known.rpartition("@")[2].lower() for known in house.settings.department_mail.values()}
    if address.rpartition("@")[2].lower() not in listed:
        return "is not from the domain of one"
    return "" if arrival.message.authentication == "pass" else "is not proven to be from there"


async def _keep(
    tx: Tx, arrival: Arrival, question: questions.Question, current: threads.CaseState, now: datetime
) -> None:
    message, sender = arrival.message, arrival.message.sender
    message_id = await cases.add_message(
        tx,
        cases.NewMessage(
            # With its question, wherever that goes on by now.
            case_id=question.case_id,
            direction="dep",
            channel="email",
            account=message.account,
            subject=message.subject,
            text=message.text,
            reply=message.reply,
            at=message.received_at,
            inbox_id=arrival.item.id,
            situation=question.department[:16],
            sender_name=(sender.name or sender.address) if sender else "",
            rfc_message_id=message.thread.message_id,
            defects=message.defects,
            hidden=message.hidden_text,
        ),
        message.attachments,
    )
    await questions.answered(tx, question.id, now=now)
    detail = {"message": message_id, "from": question.department}
    await cases.change(
        tx, current.id, actor="system", act="case.department_answered", now=now, detail=detail, unread=True
    )
    if (asker := await questions.asker(tx, question)) is not None:
        # The case may be closed by now, or somebody else's; who asked wants to know.
        await mentions.add(tx, current.id, asker, "answer", author_id=None, now=now)
    if not current.sealed:
        await search.add(tx, current.id, f"{message.reply} {search.names_of(message.attachments)}")
