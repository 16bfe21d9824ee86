"""A story on its way into the register, by the functions that a real one takes: inbox, recording transaction, outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from channels.message import RawMessage
from channels.registry import parser_of
from classifier.classification import Classification
from config.vocabulary import Channel, Language
from gateway.arrival import Arrival, Recorded
from gateway.demo.letters import BORDER, Attached, Letter, form
from gateway.demo.people import Writer
from gateway.demo.stories import Story, answer_read
from gateway.house import House
from gateway.record import Recorder
from store import cases, inbox
from store.database import Tx

# How long after a message has come in it is worked on.
_WORK: Final = timedelta(seconds=2)
_HEARD_AT_ONCE: Final[frozenset[Channel]] = frozenset({"phone", "counter", "letter"})


@dataclass(slots=True)
class Arriving:
    """Hands messages over to the register. `recorder` decides by the rules that are in force."""

    house: House
    recorder: Recorder

    async def story(
        self,
        tx: Tx,
        story: Story,
        writer: Writer,
        channel: Channel,
        number: int,
        at: datetime,
        files: tuple[Attached, ...] = (),
    ) -> Recorded:
        """A first message by mail, form or mouth, received at that moment. `number` makes its identifiers unique."""
        if channel != "email":
            return await self.record(tx, form(story, writer, channel, f"demo-{number}", at), story.found)
        letter = Letter(
            f"demo-{number}",
            story.subject,
            story.text,
            "" if story.nameless else writer.name,
            f"nuage{number}@mail.example" if story.nameless else writer.mail,
            self.box(writer.language, story.matter.theme.mailbox),
            at,
            files=files,
        )
        return await self.record(tx, letter.raw(), story.found)

    async def answer(
        self, tx: Tx, text: str, found: Classification, writer: Writer, number: int, at: datetime, to: str
    ) -> Recorded:
        """What a member writes back to the message of ours that has this Message-ID."""
        letter = Letter(
            f"demo-{number}", "Re: Partenamut", text, writer.name, writer.mail, self.box(writer.language), at, to
        )
        return await self.record(tx, letter.raw(), found)

    async def mail(self, tx: Tx, subject: str, text: str, writer: Writer, number: int, at: datetime) -> Recorded:
        """A mail of a few words."""
        box = self.box(writer.language)
        letter = Letter(f"demo-{number}", subject, text, writer.name, writer.mail, box, at)
        return await self.record(tx, letter.raw(), answer_read(writer.language))

    def box(self, language: Language, wanted: str = "") -> str:
        """Our mailbox for a language, or the one that is wanted."""
        begins = wanted or ("klachten" if language == "nl" else "plaintes")
        return next(one.address for one in self.house.mailboxes if one.address.startswith(begins))

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
