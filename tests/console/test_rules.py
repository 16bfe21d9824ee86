"""The rules as they are read: sentences, the cases behind each, the versions and what changed between them."""

from __future__ import annotations

import re
from datetime import timedelta

from config.departments import SHIPPED
from console import rule_words
from console.words import catalogue
from router.decide import RuleSet, load_rules, parse_rules
from store import rule_hits, rule_sets
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import NOW

BODY = (SHIPPED / "rules" / "default.yaml").read_text(encoding="utf-8")


def changed(*replacements: tuple[str, str]) -> RuleSet:
    """The shipped rules with some words replaced."""
    text = BODY
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return parse_rules(text)


async def publish(running: Running, version: str, *replacements: tuple[str, str], comment: str = "because") -> None:
    """Another version, live from now on, by Sofie and read by Luc."""
    text = BODY.replace('version: "1"', f'version: "{version}"')
    for old, new in replacements:
        text = text.replace(old, new)
    async with running.house.store.write() as tx:
        await rule_sets.publish(
            tx,
            version=version,
            body=text,
            comment=comment,
            author_id=running.house.users["sofie"],
            reader_id=running.house.users["luc"],
            rehearsed={"cases": 40, "moved": 3, "harmed": 1},
            harm="Mediation asked for it.",
            now=running.clock(),
        )


def test_a_rule_reads_as_a_sentence_in_each_language() -> None:
    rules = load_rules(SHIPPED / "rules" / "default.yaml")
    said = {name: {one.id: one for one in rule_words.sentences(rules.rules, catalogue()[name])} for name in catalogue()}
    english = said["en"]["not_ours"]
    assert english.title == "Not ours, surely"
    assert english.asked[0] == (
        "all",
        [
            "kind: is complaint or question",
            "not about us: yes",
            "chance of “not about us”: at least 80\u00a0%",
        ],
    )
    assert english.done == [
        "refuse as not about us",
        "queue: Triage",
        "priority: low",
        "text: refusal: not about us",
        "stop here",
    ]
    assert english.refuses
    assert said["en"]["everything_else"].asked == []
    assert said["nl"]["second_line"].done[0] == "wachtrij: Bemiddeling"


def test_a_rule_that_was_renamed_keeps_the_name_it_was_given() -> None:
    rules = changed(("title: Distress first", "title: Cris du coeur"))
    assert rule_words.title(rules.rules[0], catalogue()["nl"]) == "Cris du coeur"


def test_every_kind_of_change_is_said() -> None:
    old = parse_rules(BODY)
    new = changed(
        ("test: at_least, value: 0.35", "test: at_least, value: 0.6"),
        ("title: Distress first", "title: Alarm"),
        (
            "then: {priority: urgent, situation: urgent, notify: [mediation]}",
            "then: {priority: high, situation: urgent, notify: [mediation]}",
        ),
    )
    (found,) = rule_words.differences(old, new, catalogue()["en"])
    assert (found.what, found.title) == ("changed", "Alarm")
    assert found.lines == [
        "was called “Distress first”",
        "no longer asks (At least one of): chance of “urgent distress”: at least 35\u00a0%",
        "now asks (At least one of): chance of “urgent distress”: at least 60\u00a0%",
        "no longer: priority: urgent",
        "now: priority: high",
    ]
    assert rule_words.differences(old, old, catalogue()["en"]) == []
    reordered = old.model_copy(update={"rules": (old.rules[1], old.rules[0], *old.rules[3:])})
    found_ = rule_words.differences(old, reordered, catalogue()["en"])
    assert [(one.what, one.title) for one in found_] == [
        ("gone", "Compliment about a medical adviser"),
        ("moved", "Perhaps about a medical adviser"),
        ("moved", "Distress first"),
    ]


async def test_the_page_shows_each_rule_with_its_cases(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/rules?days=90")
    assert page.count('class="rule"') == 20
    found = re.search(r'href="/console/rules/cases/distress\?days=90">(\d+) case', page)
    assert found, page
    listed = await tom.get("/console/rules/cases/distress?days=90")
    assert listed.count('class="row-link"') == int(found.group(1))
    assert "Sabine Wouters" in listed
    assert "No case of the last 30 days" in await tom.get("/console/rules/cases/mailbox")
    await tom.get("/console/rules/cases/no_such_rule", status=404)


async def test_sealed_cases_count_only_for_those_who_may_open_them(running: Running) -> None:
    store, since = running.house.store, NOW - timedelta(days=90)
    async with store.read() as tx:
        doctor = await rule_hits.counts(tx, Viewer(1, "Anne", "mediator", medical=True), since)
        other = await rule_hits.counts(tx, Viewer(2, "Tom", "mediator"), since)
        nobody = await rule_hits.counts(tx, Viewer(3, "Nadia", "administrator"), since)
    assert doctor["medical"].hits >= 1
    assert "medical" not in other
    assert nobody == {}
    tom = await running.sign_in("tom")
    assert 'class="row-link"' not in await tom.get("/console/rules/cases/medical?days=90")


async def test_versions_say_who_when_and_why(running: Running) -> None:
    await publish(running, "2", ("test: at_least, value: 0.35", "test: at_least, value: 0.6"), comment="<b>Fewer</b>")
    running.clock.forward(hours=1)
    await publish(running, "1")
    tom = await running.sign_in("tom")
    page = await tom.get("/console/rules")
    assert "live again since" in page
    assert "by Sofie Claes" in page
    assert "read by Luc Simon" in page
    assert "rehearsed on 40 cases: 3 would change, 1 for the worse" in page
    assert "Why harm was accepted: Mediation asked for it." in page
    assert "&lt;b&gt;Fewer&lt;/b&gt;" in page
    page = await tom.get("/console/rules/version/2")
    assert "now asks (At least one of): chance of “urgent distress”: at least 60" in page
    assert "This is the first version." in await tom.get("/console/rules/version/1")
    await tom.get("/console/rules/version/9", status=404)
