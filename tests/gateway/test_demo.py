"""The demonstration: a register that is sound, with something of everything in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from config.causes import causes
from config.settings import load
from config.vocabulary import LANGUAGES, Language
from gateway.demo.filling import fill
from gateway.demo.stories import Matter, Story, Teller, matters
from gateway.demo.volumes import first_day, moments
from gateway.house import House, build
from gateway.reconcile import reconcile
from store import audit, search, users
from store.database import Tx
from store.schema import audit as audit_table
from store.schema import cases, held, inbox, outbox, ratings, recommendations

UNTIL = datetime(2026, 11, 27, 9, tzinfo=UTC)


async def _filled(folder: Path) -> House:
    house = build(load(data=folder, min_free_mb=0, min_free_percent=0), name="test")
    await house.store.open()
    async with house.store.write() as tx:
        for login, medical in (("tom", False), ("anne", True)):
            await users.add(
                tx, login=login, name=login, role="mediator", medical=medical, password="x", actor="command", now=UNTIL
            )
    await fill(house, 150, until=UNTIL)
    return house


async def _count(tx: Tx, table: object, *conditions: object) -> int:
    return int((await tx.conn.execute(select(func.count()).select_from(table).where(*conditions))).scalar_one())  # type: ignore[arg-type]


async def test_a_hundred_cases_make_a_sound_register(tmp_path: Path) -> None:
    house = await _filled(tmp_path)
    try:
        report = await reconcile(house.store, now=UNTIL)
        assert report.sound, report.differences
        assert report.waiting == 0
        assert report.quarantined == 3
        async with house.store.read() as tx:
            assert await _count(tx, cases) >= 95
            assert await _count(tx, cases, cases.c.state == "closed", cases.c.outcome.is_(None)) == 0
            assert await _count(tx, cases, cases.c.refused != "") > 0
            was_right = cases.c.outcome.in_(("founded", "partly_founded"))
            assert await _count(tx, cases, was_right, cases.c.cause != "") > 0
            assert await _count(tx, cases, was_right, cases.c.cause.not_in(causes().offered())) == 0
            assert await _count(tx, cases, cases.c.sealed) > 0
            assert await _count(tx, ratings) > 0
            assert await _count(tx, held) > 0
            assert await _count(tx, recommendations) > 0
            assert await _count(tx, inbox, inbox.c.fate == "joined") > 0
            assert await _count(tx, outbox, outbox.c.state != "sent") == 0
            # Nothing that was done to a case lies in the future.
            of_a_case = audit_table.c.case_id.is_not(None)
            last = (await tx.conn.execute(select(func.max(audit_table.c.at)).where(of_a_case))).scalar_one()
            assert last <= UNTIL
            row = (await tx.conn.execute(select(cases).where(~cases.c.sealed).limit(1))).one()
            assert row.id in await search.find(tx, row.reference)
            sealed = (await tx.conn.execute(select(cases).where(cases.c.sealed).limit(1))).one()
            assert sealed.id not in await search.find(tx, sealed.reference)
            assert (await audit.of_case(tx, row.id))[0].act == "case.opened"
    finally:
        await house.close()


def test_moments_fill_the_months_and_none_lies_ahead() -> None:
    found = moments(500, UNTIL, Random(1), months=14)
    assert found == sorted(found)
    assert found[-1] < UNTIL
    assert first_day(UNTIL, 14).isoformat() == "2025-10-01"
    assert len({(at.year, at.month) for at in found}) == 14
    assert found == moments(500, UNTIL, Random(1), months=14)


def test_each_theme_is_told_in_every_language_and_its_evidence_stands_where_it_says() -> None:
    teller = Teller(Random(2))
    for matter in matters():
        for language in LANGUAGES:
            theme = matter.theme
            for _ in range(len(theme.texts[language]) + len(theme.letters.get(language, {}))):
                _sound(matter, teller.write(matter, language, 5, "Marie Dubois"))
            for _ in theme.said.get(language, ()):
                _sound(matter, teller.say(matter, language, 5, "Marie Dubois"))


def _sound(matter: Matter, story: Story) -> None:
    where = (matter.name, story.subject, story.text)
    assert not set("[]{}|") & set(story.text + story.subject + story.wish), where
    assert story.found.evidence, where
    assert {one.label for one in story.found.evidence} >= set(matter.theme.flags), where
    for one in story.found.evidence:
        assert story.text[one.start : one.end] == one.text


def test_no_text_comes_again_before_all_others_have_come() -> None:
    teller = Teller(Random(3))
    second = [matter for matter in matters() if "second_line" in matter.theme.flags]
    wanted: dict[Language, int] = {"fr": 8, "nl": 8, "de": 4, "en": 4}
    for language, least in wanted.items():
        stories = [teller.write(matter, language, 5, "Marie Dubois").subject for matter in second]
        stories += [teller.write(matter, language, 5, "Marie Dubois").subject for matter in second]
        assert len(set(stories)) >= least, language
