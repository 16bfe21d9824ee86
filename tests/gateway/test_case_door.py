"""Coming back to a case, and what its member may do there, on the real register: rules C1, C3, C4, C6, F8, E5."""

from __future__ import annotations

import asyncio
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from channels.form.case_contract import Package
from channels.form.submission import Submission
from channels.web.body import Upload
from config.vocabulary import ROBOT
from gateway.case_door import CaseDoor
from gateway.house import House
from store import cases, codes, links, receipts, schema
from tests.gateway.conftest import Gateway

STORY = "Sinds augustus wacht ik op mijn terugbetaling van de kinesist, en niemand antwoordt op mijn vragen."
MEDICAL = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Plainte
Message-ID: <m1@mail.example>

Le médecin-conseil de Partenamut a été humiliant pendant mon examen, il a dit que je simulais. Je veux déposer plainte
contre le médecin-conseil de la mutuelle.

Marie Dubois
"""
BROWSER = "a browser's own secret"


@pytest.fixture
def door(gateway: Gateway) -> CaseDoor:
    return CaseDoor(gateway.house)


async def submitted(gateway: Gateway, **more: str) -> tuple[str, str]:
    """Send the form; return the receipt's token and the reference."""
    given = {"name": "Jan Peeters", "email": "jan.peeters@mail.example", **more}
    submission = Submission(text=STORY, language="nl", **given)  # type: ignore[arg-type]  # lines of text
    receipt = await gateway.door.accept(
        submission, idempotency_key=None, body_hash=submission.body_hash(), address="192.0.2.1"
    )
    await gateway.work()
    return receipt.status_url.rpartition("/")[2], receipt.reference


async def medical(gateway: Gateway) -> str:
    """A sealed case by mail; the token of the link in its acknowledgement."""
    await gateway.mail(MEDICAL)
    return gateway.sink.sent[-1].text.partition("/fr/c/")[2][:22]


def code_in(text: str) -> str:
    found = re.search(r"^(\d{6})$", text, re.MULTILINE)
    assert found
    return found.group(1)


async def everything(gateway: Gateway) -> str:
    async with gateway.house.store.read() as tx:
        rows = [row for table in schema.metadata.sorted_tables for row in await tx.conn.execute(select(table))]
    return "\n".join(str(cell) for row in rows for cell in row)


async def acts(gateway: Gateway) -> list[str]:
    async with gateway.house.store.read() as tx:
        return list((await tx.conn.execute(select(schema.audit.c.act).order_by(schema.audit.c.id))).scalars())


async def asked(gateway: Gateway, door: CaseDoor, reference: str, contact: str) -> int:
    """How many mails went out because somebody asked for a link."""
    before = len(gateway.sink.sent)
    await door.find(reference, contact, "nl")
    await door.settled()
    await gateway.work()
    return len(gateway.sink.sent) - before


async def test_the_receipts_code_opens_the_case_and_only_with_its_reference(gateway: Gateway, door: CaseDoor) -> None:
    token, reference = await submitted(gateway)
    view = await gateway.door.case_view(token)
    assert view is not None
    code = view.receipt_code
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", code)
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("-", "").replace("0", "o")):
        opened = await door.open_by_receipt(reference, typed)
        assert opened is not None
        found = await gateway.door.case_view(opened)
        assert found is not None
        assert found.reference == reference
    _, other = await submitted(gateway, email="an@mail.example")
    assert await door.open_by_receipt(other, code) is None
    assert await door.open_by_receipt(reference, code[:-1] + ("A" if code[-1] != "A" else "B")) is None
    # Neither the code nor a link that it opened is kept anywhere (C1).
    kept = await everything(gateway)
    assert code not in kept
    assert code.replace("-", "") not in kept


async def test_a_receipt_opens_what_is_not_read_yet_and_goes_on_to_the_case(gateway: Gateway, door: CaseDoor) -> None:
    submission = Submission(text=STORY, language="nl", name="Jan Peeters")
    receipt = await gateway.door.accept(submission, idempotency_key=None, body_hash="x", address="")
    view = await gateway.door.case_view(receipt.status_url.rpartition("/")[2])
    assert view is not None
    token = await door.open_by_receipt(receipt.reference, view.receipt_code)
    assert token is not None
    early = await gateway.door.case_view(token)
    assert early is not None
    assert early.situation is None
    await gateway.work()
    late = await gateway.door.case_view(token)
    assert late is not None
    assert late.situation is not None


