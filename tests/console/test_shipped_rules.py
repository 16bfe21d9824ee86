"""The shipped rules in the language of who reads them, and kept as they are by whoever only looks at their form."""

from __future__ import annotations

import html
import re

import pytest

from config.departments import SHIPPED
from console import rule_words, shipped_rules
from console.rule_form import rule_from
from console.rule_problems import in_words
from console.words import LANGUAGES, ConsoleLanguage, catalogue
from router.examples import ShortFacts
from router.problems import Problem
from router.ruleset import Rule, load_rules
from store import rule_sets
from tests.console.conftest import Browser, Running
from tests.console.test_rule_draft import DRAFT, stored_example, stored_rule

RULES = load_rules(SHIPPED / "rules" / "default.yaml")
EN, FR, NL = (catalogue()[language] for language in ("en", "fr", "nl"))
TRANSLATED: tuple[ConsoleLanguage, ...] = ("fr", "nl")


def plain(text: str) -> str:
    """A text without line breaks and printed apostrophes."""
    return " ".join(text.replace("’", "'").split())


def words(group: str) -> dict[str, str]:
    """The English words of one group by their key."""
    return {key.removeprefix(f"{group}."): plain(EN[key]) for key in EN if key.startswith(f"{group}.")}


def shipped(name: str) -> Rule:
    """One of the shipped rules."""
    return next(rule for rule in RULES.rules if rule.id == name)


def test_the_english_words_are_those_of_the_shipped_file() -> None:
    assert words("rule_why") == {rule.id: plain(rule.why) for rule in RULES.rules if rule.why}
    assert list(words("rule_says").values()) == [plain(example.says) for example in RULES.examples]
    # A name stands in the middle of sentences, so it begins with a small letter. “split” is no rule.
    names = words("rule")
    assert [(rule.id, names[rule.id].casefold()) for rule in RULES.rules] == [
        (rule.id, plain(rule.title).casefold()) for rule in RULES.rules
    ]


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_is_translated_and_fits_the_form_that_it_stands_in(language: ConsoleLanguage) -> None:
    t = catalogue()[language]
    for group, longest in (("rule", 200), ("rule_why", 1000), ("rule_says", 200)):
        for name in words(group):
            assert t[f"{group}.{name}"] != EN[f"{group}.{name}"], (group, name)
            assert len(t[f"{group}.{name}"]) <= longest, (group, name)


def test_what_was_worded_otherwise_is_read_as_it_was_written() -> None:
    distress = shipped("distress")
    assert shipped_rules.why(distress, FR) == FR["rule_why.distress"]
    assert shipped_rules.why(distress.model_copy(update={"why": "Parce que."}), FR) == "Parce que."
    assert shipped_rules.why(distress.model_copy(update={"why": ""}), FR) == ""
    # A rule file may break its lines elsewhere, and a word more is another text.
    broken = distress.why.replace(" is answered", "\nis  answered")
    assert broken != distress.why
    assert shipped_rules.why(distress.model_copy(update={"why": broken}), NL) == NL["rule_why.distress"]
    longer = f"{distress.why} Always."
    assert shipped_rules.why(distress.model_copy(update={"why": longer}), NL) == longer
    # The reason of another rule is none of this one's.
    assert shipped_rules.why(distress.model_copy(update={"id": "compliment"}), NL) == distress.why
    assert shipped_rules.says("Surely anonymous", NL) == NL["rule_says.surely_anonymous"]
    assert shipped_rules.says("Surely <b>anonymous</b>", NL) == "Surely <b>anonymous</b>"


def test_a_problem_names_the_example_in_the_language_of_its_reader() -> None:
    problem = Problem("x", "example_rule", says="Surely anonymous", rule_name="anonymous")
    assert in_words(problem, RULES, FR)[0].startswith(f"L’exemple {FR.quoted('Sûrement anonyme')} nomme")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_that_is_sent_as_it_was_drawn_changes_no_word(language: ConsoleLanguage) -> None:
    t = catalogue()[language]
    for rule in RULES.rules:
        drawn = {"title": shipped_rules.title(rule, t), "why": shipped_rules.why(rule, t)}
        kept = rule_from(drawn, rule)
        assert (kept.title, kept.why) == (rule.title, rule.why)
    for example in RULES.examples:
        assert shipped_rules.kept_says(shipped_rules.says(example.says, t), example.says) == example.says


def test_what_is_written_into_a_form_is_kept_as_it_was_written() -> None:
    rule = shipped("distress")
    typed = f"{FR['rule_why.distress']} Toujours."
    kept = rule_from({"title": "Cris du cœur", "why": typed}, rule)
    assert (kept.title, kept.why) == ("Cris du cœur", typed)
    assert rule_from({"title": "", "why": ""}, rule).why == ""
    own = rule.model_copy(update={"title": "cris", "why": "Un.\nDeux."})
    kept = rule_from({"title": "Cris", "why": "Un.\r\nDeux."}, own)
    assert (kept.title, kept.why) == ("cris", "Un.\nDeux.")
    assert shipped_rules.kept_says("Sûrement anonyme, et plus", "Surely anonymous") == "Sûrement anonyme, et plus"
    assert shipped_rules.kept_says("Sûrement anonyme", "Ours") == "Sûrement anonyme"


