"""The doors that providers call: Twilio for SMS and WhatsApp, and what became of ours; Telegram for its updates.

Without its secret a door does not exist (rule H1). Both keep the raw bytes before they answer, as every door does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from channels.telegram_bot import routes as telegram
from channels.telegram_bot.taking import account_of
from channels.twilio_sms import routes as twilio
from channels.twilio_sms.receipts import Receipt, Status, after
from channels.twilio_sms.send import OPTED_OUT
from gateway.door import Door
from gateway.house import House
from store import opted_out, outbox

# A colleague has to look at the case: what was written did not arrive.
BROKEN: Final = ("failed", "undelivered")


def add_hooks(app: web.Application, house: House, door: Door) -> None:
    """Open the webhooks that the settings give a secret for."""
    settings = house.settings
    twilio.add_routes(
        app,
        twilio.Webhooks(
            settings.twilio_auth_token.get_secret_value(),
            settings.base_url,
            door.submit,
            DeliveryReceipts(house),
            house.now,
        ),
    )
    telegram.add_routes(
        app,
        submit=door.submit,
        secret=settings.telegram_webhook_secret.get_secret_value(),
        account=account_of(settings.telegram_token.get_secret_value()),
        now=house.now,
    )


@dataclass(frozen=True, slots=True)
class DeliveryReceipts:
    """Keeps what Twilio says of our messages, with each message; the furthest that was ever said holds."""

    house: House

    async def note(self, sid: str, status: Status, error_code: str, *, key: str) -> None:
        """As channels.twilio_sms.receipts.Receipts says."""
        now = self.house.now()

        def merged(known: str, code: str) -> tuple[str, str]:
            before = Receipt(known, code) if known else None  # type: ignore[arg-type]  # only what `after` gave is kept
            holds = after(before, Receipt(status, error_code))
            return holds.status, holds.error_code

        async with self.house.store.write() as tx:
            noted = await outbox.note_receipt(tx, sid, key, merge=merged, broken=BROKEN, now=now)
            # Behind the message and its case, in the order of gateway/reachable.py.
            if noted is not None and noted.new and noted.code == OPTED_OUT:
                await opted_out.add(tx, noted.message.channel, noted.message.recipient, now=now)
