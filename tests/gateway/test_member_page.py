"""What the page of a case offers its member."""

from __future__ import annotations

from channels.form.contract import CaseView, Receipt
from channels.form.submission import Submission
from tests.gateway.conftest import Gateway
from tests.gateway.test_refusals import SurelyNotOurs

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
