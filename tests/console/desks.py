"""The house behind the console, small and faithful: over the real store, without signatures and mail."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import select, update

from channels.message import InboundMessage, OutboundMessage, Robot, Sender
from config.vocabulary import Channel, Language
from console.contract import UNDO, NoWayBackError
from store import audit, cases, inbox, outbox, views
from store.database import Store, Tx
from store.schema import held, messages
from store.schema import inbox as inbox_table
from store.viewer import Viewer

_CHANNELS: dict[str, Channel] = {"email": "email", "phone": "sms", "telegram": "telegram", "chat": "chat"}


@dataclass
class StoreDesk:
    """A Desk. `woken` and `waiting` say what was woken."""

    store: Store
    woken: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    async def reply(self, tx: Tx, viewer: Viewer, case_id: int, text: str, *, now: datetime, version: int) -> int:
        """By the channel the case came from."""
        row = await views.case(tx, viewer, case_id)
        contact = await outbox.reply_contact(tx, case_id)
        assert row is not None
        if contact is None:
            raise NoWayBackError
        contact_id, kind, address = contact
        await cases.change(
            tx, case_id, actor=f"user:{viewer.user_id}", act="case.answered", now=now, version=version, unread=False
        )
        message_id = await cases.add_message(
            tx,
            cases.NewMessage(
                case_id=case_id,
                direction="out",
                channel=_CHANNELS[kind],
                account="ombudsman@partenamut.example",
                subject=row.reference,
                text=text,
                reply="",
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
        outbox_id = await outbox.put(
            tx, message, now=now, due_at=now + UNDO, case_id=case_id, message_id=message_id, contact_id=contact_id
        )
        assert outbox_id is not None
        return outbox_id

    async def join_held(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """The message gets the case, the row its decision."""
        row = (await tx.conn.execute(select(held).where(held.c.id == held_id))).one()
        await tx.conn.execute(update(messages).where(messages.c.id == row.message_id).values(case_id=row.case_id))
        await self._decide(tx, viewer, held_id, "joined", now)
        await cases.change(tx, row.case_id, actor=f"user:{viewer.user_id}", act="held.joined", now=now)

    async def open_held_as_own_case(self, tx: Tx, viewer: Viewer, held_id: int, *, now: datetime) -> None:
        """The row gets its decision; the case it named says so."""
        row = (await tx.conn.execute(select(held).where(held.c.id == held_id))).one()
        await self._decide(tx, viewer, held_id, "own", now)
        await audit.write(tx, actor=f"user:{viewer.user_id}", act="held.own_case", at=now, case_id=row.case_id)

    async def _decide(self, tx: Tx, viewer: Viewer, held_id: int, state: str, now: datetime) -> None:
        values = {"state": state, "decided_at": now, "decided_by": viewer.user_id}
        await tx.conn.execute(update(held).where(held.c.id == held_id).values(**values))

    async def not_a_robot(self, tx: Tx, viewer: Viewer, item_id: int, *, now: datetime) -> bool:
        """The item waits again."""
        done = await tx.conn.execute(
            update(inbox_table)
            .where(inbox_table.c.id == item_id, inbox_table.c.fate == "robot")
            .values(state="waiting", fate=None, due_at=now)
        )
        return bool(done.rowcount == 1)

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

    async def wake_delivery(self, outbox_id: int) -> None:
        """Remember it."""
        self.woken.append(outbox_id)

    async def wake_intake(self, item_ids: Sequence[int]) -> None:
        """Remember them."""
        self.waiting += item_ids