async def test_a_link_is_mailed_to_the_address_on_file_and_to_no_other(gateway: Gateway, door: CaseDoor) -> None:
    _, reference = await submitted(gateway, phone="0470 12 34 56")
    assert await asked(gateway, door, reference, "somebody.else@mail.example") == 0
    assert await asked(gateway, door, "PM-2026-999999-38", "jan.peeters@mail.example") == 0
    assert await asked(gateway, door, reference, " Jan.Peeters@MAIL.example ") == 1
    mail = gateway.sink.sent[-1]
    assert mail.recipient == "jan.peeters@mail.example"
    token = mail.text.partition("/nl/c/")[2][:22]
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.reference == reference
    assert token not in await everything(gateway)
    # The telephone number on file proves the same; the link still goes to the mailbox.
    assert await asked(gateway, door, reference, "+32 470 12 34 56") == 1
    assert gateway.sink.sent[-1].recipient == "jan.peeters@mail.example"


async def test_three_links_an_hour_and_receipts_still_go_out(
    gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, reference = await submitted(gateway)
    sent = [await asked(gateway, door, reference, "jan.peeters@mail.example") for _ in range(5)]
    assert sent == [1, 1, 1, 0, 0]
    later = datetime.now(UTC) + timedelta(hours=1, minutes=1)
    monkeypatch.setattr(House, "now", lambda _: later)
    assert await asked(gateway, door, reference, "jan.peeters@mail.example") == 1
    # Whoever asks for links must not thereby keep the member's next receipt from going out (M12).
    before = len(gateway.sink.sent)
    await submitted(gateway)
    assert len(gateway.sink.sent) == before + 1


async def test_a_sealed_case_shows_nothing_to_whoever_has_only_the_link(gateway: Gateway, door: CaseDoor) -> None:
    token = await medical(gateway)
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.locked
    assert (view.messages, view.events, view.can, view.situation, view.department) == ((), (), frozenset(), None, "")
    assert await gateway.door.letter(token) is None
    assert view.mail_sent_to == "m•••@mail.example"

    assert await door.send_code(token, "open", BROWSER) == "sent"
    await gateway.work()
    mail = gateway.sink.sent[-1]
    assert mail.recipient == "marie.dubois@mail.example"
    assert "médecin" not in mail.subject + mail.text
    code = code_in(mail.text)
    assert await door.unlock(token, "another browser", code) == "over"
    opened = await door.unlock(token, BROWSER, code)
    assert opened not in ("wrong", "over")
    whole = await gateway.door.case_view(opened)
    assert whole is not None
    assert not whole.locked
    assert "simulais" in whole.messages[0].text
    assert whole.has_letter
    # Used once; and the code is in no table any more.
    assert await door.unlock(token, BROWSER, code) == "over"
    async with gateway.house.store.read() as tx:
        bodies = (await tx.conn.execute(select(schema.outbox.c.body))).scalars().all()
    assert not any(code.encode() in body for body in bodies)


async def test_the_browser_that_sent_it_sees_its_own_sealed_case(gateway: Gateway) -> None:
    submission = Submission(
        text="Le médecin-conseil de Partenamut a été humiliant pendant mon examen. Plainte contre le médecin-conseil.",
        language="fr",
        name="Marie Dubois",
        email="marie.dubois@mail.example",
    )
    receipt = await gateway.door.accept(submission, idempotency_key=None, body_hash="m", address="")
    await gateway.work()
    view = await gateway.door.case_view(receipt.status_url.rpartition("/")[2])
    assert view is not None
    assert view.situation == "medical"
    assert not view.locked


async def test_five_guesses_in_parallel_are_all_there_are(gateway: Gateway, door: CaseDoor) -> None:
    token = await medical(gateway)
    await door.send_code(token, "open", BROWSER)
    await gateway.work()
    code = code_in(gateway.sink.sent[-1].text)
    wrong = [f"{number:06d}" for number in range(40) if f"{number:06d}" != code][:30]
    outcomes = await asyncio.gather(*(door.unlock(token, BROWSER, guess) for guess in wrong))
    assert outcomes.count("wrong") == codes.TRIES - 1
    assert outcomes.count("over") == len(wrong) - codes.TRIES + 1
    assert await door.unlock(token, BROWSER, code) == "over"


async def test_a_right_code_tried_twenty_times_at_once_opens_once(gateway: Gateway, door: CaseDoor) -> None:
    token = await medical(gateway)
    await door.send_code(token, "open", BROWSER)
    await gateway.work()
    code = code_in(gateway.sink.sent[-1].text)
    outcomes = await asyncio.gather(*(door.unlock(token, BROWSER, code) for _ in range(20)))
    assert len([one for one in outcomes if one not in ("wrong", "over")]) == 1


async def test_codes_end_after_ten_minutes_three_an_hour_and_are_for_one_act(
    gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = await submitted(gateway)
    assert await door.send_code(token, "copy", BROWSER) == "sent"
    await gateway.work()
    code = code_in(gateway.sink.sent[-1].text)
    assert await door.withdraw(token, BROWSER, code) == "over"
    began = datetime.now(UTC)
    monkeypatch.setattr(House, "now", lambda _: began + timedelta(minutes=11))
    assert await door.copy(token, BROWSER, code, draw=str) == "over"
    assert [await door.send_code(token, "copy", BROWSER) for _ in range(3)] == ["sent", "sent", "too_many"]
    # An hour later again, ten a day in all.
    given = 3
    for hour in range(2, 20):
        monkeypatch.setattr(House, "now", lambda _, hour=hour: began + timedelta(hours=hour))
        given += [await door.send_code(token, "copy", BROWSER) for _ in range(3)].count("sent")
    assert given == codes.A_DAY


async def test_withdrawing_needs_the_code_and_can_be_taken_back(gateway: Gateway, door: CaseDoor) -> None:
    token, _ = await submitted(gateway)
    assert await door.withdraw(token, BROWSER, "000000") == "over"
    await door.send_code(token, "withdraw", BROWSER)
    await gateway.work()
    code = code_in(gateway.sink.sent[-1].text)
    assert await door.withdraw(token, BROWSER, "x" * 2_000) == "wrong"
    assert await door.withdraw(token, BROWSER, f"{code[:3]} {code[3:]}") == "right"
    await gateway.work()
    assert gateway.sink.sent[-1].subject == "Uw dossier PM-2026-000001-16 is ingetrokken"
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.state, view.result) == ("closed", "withdrawn")
    assert "you_withdrew" in [event.what for event in view.events]
    assert not {"withdraw", "rate"} & view.can
    assert await door.withdraw(token, BROWSER, code) == "over"
    await gateway.door.add_message(
        token, Submission(text="Toch niet: ga verder.", language="nl"), idempotency_key=None, body_hash="y", address=""
    )
    await gateway.work()
    again = await gateway.door.case_view(token)
    assert again is not None
    assert again.state != "closed"


async def test_without_an_address_the_receipt_is_the_proof(gateway: Gateway, door: CaseDoor) -> None:
    token, reference = await submitted(gateway, email="", phone="0470 12 34 56")
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.proof == "receipt"
    assert await door.send_code(token, "withdraw", BROWSER) == "none"
    other_token, _ = await submitted(gateway, email="", name="An Smet")
    other = await gateway.door.case_view(other_token)
    assert other is not None
    assert await door.withdraw(token, "", other.receipt_code) == "wrong"
    assert await door.withdraw(token, "", view.receipt_code) == "right"
    assert await asked(gateway, door, reference, "0470 12 34 56") == 0


async def test_a_copy_holds_all_that_is_the_members_and_nothing_of_ours(gateway: Gateway, door: CaseDoor) -> None:
    files = (Upload("brief van mij.txt", "text/plain", b"in een brief"), Upload("../../etc/x.txt", "text/plain", b"y"))
    submission = Submission(
        text=STORY, language="nl", name="Jan Peeters", email="jan.peeters@mail.example", files=files
    )
    receipt = await gateway.door.accept(submission, idempotency_key=None, body_hash="c", address="")
    await gateway.work()
    token = receipt.status_url.rpartition("/")[2]
    async with gateway.house.store.write() as tx:
        await cases.add_note(tx, 1, None, "Between us: a difficult person.", now=gateway.house.now())
    await door.send_code(token, "copy", BROWSER)
    await gateway.work()
    package = await door.copy(
        token, BROWSER, code_in(gateway.sink.sent[-1].text), draw=lambda view: f"<p>{view.messages[0].text}</p>"
    )
    assert isinstance(package, Package)
    with package.file, zipfile.ZipFile(package.file) as archive:
        names = archive.namelist()
        assert names == [f"{receipt.reference}.html", "01-brief van mij.txt", "02-_.._etc_x.txt"]
        assert archive.read(names[1]) == b"in een brief"
        whole = b"".join(archive.read(name) for name in names)
    # Nothing lies about, and nobody could have found it by name.
    assert [
        path for path in gateway.house.settings.data.iterdir() if path.suffix == ".zip" or path.name.startswith("tmp")
    ] == []
    assert STORY.encode() in whole
    assert b"difficult person" not in whole
    async with gateway.house.store.read() as tx:
        detail = (
            await tx.conn.execute(select(schema.audit.c.detail).where(schema.audit.c.act == "case.copied"))
        ).scalar_one()
    assert detail == {"messages": 2, "files": 2}


async def test_who_was_taken_for_a_robot_is_asked_nothing_and_comes_before_people_by_writing_again(
    gateway: Gateway, door: CaseDoor
) -> None:
    token, _ = await submitted(gateway)
    async with gateway.house.store.write() as tx:
        await cases.close(tx, 1, outcome=ROBOT, actor="user:1", now=gateway.house.now())
    await gateway.work()
    told = len(gateway.sink.sent)
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.state, view.result) == ("closed", ROBOT)
    assert "rate" not in view.can
    assert not await door.rate(token, 1, "I am no robot.")
    await gateway.door.add_message(
        token, Submission(text="Ik ben een mens.", language="nl"), idempotency_key=None, body_hash="r", address=""
    )
    await gateway.work()
    async with gateway.house.store.read() as tx:
        row = (await tx.conn.execute(select(schema.cases).where(schema.cases.c.id == 1))).one()
    assert (row.state, row.outcome, row.queue, row.unread) == ("open", None, "triage", True)
    # A robot would answer that it was heard.
    assert len(gateway.sink.sent) == told


