"""A picture by WhatsApp, from the form that announces it to the file that the worker fetches."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from channels.media import Account, Sources, fetch
from channels.message import Attachment, RawMessage
from channels.twilio_sms.files import sources_of
from channels.twilio_sms.parse import parse
from config.settings import Settings
from tests.servers.twilio import SID, TOKEN, WHATSAPP_NUMBER, Twilio, inbound, sid

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 100


async def test_a_picture_is_announced_then_fetched(twilio: Twilio) -> None:
    path = f"/2010-04-01/Accounts/{SID}/Messages/{sid(1, 'MM')}/Media/{sid(5, 'ME')}"
    twilio.media[path] = ("image/jpeg", JPEG)
    more = {"MediaUrl0": twilio.url + path, "MediaContentType0": "image/jpeg", "NumMedia": "1"}
    body = urlencode(inbound("", whatsapp=True, **more)).encode()
    message = parse(RawMessage("whatsapp", WHATSAPP_NUMBER, sid(1), body, datetime(2026, 11, 26, tzinfo=UTC)))
    settings = Settings(twilio_account_sid=SID, twilio_auth_token=TOKEN, twilio_api_url=twilio.url)
    (link,) = message.media
    expected = Attachment(f"{sid(5, 'ME')}.jpg", "image/jpeg", JPEG, declared_type="image/jpeg")
    assert await fetch(link, sources_of(settings)) == expected


def test_only_the_api_is_told_who_we_are_and_nothing_is_on_this_machine() -> None:
    found = sources_of(Settings(twilio_account_sid=SID, twilio_auth_token=TOKEN))
    assert found == Sources(
        hosts=frozenset({"api.twilio.com", "mms.twiliocdn.com", "media.twiliocdn.com"}),
        accounts={"api.twilio.com": Account(SID, TOKEN)},
    )
    assert found.own == frozenset()
