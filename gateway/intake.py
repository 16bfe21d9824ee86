"""The intake, on one screen: raw items in, each with exactly one fate out.

    claim ▸ parse ▸ classify ▸ record (join, decide, acknowledge) ▸ wake the senders

Everything slow happens before the transaction; the transaction claims the item again and writes everything or nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from channels.contract import StoreUnavailableError
from channels.message import InboundMessage, RawMessage
from classifier.classification import Classification, Text
from config.vocabulary import CONVERSING
from gateway import warming
from gateway.arrival import Arrival, Recorded
from gateway.classifying import Classifying, Line, Understood, unclassified
from gateway.conversing import known_so_far
from gateway.fetching import Fetching, NotThereYet, Read
from gateway.house import House, active_rules
from gateway.metrics import Metrics
from gateway.reading import Failed, InFile, Parsing, Unread
from gateway.record import NotYetError, Recorder
from router.decide import RuleSet
from store import conversations, inbox, model_uses, rule_sets, second_look, troubles
from store.inbox import ClaimLostError, Item
from store.live import Hint
from store.queue import Ticket

log = structlog.get_logger(__name__)

# Waits before the second to the fifth try; after that the item is quarantined.
RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200))
# A mail beyond the bounds of the parser is tried once more, since the machine may have been short; then read in part.
IN_PART_FROM_TRY: Final = 2
# Without a hint, a worker looks into the database this often; it finds what hints have missed.
SWEEP_SECONDS: Final = 30.0
# Without Redis between several processes there are no hints at all.
BLIND_SECONDS: Final = 1.0
LANES: Final = 3
_LEAST_WAIT: Final = 0.02
# Of a signature so much is read, in characters: names and numbers stand first, disclaimers last.
_SIGNATURE: Final = 600


@dataclass
class Intake:
    """The worker's loop over the inbox."""

    house: House
    parsing: Parsing
    classifying: Classifying
    metrics: Metrics
    # How long to wait for a hint before looking anyway: short where no hint can come.
    patience: float = SWEEP_SECONDS
    # What is told of a turn that is recorded: Telegram lets a pressed button turn until somebody answers it.
    pressed: Callable[[RawMessage], None] | None = None
    _rules: RuleSet | None = None
    _owed: list[Item] = field(default_factory=list)
    # When a turn that was put back comes up again, on the clock of the loop.
    _turn_at: float = 0.0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _large: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.fetching = Fetching(self.house.settings, self.house.store.files)

    async def warm(self) -> None:
        """Load what the first message would wait for, a letter or the first line of a conversation."""
        await asyncio.to_thread(warming.load, self.house.now())

    async def run(self) -> None:
        """Work until told to stop; then what is in hand is finished, and nothing new is taken.

        The lanes take turns: while one records, the children read for the others.
        """
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane())

    async def _lane(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            looked = loop.time()
            try:
                worked = await self.work_once()
            except StoreUnavailableError:
                log.warning("the store cannot be reached; trying again")
                await asyncio.sleep(1)
                continue
            if not worked:
                # No hint will come for a turn that was put back.
                soon = max(self._turn_at - loop.time(), _LEAST_WAIT) if self._turn_at > looked else self.patience
                tickets = await self._next_hints(min(soon, self.patience))
                await self.house.arrivals.done(tickets)

    def _note_turn(self, due_at: datetime | None) -> None:
        """Remember when a turn that was put back comes up again."""
        if due_at is not None:
            self._turn_at = asyncio.get_running_loop().time() + (due_at - self.house.now()).total_seconds()

    async def _next_hints(self, patience: float) -> list[Ticket]:
        waiting = asyncio.ensure_future(self.house.arrivals.take(limit=self.house.settings.batch, timeout=patience))
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if waiting.done():
            return list(waiting.result())
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return []

    def stop(self) -> None:
        """Finish what is in hand and end `run`."""
        self._stopping.set()

    async def work_once(self) -> int:
        """Claim a batch and give each item its fate. Returns how many were in hand."""
        now = self.house.now()
        # Out of the other lane's sight before the first wait: what one has given back, the other may have in hand again.
        owed, self._owed = self._owed, []
        try:
            async with self.house.store.write() as tx:
                await inbox.hand_back(tx, owed)
                items = await inbox.claim(tx, limit=self.house.settings.batch, now=now, lease=self.house.lease)
                items, turn_at = await inbox.put_early_back(tx, items, now=now)
                version = await rule_sets.active_version(tx)
                model = await model_uses.in_use(tx)
        except BaseException:
            self._owed += owed
            raise
        self.classifying.follow(model)
        self._note_turn(turn_at)
        if not items:
            return 0
        try:
            if self._rules is None or self._rules.version != version:
                self._rules = await active_rules(self.house)
            await asyncio.wait_for(self._process(items), timeout=self.house.settings.item_seconds)
        except TimeoutError:
            # The lease is longer than this watchdog: nobody else has the items yet.
            await self._set_all_back(items, "The work on this item took too long.")
        except StoreUnavailableError:
            # That was no fault of the items: the attempt is given back once the store is there again.
            self._owed.extend(items)
            raise
        except asyncio.CancelledError:
            async with self.house.store.write() as tx:
                await inbox.hand_back(tx, items)
            raise
        except Exception as error:
            log.exception("a batch could not be worked on")
            await self._set_all_back(items, f"{type(error).__name__} while reading")
        return len(items)

    async def _process(self, items: Sequence[Item]) -> None:
        # The files of one large mail at a time: in two lanes at once they would fill the memory.
        async with self._large if any(item.raw_file for item in items) else nullcontext():
            await self._read_and_record(items)

    async def _read_and_record(self, items: Sequence[Item]) -> None:
        parsed = await self.parsing.parse([self._unread(item) for item in items])
        readable: list[tuple[Item, InboundMessage]] = []
        in_part: list[tuple[Item, InboundMessage]] = []
        for item, found in zip(items, parsed, strict=True):
            if isinstance(found, Failed):
                beginning = await self._beginning(item, found)
                if beginning is None:
                    await self._set_back(item, found.error, final=found.final)
                else:
                    in_part.append((item, beginning))
            elif second_look.A_MEMBER in item.raw.envelope:
                # A person has said that a person wrote this.
                readable.append((item, replace(found, robot=None, bounce=None)))
            else:
                readable.append((item, found))
        # What was read in part only is no ground for any judgement: people see it, beside the original.
        unsure = [Arrival(item, message, unclassified(self._text(message))) for item, message in in_part]
        at_once, waiting = self.fetching.divided(readable)
        await self._record_all([*await self._classified(at_once), *unsure])
        if waiting:
            await self._record_all(await self._classified(await self._with_files(waiting)))

    async def _with_files(self, waiting: Sequence[Read]) -> list[Read]:
        """Messages with their files; what may still come is set back, without keeping later turns waiting."""
        complete: list[Read] = []
        for item, found in await self.fetching.complete(waiting):
            if isinstance(found, NotThereYet):
                now = self.house.now()
                async with self.house.store.write() as tx:
                    await inbox.set_back(tx, item, due_at=now + found.wait, error=troubles.NO_FILE_YET, now=now)
            else:
                complete.append((item, found))
        return complete

    async def _beginning(self, item: Item, failed: Failed) -> InboundMessage | None:
        """What can be read of a mail that goes beyond the parser's bounds; None leaves it to its next try."""
        if not failed.too_much or (not failed.final and item.attempt < IN_PART_FROM_TRY):
            return None
        found = await self.parsing.parse_beginning(self._unread(item))
        if isinstance(found, Failed):
            return None
        log.warning("a mail was read in part", item=item.id, reason=failed.error)
        return found

    def _unread(self, item: Item) -> Unread:
        return InFile(item.raw, self.house.store.files, item.raw_file) if item.raw_file else item.raw

    async def _set_all_back(self, items: Sequence[Item], error: str) -> None:
        for item in items:
            await self._set_back(item, error)

    async def _classified(self, readable: Sequence[tuple[Item, InboundMessage]]) -> list[Arrival]:
        """Robots are not read by the classifier: their fate is decided by their headers. In a conversation it reads a line and
        what was said before it."""
        wanted = [message for _, message in readable if message.robot is None]
        letters = [message for message in wanted if message.channel not in CONVERSING]
        turns = [message for message in wanted if message.channel in CONVERSING]
        found = await self.classifying.classify([self._text(message) for message in letters])
        understood = await self.classifying.understand(await self._lines(turns)) if turns else []
        by_letter = dict(zip(map(id, letters), found, strict=True))
        by_turn = dict(zip(map(id, turns), understood, strict=True))
        return [self._arrival(item, message, by_letter, by_turn) for item, message in readable]

    def _arrival(
        self,
        item: Item,
        message: InboundMessage,
        by_letter: Mapping[int, Classification],
        by_turn: Mapping[int, Understood],
    ) -> Arrival:
        turn = by_turn.get(id(message))
        if turn is not None:
            return Arrival(item, message, turn.found, turn.line, turn.entry, turn.spoken)
        return Arrival(item, message, by_letter.get(id(message)) or unclassified(self._text(message)))

    async def _lines(self, turns: Sequence[InboundMessage]) -> list[Line]:
        """Turns with what their members have told so far, those of this batch included that come before them."""
        lines: list[Line] = []
        told: dict[tuple[str, str, str], str] = {}
        async with self.house.store.read() as tx:
            for message in turns:
                address = message.sender.address if message.sender else ""
                key = (message.channel, message.account, address)
                known = known_so_far(await conversations.look(tx, *key))
                before = told.get(key, known.story)
                text = self._text(message)
                hint = text.language_hint or known.language
                whole = replace(text, language_hint=hint, from_name=text.from_name or known.name)
                lines.append(Line(whole, before, known.step))
                told[key] = f"{before}\n{text.text}".strip()
        return lines

    def _text(self, message: InboundMessage) -> Text:
        box = self.house.mailbox(message.account)
        return Text(
            channel=message.channel,
            text=_to_be_read(message),
            subject=message.subject,
            from_name=message.sender.name if message.sender else "",
            from_address=message.sender.address if message.sender and message.sender.kind == "email" else "",
            language_hint=message.language_hint or (box.language if box else None),
        )

    async def _record_all(self, arrivals: Sequence[Arrival]) -> None:
        """On SQLite the batch shares one commit; when that fails, each is tried alone, so that what fails fails alone.

        On PostgreSQL each has its own: the row from which references are taken must not be held for long.
        """
        if not arrivals:
            return
        if not self.house.store.one_writer:
            for arrival in arrivals:
                await self._record_one(arrival)
            return
        try:
            async with self.house.store.write() as tx:
                recorder = self._recorder()
                done = []
                for arrival in arrivals:
                    done.append(await recorder.record(tx, arrival, now=self.house.now()))
                    # Statements on SQLite never wait; the pages and the other lane want their turn between two items.
                    await asyncio.sleep(0)
        except (asyncio.CancelledError, StoreUnavailableError):
            raise
        except Exception as error:  # noqa: BLE001 (nothing was written; each is tried alone and fails for itself)
            log.info("a batch is recorded one by one", reason=type(error).__name__)
            for arrival in arrivals:
                await self._record_one(arrival)
            return
        for arrival, recorded in zip(arrivals, done, strict=True):
            await self._announce(arrival, recorded)

    async def _record_one(self, arrival: Arrival) -> None:
        try:
            async with self.house.store.write() as tx:
                recorded = await self._recorder().record(tx, arrival, now=self.house.now())
        except ClaimLostError:
            log.warning("an item was recorded by another worker", item=arrival.item.id)
            return
        except NotYetError:
            async with self.house.store.write() as tx:
                turn_at = await inbox.wait(tx, arrival.item, now=self.house.now())
            self._note_turn(turn_at)
            return
        except (asyncio.CancelledError, StoreUnavailableError):
            raise
        except Exception as error:  # the one place where anything may go wrong with one item
            log.exception("an item could not be recorded", item=arrival.item.id)
            await self._set_back(arrival.item, f"{type(error).__name__} while recording")
            return
        await self._announce(arrival, recorded)

    async def _announce(self, arrival: Arrival, recorded: Recorded) -> None:
        self.metrics.fates.labels(arrival.message.channel, recorded.fate).inc()
        if arrival.message.robot is None:
            self.metrics.drift.note(arrival.classification)
        log.info("recorded", item=arrival.item.id, fate=recorded.fate, case=recorded.case_id)
        if self.pressed is not None and arrival.message.choice:
            self.pressed(arrival.item.raw)
        for outbox_id in recorded.outbox_ids:
            await self.house.departures.put(outbox_id)
        if recorded.conversation_id is not None:
            await self.house.live.tell(Hint(recorded.conversation_id))

    async def _set_back(self, item: Item, error: str, *, final: bool = False) -> None:
        now = self.house.now()
        again = item.attempt < inbox.TRIES and not final
        due_at = now + RETRIES[item.attempt - 1] * random.uniform(0.8, 1.2) if again else None  # noqa: S311 (jitter)
        async with self.house.store.write() as tx:
            await inbox.set_back(tx, item, due_at=due_at, error=error, now=now)
        if not again:
            self.metrics.fates.labels(item.raw.channel, "quarantined").inc()
            log.error("an item is in quarantine", item=item.id, reason=error)

    def _recorder(self) -> Recorder:
        if self._rules is None:
            raise RuntimeError("rules are read before anything is recorded")
        return Recorder(self.house, self._rules)


def _to_be_read(message: InboundMessage) -> str:
    """What the classifier reads: the new text and who signed it, without whom a member would seem anonymous.

    The new text comes first, so that evidence is found in it at the same places.
    """
    if not message.reply:
        return message.text
    signed = message.signature[:_SIGNATURE]
    return f"{message.reply}\n\n{signed}" if signed else message.reply
