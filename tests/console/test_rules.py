"""The rules as they are read: sentences, the cases behind each, the versions and what changed between them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from config.departments import SHIPPED
from console import rule_words, shipped_rules
from console.words import catalogue
from gateway import publishing
from gateway.rehearsal import Rehearsal
from router.decide import RuleSet, load_rules, parse_rules
from store import rule_hits, rule_sets
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import NOW, PASSWORD

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
            "kind: complaint or question",
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
    assert shipped_rules.title(rules.rules[0], catalogue()["nl"]) == "Cris du coeur"


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
        ("moved", "Distress first"),
    ]
    # Those that only made room for it are not named.
    last_first = old.model_copy(update={"rules": (old.rules[-1], *old.rules[:-1])})
    (one,) = rule_words.differences(old, last_first, catalogue()["en"])
    assert (one.rule, one.what, one.lines) == (old.rules[-1].id, "moved", ["was number 20, is number 1"])


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
    assert "Go back to" not in page
    await tom.get("/console/rules/version/9", status=404)


CLEARER = ("title: Distress first", "title: Cries for help first")


async def test_going_back_is_one_click_and_another_one_s_yes(running: Running) -> None:
    await publish(running, "1 b")
    await publish(running, "2 b", CLEARER)
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    page = await luc.get("/console/rules")
    form = re.search(r'action="(/console/rules/version/1/return)">.*?name="text" value="([^"]+)"', page)
    assert form
    assert form.group(2) == "Back to version 1"
    page = await luc.post(form.group(1), live="2 b", text=form.group(2), proof=PASSWORD)
    assert "It waits for another supervisor now" in page
    assert "was called “Cries for help first”" in page
    # Whoever asked cannot be the one who confirms.
    await luc.post(form.group(1), live="2 b", text="Back to version 1")
    assert await live(running) == "2 b"
    assert "waits for you" not in await luc.get("/console/rules")
    page = await sofie.get("/console/rules")
    assert "Luc Simon wants to go back to version 1." in page
    assert "1 waits for you" in page
    assert "Confirm: go back to version 1" in await sofie.get("/console/rules/version/1")
    page = await sofie.post("/console/rules/version/1/return", live="2 b", proof=PASSWORD)
    assert await live(running) == "1"
    assert re.search(
        r"live again since [^:]+: *[0-9:]*: Back to version 1|live again since [^<]+Back to version 1", page
    )
    assert "by Luc Simon" in page
    assert "read by Sofie Claes" in page
    assert "wants to go back" not in page


async def test_what_decided_until_just_now_comes_back_with_one_press(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def harmful(*_args: object, **_more: object) -> Rehearsal:
        return Rehearsal(replayed=40, sealed=0, harmed=3, moves=())

    await publish(running, "2", CLEARER)
    monkeypatch.setattr(publishing, "rehearse", harmful)
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    assert "Version 1 decided until the last publication" in await luc.get("/console/rules")
    # Only a fresh password is asked for (rule S10), though cases were treated better since.
    running.clock.forward(minutes=6)
    await luc.get("/console/rules")
    assert 'name="proof"' in await luc.post("/console/rules/version/1/return", status=403, live="2")
    page = await luc.post("/console/rules/version/1/return", live="2", proof=PASSWORD)
    assert await live(running) == "1"
    done = page[page.index('class="done') : page.index('class="lede"')]
    assert "version 1 decides again" in done
    assert "rehearsed on 40 cases: 0 would change, 3 for the worse" in done
    # It is no publication: to undo it in turn takes two, and a reason.
    await sofie.get("/console/rules/version/2")
    there = "/console/rules/version/2/return"
    assert "Say why." in await sofie.post(there, status=422, live="1", text="", proof=PASSWORD)
    assert "3 past cases" in await sofie.post(there, status=422, live="1", text="Again")
    assert await live(running) == "1"


async def test_nothing_comes_back_at_once_that_is_old_further_back_or_one_person_s(running: Running) -> None:
    await publish(running, "2", CLEARER)
    await publish(running, "3")
    luc = await running.sign_in("luc")
    assert "Version 2 decided until the last publication" in await luc.get("/console/rules")
    await luc.get("/console/rules/version/1")
    page = await luc.post("/console/rules/version/1/return", live="3", text="Back", proof=PASSWORD)
    assert "It waits for another supervisor now" in page
    running.clock.forward(days=7, minutes=1)
    luc = await running.sign_in("luc")
    assert "until the last publication" not in await luc.get("/console/rules")
    await luc.get("/console/rules/version/2")
    page = await luc.post("/console/rules/version/2/return", live="3", text="Back", proof=PASSWORD)
    assert "It waits for another supervisor now" in page
    me = running.house.users["luc"]
    async with running.house.store.write() as tx:
        for version, reader in (("4", None), ("5", running.house.users["sofie"])):
            body = BODY.replace('version: "1"', f'version: "{version}"')
            told = {"version": version, "body": body, "comment": "x", "author_id": me, "reader_id": reader}
            await rule_sets.publish(tx, **told, now=running.clock())
    assert "until the last publication" not in await luc.get("/console/rules")


async def test_a_return_says_what_it_lacks_on_its_page(running: Running) -> None:
    to_triage = (
        "then: {queue: mediation, situation: mediation, stop: true}",
        "then: {queue: triage, situation: triage, stop: true}",
    )
    await publish(running, "2", ("title: Distress first", "title: Cries for help first"))
    await publish(running, "harmful", to_triage)
    # A version whose examples do not hold never comes back.
    await publish(running, "3")
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    there = "/console/rules/version/2/return"
    await luc.get("/console/rules/version/2")
    assert "Say why." in await luc.post(there, status=422, live="3", text=" ", proof=PASSWORD)
    assert "Other rules decide meanwhile" in await luc.post(there, status=409, live="2", text="x")
    page = await luc.post("/console/rules/version/harmful/return", status=422, live="3", text="x")
    assert "Not all of its examples hold" in page
    await luc.post(there, live="3", text="<i>Better</i>")
    assert "&lt;i&gt;Better&lt;/i&gt;" in await sofie.get("/console/rules/version/2")
    assert "Nothing was changed" in await sofie.post("/console/rules/version/2/stay")
    # What was asked for while other rules decided has lapsed.
    await luc.post(there, live="3", text="Again")
    await publish(running, "4", CLEARER)
    assert "wants to go back" not in await sofie.get("/console/rules")
    running.clock.forward(minutes=6)
    await luc.get("/console/rules/version/2")
    assert 'name="proof"' in await luc.post(there, status=403, live="4", text="Again")


async def test_a_return_that_harms_asks_why_that_is_right(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def harmful(*_args: object, **_more: object) -> Rehearsal:
        return Rehearsal(replayed=40, sealed=0, harmed=3, moves=())

    await publish(running, "1 b")
    await publish(running, "2", CLEARER)
    luc, sofie = await running.sign_in("luc"), await running.sign_in("sofie")
    needs = "only where past cases would be treated worse are you asked for a reason"
    assert needs in await luc.get("/console/rules")
    monkeypatch.setattr(publishing, "rehearse", harmful)
    there = "/console/rules/version/1/return"
    await luc.get("/console/rules/version/1")
    page = await luc.post(there, status=422, live="2", text="Back", proof=PASSWORD)
    assert "3 past cases would be treated worse" in page
    # It is a question and no reproach: nobody could know before the click, which the list of versions says.
    assert 'class="done warn" role="status"' in page
    assert 'class="alert"' not in page
    assert 'name="harm"' in page
    assert ">Back</textarea>" in page
    await luc.post(there, live="2", text="Back", harm="They were misled")
    await sofie.get("/console/rules/version/1")
    page = await sofie.post(there, live="2", proof=PASSWORD)
    assert "Why harm was accepted: They were misled" in page
    assert await live(running) == "1"


async def live(running: Running) -> str | None:
    """The version that decides."""
    async with running.house.store.read() as tx:
        return await rule_sets.active_version(tx)


async def test_a_version_is_named_by_its_moment_in_the_language_of_its_reader(running: Running) -> None:
    name = "2026-08-19 215131.2"
    await publish(running, name, CLEARER)
    luc = await running.sign_in("luc")
    page = await luc.get("/console/rules")
    assert "Version of 19 August 2026, 23:51 decides now" in page
    assert f'title="{name}"' in page
    assert name in await luc.get(f"/console/rules/version/{name}")
    await luc.post("/console/language", language="fr", next="/console/")
    assert "La version du 19 août 2026, 23 h 51 décide" in (await luc.get("/console/rules")).replace("\u00a0", " ")
    await luc.post("/console/language", language="nl", next="/console/")
    assert "ersie van 19 augustus 2026, 23.51 uur" in (await luc.get("/console/rules")).replace("\u00a0", " ")
