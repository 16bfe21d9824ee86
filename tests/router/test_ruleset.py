"""Rule files are untrusted: what is refused, and that it is refused in words with the rule's id (security R2, R3, R4)."""

from __future__ import annotations

import time

import pytest

from router.check import check
from router.decide import RuleError, load_rules, parse_rules

REST = "  - {id: rest, title: Rest, then: {queue: triage}}\n"


def file_with(rule: str, tail: str = REST) -> str:
    return f"version: 1\nrules:\n  - {rule}\n{tail}"


def refused(text: str) -> str:
    with pytest.raises(RuleError) as caught:
        parse_rules(text)
    assert caught.value.problems
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{id: a, title: A, all: [{field: weather, test: is, value: x}], then: {stop: true}}", "no field 'weather'"),
        (
            "{id: a, title: A, all: [{field: kind, test: at_least, value: 1}], then: {stop: true}}",
            "only by is, is_not, in",
        ),
        ("{id: a, title: A, all: [{field: kind, test: is, value: rant}], then: {stop: true}}", "'rant' is not a value"),
        ("{id: a, title: A, all: [{field: kind, test: in, value: complaint}], then: {stop: true}}", "needs a list"),
        ("{id: a, title: A, any: [{field: urgent, test: is, value: 0.4}], then: {stop: true}}", "true or false"),
        (
            "{id: a, title: A, none: [{field: urgent_probability, test: below, value: 4}], then: {stop: true}}",
            "0 and 1",
        ),
        ("{id: a, title: A, all: [{field: earlier_cases, test: below, value: many}], then: {stop: true}}", "a number"),
        ("{id: a, title: A, all: [{field: text, test: matches, value: '(a'}], then: {stop: true}}", "cannot be used"),
        (
            "{id: a, title: A, all: [{field: text, test: matches, value: '(?=a)'}], then: {stop: true}}",
            "cannot be used",
        ),
        (
            "{id: a, title: A, all: [{field: text, test: matches, value: '(a)\\1'}], then: {stop: true}}",
            "cannot be used",
        ),
        (
            f"{{id: a, title: A, all: [{{field: text, test: matches, value: '{'a' * 501}'}}], then: {{stop: true}}}}",
            "500",
        ),
        ("{id: a, title: A, all: [{field: text, test: sounds_like, value: x}], then: {stop: true}}", "test"),
        ("{id: a, title: A, then: {queue: attic}}", "no queue 'attic'"),
        ("{id: a, title: A, then: {situation: sorry}}", "no text for the situation 'sorry'"),
        ("{id: a, title: A, then: {notify: [boss@example.org]}}", "never an address"),
        ("{id: a, title: A, then: {queue: triage, refuse: off_scope}}", "situation must be 'off_scope'"),
        ("{id: a, title: A, then: {queue: triage, situation: anonymous}}", "needs 'refuse: anonymous'"),
        ("{id: a, title: A, then: {situation: off_scope, refuse: off_scope}}", "name the queue"),
        ("{id: a, title: A, then: {refuse: boring, queue: triage}}", "refuse"),
        ("{id: a, title: A, then: {priority: highest}}", "priority"),
        ("{id: a, title: A, then: {queue: triage, colour: red}}", "colour"),
        ("{id: a, title: A, then: {}}", "does nothing"),
    ],
)
def test_what_is_refused_names_the_rule_and_the_reason(rule, words):
    said = refused(file_with(rule))
    assert words in said
    assert "'a'" in said


def test_a_set_ends_in_a_rule_without_conditions_that_sets_a_queue():
    conditional = "{id: a, title: A, all: [{field: kind, test: is, value: other}], then: {queue: triage}}"
    assert "rule 'a': the last rule" in refused(file_with(conditional, tail=""))
    assert "rule 'a': the last rule" in refused(file_with("{id: a, title: A, then: {priority: low}}", tail=""))
    assert parse_rules(file_with("{id: a, title: A, then: {queue: triage}}", tail="")).rules[0].id == "a"


def test_an_id_used_twice_is_refused():
    assert "used twice" in refused(file_with("{id: rest, title: A, then: {stop: true}}"))


def test_aliases_are_refused_before_they_unfold():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nversion: *b\nrules: []\n"
    assert "aliases" in refused(bomb)


def test_tags_that_make_objects_are_refused():
    assert refused("version: !!python/object/apply:os.system ['true']\nrules: []\n")


def test_deep_large_and_broken_files_are_refused():
    assert "nested" in refused("version: " + "[" * 5000 + "]" * 5000)
    assert "1 MiB" in refused("# " + "x" * 1024 * 1024)
    assert "line 3" in refused("version: 1\nrules: [\n")
    assert "given twice" in refused("version: 1\nversion: 2\nrules: []\n")
    assert refused("") == refused("null")
    assert refused("version: 2026-13-45\nrules: []\n")


def test_over_five_hundred_rules_are_refused():
    rules = "".join(f"  - {{id: r{n}, title: R, then: {{priority: low}}}}\n" for n in range(500))
    assert "500" in refused(f"version: 1\nrules:\n{rules}{REST}")


def test_over_a_hundred_patterns_are_refused():
    condition = "{field: text, test: matches, value: 'x%d'}"
    rules = "".join(
        f"  - {{id: r{n}, title: R, any: [{condition % n}, {condition % (n + 500)}], then: {{priority: low}}}}\n"
        for n in range(51)
    )
    assert "at most 100" in refused(f"version: 1\nrules:\n{rules}{REST}")


def test_json_is_accepted_and_a_number_as_version():
    rules = parse_rules('{"version": 14, "rules": [{"id": "rest", "title": "Rest", "then": {"queue": "triage"}}]}')
    assert rules.version == "14"


