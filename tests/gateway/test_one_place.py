"""What people wrote reaches the disk through one place: with that place sealed, nothing of it can be read in any column."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from channels.form.submission import Submission
from gateway.desk import HouseDesk
from store import cases, correspondence, inbox, schema, texts
from store.viewer import Viewer
from tests.gateway.conftest import Gateway

CANARY = "zwartwaterput"
LENA = Viewer(1, "Lena", "supervisor", medical=True)
MAIL = f"""From: {CANARY.title()} Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Remboursement {CANARY}
Message-ID: <{{number}}@mail.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Bonjour, je n'ai toujours rien recu pour le kine, {CANARY}, {{more}}. Mon numero est le {CANARY}. {CANARY.title()} Dubois
--b
Content-Type: text/plain; name={CANARY}.txt
Content-Disposition: attachment; filename={CANARY}.txt

attestation
--b--
"""


def turned(content: bytes) -> bytes:
    return bytes(byte ^ 0x5A for byte in content)


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place turns every byte on the way in, and back on the way out."""
    keep, read = texts.keep, texts.read
    monkeypatch.setattr(texts, "keep", lambda value, place: turned(keep(value, place)))
    monkeypatch.setattr(texts, "read", lambda stored, place: read(turned(bytes(stored)), place))
    monkeypatch.setattr(texts, "keep_bytes", lambda content, _place: turned(content))
    monkeypatch.setattr(texts, "read_bytes", lambda stored, _place: turned(bytes(stored)))


def plain(cell: object) -> str:
    return (bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else str(cell)).lower()


@pytest.mark.usefixtures("sealed")
async def test_nothing_that_people_wrote_is_in_a_column_by_another_way(gateway: Gateway) -> None:
    await gateway.mail(MAIL.format(number=1, more="rien"))
    ack = gateway.sink.sent[0]
    stranger = MAIL.format(number=2, more="encore").replace("marie.dubois@", "zorro@")
    await gateway.mail(stranger, to=f"ombudsman+{ack.reply_tag}@partenamut.example")
    await gateway.mail(MAIL.format(number=3, more="et").replace("Subject:", "Auto-Submitted: auto-replied\nSubject:"))
    form = Submission(text=f"Mijn terugbetaling, {CANARY}", name=CANARY, email="jan@mail.example", language="nl")
    await gateway.door.accept(form, idempotency_key="one", body_hash=form.body_hash(), address="192.0.2.7")
    await gateway.work()
    house, now = gateway.house, gateway.house.now()
    async with house.store.write() as tx:
        await cases.add_note(tx, 1, None, f"note {CANARY}", now=now)
        version = (await tx.conn.execute(select(schema.cases.c.version).where(schema.cases.c.id == 1))).scalar_one()
        desk = HouseDesk(house, gateway.intake.parsing)
        await desk.reply(tx, Viewer(None, "", "mediator"), 1, f"Bonjour {CANARY}", now=now, version=version)  # type: ignore[arg-type]  # nobody has signed in
    found: set[str] = set()
    async with house.store.read() as tx:
        for table in schema.metadata.sorted_tables:
            rows = (await tx.conn.execute(select(table))).mappings().all()
            found |= {f"{table.name}.{name}" for row in rows for name, cell in row.items() if CANARY in plain(cell)}
        words = (await tx.conn.execute(text("SELECT words FROM case_search"))).scalars().all()
        # What is read comes back as it was written.
        (first, *_) = await correspondence.messages_of(tx, LENA, 1)
        raw = await inbox.raw_of(tx, 1)
    assert found == set()
    assert CANARY in first.subject
    assert first.files[0].name == f"{CANARY}.txt"
    assert raw is not None
    assert CANARY.encode() in raw.body
    # The search index is the one readable copy.
    assert any(CANARY in one for one in words)
