"""What a colleague types in becomes a case like any other: its date, its receipt, its letter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from channels.message import RawMessage
from config.vocabulary import Language
from console.entry_contract import Entry, EntryReceipt, Into
from gateway.entries import HouseEntries
from gateway.reconcile import reconcile
from store import entries, inbox, opted_out, schema, users, views
from store.viewer import Viewer
from tests.gateway.conftest import Gateway

STORY = "Mes indemnités d'octobre ne sont toujours pas arrivées, personne ne me rappelle et je veux déposer plainte."
MEDICAL = (
    "Le médecin-conseil de la mutuelle a été humiliant pendant mon examen. Je porte plainte contre ce médecin-conseil."
)


@dataclass
class Counter:
    """An agent at work."""

    gateway: Gateway
    entries: HouseEntries
    agent: Viewer
    number: int = 0

    async def told(
        self, text: str = STORY, *, into: Into | None = None, language: Language = "fr", **fields: object
    ) -> EntryReceipt:
        """Record an entry, let it be worked on, and return its receipt."""
        self.number += 1
        client, now = f"client-{self.number}", self.gateway.house.now()
        given = {"channel": "counter", "received_at": now, "name": "Nadine Colson", **fields}
        entry = Entry(text=text, language=language, **given)  # type: ignore[arg-type]  # The test says what differs.
        await self.entries.record(self.agent, entry, client_id=client, into=into, words_in="en", now=now)
        await self.gateway.work()
        receipt = await self.entries.receipt(self.agent, client, wait=True, now=now)
        assert receipt is not None
        return receipt


@pytest.fixture
async def counter(gateway: Gateway) -> Counter:
    async with gateway.house.store.write() as tx:
        user_id = await users.add(
            tx,
            login="fatima",
            name="Fatima",
            role="agent",
            medical=False,
            password="x",
            actor="system",
            now=gateway.house.now(),
        )
    return Counter(gateway, HouseEntries(gateway.house, gateway.door), Viewer(user_id, "Fatima", "agent"))


async def test_a_complaint_at_the_counter_is_a_case_with_a_date(counter: Counter) -> None:
    receipt = await counter.told(email="nadine@mail.example")
    assert not receipt.being_read
    assert receipt.code
    assert receipt.sent_to == "n•••@mail.example"
    async with counter.gateway.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
        (item,) = (await tx.conn.execute(select(schema.inbox))).all()
    assert (case.channel, case.reference, item.fate) == ("counter", receipt.reference, "opened")
    (sent,) = counter.gateway.sink.sent
    assert receipt.reference in sent.text


async def test_the_date_of_a_letter_counts_from_the_day_it_arrived(counter: Counter) -> None:
    today = counter.gateway.house.now()
    told = await counter.told(text=STORY + " Je demande la médiation.", channel="letter", received_at=today)
    earlier = await counter.told(
        text=STORY + " Je demande la médiation.", channel="letter", received_at=today - timedelta(days=7)
    )
    assert (told.received_on - earlier.received_on).days == 7
    assert told.due_on
    assert earlier.due_on
    assert earlier.due_on < told.due_on


async def test_a_medical_matter_gets_its_letter_at_the_counter_and_not_later(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = await counter.told(text=MEDICAL)
    assert receipt.has_letter
    assert any("La lettre est prête" in sentence for sentence in receipt.spoken)
    now: datetime = counter.gateway.house.now()
    pdf = await counter.entries.letter(counter.agent, "client-1", now=now)
    assert pdf is not None
    assert pdf.startswith(b"%PDF-")
    assert await counter.entries.letter(counter.agent, "client-1", now=now + timedelta(hours=3)) is None
    somebody = Viewer(counter.agent.user_id + 1, "", "agent")
    assert await counter.entries.letter(somebody, "client-1", now=now) is None


async def test_the_author_of_a_sealed_entry_has_no_way_back_to_its_words(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters: list[str] = []

    async def typeset(html: str) -> bytes:
        letters.append(html)
        return b"%PDF-"

    monkeypatch.setattr("gateway.door.make_pdf", typeset)
    house = counter.gateway.house
    receipt = await counter.told(text=f"{MEDICAL} Kanarievogel.", email="nadine@mail.example")
    assert receipt.closed
    assert receipt.code == ""
    assert "Kanarievogel" not in repr(receipt)
    await counter.entries.letter(counter.agent, "client-1", now=house.now())
    # What is kept of the entry says nothing of them either.
    async with house.store.read() as tx:
        kept = await entries.of(tx, counter.agent, "client-1")
        row = await views.case_by_reference(tx, counter.agent, receipt.reference)
    assert "Kanarievogel" not in repr(kept)
    assert row is not None
    assert row.locked
    # A colleague who may read sealed cases has it all, for the member who stands there.
    doctor = replace(counter.agent, medical=True)
    full = await counter.entries.receipt(doctor, "client-1", wait=False, now=house.now())
    assert full is not None
    assert full.code
    await counter.entries.letter(doctor, "client-1", now=house.now())
    assert ["Kanarievogel" in letter for letter in letters] == [False, True]


async def test_an_entry_that_is_sealed_later_takes_its_code_back(counter: Counter) -> None:
    receipt = await counter.told(email="nadine@mail.example")
    assert receipt.code
    house = counter.gateway.house
    async with house.store.write() as tx:
        await tx.conn.execute(update(schema.cases).values(sealed=True))
    later = await counter.entries.receipt(counter.agent, "client-1", wait=False, now=house.now())
    assert later is not None
    assert (later.code, later.closed) == ("", True)


async def test_the_receipt_goes_as_a_text_message_to_who_asked_for_it(counter: Counter) -> None:
    house = counter.gateway.house
    object.__setattr__(house.settings, "sms_number", "+32460001100")
    object.__setattr__(house.settings, "twilio_auth_token", SecretStr("t" * 32))
    assert counter.entries.receipts() == ("print", "email", "sms")
    receipt = await counter.told(phone="0470 00 11 03", email="nadine@mail.example", receipt="sms")
    (sent,) = counter.gateway.sink.sent
    assert (sent.channel, sent.account, sent.recipient) == ("sms", "+32460001100", "+32470001103")
    assert receipt.reference in sent.text
    async with house.store.write() as tx:
        await opted_out.add(tx, "sms", "+32470001104", now=house.now())
    await counter.told(phone="0470 00 11 04", receipt="sms")
    assert len(counter.gateway.sink.sent) == 1


async def test_words_added_to_a_case_are_a_message_of_it(counter: Counter) -> None:
    first = await counter.told(email="nadine@mail.example")
    async with counter.gateway.house.store.read() as tx:
        case_id = (await tx.conn.execute(select(schema.cases.c.id))).scalar_one()
    into = Into(case_id, first.reference)
    added = await counter.told(text="Elle a aussi reçu une lettre ce matin.", into=into, language="nl")
    assert added.added
    assert "bij uw dossier gevoegd" in added.spoken[0]
    async with counter.gateway.house.store.read() as tx:
        kept = (await tx.conn.execute(select(schema.messages.c.case_id, schema.messages.c.channel))).all()
        fates = (await tx.conn.execute(select(schema.inbox.c.fate).order_by(schema.inbox.c.id))).scalars().all()
    assert (case_id, "counter") in {tuple(row) for row in kept}
    assert fates == ["opened", "joined"]


async def test_what_was_typed_in_from_quarantine_leads_to_the_same_case(counter: Counter) -> None:
    house = counter.gateway.house
    raw = RawMessage("email", "plaintes@partenamut.example", "kept", b"\x00", house.now())
    async with house.store.write() as tx:
        item_id, _ = await inbox.add(tx, raw, now=house.now())
        await tx.conn.execute(
            update(schema.inbox).where(schema.inbox.c.id == item_id).values(state="quarantined", fate="quarantined")
        )
    await counter.told(typed_from=item_id)
    async with house.store.read() as tx:
        rows = (await tx.conn.execute(select(schema.inbox.c.fate, schema.inbox.c.case_id))).all()
    assert [row.fate for row in rows] == ["typed", "opened"]
    assert len({row.case_id for row in rows}) == 1
    report = await reconcile(house.store, now=house.now())
    assert report.sound, report.differences
