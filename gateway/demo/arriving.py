"""A story on its way into the register, by the functions that a real one takes: inbox, recording transaction, outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from channels.form.submission import Submission
from channels.mail.fingerprint import external_id
from channels.message import RawMessage
from channels.registry import parser_of
from classifier.classification import Classification
from config.vocabulary import Channel, Language
from gateway.arrival import Arrival, Recorded
from gateway.demo.people import Writer
from gateway.demo.stories import Story, answer_read
from gateway.house import House
from gateway.record import Recorder
from store import cases, inbox
from store.database import Tx

# How long after a message has come in it is worked on.
_WORK: Final = timedelta(seconds=2)
# The name by which the border server of this house says that a mail is authentic.
BORDER: Final = "mx.partenamut.example"
_HEARD_AT_ONCE: Final[frozenset[Channel]] = frozenset({"phone", "counter", "letter"})


@dataclass(frozen=True, slots=True)
class Arriving:
    """Hands messages over to the register."""

    house: House
    recorder: Recorder

    async def story(
        self, tx: Tx, story: Story, writer: Writer, channel: Channel, number: int, at: datetime
    ) -> Recorded:
        """A first message, received at that moment. `number` makes its identifiers unique."""
        if channel == "email":
            raw = self._mail(
                story.subject, story.text, writer, number, at, to=story.matter.theme.mailbox, nameless=_nameless(story)
            )
        else:
            raw = _form(story, writer, channel, number, at)
        return await self.record(tx, raw, story.found)

    async def answer(
        self, tx: Tx, text: str, found: Classification, writer: Writer, number: int, at: datetime, to: str
    ) -> Recorded:
        """What a member writes back to the message of ours that has this Message-ID."""
        raw = self._mail("Re: Partenamut", text, writer, number, at, in_reply_to=to)
        return await self.record(tx, raw, found)

    async def mail(self, tx: Tx, subject: str, text: str, writer: Writer, number: int, at: datetime) -> Recorded:
        """A mail of a few words."""
        return await self.record(tx, self._mail(subject, text, writer, number, at), answer_read(writer.language))

    def _mail(
        self,
        subject: str,
        text: str,
        writer: Writer,
        number: int,
        at: datetime,
        *,
        to: str = "",
        in_reply_to: str = "",
        nameless: bool = False,
    ) -> RawMessage:
        default = "klachten" if writer.language == "nl" else "plaintes"
        box = next(one.address for one in self.house.mailboxes if one.address.startswith(to or default))
        sender = f"nuage{number}@mail.example" if nameless else writer.mail
        mail = EmailMessage()
        mail["From"] = sender if nameless else f"{writer.name} <{sender}>"
        mail["To"], mail["Subject"], mail["Date"] = box, subject, format_datetime(at)
        mail["Message-ID"] = f"<demo-{number}@mail.example>"
        if in_reply_to:
            mail["In-Reply-To"] = in_reply_to
        mail.set_content(text)
        body = mail.as_bytes().replace(b"\n", b"\r\n")
        return RawMessage("email", box, external_id(body), body, at, {"mail_from": sender, "rcpt_to": box})

    async def said(
        self, tx: Tx, raw: RawMessage, found: Classification, line: Classification, spoken: Language | None
    ) -> Recorded:
        """A line of a conversation: `found` is of all that was told in it so far, `line` of the line alone."""
        return await self._record(tx, raw, found, line, spoken)

    async def record(self, tx: Tx, raw: RawMessage, found: Classification) -> Recorded:
        """Keep a raw message and give it its fate."""
        recorded = await self._record(tx, raw, found, None, None)
        if raw.channel in _HEARD_AT_ONCE and recorded.case_id is not None:
            # Who is on the telephone or at the counter hears the reference there.
            now = raw.received_at + _WORK
            await cases.end_clocks(tx, recorded.case_id, now=now, clock="acknowledgement")
        return recorded

    async def _record(
        self, tx: Tx, raw: RawMessage, found: Classification, line: Classification | None, spoken: Language | None
    ) -> Recorded:
        await inbox.add(tx, raw, now=raw.received_at)
        now = raw.received_at + _WORK
        (item,) = await inbox.claim(tx, limit=1, now=now, lease=self.house.lease)
        message = parser_of(raw.channel)(raw, self.house.own_addresses, BORDER)
        arrival = Arrival(item, message, found, line, "", spoken)
        return await self.recorder.record(tx, arrival, now=now)


def _nameless(story: Story) -> bool:
    return "anonymous" in story.matter.theme.flags


def _form(story: Story, writer: Writer, channel: Channel, number: int, at: datetime) -> RawMessage:
    """By the form, or as a colleague typed it in at the counter or on the telephone."""
    nameless = _nameless(story)
    said = Submission(
        text=story.text,
        subject=story.subject if channel == "webform" else "",
        language=writer.language,
        name="" if nameless else writer.name,
        email="" if channel in ("phone", "letter") else f"nuage{number}@mail.example" if nameless else writer.mail,
        phone=writer.phone if channel == "phone" and not nameless else "",
    )
    account = "form" if channel == "webform" else "entry"
    return RawMessage(channel, account, f"demo-{number}", said.to_bytes(), at)