async def test_a_rating_is_kept_once_the_case_is_closed_and_may_change(gateway: Gateway, door: CaseDoor) -> None:
    token, _ = await submitted(gateway)
    assert not await door.rate(token, 5, "Too early.")
    async with gateway.house.store.write() as tx:
        await cases.close(tx, 1, outcome="founded", actor="user:1", now=gateway.house.now())
    assert await door.rate(token, 2, "Traag.")
    assert await door.rate(token, 4, "Toch goed.")
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.rating, view.rating_comment, view.result) == (4, "Toch goed.", "founded")
    assert [act for act in await acts(gateway) if "rated" in act] == ["case.rated", "case.rated_again"]
    with pytest.raises(ValueError, match="1 to 5"):
        await door.rate(token, 6, "")


async def test_revoking_ends_all_links_but_the_one_in_use(gateway: Gateway, door: CaseDoor) -> None:
    token, reference = await submitted(gateway)
    mailed = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    view = await gateway.door.case_view(token)
    assert view is not None
    assert await door.revoke(mailed)
    assert await gateway.door.case_view(token) is None
    assert await gateway.door.case_view(mailed) is not None
    # A new link can be mailed, so the receipt ends too; where it cannot, the receipt is all that they have.
    assert await door.open_by_receipt(reference, view.receipt_code) is None
    token, reference = await submitted(gateway, email="", name="An Smet")
    view = await gateway.door.case_view(token)
    assert view is not None
    assert await door.revoke(token)
    assert await door.open_by_receipt(reference, view.receipt_code) is not None


