"""What Twilio holds and we do not is found and taken in once; what waits at Telegram is told (H5)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import pytest
from structlog.testing import capture_logs

from channels.contract import StoreUnavailableError
from channels.message import RawMessage
from channels.twilio_sms.form import raw_message
from channels.twilio_sms.parse import parse
from classifier import pipeline
from gateway import leases
from gateway.clock import Clock
from gateway.house import House
from gateway.providers import Asked, ask_providers
from gateway.texts_watch import TextsWatch
from store import inbox, operations, schema
from tests.gateway.providers import MESSAGES, PUBLIC, STORY, UPDATES, Joined, joined, private
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import MEMBER, PAGE, SID, TOKEN, Twilio

# Longer than a writer of SQLite waits (store.database), less what the webhook has waited already.
LOCKED_SECONDS: Final = 9.5
PDF = b"%PDF-1.7\n" + b"0" * 600


@pytest.fixture
async def house(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> AsyncIterator[Joined]:
    async with joined(tmp_path / "data", model, twilio, telegram) as found:
        found.telegram.webhook = {"url": PUBLIC + UPDATES}
        yield found


async def asked(house: Joined, *, fetch: bool = False, days: float = 1) -> Asked:
    now = house.house.now()
    door = house.gateway.door.submit if fetch else None
    return await ask_providers(house.house, since=now - timedelta(days=days), now=now, take_in=door)


async def externals(house: Joined) -> list[str]:
    return [row.external_id for row in await house.rows(schema.inbox)]


def name_of(fields: Sequence[tuple[str, str]]) -> str:
    return dict(fields)["MessageSid"]


async def test_a_text_that_met_a_locked_database_is_a_conversation_once(house: Joined, tmp_path: Path) -> None:
    fields = house.twilio.arrives(STORY)
    with closing(sqlite3.connect(tmp_path / "data" / "guichet.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        begun = time.monotonic()
        assert await house.post(MESSAGES, fields) == 503
        assert time.monotonic() - begun < 2.5
        # Locked until the house has given it up for good: nothing of it is left here, and Twilio does not come again.
        await asyncio.sleep(LOCKED_SECONDS)
        other.execute("rollback")
    assert await externals(house) == []
    found = await asked(house)
    assert found.differences == ("sms: messages that Twilio holds and the register does not: 1",)
    assert [(one.sid, one.taken_in) for one in found.elsewhere] == [(name_of(fields), False)]
    assert await externals(house) == []

    found = await asked(house, fetch=True)
    assert (found.differences, found.taken_in) == ((), 1)
    await house.work()
    for said in ("Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        assert await house.text(said) == 200
    (case,) = await house.rows(schema.cases)
    assert case.channel == "sms"
    assert case.reference in house.texts()[-1]
    # The webhook after all, and one more look: both know it.
    assert await house.post(MESSAGES, fields) == 200
    assert (await asked(house, fetch=True)).elsewhere == ()
    await house.work()
    assert (await externals(house)).count(name_of(fields)) == 1
    assert len(await house.rows(schema.cases)) == 1
    assert len(await house.rows(schema.conversations)) == 1


async def test_the_webhook_at_the_same_moment_makes_no_second_item(house: Joined) -> None:
    fields = house.twilio.arrives(STORY)
    looks = (asked(house, fetch=True) for _ in range(4))
    calls = (house.post(MESSAGES, fields) for _ in range(4))
    answers = await asyncio.gather(*looks, *calls)
    assert answers[4:] == [200] * 4
    await house.work()
    assert await externals(house) == [name_of(fields)]
    assert len(house.twilio.sent) == 1


async def test_what_is_taken_in_reads_as_what_the_webhook_brings(house: Joined) -> None:
    fields = house.twilio.arrives(f"{STORY} & +1 = ?", whatsapp=True, files=[("application/pdf", PDF)])
    await asked(house, fetch=True)
    async with house.house.store.read() as tx:
        fetched = await inbox.raw_of(tx, 1)
    assert fetched is not None
    called = raw_message(urlencode(fields).encode(), dict(fields), fetched.received_at)
    assert replace(fetched, body=b"") == replace(called, body=b"")
    assert parse(fetched) == parse(called)
    assert timedelta(minutes=4) < house.house.now() - fetched.received_at < timedelta(minutes=6)

    await house.work()
    (item,) = await house.rows(schema.inbox)
    assert item.fate == "conversing"
    # Fetched as any member's file is, with our password.
    (file,) = await house.rows(schema.message_files)
    assert file.type == "application/pdf"
    assert {path for path, _ in house.twilio.asked} == {urlsplit(dict(fields)["MediaUrl0"]).path}


async def test_a_place_by_whatsapp_of_which_the_list_says_nothing_is_still_a_message(house: Joined) -> None:
    house.twilio.arrives("", whatsapp=True, Latitude="50.8", Longitude="4.3")
    await asked(house, fetch=True)
    async with house.house.store.read() as tx:
        fetched = await inbox.raw_of(tx, 1)
    assert fetched is not None
    assert parse(fetched).text.startswith("Message sans texte")
    await house.work()
    assert [row.fate for row in await house.rows(schema.inbox)] == ["conversing"]


async def test_files_that_are_gone_at_twilio_do_not_keep_the_words(house: Joined) -> None:
    fields = house.twilio.arrives(STORY, files=[("application/pdf", PDF)])
    house.twilio.misbehave_listing = ["", "404/20404"]
    assert (await asked(house, fetch=True)).taken_in == 1
    await house.work()
    assert await externals(house) == [name_of(fields)]


async def test_every_page_is_read_and_only_what_came_to_us_in_that_time(house: Joined) -> None:
    wanted = {name_of(house.twilio.arrives(f"Bonjour {number}")) for number in range(2 * 200 + 3)}
    wanted.add(name_of(house.twilio.arrives("WhatsApp", whatsapp=True)))
    house.twilio.arrives("hier", ago=timedelta(days=1, minutes=1))
    house.twilio.arrives("à l'instant", ago=timedelta(seconds=20))
    house.twilio.arrives("ailleurs", To="+3225550199")
    await house.text(STORY)
    found = await asked(house)
    assert {one.sid for one in found.elsewhere} == wanted
    assert len(found.elsewhere) == len(wanted)
    assert len(house.twilio.pages) == 4
    assert PAGE < 200
    assert [page.get("Page") for page in house.twilio.pages[:3]] == [None, "1", "2"]
    assert {page["To"] for page in house.twilio.pages} == {"+3225550122", "whatsapp:+3225550123"}


async def test_wrong_credentials_are_said_in_words(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> None:
    more = {"twilio_auth_token": "another", "telegram_token": "", "telegram_webhook_secret": ""}
    async with joined(tmp_path / "data", model, twilio, telegram, **more) as house:
        twilio.arrives(STORY)
        (words,) = (await asked(house, fetch=True)).differences
        assert "GUICHET_TWILIO_AUTH_TOKEN" in words
        assert "another" not in words
        assert await externals(house) == []
    assert telegram.calls == []


async def test_who_is_not_configured_is_not_asked(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> None:
    shut = {"twilio_auth_token": "", "telegram_webhook_secret": "", "telegram_polling": True}
    async with joined(tmp_path / "data", model, twilio, telegram, **shut) as house:
        assert await asked(house, fetch=True) == Asked()
        watch = TextsWatch(house.house, house.gateway.door.submit)
        assert await watch.look(house.house.now()) is None
    async with joined(tmp_path / "other", model, twilio, telegram, whatsapp_number="") as house:
        await asked(house)
    assert [page["To"] for page in twilio.pages] == ["+3225550122"]
    assert telegram.of("getUpdates") == []


async def test_twilio_is_left_alone_as_long_as_it_wants(house: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    house.twilio.arrives(STORY)
    house.twilio.misbehave_listing, house.twilio.retry_after = ["429/20429"], "1200"
    (words,) = (await asked(house, fetch=True)).differences
    assert "no questions now" in words
    # Neither this process nor another one asks before.
    (words,) = (await asked(house, fetch=True)).differences
    assert "left alone until" in words
    assert house.twilio.pages == []
    later = house.house.now() + timedelta(seconds=1201)
    monkeypatch.setattr(House, "now", lambda _: later)
    assert (await asked(house, fetch=True)).taken_in == 1


# A connection that is lost once is tried again by the HTTP client itself.
@pytest.mark.parametrize("ways", [["500"], ["503"], ["lost", "lost"]], ids=lambda ways: ways[0])
async def test_a_twilio_in_trouble_proves_nothing_and_loses_nothing(house: Joined, ways: list[str]) -> None:
    house.twilio.arrives(STORY)
    house.twilio.misbehave_listing = list(ways)
    assert len((await asked(house, fetch=True)).differences) == 1
    assert (await asked(house, fetch=True)).taken_in == 1


async def test_the_watch_takes_in_by_itself_once_a_quarter_of_an_hour(house: Joined) -> None:
    submit = house.gateway.door.submit
    watch, other = TextsWatch(house.house, submit), TextsWatch(house.house, submit)
    now = house.house.now()
    now = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    house.twilio.arrives(STORY, ago=timedelta(hours=1))
    found = [await watch.look(now), await other.look(now), await watch.look(now + timedelta(minutes=14))]
    assert [one.taken_in if one else None for one in found] == [1, None, None]
    house.twilio.arrives("Encore", ago=timedelta(hours=1))
    again = await other.look(now + timedelta(minutes=15))
    assert again is not None
    assert again.taken_in == 1
    assert len(await externals(house)) == 2


async def test_another_process_with_the_lease_asks_alone(house: Joined) -> None:
    now = house.house.now()
    async with house.house.store.write() as tx:
        assert await operations.hold_lease(tx, "owner-of-texts", "another", now=now, life=leases.LIFE)
    assert await TextsWatch(house.house, house.gateway.door.submit).look(now) is None
    assert house.twilio.pages == []


async def test_a_store_that_is_away_while_it_takes_in_is_tried_again_soon(house: Joined) -> None:
    house.twilio.arrives(STORY)
    away = [True]

    async def submit(raw: RawMessage) -> bool:
        if away.pop() if away else False:
            raise StoreUnavailableError
        return await house.gateway.door.submit(raw)

    watch, now = TextsWatch(house.house, submit), house.house.now()
    with pytest.raises(StoreUnavailableError):
        await watch.look(now)
    found = await watch.look(now)
    assert found is not None
    assert found.taken_in == 1


async def test_what_was_said_and_by_whom_is_in_no_output_and_no_log(house: Joined) -> None:
    house.twilio.arrives("mot-secret", ProfileName="Nom Secret")
    with capture_logs() as logs:
        found = await asked(house)
        await TextsWatch(house.house, house.gateway.door.submit).look(house.house.now())
        house.twilio.misbehave_listing = ["400/21211"]
        await asked(house)
    assert [line["event"] for line in logs if line["log_level"] == "error"]
    for canary in ("secret", "Secret", MEMBER, MEMBER[1:], TOKEN, SID):
        assert canary not in repr(logs) + repr(found) + repr(found.as_json())


async def test_what_waits_at_telegram_is_told_with_the_age_of_its_last_trouble(house: Joined) -> None:
    assert (await asked(house)).told == ("Telegram: updates that wait there: 0; no trouble",)
    house.telegram.say(message=private(STORY))
    at = house.house.now() - timedelta(minutes=12, seconds=30)
    house.telegram.webhook_trouble = {
        "last_error_date": int(at.timestamp()),
        "last_error_message": "Wrong response from the webhook: 503 Service Unavailable",
    }
    (words,) = (await asked(house)).differences
    assert words == (
        "Telegram: updates that wait there: 1; last trouble 12 min ago: "
        "Wrong response from the webhook: 503 Service Unavailable"
    )
    house.telegram.waiting.clear()
    found = await asked(house)
    assert found.differences == ()
    assert "last trouble 12 min ago" in found.told[0]


async def test_a_webhook_that_posts_elsewhere_or_a_bot_that_is_none_differs(house: Joined) -> None:
    house.telegram.webhook = {}
    assert "guichet telegram announce" in (await asked(house)).differences[0]
    house.telegram.trouble("getWebhookInfo", status=502)
    assert (await asked(house)).differences == ("Telegram: could not be asked what it holds",)
    house.telegram.trouble(
        "getWebhookInfo", status=401, body={"ok": False, "error_code": 401, "description": "Unauthorized"}
    )
    assert "GUICHET_TELEGRAM_TOKEN" in (await asked(house)).differences[0]


async def test_the_daily_reconciliation_asks_too(house: Joined) -> None:
    house.twilio.arrives(STORY)
    await Clock(house.house).tick(house.house.now())
    (act,) = [row for row in await house.rows(schema.audit) if row.act == "reconciliation.differs"]
    assert "sms: messages that Twilio holds and the register does not: 1" in act.detail["differences"]
