"""What a channel must be able to do, what it may call, and how sending ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from channels.message import InboundMessage, OutboundMessage, RawMessage

# What a door calls with the raw bytes. It returns once they are committed; True when they were new, False when the same
# delivery had been stored before. It raises StoreUnavailable when the store cannot commit: the door then says "later".
Submit = Callable[[RawMessage], Awaitable[bool]]


class StoreUnavailableError(Exception):
    """We cannot keep messages just now; the sender's server should try again later."""


class UnreadableError(Exception):
    """These bytes cannot be understood by this parser; the item is quarantined whole, for an operator."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one attempt to send ended.

    "sent": the provider took it. "later": a temporary refusal or no connection, to be retried. "failed": never will.
    `code` is the provider's own (for example "550 5.1.1"), `provider_id` its name for the message. `after_seconds`: with
    "later", how long the provider wants to be left alone; 0 where it did not say.
    """

    outcome: Literal["sent", "later", "failed"]
    code: str = ""
    provider_id: str = ""
    after_seconds: float = 0


class Sends(Protocol):
    """The sending side of a channel."""

    async def send(self, message: OutboundMessage) -> Delivery:
        """Hand one message over. Raises nothing but CancelledError: trouble is a Delivery."""
        ...


# The parsing side: a plain function, run in a child process with bounds on time and memory. It raises UnreadableError
# only when not even a part of the bytes can be shown to a person.
Parse = Callable[[RawMessage], InboundMessage]
