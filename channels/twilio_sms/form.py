"""The body of a webhook as a form, the same way for whoever checks its signature, whoever keeps it and whoever reads it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from multidict import MultiDict, MultiDictProxy

from channels.message import RawMessage
from channels.twilio_sms.numbers import WHATSAPP, number_of

MESSAGE_SID: Final = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
# A message with ten pictures has about sixty fields.
_MOST_FIELDS: Final = 400


def read_fields(body: bytes) -> MultiDictProxy[str]:
    """All fields in their order, repeated and empty ones included, since the signature covers them.

    Never by a charset that the sender names: what is not UTF-8 is replaced. Raises ValueError for too many fields.
    """
    pairs = parse_qsl(
        body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
    )
    return MultiDictProxy(MultiDict(pairs))


def raw_message(body: bytes, fields: Mapping[str, str], received_at: datetime) -> RawMessage:
    """The message as it is kept. Twilio's webhook and Twilio's list come to the same name, so that it is kept once (H3, H5)."""
    sender, sid = fields.get("From", ""), fields.get("MessageSid", "")
    return RawMessage(
        channel="whatsapp" if sender.startswith(WHATSAPP) else "sms",
        account=number_of(fields.get("To", "")),
        # From Twilio and without a name: kept under its content rather than lost.
        external_id=sid if MESSAGE_SID.fullmatch(sid) else f"sha256:{hashlib.sha256(body).hexdigest()}",
        body=body,
        received_at=received_at,
        envelope={"address": number_of(sender)},
    )
