"""Whether Twilio knows us and calls us, by its own word: the account, and where the number's messages go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from channels.twilio_sms.client import BusyError, TwilioHttp
from channels.twilio_sms.routes import MESSAGES_PATH
from channels.twilio_sms.send import TwilioAccount

Found = Literal["answers", "refused", "no_number", "elsewhere", "away"]
Asking = Callable[[Client], Awaitable[Found]]

_SECONDS: Final = 8.0
_REFUSALS: Final = (401, 403, 404)


async def check_sms(account: TwilioAccount) -> Found:
    """The account is open, the number is its own, and what is sent to it is brought to us.

    A number without an address of its own is taken for right: a messaging service of the account may bring its messages.
    """

    async def ask(client: Client) -> Found:
        if (found := await _account(client, account)) != "answers":
            return found
        own = await client.incoming_phone_numbers.list_async(phone_number=account.sms_number, limit=1)
        if not own:
            return "no_number"
        brought_to = str(own[0].sms_url or "")
        ours = brought_to in ("", f"{account.public_url}{MESSAGES_PATH}")
        return "answers" if ours else "elsewhere"

    return await _asked(account, ask)


async def check_account(account: TwilioAccount) -> Found:
    """The account is open. Numbers of WhatsApp stand in no list that an account may ask for."""
    return await _asked(account, lambda client: _account(client, account))


async def _account(client: Client, account: TwilioAccount) -> Found:
    found = await client.api.v2010.accounts(account.sid).fetch_async()
    return "answers" if str(found.status) == "active" else "refused"


async def _asked(account: TwilioAccount, ask: Asking) -> Found:
    http = TwilioHttp(account.api_url, seconds=_SECONDS)
    try:
        async with asyncio.timeout(_SECONDS):
            return await ask(Client(account.sid, account.token, http_client=http))
    except TwilioRestException as refusal:
        return "refused" if refusal.status in _REFUSALS else "away"
    except (BusyError, aiohttp.ClientError, OSError, TwilioException, ValueError, KeyError, TypeError):
        return "away"
    finally:
        await http.close()
