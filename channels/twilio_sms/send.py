"""Handing messages to Twilio: SMS, and WhatsApp within its 24 hours or by a template after them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import structlog
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from channels.contract import Delivery
from channels.message import OutboundMessage
from channels.twilio_sms.client import BusyError, TwilioHttp
from channels.twilio_sms.numbers import WHATSAPP, is_number
from channels.twilio_sms.receipts import KEY
from channels.twilio_sms.routes import STATUS_PATH
from channels.twilio_sms.segments import economical
from config.settings import Settings
from config.vocabulary import Language

log = structlog.get_logger(__name__)

# What Twilio takes in one message.
MOST_CHARACTERS: Final = 1600
# Twilio's codes that others look at: the member said STOP; outside the window without a template; not a number.
OPTED_OUT: Final = "21610"
OUTSIDE_WINDOW: Final = "63016"
_NO_NUMBER: Final = "21211"
_NO_TEXT: Final = "21602"
_TOO_LONG: Final = "21617"
# Ours: Twilio sends files only from an address that the whole world can read, and a member's files have none.
NO_FILES: Final = "files"
# Refusals that speak of us and not of this message: a person must mend a setting or pay a bill, and it may go then.
_OUR_OWN_FAULT: Final = frozenset(
    {20003, 20005, 20404, 21212, 21603, 21606, 21609, 21611, 21659, 21660, 21661, 30002, 63007, 63038, 63040, 63041}
)
# Free text until a little before the end: what is under way when it closes would be refused.
WINDOW: Final = timedelta(hours=24) - timedelta(minutes=5)
# What a template's variable holds, on one line (WhatsApp's rules for variables).
_MOST_IN_TEMPLATE: Final = 900
# Clocks of two houses differ, and one look at Twilio's list sees so many messages to this number.
_CLOCKS: Final = timedelta(minutes=2)
_LOOKED_AT: Final = 50


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Where and as whom messages go out. `templates`: the ContentSid of the WhatsApp template of each language."""

    sid: str
    token: str = field(repr=False)
    sms_number: str
    whatsapp_number: str
    public_url: str
    api_url: str = "https://api.twilio.com"
    templates: Mapping[Language, str] = field(default_factory=dict)
    seconds: float = 20


def account_of(settings: Settings) -> TwilioAccount | None:
    """The account that the settings name; None when they name none."""
    token = settings.twilio_auth_token.get_secret_value()
    if not token:
        return None
    return TwilioAccount(
        sid=settings.twilio_account_sid,
        token=token,
        sms_number=settings.sms_number,
        whatsapp_number=settings.whatsapp_number,
        public_url=settings.base_url,
        api_url=settings.twilio_api_url,
        templates=settings.whatsapp_templates,
    )


