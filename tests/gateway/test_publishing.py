"""Rules become live by one way: examples that hold, a rehearsal, two supervisors, and a reason for what could harm."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from config.departments import SHIPPED
from gateway.house import active_rules
from gateway.publishing import Publication, PublishRefusedError, Reasons, publish
from gateway.rehearsal import rehearse
from router.decide import RuleSet, parse_rules
from store import schema, users
from tests.gateway.conftest import PLAINTES, Gateway

SECOND_LINE = """From: Marie Dubois <marie.dubois@mail.example>
To: plaintes@partenamut.example
Subject: Toujours rien
Message-ID: <toujours@mail.example>

Bonjour, je vous ai déjà écrit deux fois au sujet de mes indemnités du mois d'octobre, et personne ne répond à mes
lettres. Je conteste votre réponse et je veux que la médiation examine mon dossier. Marie Dubois
"""


def rules(version: str = "2026-12-01", *replacements: tuple[str, str]) -> tuple[RuleSet, str]:
    """The shipped rules under another version, with some words replaced."""
    text = (SHIPPED / "rules" / "default.yaml").read_text(encoding="utf-8")
    live = parse_rules(text)
    text = text.replace(f"version: {live.version}", f"version: {version}").replace(
        f'version: "{live.version}"', f'version: "{version}"'
    )
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    changed = parse_rules(text)
    assert changed.version == version
    return changed, text


TO_TRIAGE = ("then: {queue: mediation, situation: mediation, stop: true}", "then: {queue: triage, stop: true}")


async def supervisors(gateway: Gateway) -> None:
    async with gateway.house.store.write() as tx:
        for login, role in (("lena", "supervisor"), ("tom", "supervisor"), ("anne", "mediator")):
            await users.add(
                tx,
                login=login,
                name=login,
                role=role,  # type: ignore[arg-type]  # of the closed list
                medical=False,
                password="x",
                actor="test",
                now=gateway.house.now(),
            )


async def live_version(gateway: Gateway) -> str:
    return (await active_rules(gateway.house)).version


async def go(gateway: Gateway, wanted: tuple[RuleSet, str], **reasons: str) -> Publication:
    return await publish(gateway.house, *wanted, Reasons("because", **reasons))


async def test_a_case_that_would_leave_mediation_is_harm_and_needs_a_reason(gateway: Gateway) -> None:
    await gateway.mail(SECOND_LINE, to=PLAINTES)
    async with gateway.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
    assert case.queue == "mediation"
    wanted = rules("harmful", TO_TRIAGE)
    wanted = (wanted[0].model_copy(update={"examples": ()}), wanted[1])
    found = await rehearse(gateway.house, wanted[0], days=90)
    (move,) = found.moves
    assert (found.replayed, found.harmed) == (1, 1)
    assert (move.reference, move.before, move.after) == (case.reference, "mediation", "triage")
    assert move.harms[0] == "leaves mediation"
    before = await live_version(gateway)
    with pytest.raises(PublishRefusedError, match="1 of 1 past cases would be treated worse"):
        await go(gateway, wanted)
    assert await live_version(gateway) == before
    assert (await go(gateway, wanted, harm="Mediation asked for it.")).new
    assert await live_version(gateway) == "harmful"
    async with gateway.house.store.read() as tx:
        rows = (await tx.conn.execute(select(schema.audit).where(schema.audit.c.act == "rules.published"))).all()
    detail = rows[-1].detail if isinstance(rows[-1].detail, dict) else json.loads(rows[-1].detail)
    assert detail["harm_accepted"] == "Mediation asked for it."
    assert detail["rehearsed"] == {"cases": 1, "moved": 1, "harmed": 1}


async def test_rules_about_words_are_rehearsed_on_the_words_of_the_past(gateway: Gateway) -> None:
    await gateway.mail(SECOND_LINE, to=PLAINTES)
    # The shipped rules ask for no words, so that none were read for them.
    about_words = (
        "- {id: words, title: w, all: [{field: text, test: contains, value: %s}], then: {priority: urgent}}\n  "
    )
    for word, changed in (("PERSONNE NE RÉPOND", 1), ("loyer", 0)):
        wanted, _ = rules("words", ("rules:\n  ", "rules:\n  " + about_words % word))
        found = await rehearse(gateway.house, wanted, days=90)
        assert (found.replayed, len(found.moves)) == (1, changed)


async def test_the_live_rules_change_nothing(gateway: Gateway) -> None:
    await gateway.mail(SECOND_LINE, to=PLAINTES)
    done = await go(gateway, rules())
    assert (done.new, done.rehearsal.replayed, done.rehearsal.moves, done.rehearsal.harmed) == (True, 1, (), 0)
    assert not (await go(gateway, rules())).new


async def test_an_example_that_does_not_hold_stops_it(gateway: Gateway) -> None:
    wanted = rules("unlike-its-examples", TO_TRIAGE)
    with pytest.raises(PublishRefusedError, match="mediation"):
        await go(gateway, wanted, harm="no matter")


async def test_a_version_is_never_two_rule_sets(gateway: Gateway) -> None:
    await go(gateway, rules())
    changed, text = rules()
    with pytest.raises(PublishRefusedError, match="a version of its own"):
        await publish(gateway.house, changed, text + "\n# changed\n", Reasons("again"))


@pytest.mark.parametrize(
    ("author", "reader", "words"),
    [
        ("", "", "two supervisors"),
        ("lena", "", "two supervisors"),
        ("lena", "Lena", "another person"),
        ("lena", "anne", "anne is no supervisor"),
        ("lena", "nobody", "nobody is no supervisor"),
    ],
)
async def test_two_supervisors_stand_for_it(gateway: Gateway, author: str, reader: str, words: str) -> None:
    await supervisors(gateway)
    settings = gateway.house.settings.model_copy(update={"production": True})
    # Outside production too, once there are two: whoever tries Guichet out alone is one.
    for house in (replace(gateway.house, settings=settings), gateway.house):
        with pytest.raises(PublishRefusedError, match=words):
            await publish(house, *rules(), Reasons("because", author=author, reader=reader))
    assert (await publish(gateway.house, *rules(), Reasons("because", author="lena", reader="tom"))).new


async def test_in_production_a_lone_supervisor_cannot_publish(gateway: Gateway) -> None:
    settings = gateway.house.settings.model_copy(update={"production": True})
    with pytest.raises(PublishRefusedError, match="two supervisors"):
        await publish(replace(gateway.house, settings=settings), *rules(), Reasons("because"))
