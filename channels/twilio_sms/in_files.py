"""Text messages of a house without an account at Twilio, kept as files: to see what would have been sent, and nothing leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from channels.contract import Delivery
from channels.message import OutboundMessage
from channels.sent_files import SentFiles
from channels.twilio_sms.segments import economical
from channels.twilio_sms.send import never

log = structlog.get_logger(__name__)


class TextFiles:
    """Writes each text message into a file: from, to, and the words as they would be billed."""

    def __init__(self, number: str, folder: Path) -> None:
        self._number = number
        self._files = SentFiles(folder, "txt")

    async def send(self, message: OutboundMessage) -> Delivery:
        """Write one. What Twilio would never take is refused here too; a full or missing disk is "later"."""
        text = economical(message.text)
        if refused := never(message, text):
            return Delivery("failed", refused)
        kept = f"From: {self._number}\nTo: {message.recipient}\n\n{text}\n"
        try:
            await asyncio.to_thread(self._files.write, message.key, kept.encode())
        except OSError as error:
            return Delivery("later", f"disk {type(error).__name__}")
        log.info("text_message_kept", channel=message.channel)
        return Delivery("sent", "file", provider_id=f"file:{message.key}")