class TwilioSender:
    """Sends for "sms" and "whatsapp". Twilio's API knows no idempotency key: this is how a message stays one.

    Each message names its key in the address of its status callbacks, so that these find it whatever became of the answer.
    And before a message is sent again (`tried_since`), Twilio is asked whether it has it already: same number, same words,
    since then. What dies between Twilio's yes and ours is so not sent twice, unless Twilio's own list lags.
    """

    def __init__(self, account: TwilioAccount, *, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._clock = clock
        self._client: Client | None = None
        self._http: TwilioHttp | None = None
        self._not_before = 0.0

    async def send(self, message: OutboundMessage) -> Delivery:
        """Hand one message over. While Twilio wants to be left alone nothing is sent: "later", with what is left of the wait."""
        left = self._not_before - asyncio.get_running_loop().time()
        if left > 0:
            return Delivery("later", "429", after_seconds=left)
        made = self._made(message)
        if isinstance(made, Delivery):
            return made
        delivery = await self._hand_over(message, made)
        log.info("text_message_handed_over", channel=message.channel, outcome=delivery.outcome, code=delivery.code)
        return delivery

    async def close(self) -> None:
        """Give the connections back."""
        if self._http is not None:
            await self._http.close()
        self._client = self._http = None

    def _made(self, message: OutboundMessage) -> dict[str, Any] | Delivery:
        """What Twilio is asked for, or why it need not be asked."""
        whatsapp = message.channel == "whatsapp"
        own = self._account.whatsapp_number if whatsapp else self._account.sms_number
        if not own:
            return Delivery("later", "no number to send from")
        text = message.text if whatsapp else economical(message.text)
        if refused := never(message, text):
            return Delivery("failed", refused)
        prefix = WHATSAPP if whatsapp else ""
        made = {
            "to": f"{prefix}{message.recipient}",
            "from_": f"{prefix}{own}",
            "status_callback": f"{self._account.public_url}{STATUS_PATH}{_query(message.key)}",
        }
        if not whatsapp or self._window_is_open(message):
            return made | {"body": text}
        template = self._account.templates.get(message.language, "")
        line = " ".join(text.split())
        if not template or len(line) > _MOST_IN_TEMPLATE:
            return Delivery("failed", OUTSIDE_WINDOW)
        return made | {"content_sid": template, "content_variables": json.dumps({"1": line}, ensure_ascii=False)}

    def _window_is_open(self, message: OutboundMessage) -> bool:
        return message.heard_at is not None and self._clock() - message.heard_at < WINDOW

    async def _hand_over(self, message: OutboundMessage, made: Mapping[str, Any]) -> Delivery:
        try:
            async with asyncio.timeout(self._account.seconds * 2):
                there = await self._already_there(message, made) if message.tried_since else ""
                if there:
                    return Delivery("sent", "already there", provider_id=there)
                sent = await self._connected().messages.create_async(**made)
        except BusyError as busy:
            if busy.after_seconds:
                self._not_before = asyncio.get_running_loop().time() + busy.after_seconds
            return Delivery("later", str(busy.status), after_seconds=busy.after_seconds)
        except (TwilioRestException, TwilioServiceException) as refusal:
            return _refused(refusal.code, refusal.status)
        except (aiohttp.ClientError, OSError, TwilioException, ValueError, KeyError) as error:
            # No connection, no answer, or none that can be read: it may have gone, and the next try asks first.
            return Delivery("later", type(error).__name__)
        return Delivery("sent", "template" if "content_sid" in made else "", provider_id=str(sent.sid or ""))

    async def _already_there(self, message: OutboundMessage, made: Mapping[str, Any]) -> str:
        """The id under which Twilio has this message since it was first tried; "" when it has not."""
        since = message.tried_since
        listed = await self._connected().messages.list_async(to=made["to"], from_=made["from_"], limit=_LOOKED_AT)
        words = " ".join(str(made.get("body") or message.text).split())
        for each in listed:
            # A template is listed with its own words around ours.
            said = " ".join((each.body or "").split())
            same = words in said if "content_sid" in made else words == said
            if since and each.date_created and each.date_created >= since - _CLOCKS and same:
                return str(each.sid or "")
        return ""

    def _connected(self) -> Client:
        # Made at the first message: the HTTP client must be born inside the running loop.
        if self._client is None:
            self._http = TwilioHttp(self._account.api_url, seconds=self._account.seconds)
            self._client = Client(self._account.sid, self._account.token, http_client=self._http)
        return self._client


def _query(key: str) -> str:
    """The query by which status callbacks name the message; a key that would need escapes is not named."""
    return f"?key={key}" if KEY.fullmatch(key) else ""


def never(message: OutboundMessage, text: str) -> str:
    """The code under which this message can never go; empty when it can."""
    if not is_number(message.recipient):
        return _NO_NUMBER
    if message.attachments:
        return NO_FILES
    if not text.strip():
        return _NO_TEXT
    return _TOO_LONG if len(text) > MOST_CHARACTERS else ""


def _refused(code: object, status: int) -> Delivery:
    ours = status in (401, 403) or code in _OUR_OWN_FAULT
    # 21610 comes as 400 and 403: whatever the status, the member has said STOP.
    if str(code) == OPTED_OUT:
        ours = False
    return Delivery("later" if ours else "failed", str(code))
