"""Messages to Twilio: what is asked for, what its answers mean, and that none goes out twice."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from channels.contract import Delivery
from channels.message import Attachment, OutboundMessage
from channels.twilio_sms.client import seconds_of
from channels.twilio_sms.send import (
    MOST_CHARACTERS,
    NO_FILES,
    OPTED_OUT,
    OUTSIDE_WINDOW,
    TwilioAccount,
    TwilioSender,
    account_of,
)
from config.settings import Settings
from tests.servers.twilio import MEMBER, SID, SMS_NUMBER, TOKEN, WHATSAPP_NUMBER, Twilio, sid

NOW = datetime.now(UTC)
TEMPLATE = "HX" + "a" * 32
MESSAGE = OutboundMessage(
    key="ack-12",
    channel="sms",
    account=SMS_NUMBER,
    recipient=MEMBER,
    recipient_name="Marie Dubois",
    subject="",
    text="Nous avons bien reçu votre plainte. Référence : PM-2026-004217-75. C’est noté.",
    language="fr",
    auto=True,
)
WHATSAPP = replace(MESSAGE, channel="whatsapp", account=WHATSAPP_NUMBER)


def account(twilio: Twilio, **more: object) -> TwilioAccount:
    made = TwilioAccount(
        sid=SID,
        token=TOKEN,
        sms_number=SMS_NUMBER,
        whatsapp_number=WHATSAPP_NUMBER,
        public_url="https://complaints.house.example",
        api_url=twilio.url,
        templates={"fr": TEMPLATE},
        seconds=5,
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
async def sender(twilio: Twilio) -> AsyncIterator[TwilioSender]:
    made = TwilioSender(account(twilio), clock=lambda: NOW)
    yield made
    await made.close()


async def test_an_sms_goes_out_in_the_cheap_alphabet(twilio: Twilio, sender: TwilioSender) -> None:
    assert await sender.send(MESSAGE) == Delivery("sent", provider_id=sid(1001))
    assert twilio.sent == [
        {
            "To": MEMBER,
            "From": SMS_NUMBER,
            "Body": "Nous avons bien recu votre plainte. Référence : PM-2026-004217-75. C'est noté.",
            "StatusCallback": "https://complaints.house.example/hooks/twilio/status?key=ack-12",
        }
    ]


@pytest.mark.parametrize("key", ["a&b=c#d", "../é", "a:b", "a@b", "a%20b", ""])
async def test_a_key_that_would_need_escapes_is_not_named(twilio: Twilio, sender: TwilioSender, key: str) -> None:
    """Twilio signs what it was given and calls it escaped: the signature would not fit."""
    await sender.send(replace(MESSAGE, key=key))
    assert twilio.sent[0]["StatusCallback"] == "https://complaints.house.example/hooks/twilio/status"


@pytest.mark.parametrize("hours", [0, 1, 23.9])
async def test_within_a_day_whatsapp_takes_free_text(twilio: Twilio, sender: TwilioSender, hours: float) -> None:
    message = replace(WHATSAPP, heard_at=NOW - timedelta(hours=hours))
    assert (await sender.send(message)).outcome == "sent"
    (form,) = twilio.sent
    assert (form["To"], form["From"]) == (f"whatsapp:{MEMBER}", f"whatsapp:{WHATSAPP_NUMBER}")
    assert form["Body"] == MESSAGE.text
    assert "ContentSid" not in form


@pytest.mark.parametrize("heard_at", [None, NOW - timedelta(hours=24), NOW - timedelta(days=9)])
async def test_after_it_a_template_carries_the_words(
    twilio: Twilio, sender: TwilioSender, heard_at: datetime | None
) -> None:
    message = replace(WHATSAPP, heard_at=heard_at, text="Une réponse.\n\nVotre dossier :   lien")
    assert await sender.send(message) == Delivery("sent", "template", sid(1001))
    (form,) = twilio.sent
    assert form["ContentSid"] == TEMPLATE
    # WhatsApp refuses line breaks and runs of blanks in a variable.
    assert json.loads(form["ContentVariables"]) == {"1": "Une réponse. Votre dossier : lien"}
    assert "Body" not in form


@pytest.mark.parametrize(("language", "text"), [("nl", "Kort"), ("fr", "x" * 901)])
async def test_without_a_template_that_fits_nothing_goes_out(
    twilio: Twilio, sender: TwilioSender, language: str, text: str
) -> None:
    message = replace(WHATSAPP, language=language, text=text)  # type: ignore[arg-type]
    assert await sender.send(message) == Delivery("failed", OUTSIDE_WINDOW)
    assert twilio.sent == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient": "0470001103"}, "21211"),
        ({"recipient": "+32470001103\nBody=x"}, "21211"),
        ({"text": "x" * (MOST_CHARACTERS + 1)}, "21617"),
        ({"text": " \n"}, "21602"),
        ({"attachments": (Attachment("a.pdf", "application/pdf", b"%PDF-"),)}, NO_FILES),
    ],
)
async def test_what_can_never_go_is_told_at_once(
    twilio: Twilio, sender: TwilioSender, changes: dict[str, object], code: str
) -> None:
    assert await sender.send(replace(MESSAGE, **changes)) == Delivery("failed", code)  # type: ignore[arg-type]
    assert twilio.sent == []


@pytest.mark.parametrize(
    ("way", "delivery"),
    [
        ("400/21211", Delivery("failed", "21211")),
        ("400/21610", Delivery("failed", OPTED_OUT)),
        ("403/21610", Delivery("failed", OPTED_OUT)),
        ("400/21408", Delivery("failed", "21408")),
        # Of us, and not of this message: a setting, a bill.
        ("401/20003", Delivery("later", "20003")),
        ("400/21606", Delivery("later", "21606")),
        ("400/63007", Delivery("later", "63007")),
        ("500", Delivery("later", "500")),
        ("503", Delivery("later", "503")),
        ("429/20429", Delivery("later", "429")),
    ],
)
async def test_what_a_refusal_means(twilio: Twilio, sender: TwilioSender, way: str, delivery: Delivery) -> None:
    twilio.misbehave = [way]
    assert await sender.send(MESSAGE) == delivery
    # The next one is not held up by it.
    assert (await sender.send(replace(MESSAGE, key="ack-13"))).outcome == "sent"


async def test_twilio_is_left_alone_for_as_long_as_it_asks(twilio: Twilio, sender: TwilioSender) -> None:
    twilio.misbehave, twilio.retry_after = ["429/20429"], "1"
    assert await sender.send(MESSAGE) == Delivery("later", "429", after_seconds=1)
    held = await sender.send(replace(MESSAGE, key="ack-13"))
    assert (held.outcome, held.code) == ("later", "429")
    assert 0 < held.after_seconds <= 1
    assert twilio.sent == []
    await asyncio.sleep(1.05)
    assert (await sender.send(MESSAGE)).outcome == "sent"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("Thu, 26 Nov 2026 09:00:30 GMT", 30),
        ("Thu, 26 Nov 2026 08:00:00 GMT", 0),
        ("999999999999", 3600),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("٣", 0),
    ],
)
def test_the_wait_that_is_asked_for(said: str, seconds: float) -> None:
    assert seconds_of(said, now=datetime(2026, 11, 26, 9, 0, tzinfo=UTC)) == seconds


async def test_a_silent_twilio_is_later_in_time(twilio: Twilio) -> None:
    sender = TwilioSender(account(twilio, seconds=0.3), clock=lambda: NOW)
    twilio.misbehave = ["slow"]
    started = asyncio.get_running_loop().time()
    assert await sender.send(MESSAGE) == Delivery("later", "TimeoutError")
    assert asyncio.get_running_loop().time() - started < 2
    await sender.close()


async def test_no_twilio_at_all_is_later(twilio: Twilio) -> None:
    sender = TwilioSender(account(twilio, api_url="http://127.0.0.1:9"), clock=lambda: NOW)
    assert (await sender.send(MESSAGE)).outcome == "later"
    await sender.close()


@pytest.mark.parametrize(
    "message", [MESSAGE, replace(WHATSAPP, heard_at=NOW), WHATSAPP], ids=["sms", "free", "template"]
)
async def test_a_message_whose_end_is_unknown_is_not_sent_twice(
    twilio: Twilio, sender: TwilioSender, message: OutboundMessage
) -> None:
    twilio.misbehave = ["lost"]
    assert (await sender.send(message)).outcome == "later"
    assert len(twilio.sent) == 1
    again = replace(message, tried_since=NOW - timedelta(seconds=5))
    # Another process, which knows nothing of the first try.
    other = TwilioSender(account(twilio), clock=lambda: NOW)
    assert await other.send(again) == Delivery("sent", "already there", sid(1001))
    await other.close()
    assert len(twilio.sent) == 1


async def test_a_retry_of_what_never_arrived_goes_out(twilio: Twilio, sender: TwilioSender) -> None:
    twilio.misbehave = ["500"]
    assert (await sender.send(MESSAGE)).outcome == "later"
    assert (await sender.send(replace(MESSAGE, tried_since=NOW))).outcome == "sent"
    assert (twilio.looked, len(twilio.sent)) == (1, 1)


async def test_what_was_sent_before_or_to_others_is_another_message(twilio: Twilio, sender: TwilioSender) -> None:
    await sender.send(MESSAGE)
    await sender.send(replace(MESSAGE, text="Autre chose"))
    later = replace(MESSAGE, key="ack-99", tried_since=NOW + timedelta(hours=1))
    other = replace(MESSAGE, key="ack-98", recipient="+32470001104", tried_since=NOW)
    assert [(await sender.send(each)).code for each in (later, other)] == ["", ""]
    assert len(twilio.sent) == 4


async def test_a_first_try_asks_nothing(twilio: Twilio, sender: TwilioSender) -> None:
    await sender.send(MESSAGE)
    assert twilio.looked == 0


async def test_nothing_of_a_message_is_in_a_log(
    twilio: Twilio, sender: TwilioSender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with capture_logs() as logs:
        for way in ("", "400/21211", "500", "lost"):
            twilio.misbehave = [way] if way else []
            await sender.send(replace(MESSAGE, text="mot-secret", recipient_name="Nom Secret"))
    said = repr(logs) + caplog.text
    assert logs
    for canary in ("secret", "Secret", MEMBER, MEMBER[1:], TOKEN, SID):
        assert canary not in said


def test_the_account_of_the_settings_hides_its_token() -> None:
    settings = Settings(
        twilio_account_sid=SID, twilio_auth_token="qzsecret", sms_number=SMS_NUMBER, whatsapp_templates={"fr": TEMPLATE}
    )
    made = account_of(settings)
    assert made is not None
    assert (made.sid, made.token, made.sms_number, made.templates) == (SID, "qzsecret", SMS_NUMBER, {"fr": TEMPLATE})
    assert "qzsecret" not in repr(made)
    assert account_of(Settings()) is None


async def test_a_channel_without_a_number_waits_for_its_setting(twilio: Twilio) -> None:
    sender = TwilioSender(account(twilio, sms_number=""), clock=lambda: NOW)
    assert (await sender.send(MESSAGE)).outcome == "later"
    assert twilio.sent == []
