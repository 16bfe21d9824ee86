"""Cases decided by the column and one by one are decided alike, whatever the rules and the messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.departments import SHIPPED
from config.vocabulary import CHANNELS, DEPARTMENTS, FLAGS, KINDS, QUEUES
from router.columns import Columns
from router.decide import decide, load_rules, parse_rules
from router.decision import Facts
from router.examples import facts_from, short_of
from router.fates import fates
from router.fields import ABSTENTIONS
from router.rehearsal import outcomes, rehearse
from router.ruleset import RuleSet

SHIPPED_RULES = load_rules(SHIPPED / "rules" / "default.yaml")
ODD_RULES = parse_rules(
    """
version: odd
rules:
  - {id: words, title: w, any: [{field: text, test: contains, value: LOYER}, {field: subject, test: matches, value: 'ur.ent'}],
     then: {priority: urgent}}
  - {id: far, title: f, all: [{field: sender_domain, test: in, value: [EXAMPLE.org, example.net]}],
     none: [{field: channel, test: is_not, value: email}], then: {notify: [triage], acknowledge: false}}
  - {id: sealing, title: s, all: [{field: doctor_probability, test: at_least, value: 0.4}], then: {seal: true}}
  - {id: refused, title: r, all: [{field: off_scope, test: is, value: true}],
     then: {queue: triage, situation: off_scope, refuse: off_scope}}
  - {id: nameless, title: n, all: [{field: anonymous_probability, test: at_least, value: 0.5}],
     then: {queue: triage, situation: anonymous, refuse: anonymous, stop: true}}
  - {id: known, title: k, all: [{field: earlier_cases, test: below, value: 2}, {field: defects, test: contains, value: cut}],
     then: {queue: mailbox, situation: question, acknowledge: true}}
  - {id: late, title: l, all: [{field: abstained_on, test: in, value: [kind, doctor]}], then: {queue: medical_coordinator}}
  - {id: by_department, title: b, then: {queue: department, situation: department, stop: true}}
  - {id: rest, title: r, then: {queue: triage}}
"""
)
chance = st.floats(0, 1).map(lambda value: round(value, 2))
flag = st.one_of(st.booleans(), chance)
short = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(CHANNELS),
        "mailbox_queue": st.sampled_from(("department", *QUEUES)),
        "sender": st.sampled_from((None, "a@example.org", "b@EXAMPLE.net", "+32470000012")),
        "subject": st.sampled_from(("", "Urgent", "ünrelated", "\ud800")),
        "text": st.sampled_from(("Je ne peux plus payer mon Loyer", "ok", "ﬁn", "\x00")),
        "attachments": st.integers(0, 2),
        "earlier_cases": st.integers(0, 3),
        "defects": st.sampled_from(((), ("cut",), ("cut", "deep"))),
        "member_number": st.sampled_from(("", "123456")),
        "kind": st.one_of(st.sampled_from(KINDS), st.tuples(st.sampled_from(KINDS), chance)),
        **dict.fromkeys(FLAGS, flag),
        "department": st.one_of(st.none(), st.sampled_from(DEPARTMENTS)),
        "abstained_on": st.lists(st.sampled_from(ABSTENTIONS), unique=True).map(tuple),
    },
)


def one_by_one(facts: Facts, rules: RuleSet) -> tuple[Any, ...]:
    found = decide(facts, rules)
    return (
        found.queue,
        found.priority,
        found.situation,
        found.acknowledge,
        found.refused,
        found.sealed,
        frozenset(found.notify),
        found.decided_by,
    )


@pytest.mark.parametrize("rules", [SHIPPED_RULES, ODD_RULES], ids=["shipped", "odd"])
@settings(max_examples=150, deadline=None)
@given(past=st.lists(short, min_size=1, max_size=20))
def test_by_column_as_one_by_one(rules: RuleSet, past: list[dict[str, Any]]) -> None:
    facts = [facts_from(one) for one in past]
    columns = Columns(facts, (rules,))
    found = outcomes(columns, fates(columns, rules), range(len(facts)))
    assert [
        (one.queue, one.priority, one.situation, one.acknowledge, one.refused, one.sealed, one.notify, one.decided_by)
        for one in found
    ] == [one_by_one(each, rules) for each in facts]
    traces = [[trace.rule for trace in decide(each, rules).trace if trace.outcome == "hit"] for each in facts]
    matched = fates(columns, rules).matched
    refusing = {rule.id for rule in rules.rules if rule.then.refuse}
    for at, hits in enumerate(traces):
        assert {name for name, those in matched.items() if those >> 8 * at & 1} - refusing == set(hits) - refusing


def test_two_parts_together_are_the_whole() -> None:
    past = [(example.says, facts_from(example.facts)) for example in SHIPPED_RULES.examples]
    whole = rehearse(past, SHIPPED_RULES, ODD_RULES)
    parts = rehearse(past[:11], SHIPPED_RULES, ODD_RULES).with_more(rehearse(past[11:], SHIPPED_RULES, ODD_RULES))
    assert parts == whole
    assert sum(before for before, _ in whole.load.values()) == len(past)
    assert sum(after for _, after in whole.load.values()) == len(past)
    assert whole.use["by_department"].matched == len(past)
    assert whole.use["rest"].took < whole.use["rest"].matched


def test_no_case_at_all() -> None:
    found = rehearse([], SHIPPED_RULES, ODD_RULES)
    assert (found.cases, found.moves, found.changes) == (0, {}, ())


@given(short)
@settings(max_examples=60, deadline=None)
def test_what_is_taken_as_an_example_is_decided_as_the_case_was(given_: dict[str, Any]) -> None:
    # An example has no words, so that only rules which ask for none decide both alike.
    facts = facts_from(given_)
    taken = facts_from(short_of(facts))
    one, two = decide(facts, SHIPPED_RULES), decide(taken, SHIPPED_RULES)
    assert (one.queue, one.situation, one.refused, one.sealed) == (two.queue, two.situation, two.refused, two.sealed)