async def test_the_rules_are_read_in_the_language_of_the_colleague(running: Running) -> None:
    tom = await running.sign_in("tom")
    for language in LANGUAGES:
        await tom.post("/console/language", language=language, next="/console/")
        page = html.unescape(await tom.get("/console/rules"))
        found = re.findall(r'<p class="why">(.*?)</p>', page)
        assert found == [catalogue()[language][f"rule_why.{rule.id}"] for rule in RULES.rules if rule.why]
        assert [one.title for one in rule_words.sentences(RULES.rules, catalogue()[language])] == [
            title.strip() for title in re.findall(r'class="number" aria-hidden="true">\d+</span> ([^<]*)', page)
        ]


async def fields(browser: Browser, rule: str) -> dict[str, str]:
    """Name and reason as the form of a rule shows them."""
    page = await browser.get(f"{DRAFT}/rule/{rule}")
    title = re.search(r'name="title" value="([^"]*)"', page)
    why = re.search(r'<textarea id="why"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert title
    assert why
    return {"title": html.unescape(title.group(1)), "why": html.unescape(why.group(1))}


async def test_a_draft_saved_in_french_stays_as_shipped_until_somebody_writes(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post("/console/language", language="fr", next="/console/")
    await luc.post(DRAFT)
    before = await stored_rule(running, "doubt")
    drawn = await fields(luc, "doubt")
    assert drawn == {"title": "Pas sûr, donc une personne décide", "why": FR["rule_why.doubt"]}
    assert FR["rule_draft.shipped"] in luc.page
    # Meanwhile another window was turned to Dutch: the form that was drawn in French is still no change.
    await luc.post("/console/language", language="nl", next="/console/")
    await luc.get(f"{DRAFT}/rule/doubt")
    await luc.post(f"{DRAFT}/rule/doubt", **drawn)
    kept = await stored_rule(running, "doubt")
    assert (kept.title, kept.why) == (before.title, before.why)
    typed = "Een <b>eigen</b> reden.\r\nEn nog een."
    await luc.get(f"{DRAFT}/rule/doubt")
    await luc.post(f"{DRAFT}/rule/doubt", title="Twijfel", why=typed)
    assert await fields(luc, "doubt") == {"title": "Twijfel", "why": typed.replace("\r\n", "\n")}
    assert NL["rule_draft.shipped"] not in luc.page


async def test_an_example_is_read_translated_and_kept_as_shipped(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post("/console/language", language="fr", next="/console/")
    await luc.post(DRAFT)
    at = next(n for n, one in enumerate(RULES.examples) if one.says == "Surely anonymous")
    page = html.unescape(await luc.get(f"{DRAFT}/examples"))
    assert all(FR[f"rule_says.{key}"] in page for key in words("rule_says"))
    assert 'value="Sûrement anonyme"' in page
    await luc.post(f"{DRAFT}/examples", at=str(at), says="Sûrement anonyme", queue="triage", act="keep")
    assert (await stored_example(running, at)).says == "Surely anonymous"
    # Where it must go was changed, and not what it is about.
    await luc.post(f"{DRAFT}/examples", at=str(at), says="Sûrement anonyme", queue="mediation", act="keep")
    moved = await stored_example(running, at)
    assert (moved.says, moved.queue) == ("Surely anonymous", "mediation")
    await luc.post(f"{DRAFT}/examples", at=str(at), says="Sûrement <i>sans</i> nom", queue="mediation", act="keep")
    assert (await stored_example(running, at)).says == "Sûrement <i>sans</i> nom"
    assert "Sûrement &lt;i&gt;sans&lt;/i&gt; nom" in await luc.get(f"{DRAFT}/examples")


def test_every_fact_of_an_example_has_words() -> None:
    assert [
        name for name in ShortFacts.model_fields if f"field.{name}" not in EN and f"rule_example.fact.{name}" not in EN
    ] == []


async def test_the_facts_of_an_example_are_set_as_their_language_is(running: Running) -> None:
    luc = await running.sign_in("luc")
    await luc.post("/console/language", language="fr", next="/console/")
    await luc.post(DRAFT)
    page = html.unescape(await luc.get(f"{DRAFT}/examples"))
    facts = re.findall(r'<p class="small">(.*?)</p>', page)
    assert f"expéditeur{FR.colon} pas clair, service{FR.colon} Remboursements de soins" in facts
    assert f"anonyme{FR.colon} 95\u00a0%, numéro de membre{FR.colon} 123456, service{FR.colon} Agences" in facts
    assert [one for one in facts if "sender" in one or "None" in one] == []


async def test_words_that_the_house_wrote_are_read_as_they_are_in_every_language(running: Running) -> None:
    body = RULES.model_copy(
        update={
            "rules": tuple(
                rule.model_copy(update={"why": "Omdat <het> zo is."}) if rule.id == "doubt" else rule
                for rule in RULES.rules
            )
        }
    )
    async with running.house.store.write() as tx:
        await rule_sets.publish(
            tx,
            version="2",
            body=body.model_copy(update={"version": "2"}).model_dump_json(),
            comment="because",
            author_id=running.house.users["sofie"],
            reader_id=running.house.users["luc"],
            rehearsed={},
            harm="",
            now=running.clock(),
        )
    tom = await running.sign_in("tom")
    await tom.post("/console/language", language="fr", next="/console/")
    page = await tom.get("/console/rules")
    assert '<p class="why">Omdat &lt;het&gt; zo is.</p>' in page
    assert FR["rule_why.distress"] in html.unescape(page)
