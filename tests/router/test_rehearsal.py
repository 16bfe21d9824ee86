"""Two versions of the rules: what differs in words, and who would move."""

from __future__ import annotations

import pytest

from config.departments import SHIPPED
from router.decide import load_rules, parse_rules
from router.differences import differences, rule_in_words
from router.examples import facts_from
from router.rehearsal import rehearse

OLD = load_rules(SHIPPED / "rules" / "default.yaml")


def changed(*replacements):
    text = (SHIPPED / "rules" / "default.yaml").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return parse_rules(text)


def test_the_same_rules_differ_in_nothing_and_move_nobody():
    past = [(example.says, facts_from(example.facts)) for example in OLD.examples]
    found = rehearse(past, OLD, OLD)
    assert differences(OLD, OLD) == []
    assert (found.cases, found.moves, found.other_text, found.changes) == (len(past), {}, 0, ())


def test_a_rule_reads_as_a_sentence():
    words = {rule.id: rule_in_words(rule) for rule in OLD.rules}
    assert words["distress"] == (
        "If any of (urgent distress is true; probability of: urgent distress at least 0.35), "
        "then priority urgent, text urgent, tell mediation"
    )
    assert words["everything_else"] == "Always, then queue triage, text triage"
    assert "kind is one of complaint, question" in words["not_ours"]
    assert "refuse as off_scope" in words["not_ours"]


def test_every_kind_of_change_is_said():
    new = changed(
        (
            "{field: urgent_probability, test: at_least, value: 0.35}",
            "{field: urgent_probability, test: at_least, value: 0.6}",
        ),
        ("title: Second complaint goes to Mediation", "title: Second line"),
        ("then: {queue: mediation, situation: mediation, stop: true}", "then: {queue: triage, stop: true}"),
    )
    said = differences(OLD, new)
    assert "rule 'distress': no longer asks any of: probability of: urgent distress at least 0.35" in said
    assert "rule 'distress': now asks any of: probability of: urgent distress at least 0.6" in said
    assert "rule 'second_line': is called 'Second line'; it was 'Second complaint goes to Mediation'" in said
    assert any(
        line.startswith("rule 'second_line': now does: queue triage, stop; it did: queue mediation") for line in said
    )


def test_new_gone_and_moved_rules_are_said():
    one = "{id: one, title: One, then: {priority: high}}"
    two = "{id: two, title: Two, then: {priority: low}}"
    three = "{id: three, title: Three, then: {seal: true}}"
    last = "{id: rest, title: Rest, then: {queue: triage}}"

    def rules(*lines):
        return parse_rules("version: 1\nrules:\n" + "".join(f"  - {line}\n" for line in (*lines, last)))

    said = differences(rules(one, two), rules(two, one, three))
    assert said == [
        "rule 'three' is new: Always, then seal",
        "the order is now two, one, rest; it was one, two, rest",
    ]
    assert differences(rules(one, two), rules(two)) == ["rule 'one' is gone: Always, then priority high"]


@pytest.mark.parametrize(
    ("facts", "replacement", "move", "harm"),
    [
        (
            {"second_line": True},
            ("then: {queue: mediation, situation: mediation, stop: true}", "then: {queue: triage, stop: true}"),
            ("mediation", "triage"),
            "leaves mediation",
        ),
        (
            {"doctor": True},
            (
                "then: {queue: medical_coordinator, situation: medical, seal: true, notify: [medical_coordinator], stop: true}",
                "then: {queue: incapacity, stop: true}",
            ),
            ("medical_coordinator", "incapacity"),
            "unsealed",
        ),
        (
            {"urgent": 0.45, "department": "digital"},
            (
                "{field: urgent_probability, test: at_least, value: 0.35}",
                "{field: urgent_probability, test: at_least, value: 0.9}",
            ),
            None,
            "lost priority",
        ),
        (
            {"off_scope": 0.7},
            (
                "{field: off_scope_probability, test: at_least, value: 0.8}",
                "{field: off_scope_probability, test: at_least, value: 0.6}",
            ),
            None,
            "refused",
        ),
    ],
)
def test_whom_it_could_harm(facts, replacement, move, harm):
    found = rehearse([("a", facts_from(facts)), ("b", facts_from({"kind": "other"}))], OLD, changed(replacement))
    assert found.cases == 2
    assert [change.case for change in found.harmed] == ["a"]
    assert harm in found.harmed[0].harms
    assert found.moves == ({move: 1} if move else {})
    assert found.other_text == (0 if move else 1)


def test_a_later_promise_is_a_harm_and_an_earlier_one_is_not():
    slow = changed(
        (
            "then: {queue: department, situation: department, stop: true}",
            "then: {queue: triage, stop: true}",
        )
    )
    past = [("a", facts_from({"department": "digital"}))]
    assert "later date" in rehearse(past, OLD, slow).changes[0].harms
    assert "later date" not in rehearse(past, slow, OLD).changes[0].harms
