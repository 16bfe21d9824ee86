"""The registry of channels: which parser understands what came by which of them. A new channel is one line here."""

from __future__ import annotations

from collections.abc import Callable

from channels.contract import UnreadableError
from channels.message import InboundMessage, RawMessage
from config.vocabulary import Channel

Parser = Callable[[RawMessage, frozenset[str], str], InboundMessage]


def _mail(raw: RawMessage, own_addresses: frozenset[str], authserv_id: str) -> InboundMessage:
    from channels.mail.parse import parse  # noqa: PLC0415 (a process loads the parsers it uses)

    return parse(raw, own_addresses=own_addresses, authserv_id=authserv_id)


def _form(raw: RawMessage, _own_addresses: frozenset[str], _authserv_id: str) -> InboundMessage:
    from channels.form.parse import parse  # noqa: PLC0415 (a process loads the parsers it uses)

    return parse(raw)


def _chat(raw: RawMessage, _own_addresses: frozenset[str], _authserv_id: str) -> InboundMessage:
    from channels.widget.parse import parse  # noqa: PLC0415 (a process loads the parsers it uses)

    return parse(raw)


def _telegram(raw: RawMessage, _own_addresses: frozenset[str], _authserv_id: str) -> InboundMessage:
    from channels.telegram_bot.parse import parse  # noqa: PLC0415 (a process loads the parsers it uses)

    return parse(raw)


def _text_message(raw: RawMessage, _own_addresses: frozenset[str], _authserv_id: str) -> InboundMessage:
    from channels.twilio_sms.parse import parse  # noqa: PLC0415 (a process loads the parsers it uses)

    return parse(raw)


_PARSERS: dict[Channel, Parser] = {
    "email": _mail,
    "webform": _form,
    "chat": _chat,
    "telegram": _telegram,
    "sms": _text_message,
    "whatsapp": _text_message,
    # What a colleague types in for somebody has the shape of a form.
    "phone": _form,
    "counter": _form,
    "letter": _form,
}


def parser_of(channel: Channel) -> Parser:
    """The parser of a channel. Raises UnreadableError for one that has none."""
    if channel not in _PARSERS:
        raise UnreadableError("no parser for this channel")
    return _PARSERS[channel]
