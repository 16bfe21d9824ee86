"""What the page of a case offers its member."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import update

from channels.form.contract import CaseView, Receipt
from channels.form.reply import OnThePage
from channels.form.submission import Submission
from console.contract import UNDO, NoWayBackError
from gateway.desk import HouseDesk
from gateway.house import House
from gateway.reading import Parsing
from router.deadlines import after_pause
from store import cases, merging, outbox, schema, users, views
from store.viewer import Viewer
from tests.gateway.conftest import Gateway
from tests.gateway.test_refusals import SurelyNotOurs


async def mediator(gateway: Gateway) -> Viewer:
    """A colleague who answers."""
    async with gateway.house.store.write() as tx:
        user_id = await users.add(
            tx, login="anne", name="Anne L.", role="mediator", medical=False, password="-", actor="cli", now=NOW
        )
    return Viewer(user_id, "Anne L.", "mediator")


NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
STORY = "Sinds augustus wacht ik op mijn terugbetaling van de kinesist, en niemand antwoordt op mijn vragen."


async def page(gateway: Gateway, name: str) -> tuple[CaseView, str]:
    receipt: Receipt = await gateway.door.accept(
        Submission(text=STORY, name=name, language="nl"), idempotency_key=None, body_hash="b", address="192.0.2.1"
    )
    await gateway.work()
    token = receipt.status_url.rpartition("/")[2]
    view = await gateway.door.case_view(token)
    assert view is not None
    return view, token


async def test_who_gave_no_name_can_give_it_there_whatever_was_decided(gateway: Gateway) -> None:
    view, token = await page(gateway, "")
    assert "identify" in view.can
    await gateway.door.add_message(
        token, Submission(text="", name="Jan Peeters", language="nl"), idempotency_key=None, body_hash="c", address=""
    )
    await gateway.work()
    view = await gateway.door.case_view(token)  # type: ignore[assignment]  # the link is still good
    assert "identify" not in view.can


async def test_who_has_given_a_name_is_not_asked_again(gateway: Gateway) -> None:
    view, _ = await page(gateway, "Jan Peeters")
    assert "identify" not in view.can


async def test_a_refusal_that_was_taken_back_is_not_shown_any_more(gateway: Gateway) -> None:
    gateway.intake.classifying = SurelyNotOurs()  # type: ignore[assignment]  # the one method that is used
    submission = Submission(text=STORY, name="Jan Peeters", email="jan.peeters@mail.example", language="nl")
    receipt = await gateway.door.accept(submission, idempotency_key=None, body_hash="d", address="192.0.2.1")
    await gateway.work()
    token = receipt.status_url.rpartition("/")[2]
    refused = await gateway.door.case_view(token)
    assert refused is not None
    assert (refused.situation, refused.state) == ("off_scope", "refused")
    objection = Submission(text="Het gaat om uw terugbetaling.", language="nl", disagrees=True)
    await gateway.door.add_message(token, objection, idempotency_key=None, body_hash="e", address="")
    await gateway.work()
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.situation, view.state) == ("triage", "received")


async def test_who_left_no_mail_address_reads_our_answer_on_the_page_once_it_is_final(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await page(gateway, "Jan Peeters")
    desk, anne = HouseDesk(gateway.house, cast(Parsing, None)), await mediator(gateway)
    gateway.delivery.channels = {**gateway.delivery.channels, "webform": OnThePage()}

    async def answered(text: str, version: int) -> int:
        async with gateway.house.store.write() as tx:
            return await desk.reply(tx, anne, 1, text, now=gateway.house.now(), version=version)

    async def seen() -> list[str]:
        view = await gateway.door.case_view(token)
        assert view is not None
        return [message.text for message in view.messages if message.ours]

    taken_back = await answered("Dit was fout.", 1)
    await gateway.work()
    assert await seen() == []
    async with gateway.house.store.write() as tx:
        assert await outbox.cancel(tx, taken_back, now=gateway.house.now())
    await answered("We hebben u vandaag terugbetaald.", 2)
    later: datetime = gateway.house.now() + UNDO + timedelta(seconds=1)
    monkeypatch.setattr(House, "now", lambda _: later)
    await gateway.work()
    assert await seen() == ["We hebben u vandaag terugbetaald."]
    # Nothing went out by mail.
    assert gateway.sink.sent == []
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.state, view.outcome) == ("answered", "We hebben u vandaag terugbetaald.")


async def test_who_has_neither_address_nor_receipt_cannot_be_answered(gateway: Gateway) -> None:
    await page(gateway, "Jan Peeters")
    async with gateway.house.store.write() as tx:
        await tx.conn.exec_driver_sql("DELETE FROM receipts")
    desk, anne = HouseDesk(gateway.house, cast(Parsing, None)), await mediator(gateway)
    with pytest.raises(NoWayBackError):
        async with gateway.house.store.write() as tx:
            await desk.reply(tx, anne, 1, "Dag.", now=gateway.house.now(), version=1)


async def test_a_closing_that_can_still_be_taken_back_has_not_been_told(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await page(gateway, "Jan Peeters")
    desk, anne = HouseDesk(gateway.house, cast(Parsing, None)), await mediator(gateway)
    gateway.delivery.channels = {**gateway.delivery.channels, "webform": OnThePage()}
    async with gateway.house.store.write() as tx:
        await desk.reply(tx, anne, 1, "We hebben u terugbetaald.", now=gateway.house.now(), version=1)
        await cases.close(tx, 1, outcome="founded", actor=f"user:{anne.user_id}", now=gateway.house.now())
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.state in ("in_department", "in_mediation")
    assert (view.result, view.outcome) == ("", "")
    assert "closed" not in {event.what for event in view.events}
    assert "rate" not in view.can
    later = gateway.house.now() + UNDO + timedelta(seconds=1)
    monkeypatch.setattr(House, "now", lambda _: later)
    await gateway.work()
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.state, view.result, view.outcome) == ("closed", "founded", "We hebben u terugbetaald.")
    assert "rate" in view.can


async def test_who_can_help_with_what_is_not_about_us_stands_on_the_page(gateway: Gateway) -> None:
    _, token = await page(gateway, "Jan Peeters")
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.cases).values(situation="off_scope", refused="off_scope", state="closed"))
        words = "Het ziekenhuis heeft mij slecht behandeld, ik wil een klacht indienen tegen het ziekenhuis."
        await tx.conn.execute(update(schema.messages).values(text=words.encode(), reply=words.encode()))
    view = await gateway.door.case_view(token)
    assert view is not None
    assert "ziekenhuis" in view.other_body
    assert view.other_body_contact


async def test_a_merged_case_is_followed_by_its_old_link_and_shows_nobody_elses_words(gateway: Gateway) -> None:
    (first, token), (second, _) = await page(gateway, "Jan Peeters"), await page_of_another(gateway)
    viewer = await mediator(gateway)
    async with gateway.house.store.write() as tx:
        gone = await views.case_by_reference(tx, viewer, first.reference)
        into = await views.case_by_reference(tx, viewer, second.reference)
        assert gone is not None
        assert into is not None
        versions = (gone.version, into.version)
        await merging.merge(tx, viewer, gone, into, moved=after_pause, now=NOW, versions=versions)
    view = await gateway.door.case_view(token)
    assert view is not None
    assert (view.reference, view.merged_into) == (first.reference, second.reference)
    assert view.state not in ("closed", "refused")
    assert view.can <= {"add", "revoke"}
    assert view.messages == first.messages
    assert view.events == first.events


async def page_of_another(gateway: Gateway) -> tuple[CaseView, str]:
    """The page of somebody else's case."""
    receipt: Receipt = await gateway.door.accept(
        Submission(text=f"{STORY} En nog iets.", name="An Claes", language="nl"),
        idempotency_key=None,
        body_hash="b2",
        address="192.0.2.2",
    )
    await gateway.work()
    token = receipt.status_url.rpartition("/")[2]
    view = await gateway.door.case_view(token)
    assert view is not None
    return view, token
