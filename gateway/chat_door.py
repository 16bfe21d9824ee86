"""The house behind the web chat: a line is in the inbox and in the conversation, in one commit, before "kept" is said."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

from channels.contract import StoreUnavailableError
from channels.form.steps import StagedFile
from channels.form.submission import Submission
from channels.message import Choice, RawMessage
from channels.web.body import Upload
from channels.widget import contract
from channels.widget.contract import Shown, ShownFile
from config.departments import queue_name
from config.vocabulary import Language
from gateway.conversing import LATE
from gateway.door import Door
from gateway.house import House
from store import cases, conversations, inbox
from store.conversations import Conversation, Line
from store.database import Tx
from store.live import Hint

ACCOUNT: Final = "widget"
# Rule W3: a key opens nothing after a day without a word, and nothing after a month.
IDLE: Final = timedelta(hours=24)
LONGEST: Final = timedelta(days=30)
# A conversation in which nothing was said is nothing, and is forgotten.
EMPTY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ChatDoor:
    """As channels.widget.contract.ChatDoor says."""

    house: House
    door: Door

    async def begin(self, language: Language, origin: str) -> tuple[str, contract.Conversation]:
        """As the contract says."""
        key, now = secrets.token_urlsafe(32), self.house.now()
        async with self.house.store.write() as tx:
            begun = await conversations.held_for(
                tx, "chat", ACCOUNT, secrets.token_hex(16), language=language, now=now, origin=origin
            )
            await conversations.set_secret(tx, begun.id, _hashed(key))
            await conversations.look_again(tx, begun.id, due_at=now + EMPTY)
        return key, _told(begun)

    async def resume(self, key: str) -> contract.Conversation | None:
        """As the contract says."""
        now = self.house.now()
        async with self.house.store.read() as tx:
            found = await conversations.by_secret(tx, _hashed(key))
        if found is None or now - found.heard_at > IDLE or now - found.started_at > LONGEST:
            return None
        return _told(found)

    async def say(
        self, conversation: contract.Conversation, client_id: str, text: str, choice: str, files: Sequence[str]
    ) -> int:
        """As the contract says."""
        self.door.make_sure_of_room()
        sent = await self.door.staged_files(files, owner=_owner(conversation))
        late = await self.door.late(files, owner=_owner(conversation))
        async with self.house.store.write() as tx:
            # Whoever answers holds the conversation too: so lines are numbered in the order in which they can be seen.
            held = await conversations.held(tx, int(conversation.id))
            if held is None:
                raise StoreUnavailableError("the conversation has just been forgotten")
            raw = self._raw(held, client_id, text, choice, sent, late)
            # Only looked at: who records the line has its item, and waits for the conversation.
            known = await conversations.line_called(tx, held.id, raw.external_id)
            if known is not None:
                return known
            item_id, _ = await inbox.add(tx, raw, now=raw.received_at)
            line_id = await _kept(tx, held, item_id, raw, text)
        self.door.metrics.received.labels("chat").inc()
        await self.house.arrivals.put(item_id)
        await self.house.live.tell(Hint(held.id))
        await self.door.unstage(files, owner=_owner(conversation))
        return line_id

    def _raw(
        self,
        held: Conversation,
        client_id: str,
        text: str,
        choice: str,
        files: Sequence[Upload],
        late: Sequence[str],
    ) -> RawMessage:
        # Which files are missing is told when the line is recorded: a name may speak of what nobody has read yet (rule S2).
        missing = {LATE: json.dumps(late)} if late else {}
        return RawMessage(
            channel="chat",
            account=ACCOUNT,
            external_id=f"{held.address}:{client_id}",
            body=Submission(text, language=held.language, files=tuple(files)).to_bytes(),
            received_at=self.house.now(),
            envelope={"address": held.address, "choice": choice} | missing,
        )

    async def since(self, conversation: contract.Conversation, last_id: int) -> list[Shown]:
        """As the contract says."""
        async with self.house.store.read() as tx:
            found = await conversations.lines(tx, int(conversation.id), after=last_id)
        return [_shown(line, conversation.language) for line in found]

    async def watch(self, conversation: contract.Conversation) -> AsyncIterator[contract.Hint]:
        """As the contract says."""
        async with aclosing(cast(Any, self.house.live.watch(int(conversation.id)))) as hints:
            async for hint in hints:
                # Without a name it is the member who types, in this window or another one.
                if hint.what != "typing" or hint.name:
                    yield contract.Hint(hint.what, hint.name, hint.last)

    async def typing(self, conversation: contract.Conversation) -> None:
        """As the contract says."""
        await self.house.live.tell(Hint(int(conversation.id), "typing"))

    async def stage(self, conversation: contract.Conversation, file: Upload) -> StagedFile:
        """As the contract says."""
        return (await self.door.stage([file], owner=_owner(conversation)))[0]

    async def staged(self, conversation: contract.Conversation, tokens: Sequence[str]) -> list[StagedFile]:
        """As the contract says."""
        return await self.door.staged(tokens, owner=_owner(conversation))

    async def unstage(self, conversation: contract.Conversation, token: str) -> None:
        """As the contract says."""
        await self.door.unstage([token], owner=_owner(conversation))


async def _kept(tx: Tx, held: Conversation, item_id: int, raw: RawMessage, text: str) -> int:
    """The line, visible in the conversation from now on; its files and its place in a case come when it is recorded: until it is
    read, nobody knows what it is about, and a case is read by more people than a medical matter may be (rule S2)."""
    return await cases.add_message(
        tx,
        cases.NewMessage(
            case_id=None,
            direction="in",
            channel="chat",
            account=ACCOUNT,
            subject="",
            text=text,
            reply=text,
            at=raw.received_at,
            inbox_id=item_id,
            conversation_id=held.id,
        ),
    )


def _owner(conversation: contract.Conversation) -> str:
    return f"conversation-{conversation.id}"


def signed(name: str, language: Language) -> str:
    """How a colleague signs in a conversation: "Anne L., Mediation"."""
    first, _, last = name.strip().partition(" ")
    short = f"{first} {last.strip()[:1]}." if last.strip() else first
    return f"{short}, {queue_name('mediation', language)}"


def _shown(line: Line, language: Language) -> Shown:
    who: contract.Who = "you" if line.direction == "in" else "bot" if line.auto else "person"
    return Shown(
        id=line.id,
        who=who,
        text=line.text,
        at=line.at,
        name=signed(line.author, language) if who == "person" and line.author else "",
        client_id=line.external_id.partition(":")[2] if who == "you" else "",
        choices=tuple(Choice(name, label) for name, label in line.choices),
        files=tuple(ShownFile(name, size) for name, size in line.files),
        sign="kept" if who == "you" else "",
    )


def _told(conversation: Conversation) -> contract.Conversation:
    return contract.Conversation(str(conversation.id), conversation.language, conversation.origin)


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
