"""What became of a message that we sent, from Twilio's status callbacks, which come in any order and more than once.

The states have one order, and the furthest that was ever said holds: so the end is the same whatever comes first. That a
phone has a message ("delivered", "read") is proof and outweighs a failure that a network reported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

Status = Literal["queued", "sent", "failed", "undelivered", "delivered", "read"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
# Twilio's words that mean the same to us: not yet out of the house of the provider.
_WAITING: Final = ("accepted", "scheduled", "queued", "sending")
_CANCELLED: Final = "canceled"
_SID: Final = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_CODE: Final = re.compile(r"[1-9]\d{3,5}")
# Only signs that no program escapes: Twilio signs an address as it was given and may call it otherwise written.
KEY: Final = re.compile(r"[\w-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far a message has come. `error_code` is Twilio's (30003: phone off, 21610: member said STOP), empty without one."""

    status: Status
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Callback:
    """One status callback. `key` is the idempotency key of the message, which we put into the address to call."""

    sid: str
    receipt: Receipt
    key: str = ""


class Receipts(Protocol):
    """Who keeps delivery receipts."""

    async def note(self, sid: str, status: Status, error_code: str, *, key: str) -> None:
        """Keep what was said of the message; `after` says what holds. An unknown message is no error.

        A callback can come before the answer to our own request: the message then has no `sid` yet and is found by `key`.
        Raises StoreUnavailableError.
        """
        ...


def after(known: Receipt | None, said: Receipt) -> Receipt:
    """What holds once `said` was heard; never a step back."""
    if known is None:
        return said
    return max(known, said, key=lambda receipt: (STATUSES.index(receipt.status), receipt.error_code))


def read_callback(fields: Mapping[str, str], *, key: str) -> Callback | None:
    """A callback from its fields and the key in its address; None when it says nothing that we know."""
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    said = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
    status = "queued" if said in _WAITING else "failed" if said == _CANCELLED else said
    if not _SID.fullmatch(sid) or status not in STATUSES:
        return None
    code = fields.get("ErrorCode", "")
    receipt = Receipt(status, code if _CODE.fullmatch(code) else "")
    return Callback(sid, receipt, key if KEY.fullmatch(key) else "")
