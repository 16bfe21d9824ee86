"""A story on its way into the register, by the functions that a real one takes: inbox, recording transaction, outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlencode

from channels.form.parse import parse as parse_form
from channels.form.submission import Submission
from channels.mail.fingerprint import external_id
from channels.mail.parse import parse as parse_mail
from channels.message import InboundMessage, RawMessage
from channels.twilio_sms.parse import parse as parse_text
from classifier.classification import Classification
from config.vocabulary import CONVERSING, Channel
from gateway.arrival import Arrival, Recorded
from gateway.demo.people import Writer
from gateway.demo.stories import Story, answer_read
from gateway.house import House
from gateway.opening import open_own_case
from gateway.record import Recorder
from store import cases, inbox, people
from store.database import Tx

_OUR_NUMBER = "+3226000000"


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
        elif channel in ("sms", "whatsapp"):
            raw = _text(story, writer, channel, number, at)
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

    async def record(self, tx: Tx, raw: RawMessage, found: Classification) -> Recorded:
        """Keep a raw message and give it its fate."""
        at = raw.received_at
        await inbox.add(tx, raw, now=at)
        now = at + timedelta(seconds=2)
        (item,) = await inbox.claim(tx, limit=1, now=now, lease=self.house.lease)
        arrival = Arrival(item, self._read(raw), found)
        if raw.channel not in CONVERSING:
            recorded = await self.recorder.record(tx, arrival, now=now)
        else:
            recorded = await self._turn(tx, arrival, now)
        if raw.channel not in ("email", "webform") and recorded.case_id is not None:
            # Who is on the telephone, at the counter or in a chat hears the reference there.
            await cases.end_clocks(tx, recorded.case_id, now=now, clock="acknowledgement")
        return recorded

    async def _turn(self, tx: Tx, arrival: Arrival, now: datetime) -> Recorded:
        """A conversation in which everything was said at once."""
        await inbox.finish(tx, arrival.item, "conversing", now=now)
        known = await people.find_contact(tx, arrival.writer) if arrival.writer else None
        recorded = await open_own_case(tx, self.house, self.recorder.rules, arrival, known, now)
        await inbox.assign_case(tx, arrival.item.id, recorded.case_id, "conversing")
        return recorded

    def _read(self, raw: RawMessage) -> InboundMessage:
        if raw.channel == "email":
            return parse_mail(raw, own_addresses=self.house.own_addresses)
        return parse_text(raw) if raw.channel in ("sms", "whatsapp") else parse_form(raw)


def _nameless(story: Story) -> bool:
    return "anonymous" in story.matter.theme.flags


def _text(story: Story, writer: Writer, channel: Channel, number: int, at: datetime) -> RawMessage:
    prefix = "whatsapp:" if channel == "whatsapp" else ""
    fields = {
        "MessageSid": f"SM{number:032x}",
        "From": f"{prefix}{writer.phone}",
        "To": f"{prefix}{_OUR_NUMBER}",
        "Body": story.text,
        "NumMedia": "0",
    }
    return RawMessage(
        channel, _OUR_NUMBER, fields["MessageSid"], urlencode(fields).encode(), at, {"address": writer.phone}
    )


def _form(story: Story, writer: Writer, channel: Channel, number: int, at: datetime) -> RawMessage:
    """By the form, in the chat, or as a colleague typed it in at the counter or on the telephone."""
    nameless = _nameless(story)
    said = Submission(
        text=story.text,
        subject=story.subject if channel == "webform" else "",
        language=writer.language,
        name="" if nameless else writer.name,
        email="" if channel in ("phone", "letter") else f"nuage{number}@mail.example" if nameless else writer.mail,
        phone=writer.phone if channel == "phone" and not nameless else "",
    )
    account = {"webform": "form", "chat": "widget", "telegram": "telegram"}.get(channel, "entry")
    return RawMessage(channel, account, f"demo-{number}", said.to_bytes(), at)
