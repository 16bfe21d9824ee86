"""What Twilio itself holds of messages to us, each in the shape in which its webhook brings it (rule H5).

A message that we could not keep when Twilio called is still in Twilio's list: it is found there, and taken in from there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from channels.message import RawMessage
from channels.twilio_sms.client import BusyError, TwilioHttp
from channels.twilio_sms.form import MESSAGE_SID, raw_message
from channels.twilio_sms.numbers import WHATSAPP
from channels.twilio_sms.send import TwilioAccount

Channel = Literal["sms", "whatsapp"]
Reason = Literal["refused", "busy", "unreachable"]

_PAGE: Final = 200
# All pages together may take so many times as long as one answer.
_PATIENCE: Final = 6
_MOST_FILES: Final = 10
_MEDIA_SID: Final = re.compile(r"ME[0-9a-f]{32}")
# What the list says of a WhatsApp message that is neither words nor files: a place, a visiting card. It says nothing.
_UNLISTED: Final = "unlisted"


class CannotAskError(Exception):
    """Twilio gave no list. "refused": not with our account and token. "busy": 429 or 5xx; `after_seconds` is how long it
    wants to be left alone, 0 where it did not say. "unreachable": no answer in time, or none that can be read."""

    def __init__(self, reason: Reason, after_seconds: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_seconds = after_seconds


@dataclass(frozen=True, slots=True)
class Held:
    """One message to us that Twilio has. `fields` are those of its webhook as far as the list has them; nobody is shown them."""

    channel: Channel
    account: str
    sid: str
    sent_at: datetime
    fields: Mapping[str, str] = field(repr=False)
    files: int = 0


class Census:
    """Asks Twilio's API; made by `asking`."""

    def __init__(self, account: TwilioAccount, client: Client) -> None:
        self._account = account
        self._client = client

    async def held(self, channel: Channel, *, since: datetime, until: datetime) -> list[Held]:
        """The messages to our number of this channel that Twilio took in between these moments, oldest first. Nothing is asked
        where we have no number. Raises CannotAskError."""
        own = self._account.whatsapp_number if channel == "whatsapp" else self._account.sms_number
        if not own:
            return []
        to = f"{WHATSAPP if channel == 'whatsapp' else ''}{own}"
        with _told():
            async with asyncio.timeout(self._account.seconds * _PATIENCE):
                listed = await self._client.messages.stream_async(
                    to=to, date_sent_after=since, date_sent_before=until, page_size=_PAGE
                )
                found = [_held(channel, own, each) async for each in listed if each.direction == "inbound"]
        # Asked again here: the list knows days better than moments.
        return sorted(
            (one for one in found if one is not None and since <= one.sent_at <= until), key=lambda one: one.sent_at
        )

    async def raw(self, held: Held) -> RawMessage:
        """The message as its webhook would have brought it, files by their addresses. Raises CannotAskError."""
        fields = dict(held.fields)
        if held.files:
            fields |= await self._files(held.sid)
        return raw_message(urlencode(fields).encode(), fields, held.sent_at)

    async def _files(self, sid: str) -> dict[str, str]:
        try:
            with _told():
                listed = await self._client.messages(sid).media.list_async(limit=_MOST_FILES)
        except CannotAskError as error:
            if error.reason != "refused":
                raise
            # We had the list of messages, so these files are what is gone: the words are taken without them.
            return {}
        names = [(str(each.sid), str(each.content_type or "")) for each in listed]
        known = [(name, kind) for name, kind in names if _MEDIA_SID.fullmatch(name)]
        where = f"{self._account.api_url}/2010-04-01/Accounts/{self._account.sid}/Messages/{sid}/Media"
        fields = {}
        for number, (name, kind) in enumerate(known):
            fields[f"MediaUrl{number}"] = f"{where}/{name}"
            fields[f"MediaContentType{number}"] = kind
        return fields


@asynccontextmanager
async def asking(account: TwilioAccount) -> AsyncIterator[Census]:
    """Ask until the block ends, then give the connections back."""
    http = TwilioHttp(account.api_url, seconds=account.seconds)
    try:
        yield Census(account, Client(account.sid, account.token, http_client=http))
    finally:
        await http.close()


def _held(channel: Channel, own: str, listed: Any) -> Held | None:
    sid, sent_at = str(listed.sid or ""), listed.date_sent or listed.date_created
    if not MESSAGE_SID.fullmatch(sid) or not isinstance(sent_at, datetime):
        return None
    files = int(listed.num_media) if str(listed.num_media or "").isdecimal() else 0
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": str(listed.account_sid or ""),
        "From": str(listed.from_ or ""),
        "To": str(listed.to or ""),
        "Body": str(listed.body or ""),
        "NumMedia": str(files),
        # No webhook has it: by this the raw message tells that it was asked for.
        "DateSent": format_datetime(sent_at),
    }
    if channel == "whatsapp" and not fields["Body"] and not files:
        fields["MessageType"] = _UNLISTED
    return Held(channel, own, sid, sent_at, fields, files)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever goes wrong is a CannotAskError, without a word of Twilio's answer: it may hold a number (rule L1)."""
    try:
        yield
    except BusyError as busy:
        raise CannotAskError("busy", busy.after_seconds) from None
    except TwilioException as error:
        # The vendor's client says the status of a page only in the answer that it hands along.
        statuses = [each.status_code for each in error.args if isinstance(each, Response)]
        refused = statuses and statuses[0] in (401, 403, 404)
        raise CannotAskError("refused" if refused else "unreachable") from None
    except (aiohttp.ClientError, OSError, ValueError, KeyError):
        raise CannotAskError("unreachable") from None
