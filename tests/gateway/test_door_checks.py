"""Trying doors out: the providers' own word, the form and the chat from outside, and a real message to our own telephone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import unused_port

from channels.telegram_bot.routes import PATH
from channels.twilio_sms.routes import MESSAGES_PATH
from classifier import pipeline
from config.settings import SettingsError, load
from console.door_contract import OpenDoor
from gateway.door_checks import HouseDoorChecks
from tests.gateway.whole_house import PASSWORD, Whole, whole_house
from tests.servers import telegram as bot_api
from tests.servers import twilio as rest_api
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import SMS_NUMBER, Twilio

OURS = "+32470001199"
CHAT = "4711"


@pytest.fixture
async def house(
    tmp_path: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer
) -> AsyncIterator[Whole]:
    async with whole_house(
        tmp_path / "data",
        model,
        twilio_account_sid=rest_api.SID,
        twilio_auth_token=rest_api.TOKEN,
        twilio_api_url=twilio.url,
        sms_number=SMS_NUMBER,
        whatsapp_number=rest_api.WHATSAPP_NUMBER,
        telegram_token=bot_api.TOKEN,
        telegram_webhook_secret=bot_api.SECRET,
        telegram_api=telegram.url,
        test_recipients={"sms": OURS, "telegram": CHAT},
    ) as found:
        yield found


def _door(house: Whole, channel: str) -> OpenDoor:
    return next(door for door in house.checks.opened() if door.channel == channel)


async def test_every_door_that_settings_open_is_named(house: Whole) -> None:
    opened = {(door.channel, door.account): door.recipient for door in house.checks.opened()}
    assert opened == {
        ("webform", "form"): "",
        ("chat", "widget"): "",
        ("sms", SMS_NUMBER): OURS,
        ("whatsapp", rest_api.WHATSAPP_NUMBER): "",
        ("telegram", bot_api.TOKEN.partition(":")[0]): CHAT,
    }


async def test_twilio_says_whether_it_knows_us_and_calls_us(house: Whole, twilio: Twilio) -> None:
    sms, whatsapp = _door(house, "sms"), _door(house, "whatsapp")
    assert await house.checks.check(sms) == "answers"
    twilio.brought_to[SMS_NUMBER] = f"{house.base_url}{MESSAGES_PATH}"
    assert await house.checks.check(sms) == "answers"
    twilio.brought_to[SMS_NUMBER] = "https://demo.twilio.example/welcome"
    assert await house.checks.check(sms) == "elsewhere"
    assert await house.checks.check(whatsapp) == "answers"
    twilio.brought_to.clear()
    assert await house.checks.check(sms) == "no_number"
    twilio.status = "suspended"
    assert await house.checks.check(whatsapp) == "refused"


@pytest.mark.parametrize(("way", "found"), [("401/20003", "refused"), ("503", "away"), ("lost", "away")])
async def test_a_twilio_in_trouble_is_told_in_its_kind(house: Whole, twilio: Twilio, way: str, found: str) -> None:
    twilio.misbehave_listing = [way] * 3
    assert await house.checks.check(_door(house, "sms")) == found


async def test_telegram_says_where_it_posts_and_whether_it_could(house: Whole, telegram: TelegramServer) -> None:
    door = _door(house, "telegram")
    assert await house.checks.check(door) == "elsewhere"
    telegram.webhook = {"url": house.base_url + PATH}
    assert await house.checks.check(door) == "answers"
    telegram.webhook_trouble = {"last_error_date": 1_790_000_000, "last_error_message": "Connection refused"}
    assert await house.checks.check(door) == "answers"
    telegram.say(message={"message_id": 1})
    assert await house.checks.check(door) == "trouble"
    telegram.trouble("getWebhookInfo", status=401, body={"ok": False, "error_code": 401, "description": "Unauthorized"})
    assert await house.checks.check(door) == "refused"
    await telegram.stop()
    assert await house.checks.check(door) == "away"


async def test_form_and_chat_are_gone_through_from_outside(house: Whole) -> None:
    form, chat = _door(house, "webform"), _door(house, "chat")
    assert await house.checks.check(form) == "answers"
    assert await house.checks.check(chat) == "answers"
    # A page that may not embed it gets no chat.
    stranger = HouseDoorChecks(house.gateway.house, house.gateway.door, "https://evil.example")
    assert await stranger.check(chat) == "wrong_answer"


async def test_a_public_address_where_nobody_answers_is_said(house: Whole) -> None:
    inner = house.gateway.house
    elsewhere = inner.settings.model_copy(update={"public_url": f"http://127.0.0.1:{unused_port()}"})
    object.__setattr__(inner, "settings", elsewhere)
    assert await house.checks.check(_door(house, "webform")) == "away"
    assert await house.checks.check(_door(house, "chat")) == "away"


async def test_a_supervisor_presses_test_and_reads_what_became_of_it(
    house: Whole, twilio: Twilio, telegram: TelegramServer
) -> None:
    telegram.webhook = {"url": house.base_url + PATH}
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"Accept-Language": "en"}) as session:
        page = await _signed_in(session, house.base_url)
        page = await _test(session, house.base_url, page, _door(house, "sms"))
        assert f"a test message is on its way to {OURS}" in page
        assert "waits to go out" in page
        await house.gateway.work()
        assert [form["To"] for form in twilio.sent] == [OURS]
        assert twilio.sent[0]["Body"] == "Guichet: test message. Nobody needs to do anything."
        page = await _page(session, house.base_url)
        assert re.search(r"Test of \d{1,2}:\d\d: sent\.", page)
        assert "it works" in page
        page = await _test(session, house.base_url, page, _door(house, "telegram"))
        telegram.trouble("sendMessage", status=403, body={"ok": False, "error_code": 403, "description": "Forbidden"})
        await house.gateway.work()
        page = await _page(session, house.base_url)
        assert "refused. the member has blocked our bot" in page
        twilio.misbehave_listing = ["401/20003"]
        page = await _test(session, house.base_url, page, _door(house, "whatsapp"))
        assert "the provider does not take our account and token" in page
        assert "1 channel needs you." in page


def test_a_recipient_of_tests_is_a_number_or_a_chat(tmp_path: Path) -> None:
    found = load(data=tmp_path, test_recipients="sms=+32470001199, telegram=4711")
    assert found.test_recipients == {"sms": "+32470001199", "telegram": "4711"}
    for wrong in ("sms=0470001199", "email=a@b.example", "telegram=@marie"):
        with pytest.raises(SettingsError):
            load(data=tmp_path, test_recipients=wrong)


async def _signed_in(session: ClientSession, base_url: str) -> str:
    async with session.get(f"{base_url}/console/sign-in") as answer:
        token = _hidden(await answer.text())
    data = {"csrf": token, "login": "luc", "password": PASSWORD, "next": "/console/channels"}
    async with session.post(f"{base_url}/console/sign-in", data=data) as answer:
        return await answer.text()


async def _page(session: ClientSession, base_url: str) -> str:
    async with session.get(f"{base_url}/console/channels") as answer:
        assert answer.status == 200
        return await answer.text()


async def _test(session: ClientSession, base_url: str, page: str, door: OpenDoor) -> str:
    data = {"csrf": _hidden(page), "channel": door.channel, "account": door.account}
    async with session.post(f"{base_url}/console/channels/test", data=data) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


def _hidden(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    assert found, page[:1000]
    return found.group(1)
