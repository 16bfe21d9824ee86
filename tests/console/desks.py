"""The house behind the console, small and faithful: over the real store, without signatures and mail."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from channels.message import InboundMessage, OutboundMessage, Robot, Sender
from config.vocabulary import Channel, Language
from console.contract import UNDO, NoDepartmentError, NoWayBackError, Particular, QuestionMail, Recipient, Way
from console.door_contract import Finding, OpenDoor
from gateway.particulars import particulars
from router.decision import Decision
from store import cases, inbox, outbox, parties, questions, receipts, second_look, users, views
from store.database import Store, Tx
from store.viewer import Viewer

# What the house adds below every answer: a link that opens the member's page.
SECRET_LINK = "Ab3_-bcdefghijklmnopqr"
_CHANNELS: dict[str, Channel] = {"email": "email", "phone": "sms", "telegram": "telegram", "chat": "chat"}


@dataclass
class StoreDesk:
    """A Desk. `woken` and `waiting` say what was woken, `speaks` is the language that every text seems to be in."""

    store: Store
    woken: list[int] = field(default_factory=list)
    speaks: Language | None = None
    undo: timedelta = UNDO
    departments: dict[str, str] = field(
        default_factory=lambda: {"reimbursements": "refunds@mutual.example", "incapacity": "incap@mutual.example"}
    )
    # How those are written to who left a telephone number; nobody, where it is not said.
    text_way: Way | None = None
    waiting: list[int] = field(default_factory=list)
    decides: Decision | None = None
    told: list[tuple[str, str, bool]] = field(default_factory=list)

    async def reply(
        self, tx: Tx, viewer: Viewer, case_id: int, text: str, *, now: datetime, version: int, to: int | None = None
    ) -> int:
        """By the channel the case came from."""
        own = next((one for one in await self._parties(tx, case_id) if to in (None, one[0].id)), None)
        if own is None or own[1] is None:
            raise NoWayBackError
        row, (contact_id, kind, address) = own
        await cases.change(
            tx, case_id, actor=f"user:{viewer.user_id}", act="case.answered", now=now, version=version, unread=False
        )
        message_id = await cases.add_message(
            tx,
            cases.NewMessage(
                case_id=row.id,
                direction="out",
                channel=_CHANNELS[kind],
                account="ombudsman@partenamut.example",
                subject=row.reference,
                text=f"{text}\n\n{row.reference}\nhttp://127.0.0.1/fr/c/{SECRET_LINK}",
                reply=text,
                at=now,
                contact_id=contact_id,
                author_id=viewer.user_id,
            ),
        )
        message = OutboundMessage(
            key=f"reply-{message_id}",
            channel=_CHANNELS[kind],
            account="ombudsman@partenamut.example",
            recipient=address,
            recipient_name=row.person,
            subject=row.reference,
            text=text,
            language=cast(Language, row.language),
            auto=False,
        )
        own = await users.undo_of(tx, viewer.user_id)
        undo = self.undo if own is None else own
        outbox_id = await outbox.put(
            tx, message, now=now, due_at=now + undo, case_id=row.id, message_id=message_id, contact_id=contact_id
        )
        assert outbox_id is not None
        return outbox_id

    async def recipients(self, tx: Tx, case_id: int) -> Sequence[Recipient]:
        """By mail, or on the page for who has a receipt."""
        found: list[Recipient] = []
        for row, contact in await self._parties(tx, case_id):
            way: Way = "email" if contact and contact[1] == "email" else self.text_way or "page"
            if way != "page" or await receipts.exists_for(tx, row.id):
                address = contact[2] if contact and way == "email" else ""
                language = cast(Language, row.language)
                found.append(Recipient(row.id, row.reference, row.person_id, row.person, language, way, address))
        return found

    async def _parties(self, tx: Tx, case_id: int) -> list[tuple[views.Row, tuple[int, str, str] | None]]:
        everybody = Viewer(None, "", "supervisor", medical=True)
        found: list[tuple[views.Row, tuple[int, str, str] | None]] = []
        for party in await parties.of_case(tx, case_id):
            row = await views.case(tx, everybody, party.case_ids[0])
            assert row is not None
            found.append((row, await outbox.reply_contact(tx, row.id, others=party.others)))
        return found

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
        """By mail, without signatures."""
        if department not in self.departments:
            raise NoDepartmentError
        actor, detail = f"user:{viewer.user_id}", {"to": department}
        await cases.change(tx, case_id, actor=actor, act="case.asked", now=now, version=version, detail=detail)
        question_id = await questions.add(tx, case_id, department, now=now)
        whole = f"{text}\n\n{mail.below}"
        message_id = await cases.add_message(
            tx,
            cases.NewMessage(
                case_id=case_id,
                direction="ask",
                channel="email",
                account="ombudsman@partenamut.example",
                subject=mail.subject,
                text=whole,
                reply=text,
                at=now,
                author_id=viewer.user_id,
                situation=department,
            ),
        )
        await questions.worded(tx, question_id, message_id)
        message = OutboundMessage(
            key=f"question-{question_id}",
            channel="email",
            account="ombudsman@partenamut.example",
            recipient=self.departments[department],
            recipient_name=department,
            subject=mail.subject,
            text=whole,
            language=mail.language,
            auto=False,
        )
        outbox_id = await outbox.put(
            tx, message, now=now, due_at=now + self.undo, case_id=case_id, message_id=message_id
        )
        assert outbox_id is not None
        return outbox_id

    async def tell(self, tx: Tx, queue: str, reference: str, *, sealed: bool, now: datetime) -> Sequence[int]:
        """Remember it."""
        del tx, now
        self.told.append((queue, reference, sealed))
        return ()

    async def spoken(self, text: str) -> Language | None:
        """As the test says."""
        del text
        return self.speaks

    async def particulars(self, text: str) -> Sequence[Particular]:
        """As the house finds them."""
        return particulars(text)

    async def join_held(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """The item waits to be read again, for the case."""
        await second_look.join_held(tx, viewer, held_id, now=now)

    async def open_held_as_own_case(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """The item waits to be read again, as a case of its own."""
        await second_look.open_held(tx, viewer, held_id, now=now)

    async def not_a_robot(self, tx: Tx, viewer: Viewer, item_id: int, *, now: datetime) -> bool:
        """The item waits to be read again, as a person's."""
        return await second_look.not_a_robot(tx, viewer, item_id, now=now)

    async def decided_now(self, viewer: Viewer, case_id: int) -> Decision | None:
        """As the test says."""
        del viewer, case_id
        return self.decides

    async def understood(self, item_id: int) -> InboundMessage | None:
        """Read with the standard library: enough for the tidy mails of tests."""
        async with self.store.read() as tx:
            raw = await inbox.raw_of(tx, item_id)
        if raw is None:
            return None
        parsed = email.message_from_bytes(raw.body, policy=email.policy.default)
        plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
        text = plain.get_content() if plain else ""
        automatic = str(parsed.get("Auto-Submitted", ""))
        return InboundMessage(
            channel=raw.channel,
            account=raw.account,
            external_id=raw.external_id,
            sender=Sender("email", str(parsed.get("From", ""))),
            subject=str(parsed.get("Subject", "")),
            text=text,
            reply=text,
            received_at=raw.received_at,
            robot=Robot("auto_reply", f"Auto-Submitted: {automatic}") if automatic else None,
            html=html.get_content() if html else "",
        )

    def account(self, language: Language) -> str:
        """One for all."""
        del language
        return "ombudsman@partenamut.example"

    async def wake_delivery(self, outbox_id: int) -> None:
        """Remember it."""
        self.woken.append(outbox_id)

    async def wake_intake(self, item_ids: Sequence[int]) -> None:
        """Remember them."""
        self.waiting += item_ids


@dataclass
class Looks:
    """The house's look at its doors: what a test says is open, and what is found there."""

    open: list[OpenDoor] = field(default_factory=list)
    finding: Finding = "answers"
    looked_at: list[OpenDoor] = field(default_factory=list)

    def opened(self) -> Sequence[OpenDoor]:
        """As told."""
        return self.open

    async def check(self, door: OpenDoor) -> Finding:
        """As told."""
        self.looked_at.append(door)
        return self.finding
