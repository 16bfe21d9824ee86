"""A member's line as the dialogue hears it: its words, what its files are, what was pressed, and what it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from channels.message import Attachment, InboundMessage
from chatbot.events import Said
from chatbot.state import File, FileKind, State
from gateway.arrival import Arrival
from router.wordlists import certain_distress_in, distress_in, find_body, only_sounds_like_distress

_FILE_KINDS: Final[tuple[tuple[str, FileKind], ...]] = (
    ("image/", "picture"),
    ("audio/", "voice"),
    ("application/", "document"),
    ("text/", "document"),
)
# What Telegram's commands mean in words. Who begins has said nothing yet; the same command later asks what there is.
_COMMANDS: Final = {"/help": "help", "/stop": "stop", "/start": "help"}


def said_in(arrival: Arrival, state: State) -> Said:
    """What the member said, for a conversation in this state."""
    message, line = arrival.message, arrival.line or arrival.classification
    text, choice = _words(message, state)
    body = find_body(text)
    return Said(
        text=text,
        at=message.received_at,
        found=arrival.classification,
        identity=line.identity,
        choice=choice,
        files=tuple(File(file.name, _kind_of(file)) for file in message.attachments),
        language=arrival.spoken,
        body=body.id if body else "",
        distress=distress_in(text),
        outright=bool(certain_distress_in(text)),
        # The classifier read what was told before, too.
        in_jest=only_sounds_like_distress("\n".join((*state.facts.story, text))),
    )


def without(state: State, earlier: str) -> State:
    """The state once words of the member no longer count as their story, since they have written them anew.

    What they write in their place is story again, whatever question is open now.
    """
    story = tuple(part for part in state.facts.story if part.strip() != earlier.strip())
    if len(story) == len(state.facts.story) or state.reference or state.step == "registering":
        return state
    return replace(state, facts=replace(state.facts, story=story), step="ask.story")


def _words(message: InboundMessage, state: State) -> tuple[str, str]:
    """(the words, the choice that was pressed)."""
    if message.choice in _COMMANDS:
        return ("" if message.choice == "/start" and state.step in ("new", "closed") else _COMMANDS[message.choice]), ""
    return message.reply or ("" if message.attachments else message.text), message.choice


def _kind_of(file: Attachment) -> FileKind:
    return next((kind for begin, kind in _FILE_KINDS if file.type.startswith(begin)), "other")