@pytest.mark.parametrize("text", ["", "[]", "just words", "3"])
def test_what_is_no_rule_set_is_refused_in_words(text):
    with pytest.raises(RuleError, match="this is no rule set"):
        parse_rules(text)


def test_what_does_not_fit_is_said_to_somebody_who_is_no_programmer():
    with pytest.raises(RuleError) as refused:
        parse_rules("version: 1\nrules:\n  - {id: x, title: '', thn: {}, then: {queu: triage, priority: soon}}\n")
    assert set(refused.value.problems) == {
        "rule 'x': title: must not be empty",
        "rule 'x': thn: is not known here",
        "rule 'x': then.queu: is not known here",
        "rule 'x': then.priority: must be 'urgent', 'high', 'normal' or 'low'",
    }


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(RuleError, match="cannot be read"):
        load_rules(tmp_path / "none.yaml")


def test_a_large_set_is_read_quickly():
    rules = "".join(
        f"  - {{id: r{n}, title: R, all: [{{field: text, test: contains, value: w{n}}}], then: {{priority: low}}}}\n"
        for n in range(499)
    )
    start = time.process_time()
    parse_rules(f"version: 1\nrules:\n{rules}{REST}")
    assert time.process_time() - start < 3


EARLY = "{id: early, title: E, all: [{field: kind, test: in, value: [complaint, question]}], then: {queue: digital%s}}"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            [
                EARLY % ", stop: true",
                "{id: late, title: L, all: [{field: kind, test: is, value: complaint}], then: {seal: true}}",
            ],
            "'late': is never reached, 'early'",
        ),
        (
            [
                EARLY % "",
                "{id: late, title: L, all: [{field: kind, test: is, value: complaint}], then: {queue: branches}}",
            ],
            "'late': says queue",
        ),
        (
            [
                "{id: low, title: L, all: [{field: urgent_probability, test: at_least, value: 0.3}], then: {stop: true}}",
                "{id: high, title: H, all: [{field: urgent_probability, test: at_least, value: 0.6}], then: {seal: true}}",
            ],
            "'high': is never reached",
        ),
        (
            ["{id: all, title: A, then: {queue: mediation, stop: true}}"],
            "'rest': is never reached",
        ),
        (
            [
                (
                    "{id: odd, title: O, all: [{field: kind, test: is, value: complaint}, "
                    "{field: kind, test: is, value: other}], then: {seal: true}}"
                )
            ],
            "cannot be both",
        ),
        (
            [
                (
                    "{id: odd, title: O, all: [{field: urgent_probability, test: at_least, value: 0.6}, "
                    "{field: urgent_probability, test: below, value: 0.5}], then: {seal: true}}"
                )
            ],
            "cannot be both",
        ),
        (
            [
                (
                    "{id: odd, title: O, all: [{field: doctor, test: is, value: true}], "
                    "none: [{field: doctor, test: is, value: true}], then: {seal: true}}"
                )
            ],
            "forbids it as well",
        ),
        (["{id: odd, title: O, then: {queue: digital, situation: mediation, stop: true}}"], "promises the 21"),
        (["{id: odd, title: O, then: {queue: triage, situation: medical, stop: true}}"], "does not seal"),
    ],
)
def test_check_finds_what_can_be_read_but_makes_no_sense(rules, words):
    body = "".join(f"  - {rule}\n" for rule in rules)
    assert any(words in problem for problem in check(parse_rules(f"version: 1\nrules:\n{body}{REST}")))


def test_check_finds_nothing_where_rules_differ():
    rules = [
        (
            "{id: a, title: A, all: [{field: kind, test: is, value: complaint}, {field: urgent, test: is, value: true}], "
            "then: {queue: mediation, stop: true}}"
        ),
        "{id: b, title: B, all: [{field: kind, test: is, value: complaint}], then: {queue: digital, stop: true}}",
        (
            "{id: c, title: C, any: [{field: kind, test: is, value: other}, {field: kind, test: is, value: question}], "
            "then: {queue: digital, stop: true}}"
        ),
        "{id: d, title: D, all: [{field: kind, test: is, value: suggestion}], then: {queue: branches, stop: true}}",
    ]
    assert check(parse_rules("version: 1\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules) + REST)) == []


def test_check_finds_patterns_that_are_slow_together():
    slow = "{id: slow, title: S, all: [{field: text, test: matches, value: 'a+b'}], then: {seal: true}}"
    rules = parse_rules(file_with(slow))
    assert check(rules) == []
    ticks = iter((0.0, 0.051))
    assert any("'slow': the patterns take 51 ms" in problem for problem in check(rules, lambda: next(ticks)))


def test_check_finds_examples_that_do_not_hold():
    examples = (
        "examples:\n"
        "  - {says: Goes to digital, facts: {department: digital}, queue: digital}\n"
        "  - {says: Cannot be read, facts: {mood: bad}, queue: triage}\n"
        "  - {says: Is sealed, facts: {}, queue: triage, sealed: true}\n"
    )
    problems = check(parse_rules(f"version: 1\nrules:\n{REST}{examples}"))
    assert len(problems) == 3
    assert "queue should be 'digital' and is 'triage' (decided by rule 'rest')" in problems[0]
    assert "cannot be read" in problems[1]
    assert "sealed should be 'True'" in problems[2]


@pytest.mark.parametrize("key", ["queue: attic", "queue: triage, situation: sorry", "queue: triage, rule: none"])
def test_examples_name_only_what_exists(key):
    assert "there is no" in refused(f"version: 1\nrules:\n{REST}examples:\n  - {{says: X, facts: {{}}, {key}}}\n")
