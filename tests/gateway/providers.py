"""A house joined to Twilio and Telegram on loopback: they call its webhooks, and its answers go out by their APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select, update

from channels.web.middleware import middlewares
from classifier import pipeline
from config.settings import load
from gateway.delivery import Delivery
from gateway.door import Door
from gateway.hooks import add_hooks
from gateway.house import House, build
from gateway.intake import Intake
from gateway.metrics import Metrics
from gateway.room import Room
from gateway.sending import sending
from store import schema
from tests.gateway.conftest import DirectClassifying, DirectParsing, Gateway, Sink
from tests.servers import telegram as bot_api
from tests.servers import twilio as rest_api
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import Twilio, inbound, signature

PUBLIC = "https://complaints.house.example"
MESSAGES, STATUS, UPDATES = "/hooks/twilio/messages", "/hooks/twilio/status", "/hooks/telegram"
STORY = "Bonjour, mes remboursements de kiné n'arrivent pas depuis trois mois et personne ne répond au téléphone."
CHAT = 4711


@dataclass
class Joined:
    """`text` and `update` bring something in and let the house work; what went out is at the two fakes."""

    gateway: Gateway
    url: str
    session: ClientSession
    twilio: Twilio
    telegram: TelegramServer
    number: int = 0

    @property
    def house(self) -> House:
        """The house itself."""
        return self.gateway.house

    async def post(
        self,
        path: str,
        fields: Iterable[tuple[str, str]],
        *,
        token: str = rest_api.TOKEN,
        public: str = PUBLIC,
        query: str = "",
    ) -> int:
        """Call a webhook as Twilio does, through a proxy that has another name than the public address."""
        fields = list(fields)
        headers = {
            "X-Twilio-Signature": signature(public + path + query, fields, token),
            "Content-Type": "application/x-www-form-urlencoded",
            "Host": "inner.example",
            "X-Forwarded-Proto": "http",
        }
        async with self.session.post(self.url + path + query, data=urlencode(fields), headers=headers) as answer:
            return answer.status

    async def text(self, said: str, *, whatsapp: bool = False, number: int = 0, **more: str) -> int:
        """A text message comes in and is worked on; the status that Twilio got."""
        self.number += 1
        status = await self.post(MESSAGES, inbound(said, number=number or self.number, whatsapp=whatsapp, **more))
        await self.work()
        return status

    async def receipt(self, key: str, status: str, sid: str, *, error: str = "") -> int:
        """A status callback for the message with this key."""
        fields = [("MessageSid", sid), ("MessageStatus", status), ("ErrorCode", error)]
        return await self.post(STATUS, fields, query=f"?key={key}")

    async def update(self, secret: str | None = bot_api.SECRET, /, **update: Any) -> int:
        """An update of the Bot API comes in and is worked on; the status that Telegram got."""
        made = self.telegram.say(**update)
        status = await self.telegram.post_webhook(self.url + UPDATES, made, secret=secret)
        await self.work()
        return status

    async def say(self, said: str, *, chat: int = CHAT, **more: Any) -> int:
        """A person writes to the bot."""
        self.number += 1
        return await self.update(message=private(said, chat=chat, number=self.number, **more))

    async def press(self, label: str, *, chat: int = CHAT) -> int:
        """A person presses the button with this label below the newest message that has one."""
        shown = next(call for call in reversed(self.telegram.of("sendMessage")) if "reply_markup" in call.arguments)
        rows = shown.arguments["reply_markup"]["inline_keyboard"]
        data = next(button["callback_data"] for row in rows for button in row if button["text"] == label)
        self.number += 1
        query = {
            "id": f"q{self.number}",
            "from": {"id": chat, "is_bot": False, "first_name": "Marie"},
            "message": {
                "message_id": 1,
                "chat": {"id": chat, "type": "private"},
                "reply_markup": {"inline_keyboard": rows},
            },
            "data": data,
        }
        return await self.update(callback_query=query)

    async def work(self) -> None:
        """Let everything happen that is due."""
        await self.gateway.work()

    async def rows(self, table: Any) -> list[Any]:
        """All rows of a table in their order."""
        async with self.house.store.read() as tx:
            return list((await tx.conn.execute(select(table).order_by(table.c.id))).all())

    async def make_due(self) -> None:
        """Let what waits for its next try be tried now."""
        async with self.house.store.write() as tx:
            past = self.house.now() - timedelta(seconds=1)
            for table in (schema.outbox, schema.inbox):
                await tx.conn.execute(update(table).where(table.c.state == "waiting").values(due_at=past))

    def texts(self) -> list[str]:
        """What the member's telephone got."""
        return [form["Body"] for form in self.twilio.sent if "Body" in form]

    def chat(self) -> list[str]:
        """What the chat got."""
        return [str(call.arguments["text"]) for call in self.telegram.of("sendMessage")]


def private(said: str, *, chat: int = CHAT, number: int = 1, **more: Any) -> dict[str, Any]:
    """A message of a person to the bot, one to one."""
    return {
        "message_id": number,
        "date": 1_790_000_000,
        "chat": {"id": chat, "type": "private"},
        "from": {"id": chat, "is_bot": False, "first_name": "Marie", "last_name": "Dubois", "language_code": "fr"},
        "text": said,
    } | more


@asynccontextmanager
async def joined(
    data: Path, model: pipeline.Classifier, twilio: Twilio, telegram: TelegramServer, **more: Any
) -> AsyncIterator[Joined]:
    """A house with both providers; `more` are settings that differ."""
    given: dict[str, Any] = {
        "data": data,
        "public_url": PUBLIC,
        "min_free_mb": 0,
        "min_free_percent": 0,
        "twilio_account_sid": rest_api.SID,
        "twilio_auth_token": rest_api.TOKEN,
        "twilio_api_url": twilio.url,
        "sms_number": rest_api.SMS_NUMBER,
        "whatsapp_number": rest_api.WHATSAPP_NUMBER,
        "telegram_token": bot_api.TOKEN,
        "telegram_webhook_secret": bot_api.SECRET,
        "telegram_api": telegram.url,
        **more,
    }
    settings = load(**given)
    house = build(settings, name="test")
    await house.store.open()
    metrics = Metrics()
    door = Door(house, metrics, Room(data, 0, 0), patience=0)
    app = web.Application(middlewares=middlewares(settings.base_url))
    add_hooks(app, house, door)
    server = TestServer(app)
    await server.start_server()
    intake = Intake(house, DirectParsing(house, ""), DirectClassifying(model), metrics)  # type: ignore[arg-type]  # the same methods, no child
    try:
        async with sending(house) as senders, ClientSession() as session:
            intake.pressed = senders.pressed
            sink = Sink()
            delivery = Delivery(house, {**senders.by_channel, "email": sink}, metrics)
            gateway = Gateway(house, door, intake, delivery, sink)
            yield Joined(gateway, f"http://127.0.0.1:{server.port}", session, twilio, telegram)
    finally:
        await server.close()
        await house.close()
