"""Why here, in full: every rule, every probability, who changed what, and what the rules of today say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from router.decision import Decision, RuleTrace
from tests.console.conftest import Running
from tests.console.test_actions import row_of

TODAY = Decision(
    queue="triage",
    department=None,
    priority="normal",
    situation="triage",
    acknowledge=True,
    refused="",
    sealed=False,
    notify=(),
    decided_by="doubt",
    rules_version="7",
    trace=(RuleTrace("doubt", "Doubt", "hit", ()),),
)


async def test_every_rule_and_probability_is_told(running: Running) -> None:
    rik = await running.sign_in("rik")
    path = running.case("marie")
    assert "/why" in await rik.get(path)
    page = await rik.get(f"{path}/why")
    assert "second complaint goes to Mediation" in page
    assert "decided" in page
    assert "nearly:" in page
    assert "asks 0.35, found 0.31" in page
    assert "0.96" in page
    assert "Nobody has changed anything" in page
    assert "cannot be read again" in page


async def test_after_a_correction_the_page_says_what_the_rules_make_of_it(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    running.desk.decides = TODAY
    row = await row_of(running, "marie")
    await tom.get(path)
    flags: dict[str, Any] = {f"flag-{flag}": "1" for flag, on in row.flags.items() if on and flag != "second_line"}
    page = await tom.post(f"{path}/correct", kind="question", **flags)
    assert "the rules of today say: Triage" in page
    # Nothing moves by itself; one press does it.
    assert (await row_of(running, "marie")).queue == "mediation"
    page = await tom.get(f"{path}/why")
    assert "Tom Baert corrected: complaint → question, not second line, today 10:00" in page
    assert "Decided under rules" in page
    running.desk.decides = replace(TODAY, queue="mediation")
    page = await tom.get(f"{path}?done=corrected")
    assert "The rules of today say the same: Mediation." in page
    await tom.get(path)
    await tom.post(f"{path}/move", queue="triage")
    assert "to Triage" in await tom.get(f"{path}/why")


async def test_the_card_says_who_corrected_what_and_what_the_rules_make_of_it_since(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("marie")
    running.desk.decides = TODAY
    assert "Who changed what" not in await tom.get(path)
    await tom.post(f"{path}/department", department="reimbursements")
    running.clock.forward(days=1)
    tom, rik = await running.sign_in("tom"), await running.sign_in("rik")
    page = _card(await rik.get(path))
    assert "Tom Baert corrected: Sickness benefits → Reimbursements, 24 November, 10:00" in page
    assert "the rules of today say: Triage" in page
    # A second correction is one of the first, not of what the classifier said.
    await tom.get(path)
    await tom.post(f"{path}/department", department="hospital_dental")
    await tom.post(f"{path}/move", queue="triage")
    page = _card(await rik.get(path))
    assert "Tom Baert corrected: Reimbursements → Hospital and dental, today 10:00" in page
    assert "Tom Baert: to Triage, today 10:00" in page
    assert "The rules of today say the same: Triage." in page
    # On the page itself it was said when it was done.
    assert "rules-say" not in await rik.get(path)


def _card(page: str) -> str:
    return page.partition('<section class="card why">')[2].partition("</section>")[0]


async def test_a_reader_is_offered_no_move(running: Running) -> None:
    rik = await running.sign_in("rik")
    running.desk.decides = TODAY
    page = await rik.get(f"{running.case('marie')}/why")
    assert "the rules of today say: Triage" in page
    assert "Move it to" not in page
