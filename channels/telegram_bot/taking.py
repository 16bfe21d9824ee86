"""The one path by which updates come in, whoever brings them: an object with an update id is kept whole, before anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from channels.contract import Submit
from channels.message import RawMessage
from channels.telegram_bot.json_fields import Fields
from channels.telegram_bot.update import id_of, update_of

# What we ask Telegram for. Others are kept if they come all the same, as what they are.
WANTED: Final = ("message", "edited_message", "callback_query", "my_chat_member")


@dataclass(frozen=True, slots=True)
class Taking:
    """Hands updates to the store under their ids. `account` names the bot."""

    submit: Submit
    account: str
    clock: Callable[[], datetime]

    async def take(self, found: Fields, body: bytes | None = None) -> bool:
        """Keep one update; True when it is new. `body` are its bytes as they came, where there are any of its own.

        Raises StoreUnavailableError when it could not be kept, ValueError for an object without an update id.
        """
        update_id = id_of(found)
        if update_id is None:
            raise ValueError("an update has an id")
        update = update_of(found)
        return await self.submit(
            RawMessage(
                channel="telegram",
                account=self.account,
                external_id=str(update_id),
                body=json.dumps(found).encode("ascii") if body is None else body,
                received_at=self.clock(),
                envelope={"address": update.chat} if update and update.chat else {},
            )
        )


def account_of(token: str) -> str:
    """The bot's number, with which its token begins: no secret, known without asking anybody, and the same for good."""
    return token.partition(":")[0]
