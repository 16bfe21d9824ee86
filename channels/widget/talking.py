"""What is done with a message, by whichever way it came: looked up under its key, counted, kept, and answered."""

from __future__ import annotations

from typing import Any, Final

from channels.contract import StoreUnavailableError
from channels.widget import frames
from channels.widget.contract import Conversation
from channels.widget.site import BarredError, Site
from config.vocabulary import Language

# After so many seconds another try may succeed where messages cannot be kept just now (rule Q5).
LATER: Final = 10


async def begin(site: Site, language: Language, origin: str, sender: str) -> tuple[dict[str, Any], Conversation | None]:
    """Open a conversation: what the client is told, and the conversation, None when it could not be opened."""
    try:
        await site.begin_allowed(sender)
        key, conversation = await site.door.begin(language, origin)
    except BarredError as error:
        return _refused("", "busy", error.wait), None
    except StoreUnavailableError:
        return _refused("", "store", LATER), None
    return {"t": "began", "key": key}, conversation


async def say(site: Site, conversation: Conversation, said: frames.Say) -> dict[str, Any]:
    """Keep a message: what the client is told. "busy" and "store" pass, and the client tries again by itself."""
    if said.is_empty:
        return _refused(said.client_id, "empty")
    if said.is_long:
        return _refused(said.client_id, "long")
    try:
        await site.say_allowed(conversation)
        accepted = await site.door.say(conversation, said.client_id, said.text, said.choice, said.files)
    except BarredError as error:
        return _refused(said.client_id, "busy", error.wait)
    except StoreUnavailableError:
        return _refused(said.client_id, "store", LATER)
    return {"t": "kept", "client": said.client_id, "id": accepted}


def _refused(client_id: str, why: str, wait: int = 0) -> dict[str, Any]:
    return {"t": "refused", "client": client_id, "why": why, "wait": wait}
