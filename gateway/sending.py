"""How each channel sends, from the worker: opened when it starts, and given back when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from channels.contract import Sends
from channels.form.reply import OnThePage
from channels.mail.send import mail_sender
from channels.message import RawMessage
from channels.telegram_bot.bot import a_bot, access_of
from channels.telegram_bot.send import TelegramSender
from channels.telegram_bot.update import read_update
from channels.twilio_sms.in_files import TextFiles
from channels.twilio_sms.send import TwilioSender, account_of
from config.vocabulary import Channel
from gateway import keys
from gateway.house import House


@dataclass
class Senders:
    """Who sends by which channel. A channel that no setting opens has nobody: its messages wait until it is opened."""

    by_channel: Mapping[Channel, Sends]
    telegram: TelegramSender | None = None
    _settling: set[asyncio.Task[None]] = field(default_factory=set)

    def pressed(self, raw: RawMessage) -> None:
        """Let a Telegram button that was pressed stop turning, beside everything else: nobody waits for it."""
        update = read_update(raw.body) if self.telegram and raw.channel == "telegram" else None
        if self.telegram and update and update.press:
            task = asyncio.create_task(self.telegram.settle(update.press))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)


@asynccontextmanager
async def sending(house: House) -> AsyncIterator[Senders]:
    """Everything that sends, until the block ends. Nobody is called beforehand: a provider may be away when we start."""
    settings = house.settings
    instance = keys.derived(house.secret, "loop mark").hex()[:16]
    found: dict[Channel, Sends] = {
        "email": mail_sender(settings, house.mailboxes, keys=house.tag_keys, instance=instance, clock=house.now),
        "webform": OnThePage(),
        "chat": OnThePage(),
    }
    telegram = None
    async with AsyncExitStack() as stack:
        if account := account_of(settings):
            twilio = TwilioSender(account, clock=house.now)
            stack.push_async_callback(twilio.close)
            found |= {"sms": twilio, "whatsapp": twilio}
        elif settings.texts_to_files and settings.sms_number:
            found["sms"] = TextFiles(settings.sms_number, settings.data / "sent")
        if access := access_of(settings):
            telegram = TelegramSender(await stack.enter_async_context(a_bot(access)))
            found["telegram"] = telegram
        yield Senders(found, telegram)
