"""The house behind the console: answers of mediators on their way out, and second looks at what was put aside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import select

from channels.mail.tags import sign_message_tag, sign_reply_tag
from channels.message import InboundMessage, OutboundMessage
from channels.web.texts import pages
from classifier import language
from classifier.classification import Text
from config.vocabulary import Language
from console.contract import LONGEST, NoWayBackError, Particular, QuestionMail, Recipient, TooLongError
from gateway import answers, asking, notices, rules_now
from gateway.house import House
from gateway.particulars import particulars
from gateway.reading import Parsing
from gateway.way_back import Addressee, WayBack, addressees
from router.acknowledgement import asked_for, joined
from router.decision import Decision
from store import cases, correspondence, inbox, links, outbox, second_look, users
from store.database import Tx
from store.schema import cases as case_table
from store.viewer import Viewer

# Below this a colleague's answer may be in any language: names, amounts and quotes are in all of them.
_SURE: Final = 0.9
# The references of a mail name its ancestors (RFC 5322, 3.6.4); the last few are enough to thread by.
_ANCESTORS: Final = 20


@dataclass(frozen=True, slots=True)
class HouseDesk:
    """As console.contract.Desk says."""

    house: House
    parsing: Parsing

    @property
    def undo(self) -> timedelta:
        """How long an answer can be taken back."""
        return timedelta(seconds=self.house.settings.undo_seconds)

    async def reply(
        self, tx: Tx, viewer: Viewer, case_id: int, text: str, *, now: datetime, version: int, to: int | None = None
    ) -> int:
        """Put an answer into the outbox. Raises StaleError, NoWayBackError, TooLongError."""
        row = (await tx.conn.execute(select(case_table).where(case_table.c.id == case_id))).one()
        everybody = await addressees(tx, self.house, case_id)
        chosen = next((one for one in everybody if to is None or one.row.id == to), None)
        if chosen is None:
            raise NoWayBackError
        if len(text) > LONGEST[chosen.back.way]:
            raise TooLongError
        number = await cases.change(
            tx,
            case_id,
            actor=f"user:{viewer.user_id}",
            act="case.answered",
            now=now,
            version=version,
            unread=False,
            assignee_id=row.assignee_id or viewer.user_id,
        )
        key = f"answer-{case_id}-{number}"
        if chosen.back.way == "phone":
            outbox_id = await self._on_the_page(tx, viewer, chosen, text.strip(), key=key, now=now)
        elif chosen.back.way == "email":
            # A thread that others have written in is theirs: of several members each has their own.
            thread = await self._ancestors(tx, viewer, case_id, chosen if len(everybody) > 1 else None)
            outbox_id = await self._by_mail(tx, viewer, chosen, text.strip(), key=key, ancestors=thread, now=now)
        else:
            outbox_id = await self._in_short(tx, viewer, chosen.row, text.strip(), key=key, back=chosen.back, now=now)
        if outbox_id is None:
            raise cases.StaleError(case_id)
        return outbox_id

    async def recipients(self, tx: Tx, case_id: int) -> Sequence[Recipient]:
        """To whom an answer can go now."""
        return [
            Recipient(
                case_id=one.row.id,
                reference=one.row.reference,
                person_id=one.row.person_id,
                name=one.name,
                language=cast(Language, one.row.language),
                way=one.back.way,
                address=one.back.address,
            )
            for one in await addressees(tx, self.house, case_id)
        ]

    def account(self, language: Language) -> str:
        """The mailbox that writes to members in this language."""
        return self.house.mailbox_for(language).address

    @property
    def departments(self) -> Mapping[str, str]:
        """The addresses of departments that can be asked."""
        return self.house.settings.department_mail

    async def ask(
        self,
        tx: Tx,
        viewer: Viewer,
        case_id: int,
        department: str,
        text: str,
        *,
        mail: QuestionMail,
        now: datetime,
        version: int,
    ) -> int:
        """Put a question to a department into the outbox. Raises StaleError, NoDepartmentError."""
        return await asking.ask(
            tx,
            self.house,
            viewer,
            case_id,
            asking.Question(department, text, mail),
            now=now,
            version=version,
            undo=self.undo,
        )

    async def tell(self, tx: Tx, queue: str, reference: str, *, sealed: bool, now: datetime) -> Sequence[int]:
        """Let the people of a queue know that a case waits."""
        page = f"/console/case/{reference}"
        return await notices.tell(tx, self.house, (queue,), "waiting", page=page, sealed=sealed, now=now)

    async def spoken(self, text: str) -> Language | None:
        """The language of a text, where the classifier's own reading is sure of it."""
        return await asyncio.to_thread(_surely_spoken, text)

    async def particulars(self, text: str) -> Sequence[Particular]:
        """The numbers and addresses of people in a text."""
        return await asyncio.to_thread(particulars, text)

    async def _by_mail(
        self,
        tx: Tx,
        viewer: Viewer,
        to: Addressee,
        text: str,
        *,
        key: str,
        ancestors: Sequence[str],
        now: datetime,
    ) -> int | None:
        row, contact_id = to.row, cast(int, to.back.contact_id)
        token = self.house.randomness.token()
        message = self._composed(
            row,
            text,
            key=key,
            contact_id=contact_id,
            address=to.back.address,
            name=to.name,
            token=token,
            ancestors=ancestors,
        )
        await links.add(tx, token, now=now, case_id=row.id, contact_id=contact_id)
        rfc_id = f"<{message.message_tag}@{message.account.rpartition('@')[2]}>"
        return await self._put(tx, viewer, row, message, text, contact_id=contact_id, rfc_message_id=rfc_id, now=now)

    async def _on_the_page(
        self, tx: Tx, viewer: Viewer, to: Addressee, text: str, *, key: str, now: datetime
    ) -> int | None:
        """A text message that says that there is an answer, and the link to the page on which it is read: a text message lies
        open on a screen and goes through many hands, so it holds no word of the case (rule C6)."""
        row, back, token = to.row, to.back, self.house.randomness.token()
        language = cast(Language, row.language)
        url = answers.case_url(self.house, language, token)
        words = asked_for("answer", language, "sms", reference=row.reference, case_url=url).text
        message = _short(row, back, words, key)
        await links.add(tx, token, now=now, case_id=row.id, contact_id=back.contact_id)
        return await self._put(tx, viewer, row, message, text, contact_id=back.contact_id, rfc_message_id="", now=now)

    async def _in_short(
        self, tx: Tx, viewer: Viewer, row: Any, text: str, *, key: str, back: WayBack, now: datetime
    ) -> int | None:
        """WhatsApp or Telegram, with the reference below; or, for who left no address and has the link to the page of
        their case, words that they read when they come back to it."""
        whole = text if back.way == "page" else f"{text}\n\n{row.reference}"
        message = _short(row, back, whole, key)
        contact_id = back.contact_id
        return await self._put(tx, viewer, row, message, text, contact_id=contact_id, rfc_message_id="", now=now)

    async def _put(
        self,
        tx: Tx,
        viewer: Viewer,
        row: Any,
        message: OutboundMessage,
        text: str,
        *,
        contact_id: int | None,
        rfc_message_id: str,
        now: datetime,
    ) -> int | None:
        message_id = await cases.add_message(
            tx,
            cases.NewMessage(
                case_id=row.id,
                direction="out",
                channel=message.channel,
                account=message.account,
                subject=message.subject,
                text=message.text,
                reply=text,
                at=now,
                contact_id=contact_id,
                author_id=viewer.user_id,
                situation="answer",
                rfc_message_id=rfc_message_id,
            ),
        )
        own = await users.undo_of(tx, viewer.user_id)
        undo = self.undo if own is None else own
        return await outbox.put(
            tx, message, now=now, due_at=now + undo, case_id=row.id, message_id=message_id, contact_id=contact_id
        )

    def _composed(
        self,
        row: Any,
        text: str,
        *,
        key: str,
        contact_id: int,
        address: str,
        name: str,
        token: str,
        ancestors: Sequence[str],
    ) -> OutboundMessage:
        """What the member gets: the colleague's words, and below them the reference and a link of its own."""
        language = cast(Language, row.language)
        url = answers.case_url(self.house, language, token)
        box = self.house.mailbox(row.account) or self.house.mailbox_for(language)
        return OutboundMessage(
            key=key,
            channel="email",
            account=box.address,
            recipient=address,
            recipient_name=name,
            subject=joined(language, "email", reference=row.reference, case_url=url).subject,
            text=f"{text}\n\n{row.reference}\n{pages()[language]['receipt.see_case']}: {url}",
            language=language,
            auto=False,
            in_reply_to=ancestors[-1] if ancestors else "",
            references=tuple(ancestors[-_ANCESTORS:]),
            reply_tag=sign_reply_tag(row.id, contact_id, self.house.tag_keys),
            message_tag=sign_message_tag(key, self.house.tag_keys),
        )

    async def _ancestors(self, tx: Tx, viewer: Viewer, case_id: int, only: Addressee | None) -> list[str]:
        return [
            message.rfc_message_id
            for message in await correspondence.messages_of(tx, viewer, case_id)
            if message.rfc_message_id
            and (only is None or message.address == only.back.address)
            and (message.direction == "in" or (message.direction == "out" and message.delivery == "sent"))
        ]

    async def join_held(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """Let a held message join the case that it names."""
        await second_look.join_held(tx, viewer, held_id, now=now)

    async def open_held_as_own_case(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """Let a held message become a case of its own."""
        await second_look.open_held(tx, viewer, held_id, now=now)

    async def not_a_robot(self, tx: Tx, viewer: Viewer, item_id: int, *, now: datetime) -> bool:
        """Let an automatic message be read again as a person's."""
        return await second_look.not_a_robot(tx, viewer, item_id, now=now)

    async def decided_now(self, viewer: Viewer, case_id: int) -> Decision | None:
        """What today's rules would decide."""
        return await rules_now.decided_now(self.house, self, viewer, case_id)

    async def understood(self, item_id: int) -> InboundMessage | None:
        """Read a raw item again, in the child that parses; None when it is gone or cannot be read."""
        async with self.house.store.read() as tx:
            raw = await inbox.raw_of(tx, item_id)
        if raw is None:
            return None
        (found,) = await self.parsing.parse([raw])
        return found if isinstance(found, InboundMessage) else None

    async def wake_delivery(self, outbox_id: int) -> None:
        """A message waits to go out once its undo has passed; the delivery looks again then."""
        await self.house.departures.put(outbox_id)

    async def wake_intake(self, item_ids: Sequence[int]) -> None:
        """Items are to be worked on."""
        for item_id in item_ids or (0,):
            await self.house.arrivals.put(item_id)


def _surely_spoken(text: str) -> Language | None:
    bounds = [(found.start(), found.end()) for found in re.finditer(r"[^\n]+", text)]
    found = language.tell(Text(channel="email", text=text), text, bounds)
    return found.language if found.probability >= _SURE else None


def _short(row: Any, back: WayBack, text: str, key: str) -> OutboundMessage:
    """A message without a subject, by a way that is no mail."""
    return OutboundMessage(
        key=key,
        channel=back.channel,
        account=back.account,
        recipient=back.address,
        recipient_name="",
        subject="",
        text=text,
        language=cast(Language, row.language),
        auto=False,
        heard_at=back.heard_at,
    )
