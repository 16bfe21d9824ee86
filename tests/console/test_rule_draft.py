"""The supervisor's way to new rules: drafted, checked, rehearsed on the past, read by another one, live, and back."""

from __future__ import annotations

import asyncio
import re

import pytest

from console.rules_draft import rules_of
from router.check import failures
from router.ruleset import Example, Rule, RuleSet
from store import rehearsals, rule_drafts, rule_sets
from store.database import Tx
from tests.console.conftest import Browser, Running
from tests.console.example_house import CANARY, NOW, PASSWORD

DRAFT = "/console/rules/draft"


async def edited(luc: Browser, rule: str, **fields: str) -> str:
    """Open a rule's form and send it with some fields changed."""
    page = await luc.get(f"{DRAFT}/rule/{rule}")
    given: dict[str, str] = {}
    for select in re.finditer(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', select.group(2))
        given[select.group(1)] = chosen.group(1) if chosen else ""
    given |= dict(re.findall(r'<input id="[^"]+" name="([^"]+)" value="([^"]*)"', page))
    given |= dict.fromkeys(re.findall(r'type="checkbox" name="([^"]+)" checked', page), "on")
    return await luc.post(f"{DRAFT}/rule/{rule}", **{**given, **fields})


def headings(page: str) -> str:
    """What the rules of a page are called."""
    return "".join(re.findall(r'<div class="rule-head">(.*?)</h2>', page, re.DOTALL))


async def stored_rule(running: Running, name: str) -> Rule:
    """A rule of the draft as it is kept."""
    async with running.house.store.read() as tx:
        draft = await rule_drafts.current(tx)
    assert draft is not None
    return next(rule for rule in RuleSet.model_validate_json(draft.body).rules if rule.id == name)


async def stored_example(running: Running, at: int) -> Example:
    """An example of the draft as it is kept."""
    async with running.house.store.read() as tx:
        draft = await rule_drafts.current(tx)
    assert draft is not None
    return RuleSet.model_validate_json(draft.body).examples[at]


async def rehearsed(running: Running, browser: Browser) -> str:
    """Rehearse and wait for the end."""
    await browser.post("/console/rules/rehearsal", days="90")
    for _ in range(200):
        async with running.house.store.read() as tx:
            latest = await rehearsals.latest(tx, now=running.clock())
        assert latest is not None
        if latest.state != "running":
            break
        await asyncio.sleep(0.05)
    assert latest.state == "done"
    return await browser.get("/console/rules/rehearsal")


async def test_a_draft_is_changed_checked_and_asks_for_the_password(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    assert "Nothing is wrong." in luc.page
    assert "47 examples route as stated." in luc.page
    await edited(luc, "distress", **{"any-1-value": "95 %", "title": "Alarm <b>"})
    page = await luc.get(DRAFT)
    assert "at least 95" in page
    assert "Alarm &lt;b&gt;" in page
    assert re.search(r"4\d of 47 examples route as stated", page)
    assert "priority: normal, instead of priority: urgent" in await luc.get(f"{DRAFT}/examples?failing=1")
    await edited(luc, "distress", **{"any-1-value": "35"})
    assert "Nothing is wrong." in await luc.get(DRAFT)
    await edited(luc, "department", then="", priority="high")
    assert re.search(r"4\d of 47 examples route as stated", await luc.get(DRAFT))
    await edited(luc, "department", priority="")
    await edited(luc, "compliment", priority="low")
    running.clock.forward(minutes=6)
    await luc.get(DRAFT)
    page = await luc.post(f"{DRAFT}/publish", status=403, text="Thanks can wait")
    assert 'name="proof"' in page


async def test_a_rehearsal_shows_who_moves_and_is_judged(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    await edited(luc, "second_line", queue="triage", situation="triage")
    page = await rehearsed(running, luc)
    assert "leaves Mediation" in page
    assert re.search(r"from=mediation&amp;to=triage", page)
    assert running.house.references["late"] in page
    assert running.house.references["sealed"] not in page
    change = re.search(r'action="/console/rules/rehearsal/(\d+)"', page)
    assert change
    page = await luc.post(f"/console/rules/rehearsal/{change.group(1)}", judged="worse", text="<i>No</i>")
    assert "1 worse" in page
    assert "&lt;i&gt;No&lt;/i&gt;" in await luc.get("/console/rules/rehearsal")


async def test_rows_say_why_and_quote_only_what_may_be_read(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "second_line", queue="triage", situation="triage")
    await edited(luc, "medical", priority="high")
    page = await rehearsed(running, luc)
    assert re.search(r"<blockquote[^>]*><q>[^<]*déjà écrit deux fois", page)
    assert "(second line: yes)" in page
    assert "text: receipt, Mediation" in page
    assert CANARY not in page
    # Sofie may open the sealed case; its words stay in it.
    page = await sofie.get("/console/rules/rehearsal")
    sealed = page[page.index(running.house.references["sealed"]) :]
    sealed = sealed[: sealed.index("</li>")]
    assert "sealed" in sealed
    assert "priority: high" in sealed
    assert "<blockquote" not in sealed
    assert CANARY not in page
    for name in ("/console/rules/rehearsal/found", "/console/rules/rehearsal"):
        assert running.house.references["sealed"] not in await luc.get(name)


async def test_a_second_supervisor_publishes_after_a_rehearsal(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    await luc.get(DRAFT)
    page = await luc.post(f"{DRAFT}/publish", text="A better name", harm="", proof=PASSWORD)
    assert "Another supervisor can read it now" in page
    await sofie.get(DRAFT)
    assert "Rehearse this draft first" in await sofie.post(f"{DRAFT}/publish", status=422, proof=PASSWORD)
    await rehearsed(running, sofie)
    await sofie.get(DRAFT)
    page = await sofie.post(f"{DRAFT}/publish", proof=PASSWORD)
    assert "Nothing for anybody" in page
    assert "Published: version" in page
    assert "What decided before, version 1, is one click back." in page
    assert "by Luc Simon" in page
    assert "read by Sofie Claes" in page
    async with running.house.store.read() as tx:
        assert await rule_drafts.current(tx) is None
        live = await rule_sets.active(tx)
    assert live is not None
    assert live.version != "1"
    page = await luc.post(DRAFT, **{"from": "1"})
    assert "Nothing for anybody" not in headings(page)
    assert "was called “Nothing for anybody”" in page


async def test_a_draft_says_whose_it_is_and_what_differs_from_the_live_rules(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    assert "No rule differs yet from version 1" in luc.page
    await luc.post(f"{DRAFT}/change", rule="doubt", act="to", to="0")
    await edited(luc, "compliment", priority="low")
    await luc.post(f"{DRAFT}/change", rule="contentless", act="out")
    await luc.post(f"{DRAFT}/change", act="add")
    page = await sofie.get(DRAFT)
    assert "Luc Simon’s draft, begun" in page
    assert "4 rules differ from version 1, which decides now:" in page
    marked = {
        rule: re.findall(r'class="flag differs (\w+)"', heading)
        for rule, heading in re.findall(r'<li class="rule" id="rule-(\w+)".*?<h2>(.*?)</h2>', page, re.DOTALL)
    }
    assert {rule: found for rule, found in marked.items() if found} == {
        "doubt": ["moved"],
        "compliment": ["changed"],
        "new_rule": ["new"],
    }
    published = page[page.index('id="publish"') :]
    assert "now: priority: low" in published
    assert 'class="flag differs gone"' in published
    assert "Luc Simon’s draft, begun" in await sofie.get("/console/rules")
    # Who may not change rules is not told of unfinished ones.
    assert "draft, begun" not in await (await running.sign_in("tom")).get("/console/rules")


async def test_a_refused_publication_keeps_what_was_typed_and_leads_to_what_is_missing(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def worse(_tx: Tx, _rehearsal: int) -> dict[str, int]:
        return {"worse": 2}

    async def alone(_house: object) -> bool:
        return True

    luc = await running.sign_in("luc")
    monkeypatch.setattr("gateway.house_rules.HouseRules.may_publish_alone", alone)
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    page = await luc.get(DRAFT)
    assert "You are the only supervisor here" in page
    page = await luc.post(f"{DRAFT}/publish", status=422, text="A better <name>", harm="", proof=PASSWORD)
    assert "Rehearse this draft first" in page
    assert "A better &lt;name&gt;</textarea>" in page
    await rehearsed(running, luc)
    monkeypatch.setattr(rehearsals, "judged", worse)
    await luc.get(DRAFT)
    page = await luc.post(f"{DRAFT}/publish", status=422, text="A better <name>", harm="", proof=PASSWORD)
    alert = page[page.index('role="alert"') : page.index('id="whose"')]
    assert 'href="/console/rules/rehearsal"' in alert
    assert 'href="#harm"' in alert
    assert "Nothing is wrong." not in page
    assert "A better &lt;name&gt;</textarea>" in page
    assert re.search(r'<textarea id="harm"[^>]* aria-invalid="true"', page)
    page = await luc.post(f"{DRAFT}/publish", status=422, text=" ", harm="They asked for it", proof=PASSWORD)
    assert "They asked for it</textarea>" in page
    assert 'href="#comment"' in page


async def test_a_condition_is_ticked_and_taken_out_in_words(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post("/console/language", language="fr", next="/console/")
    await luc.post(DRAFT)
    page = await luc.get(f"{DRAFT}/rule/distress")
    assert 'name="any-1-value" value="35\u00a0%"' in page
    before = await stored_rule(running, "distress")
    await edited(luc, "distress", why=before.why)
    assert await stored_rule(running, "distress") == before
    await edited(luc, "distress", **{"add-all": "channel"})
    await edited(luc, "distress", **{"all-0-test": "in", "all-0-value": "phone"})
    page = await luc.get(f"{DRAFT}/rule/distress")
    assert re.search(r'name="all-0-one-phone" checked> téléphone', page)
    await edited(luc, "distress", **{"all-0-one-letter": "on"})
    assert (await stored_rule(running, "distress")).all[0].value == ["phone", "letter"]
    # What is pressed beside a condition takes it out, and leaves one with the same rule.
    page = await edited(luc, "distress", **{"all-0-out": "1"})
    assert 'class="rule-form"' in page
    assert (await stored_rule(running, "distress")).all == ()


async def test_the_second_supervisor_is_told_that_rules_wait(running: Running) -> None:
    luc, sofie, tom = [await running.sign_in(login) for login in ("luc", "sofie", "tom")]
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    assert "waits for you" not in await sofie.get("/console/")
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="", proof=PASSWORD)
    page = await sofie.get("/console/rules")
    assert "Luc Simon asks you to read the draft of new rules" in page
    rail = page[page.index('id="rail"') :]
    assert rail.index('href="/console/rules"') < rail.index("1 waits for you") < rail.index('href="/console/report"')
    # Its author waits for another, and who only reads the rules has nothing to do about them.
    for browser in (luc, tom):
        page = await browser.get("/console/rules")
        assert "asks you to read" not in page
        assert "waits for you" not in page


async def _worse(_tx: Tx, _rehearsal: int) -> dict[str, int]:
    """The examples of the house allow no change that a colleague could judge so in this small register."""
    return {"worse": 2}


async def test_whoever_asks_for_a_reading_says_why_harm_is_right(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    await rehearsed(running, luc)
    monkeypatch.setattr(rehearsals, "judged", _worse)
    await luc.get(DRAFT)
    page = await luc.post(f"{DRAFT}/publish", status=422, text="A better <name>", harm=" ", proof=PASSWORD)
    assert "2 cases were judged worse." in page
    assert "A better &lt;name&gt;</textarea>" in page
    assert re.search(r'<textarea id="harm"[^>]* aria-invalid="true"', page)
    async with running.house.store.read() as tx:
        draft = await rule_drafts.current(tx)
    assert draft is not None
    assert draft.proposed_by is None
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="They asked for it", proof=PASSWORD)
    await sofie.get(DRAFT)
    page = await sofie.post(f"{DRAFT}/publish", proof=PASSWORD)
    assert "Why harm was accepted: They asked for it" in page


async def test_who_asks_for_a_reading_hears_what_publishing_would_find(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    # Without its example, the rule that keeps second complaints with Mediation may be changed, and members lose by it.
    await luc.get(DRAFT)
    async with running.house.store.write() as tx:
        draft = await rule_drafts.current(tx)
        assert draft is not None
        rules = rules_of(draft).model_copy(update={"examples": ()})
        me = running.house.users["luc"]
        await rule_drafts.save(tx, body=rules.model_dump_json(), version=draft.version, user_id=me, now=NOW)
    await edited(luc, "second_line", queue="triage", situation="triage")
    await luc.get(DRAFT)
    page = await luc.post(f"{DRAFT}/publish", status=422, text="Triage looks first", harm="", proof=PASSWORD)
    assert re.search(r"\d+ past cases would be treated worse", page)
    await luc.post(f"{DRAFT}/publish", text="Triage looks first", harm="Triage knows them", proof=PASSWORD)
    await rehearsed(running, sofie)
    await sofie.get(DRAFT)
    page = await sofie.post(f"{DRAFT}/publish", proof=PASSWORD)
    assert "Why harm was accepted: Triage knows them" in page


async def test_a_reader_who_finds_harm_says_why_it_is_right_or_sends_it_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="", proof=PASSWORD)
    await rehearsed(running, sofie)
    monkeypatch.setattr(rehearsals, "judged", _worse)
    await sofie.get(DRAFT)
    page = await sofie.post(f"{DRAFT}/publish", status=422, proof=PASSWORD)
    assert 'href="#harm"' in page[page.index('role="alert"') : page.index('id="whose"')]
    assert re.search(r'<textarea id="harm"[^>]* aria-invalid="true"', page)
    assert "Say what should be changed" in await sofie.post(f"{DRAFT}/back", status=422, text=" ")
    page = await sofie.post(f"{DRAFT}/back", text="Not <so>, please")
    assert "It is back with its author" in page
    assert "Your draft of new rules came back from Sofie Claes." in await luc.get("/console/rules")
    assert "1 waits for you" in await luc.get("/console/")
    assert "waits for you" not in await sofie.get("/console/")
    page = await luc.get(DRAFT)
    assert "It came back from Sofie Claes" in page
    assert "Not &lt;so&gt;, please" in page
    assert "A better name</textarea>" in page
    # What was sent back is nobody's to publish until its author asks again; then the word is done with.
    await sofie.post(f"{DRAFT}/back", status=409, text="Again")
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="They asked for it", proof=PASSWORD)
    page = await sofie.get(DRAFT)
    assert "It came back" not in page
    page = await sofie.post(f"{DRAFT}/publish", proof=PASSWORD)
    assert "Why harm was accepted: They asked for it" in page


async def test_a_reader_may_add_the_reason_that_was_not_needed_before(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await edited(luc, "contentless", title="Nothing for anybody")
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/publish", text="A better name", harm="", proof=PASSWORD)
    await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/back", status=409, text="My own")
    await rehearsed(running, sofie)
    monkeypatch.setattr(rehearsals, "judged", _worse)
    await sofie.get(DRAFT)
    page = await sofie.post(f"{DRAFT}/publish", harm="I looked at both", proof=PASSWORD)
    assert "Why harm was accepted: I looked at both" in page


async def test_two_who_change_the_draft_do_not_overwrite_each_other(running: Running) -> None:
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    await luc.post(DRAFT)
    await sofie.get(DRAFT)
    await luc.post(f"{DRAFT}/change", rule="doubt", act="up")
    page = await sofie.post(f"{DRAFT}/change", status=409, rule="doubt", act="out")
    assert "Somebody changed the draft meanwhile" in page
    page = await sofie.get(DRAFT)
    assert page.index('id="rule-doubt"') < page.index('id="rule-mediation_doubt"')
    await sofie.post(f"{DRAFT}/change", rule="everything_else", act="up")
    assert "must have no condition and a queue" in await sofie.get(DRAFT)


async def test_a_moved_rule_can_be_put_back(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    page = await luc.post(f"{DRAFT}/change", rule="doubt", act="to", to="0")
    assert "“Not sure, so a person decides” is number 1 of 20 now." in page
    was = re.search(r'name="to" value="(\d+)"', page)
    assert was
    page = await luc.post(f"{DRAFT}/change", rule="doubt", act="to", to=was.group(1), undo="1")
    assert "is number" not in page
    assert page.index('id="rule-distress"') < page.index('id="rule-medical"') < page.index('id="rule-doubt"')


async def test_a_rule_that_says_the_contrary_of_an_earlier_one_is_named(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    await luc.post(f"{DRAFT}/change", act="add")
    await edited(luc, "new_rule", **{"add-all": "urgent"}, priority="low", title="Quiet")
    await edited(luc, "new_rule", **{"all-0-value": "yes"}, priority="low", title="Quiet")
    page = await luc.get(DRAFT)
    assert "“Quiet” says “priority: low”, but “Distress first” takes the same messages before it" in page


async def test_a_past_case_becomes_an_example_without_its_words(running: Running) -> None:
    luc = await running.sign_in("luc")
    case = running.house.references["late"]
    page = await luc.get(f"/console/case/{case}/why")
    assert 'action="/console/rules/draft/examples/add"' in page
    page = await luc.post(f"{DRAFT}/examples/add", reference=case, queue="mediation")
    assert "It is an example now" in page
    async with running.house.store.read() as tx:
        draft = await rule_drafts.current(tx)
    assert draft is not None
    example = RuleSet.model_validate_json(draft.body).examples[-1]
    assert (example.says, example.queue, failures(example, RuleSet.model_validate_json(draft.body))) == (
        case,
        "mediation",
        [],
    )
    assert not {"text", "subject"} & example.facts.keys()
    assert "48 examples route as stated." in await luc.get(DRAFT)
    # The same case again replaces it.
    page = await luc.post(f"{DRAFT}/examples/add", reference=case, queue="digital")
    assert "47 of 48 examples route as stated." in page
    assert "queue: Mediation, instead of queue: Online services" in page
    assert page.index(f'value="{case}"') < page.index('id="example-0"')
    await luc.post(f"{DRAFT}/examples", at="47", says="The <i>late</i> one", queue="mediation", act="keep")
    assert "The &lt;i&gt;late&lt;/i&gt; one" in await luc.get(f"{DRAFT}/examples")
    await luc.post(f"{DRAFT}/examples", at="47", act="out")
    assert "47 examples route as stated." in await luc.get(DRAFT)
    await luc.post(f"{DRAFT}/examples", status=409, at="47", act="out", version="1")


async def test_a_sealed_case_is_no_example(running: Running) -> None:
    sofie, luc = await running.sign_in("sofie"), await running.sign_in("luc")
    sealed = running.house.references["sealed"]
    # Sofie may open it, and yet what was found in it leaves it for no rule file.
    for browser in (sofie, luc):
        await browser.get("/console/rules")
        await browser.post(f"{DRAFT}/examples/add", status=404, reference=sealed, queue="mediation")


async def test_a_draft_keeps_to_what_rule_files_keep_to(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post(DRAFT)
    await edited(luc, "contentless", **{"add-all": "text"})
    for pattern in ("(a+", "(x{90}){90}", ""):
        await edited(luc, "contentless", **{"all-1-test": "matches", "all-1-value": pattern})
        assert "the value of “text” is missing or wrong" in await luc.get(DRAFT)
        assert "the value of “text” is missing or wrong" in await luc.post("/console/rules/rehearsal", days="90")
    async with running.house.store.read() as tx:
        assert await rehearsals.latest(tx, now=running.clock()) is None
    forged = {"tell-mallory@evil.example": "on", "queue": "nowhere", "refuse": "everybody", "add-none": "password"}
    await edited(luc, "contentless", **forged, **{"all-1-test": "runs", "all-1-value": "loyer"})
    async with running.house.store.read() as tx:
        draft = await rule_drafts.current(tx)
    assert draft is not None
    rule = next(one for one in RuleSet.model_validate_json(draft.body).rules if one.id == "contentless")
    assert (rule.then.notify, rule.then.queue, rule.then.refuse, rule.none) == ((), None, None, ())
    assert (rule.all[1].test, rule.all[1].value) == ("matches", "loyer")
