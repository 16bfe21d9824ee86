"""Looking whether a door works: Twilio and Telegram are asked, form and chat are gone through from outside, as a visitor goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from telegram.error import InvalidToken, TelegramError

from channels.contract import StoreUnavailableError
from channels.telegram_bot import webhook
from channels.telegram_bot.bot import access_of
from channels.telegram_bot.routes import PATH
from channels.telegram_bot.taking import account_of as bot_of
from channels.twilio_sms.check import check_account, check_sms
from channels.twilio_sms.send import account_of
from config.vocabulary import Channel
from console.door_contract import Finding, OpenDoor
from gateway.chat_door import ACCOUNT as WIDGET
from gateway.door import ACCOUNT as FORM
from gateway.door import Door
from gateway.house import House

_SECONDS: Final = aiohttp.ClientTimeout(total=8)
Going = Callable[[aiohttp.ClientSession], Awaitable[Finding]]
# What only our own page of the form has.
_MARK: Final = 'name="csrf"'


@dataclass(frozen=True, slots=True)
class HouseDoorChecks:
    """As console.door_contract.DoorChecks says. `chat_origin`: a page that may embed the chat, "" where there is no chat."""

    house: House
    door: Door
    chat_origin: str

    def opened(self) -> Sequence[OpenDoor]:
        """As the contract says."""
        settings = self.house.settings
        found = [OpenDoor("webform", FORM)]
        if self.chat_origin:
            found.append(OpenDoor("chat", WIDGET))
        if account := account_of(settings):
            numbers: tuple[tuple[Channel, str], ...] = (
                ("sms", account.sms_number),
                ("whatsapp", account.whatsapp_number),
            )
            found += [OpenDoor(channel, number, self._recipient(channel)) for channel, number in numbers if number]
        elif settings.texts_to_files and settings.sms_number:
            found.append(OpenDoor("sms", settings.sms_number, self._recipient("sms"), into_files=True))
        if token := settings.telegram_token.get_secret_value():
            found.append(OpenDoor("telegram", bot_of(token), self._recipient("telegram")))
        return found

    async def check(self, door: OpenDoor) -> Finding:
        """As the contract says."""
        match door.channel:
            case "sms" | "whatsapp":
                account = account_of(self.house.settings)
                if account is None:
                    return self._files() if door.into_files else "refused"
                return await (check_sms(account) if door.channel == "sms" else check_account(account))
            case "telegram":
                return await self._telegram()
            case "chat":
                return await self._through(self._chat)
            case _:
                return await self._through(self._form)

    def _files(self) -> Finding:
        """Nobody is asked where texts are kept as files: there is room for them, or not."""
        try:
            self.door.make_sure_of_room()
        except StoreUnavailableError:
            return "no_room"
        return "answers"

    def _recipient(self, channel: str) -> str:
        return self.house.settings.test_recipients.get(channel, "")

    async def _telegram(self) -> Finding:
        access = access_of(self.house.settings)
        if access is None:
            return "refused"
        try:
            info = await webhook.ask(access)
        except InvalidToken:
            return "refused"
        except TelegramError:
            return "away"
        settings = self.house.settings
        if settings.telegram_polling:
            # Who asks for updates gets none while they are posted somewhere.
            return "elsewhere" if info.url else "answers"
        if info.url != settings.base_url + PATH:
            return "elsewhere"
        return "trouble" if info.trouble_at is not None and info.waiting else "answers"

    async def _through(self, going: Going) -> Finding:
        """What happens to a visitor, from the public address on."""
        try:
            self.door.make_sure_of_room()
            async with aiohttp.ClientSession(timeout=_SECONDS) as session:
                return await going(session)
        except StoreUnavailableError:
            return "no_room"
        except (aiohttp.ClientError, TimeoutError, OSError):
            return "away"

    async def _form(self, session: aiohttp.ClientSession) -> Finding:
        """The first page of the form, as a browser asks for it. Nothing is sent: that would be a case."""
        address = f"{self.house.settings.base_url}/fr/complaint"
        async with session.get(address, allow_redirects=False) as answer:
            whole = answer.status == 200 and _MARK in await answer.text()
        return "answers" if whole else "wrong_answer"

    async def _chat(self, session: aiohttp.ClientSession) -> Finding:
        """A conversation is begun and left. One in which nothing was said is none, and is forgotten within the hour."""
        base = self.house.settings.base_url
        address = f"{base.replace('http', 'ws', 1)}/widget/socket"
        try:
            async with asyncio.timeout(_SECONDS.total), session.ws_connect(address, origin=base) as socket:
                await socket.send_json({"t": "hello", "key": "", "origin": self.chat_origin, "last": 0})
                await socket.send_json({"t": "begin", "lang": "fr"})
                said = [_frame(await socket.receive()) for _ in range(2)]
        except (aiohttp.WSServerHandshakeError, ValueError):
            return "wrong_answer"
        return "answers" if said == ["ready", "began"] else "wrong_answer"


def _frame(message: aiohttp.WSMessage) -> Any:
    if message.type is not aiohttp.WSMsgType.TEXT:
        return None
    return json.loads(message.data).get("t")
