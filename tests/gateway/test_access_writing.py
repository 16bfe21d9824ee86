"""The answer to a request for access as its member reads it: words of their language (rule E4)."""

from __future__ import annotations

from channels.web.texts import pages
from config.departments import SHIPPED
from config.vocabulary import Language
from gateway.access_writing import Writing
from router.ruleset import load_rules


def test_a_shipped_rule_is_named_in_the_member_s_language_and_an_own_one_as_the_house_calls_it() -> None:
    rules = load_rules(SHIPPED / "rules" / "default.yaml")
    assert {rule.id: rule.title for rule in rules.rules} == {
        key.removeprefix("access.rule_named."): words
        for key, words in pages()["en"].items()
        if key.startswith("access.rule_named.")
    }
    others: tuple[Language, ...] = ("fr", "nl", "de")
    for language in others:
        found = {Writing(language).rule(rule.title) for rule in rules.rules}
        assert len(found) == len(rules.rules)
        assert found.isdisjoint(rule.title for rule in rules.rules)
    assert Writing("de").rule("Complaint to the department") == "Beschwerde an die Abteilung"
    assert Writing("de").rule("Des <b>nôtres</b>") == "Des <b>nôtres</b>"