@pytest.mark.parametrize("token", ["", "x" * 22, "y" * 500])
async def test_a_link_that_opens_nothing_does_nothing(gateway: Gateway, door: CaseDoor, token: str) -> None:
    await submitted(gateway)
    before = await everything(gateway)
    assert await door.send_code(token, "open", BROWSER) == "none"
    assert await door.unlock(token, BROWSER, "123456") == "over"
    assert await door.withdraw(token, BROWSER, "123456") == "over"
    assert await door.copy(token, BROWSER, "123456", draw=str) == "over"
    assert not await door.rate(token, 5, "")
    assert not await door.revoke(token)
    assert await everything(gateway) == before


async def test_codes_and_receipts_are_kept_as_hashes_that_open_nothing(gateway: Gateway, door: CaseDoor) -> None:
    token, reference = await submitted(gateway)
    await door.send_code(token, "withdraw", BROWSER)
    async with gateway.house.store.read() as tx:
        kept_codes = list((await tx.conn.execute(select(schema.codes.c.code_hash))).scalars())
        kept_receipts = list((await tx.conn.execute(select(schema.receipts.c.code_hash))).scalars())
    for kept in kept_codes:
        assert await door.withdraw(token, BROWSER, kept) == "wrong"
    for kept in kept_receipts:
        assert receipts.normalised(kept) == ""
        assert await door.open_by_receipt(reference, kept[:16]) is None


async def test_a_closed_cases_receipt_ends_with_its_links(gateway: Gateway, door: CaseDoor) -> None:
    token, reference = await submitted(gateway)
    view = await gateway.door.case_view(token)
    assert view is not None
    long_ago = gateway.house.now() - links.LIFE_AFTER_CLOSING - timedelta(hours=1)
    async with gateway.house.store.write() as tx:
        await cases.close(tx, 1, outcome="founded", actor="user:1", now=gateway.house.now())
        await tx.conn.execute(update(schema.cases).values(closed_at=long_ago))
    assert await gateway.door.case_view(token) is None
    assert await door.open_by_receipt(reference, view.receipt_code) is None
