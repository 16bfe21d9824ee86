"""The way back to a case in the wrong hands: a forwarded link, somebody else's address in the form, bots and bad moments."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from channels.form.case_contract import PackageUnavailableError
from channels.form.submission import Submission
from gateway import case_finding, member_copy
from gateway.case_door import CaseDoor
from gateway.house import House
from store import cases, codes, links, outbox, people, receipts, schema, texts
from tests.gateway.conftest import Gateway
from tests.gateway.test_case_door import BROWSER, acts, asked, code_in, medical, submitted

ADVISER = "Le médecin-conseil de Partenamut a été humiliant. Plainte contre le médecin-conseil de la mutuelle."


@pytest.fixture
def door(gateway: Gateway) -> CaseDoor:
    return CaseDoor(gateway.house)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(House, "now", lambda _: moment)


async def unreachable(gateway: Gateway) -> None:
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.contacts).values(unreachable=True))


async def test_a_dead_mailbox_does_not_open_a_sealed_case_to_whoever_has_the_link(
    gateway: Gateway, door: CaseDoor
) -> None:
    token = await medical(gateway)
    await unreachable(gateway)
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.locked
    assert (view.messages, view.proof) == ((), "")
    assert await gateway.door.letter(token) is None
    assert await door.send_code(token, "open", BROWSER) == "none"
    assert await door.unlock(token, BROWSER, "000000") == "over"


async def test_where_the_mailbox_is_dead_the_receipt_still_opens_a_sealed_case(
    gateway: Gateway, door: CaseDoor
) -> None:
    submission = Submission(text=ADVISER, language="fr", name="Marie Dubois", email="marie.dubois@mail.example")
    given = await gateway.door.accept(submission, idempotency_key=None, body_hash="m", address="")
    await gateway.work()
    mailed = gateway.sink.sent[-1].text.partition("/fr/c/")[2][:22]
    receipt = await gateway.door.case_view(given.status_url.rpartition("/")[2])
    assert receipt is not None
    await unreachable(gateway)
    assert await door.unlock(mailed, BROWSER, "AAAA-AAAA-AAAA-AAAA") == "wrong"
    opened = await door.unlock(mailed, BROWSER, receipt.receipt_code)
    view = await gateway.door.case_view(opened)
    assert view is not None
    assert not view.locked


async def test_a_case_that_becomes_sealed_shuts_the_links_that_were_open(gateway: Gateway, door: CaseDoor) -> None:
    await submitted(gateway)
    mailed = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    before = await gateway.door.case_view(mailed)
    assert before is not None
    assert before.messages
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.cases).values(sealed=True, queue="medical_coordinator"))
    after = await gateway.door.case_view(mailed)
    assert after is not None
    assert after.locked
    assert after.messages == ()
    assert await gateway.door.letter(mailed) is None
    assert not await door.rate(mailed, 5, "")


async def test_whoever_has_only_the_link_of_a_sealed_case_shuts_nobody_out(gateway: Gateway, door: CaseDoor) -> None:
    token = await medical(gateway)
    assert not await door.revoke(token)
    await door.send_code(token, "open", BROWSER)
    await gateway.work()
    opened = await door.unlock(token, BROWSER, code_in(gateway.sink.sent[-1].text))
    assert await door.revoke(opened)
    assert await gateway.door.case_view(token) is None


async def test_somebody_elses_address_in_the_form_tells_nothing_of_them(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Submission(
        text="Ik wacht op mijn terugbetaling van de kinesist sinds augustus.",
        language="nl",
        name="Marie Dubois",
        email="marie.dubois@mail.example",
        member_number="123456789",
    )
    await gateway.door.accept(known, idempotency_key=None, body_hash="a", address="")
    await gateway.work()
    made: list[object] = []

    async def noted(html: str) -> bytes:
        made.append(html)
        return b"%PDF-"

    monkeypatch.setattr("gateway.door.make_pdf", noted)
    for name in ("", "Eve Stranger"):
        posed = Submission(text=ADVISER, language="fr", name=name, email="marie.dubois@mail.example")
        given = await gateway.door.accept(posed, idempotency_key=None, body_hash=f"b{name}", address="")
        await gateway.work()
        token = given.status_url.rpartition("/")[2]
        view = await gateway.door.case_view(token)
        assert view is not None
        assert view.has_letter
        # Whether this address belongs to somebody who wrote before is not told either.
        assert ("identify" in view.can) == (not name)
        assert await gateway.door.letter(token) is not None
        assert "Dubois" not in str(made[-1])
        assert "123456789" not in str(made[-1])
        assert name in str(made[-1])
        # The code of the same receipt opens no more than its link.
        opened = await CaseDoor(gateway.house).open_by_receipt(given.reference, view.receipt_code)
        assert opened is not None
        assert await gateway.door.letter(opened) is not None
        assert "123456789" not in str(made[-1])


async def test_who_writes_first_finds_what_they_said_in_their_letter(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    async def noted(html: str) -> bytes:
        made.append(html)
        return b"%PDF-"

    monkeypatch.setattr("gateway.door.make_pdf", noted)
    first = Submission(
        text=ADVISER, language="fr", name="Marie Dubois", email="marie@mail.example", member_number="123456789"
    )
    given = await gateway.door.accept(first, idempotency_key=None, body_hash="a", address="")
    await gateway.work()
    assert await gateway.door.letter(given.status_url.rpartition("/")[2]) is not None
    assert "Marie Dubois" in made[0]
    assert "123456789" in made[0]


async def test_a_message_that_joined_another_case_opens_it_to_nobody(gateway: Gateway, door: CaseDoor) -> None:
    await submitted(gateway)
    token, reference = await submitted(gateway, email="an@mail.example")
    view = await gateway.door.case_view(token)
    assert view is not None
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.inbox).where(schema.inbox.c.id == 2).values(case_id=1))
        assert not await receipts.exists_for(tx, 2)
    assert await door.open_by_receipt(reference, view.receipt_code) is None
    assert await door.open_by_receipt("PM-2026-000001-16", view.receipt_code) is None


async def test_a_receipt_shows_no_code_that_opens_nothing(gateway: Gateway, door: CaseDoor) -> None:
    submission = Submission(text="Ik wacht al lang op een antwoord over mijn terugbetaling.", language="nl")
    given = await gateway.door.accept(submission, idempotency_key=None, body_hash="x", address="")
    view = await gateway.door.case_view(given.status_url.rpartition("/")[2])
    assert view is not None
    # Opened while the message is still being read: this link has no receipt of its own.
    token = await door.open_by_receipt(given.reference, view.receipt_code)
    assert token is not None
    for _ in range(2):
        early = await gateway.door.case_view(token)
        assert early is not None
        assert early.receipt_code == ""
        await gateway.work()
    assert "receipt.used" in await acts(gateway)
    token, _ = await submitted(gateway)
    assert await door.revoke(token)
    after = await gateway.door.case_view(token)
    assert after is not None
    assert after.receipt_code == ""


@pytest.mark.parametrize("purpose", ["open", "rate"])
async def test_no_code_is_mailed_for_what_is_not_offered(gateway: Gateway, door: CaseDoor, purpose: str) -> None:
    token, _ = await submitted(gateway)
    assert await door.send_code(token, purpose, BROWSER) == "none"  # type: ignore[arg-type]  # one that there is not
    async with gateway.house.store.write() as tx:
        await cases.close(tx, 1, outcome="founded", actor="user:1", now=gateway.house.now())
    assert await door.send_code(token, "withdraw", BROWSER) == "none"
    assert "code.asked" not in await acts(gateway)


async def test_a_forwarded_link_cannot_use_up_the_members_codes(
    gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, reference = await submitted(gateway)
    forwarded = gateway.sink.sent[-1].text.partition("/nl/c/")[2][:22]
    began = datetime.now(UTC)
    sent = 0
    for hour in range(24):
        at(monkeypatch, began + timedelta(hours=hour, minutes=1))
        sent += [await door.send_code(forwarded, "copy", f"{hour} {n}") for n in range(4)].count("sent")
    assert sent == codes.A_DAY
    assert await door.send_code(token, "copy", BROWSER) == "sent"
    await gateway.work()
    assert await door.withdraw(token, BROWSER, "000000") == "over"
    # All links together have a bound too: this mailbox is not filled by collecting links.
    assert await asked(gateway, door, reference, "jan.peeters@mail.example") == 1
    for hour in range(24):
        at(monkeypatch, began + timedelta(hours=24 + hour, minutes=2))
        fresh = gateway.house.randomness.token()
        async with gateway.house.store.write() as tx:
            await links.add(tx, fresh, now=gateway.house.now(), case_id=1, contact_id=1)
        sent += [await door.send_code(fresh, "copy", f"{n}") for n in range(4)].count("sent")
    assert sent <= codes.A_DAY + 2 * codes.A_DAY


async def test_ten_links_a_day(gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    _, reference = await submitted(gateway)
    began = datetime.now(UTC)
    sent = 0
    for hour in range(23):
        at(monkeypatch, began + timedelta(hours=hour, minutes=1))
        sent += await asked(gateway, door, reference, "jan.peeters@mail.example")
    assert sent == case_finding.LINKS_A_DAY
    at(monkeypatch, began + timedelta(hours=26))
    assert await asked(gateway, door, reference, "jan.peeters@mail.example") == 1


async def test_requests_for_links_in_parallel_count_one_by_one(gateway: Gateway, door: CaseDoor) -> None:
    _, reference = await submitted(gateway)
    before = len(gateway.sink.sent)
    for _ in range(12):
        await door.find(reference, "jan.peeters@mail.example", "nl")
    await door.settled()
    await gateway.work()
    assert len(gateway.sink.sent) - before == case_finding.LINKS_AN_HOUR


async def test_guesses_write_nothing(gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    _, reference = await submitted(gateway)

    def refuse(_: object) -> None:
        raise AssertionError("a guess took the one writer")

    monkeypatch.setattr(type(gateway.house.store), "write", refuse)
    await door.find("PM-2026-999999-38", "jan.peeters@mail.example", "nl")
    await door.find(reference, "somebody.else@mail.example", "nl")
    await door.settled()
    assert await door.open_by_receipt(reference, "AAAA-AAAA-AAAA-AAAA") is None


async def test_no_link_is_mailed_that_would_open_nothing(gateway: Gateway, door: CaseDoor) -> None:
    _, reference = await submitted(gateway)
    long_ago = gateway.house.now() - links.LIFE_AFTER_CLOSING - timedelta(hours=1)
    async with gateway.house.store.write() as tx:
        await cases.close(tx, 1, outcome="founded", actor="user:1", now=long_ago)
    assert await asked(gateway, door, reference, "jan.peeters@mail.example") == 0


async def test_a_search_that_fails_is_told_without_what_was_asked(
    gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, reference = await submitted(gateway)

    async def broken(*_: object) -> None:
        raise RuntimeError("jan.peeters@mail.example")

    monkeypatch.setattr(people, "contacts_of_case", broken)
    with capture_logs() as said:
        await door.find(reference, "jan.peeters@mail.example", "nl")
        await door.settled()
    # Where it failed is added to the line by the class and place of the error alone.
    assert said == [{"event": "a link could not be looked for", "exc_info": True, "log_level": "error"}]


async def test_more_searches_than_can_wait_are_dropped_and_said(
    gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, reference = await submitted(gateway)
    monkeypatch.setattr(case_finding, "_MOST_WAITING", 0)
    with capture_logs() as said:
        assert await asked(gateway, door, reference, "jan.peeters@mail.example") == 0
    assert [line["event"] for line in said] == ["a link was not looked for: too many are waiting"]


async def test_an_answers_line_of_six_digits_stays_on_the_case(gateway: Gateway) -> None:
    assert links.masked("Votre code:\n123456\n") == "Votre code:\n123456\n"
    assert links.masked("Votre code:\n123456\n", with_code=True) == "Votre code:\n…\n"
    assert "…" in links.masked("https://x.example/fr/c/" + "a" * 22)


@pytest.mark.parametrize("end", ["failed", "cancelled"])
async def test_a_code_that_never_went_out_is_kept_nowhere(gateway: Gateway, door: CaseDoor, end: str) -> None:
    token, _ = await submitted(gateway)
    await door.send_code(token, "copy", BROWSER)
    async with gateway.house.store.write() as tx:
        waiting = (await tx.conn.execute(select(schema.outbox).where(schema.outbox.c.state == "waiting"))).one()
        code = code_in(texts.read_json(waiting.body, outbox.BODY)["text"])
        if end == "cancelled":
            assert await outbox.cancel(tx, waiting.id, now=gateway.house.now())
        else:
            (taken,) = await outbox.claim(tx, limit=1, now=gateway.house.now(), lease=timedelta(minutes=1))
            await outbox.failed(tx, taken, code="550", now=gateway.house.now())
    async with gateway.house.store.read() as tx:
        body = (
            await tx.conn.execute(select(schema.outbox.c.body).where(schema.outbox.c.id == waiting.id))
        ).scalar_one()
    assert code.encode() not in body


async def test_two_presses_at_once_withdraw_once(gateway: Gateway, door: CaseDoor) -> None:
    token, _ = await submitted(gateway, email="", phone="0470 12 34 56")
    view = await gateway.door.case_view(token)
    assert view is not None
    outcomes = await asyncio.gather(*(door.withdraw(token, "", view.receipt_code) for _ in range(5)))
    assert sorted(outcomes) == ["over"] * 4 + ["right"]
    assert (await acts(gateway)).count("case.withdrawn") == 1


async def test_a_copy_never_takes_the_room_of_what_comes_in(
    gateway: Gateway, door: CaseDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = await submitted(gateway)
    await door.send_code(token, "copy", BROWSER)
    await gateway.work()
    full = type("Usage", (), {"free": -1})
    monkeypatch.setattr(member_copy.shutil, "disk_usage", lambda _: full)
    with pytest.raises(PackageUnavailableError):
        await door.copy(token, BROWSER, code_in(gateway.sink.sent[-1].text), draw=lambda _: "page")


async def test_a_link_alone_changes_no_contact(gateway: Gateway) -> None:
    token, _ = await submitted(gateway)
    more = Submission(text="Nieuw adres.", language="nl", email="eve@mail.example", phone="0470 99 99 99")
    await gateway.door.add_message(token, more, idempotency_key=None, body_hash="z", address="")
    await gateway.work()
    async with gateway.house.store.read() as tx:
        known = await people.contacts_of_case(tx, 1)
    assert [contact.address for contact in known] == ["jan.peeters@mail.example"]


async def test_two_members_of_one_case_see_their_own_messages_only(gateway: Gateway, door: CaseDoor) -> None:
    token, _ = await submitted(gateway)
    other_token, _ = await submitted(gateway, email="an@mail.example", name="An Smet")
    async with gateway.house.store.write() as tx:
        # As after a merge: both messages on one case, each with the contact it came from.
        await tx.conn.execute(update(schema.messages).values(case_id=1))
        await tx.conn.execute(update(schema.links).where(schema.links.c.case_id == 2).values(case_id=1))
    for one in (token, other_token):
        view = await gateway.door.case_view(one)
        assert view is not None
        assert len([message for message in view.messages if not message.ours]) == 1


async def test_whoever_wrote_somebodys_address_into_the_form_says_nothing_about_them(gateway: Gateway) -> None:
    """A known person without a name, and a stranger's form with their address: the stranger must not name them."""
    await gateway.mail(
        "From: jan.peeters@mail.example\nTo: ombudsman@partenamut.example\nSubject: Klacht\nMessage-ID: <j@mail.example>\n\n"
        "Mijn terugbetaling van de kinesist komt maar niet, dit is onaanvaardbaar.\n",
        sender="jan.peeters@mail.example",
    )
    token, _ = await submitted(gateway, name="")
    said = Submission(text="", name="Somebody Else", member_number="99999999", language="nl")
    await gateway.door.add_message(token, said, idempotency_key=None, body_hash="s", address="")
    await gateway.work()
    async with gateway.house.store.read() as tx:
        known = [
            await people.person_of(tx, number)
            for number in (await tx.conn.execute(select(schema.people.c.id))).scalars()
        ]
    assert [(person.name, person.member_number) for person in known] == [("", "")]
    # The colleague reads it on the message, where it is a claim like any other.
    async with gateway.house.store.read() as tx:
        names = (await tx.conn.execute(select(schema.messages.c.sender_name))).scalars().all()
    assert b"Somebody Else" in names
