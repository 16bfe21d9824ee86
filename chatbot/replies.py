"""What the robot says in one turn, as keys of texts with their values, and how that becomes messages of a channel.

"chat" and "telegram" show choices as buttons; "whatsapp" and "sms" get the short forms and numbered choices. The texts of a
turn become one message where they fit, else several; none is longer than its channel takes, and a text message is at
most three parts in the small alphabet (3 × 153).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from channels.message import Choice
from chatbot.state import Shape
from chatbot.texts import KEYS, flags_of, house_values, parsed, texts
from config.filling import render as fill
from config.gsm7 import GSM7_DOUBLE
from config.typography import plain_for_sms
from config.vocabulary import Language

# Characters, for SMS in septets. Telegram takes 4096, WhatsApp 1600 through Twilio, a frame of the web chat 8 KiB.
LIMITS: Final[Mapping[Shape, int]] = MappingProxyType({"chat": 4000, "telegram": 4000, "whatsapp": 1500, "sms": 459})
BUTTONS: Final[frozenset[Shape]] = frozenset({"chat", "telegram"})
# No value is longer than this in a text, whatever was told: the whole is in the case. An answer is cut by the message.
_LONGEST: Final[Mapping[Shape, int]] = MappingProxyType({"chat": 500, "telegram": 300, "whatsapp": 300, "sms": 130})
_WHOLE: Final = frozenset({"answer", "case_url", "letter_url", "sentence"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reply:
    """One text of a turn. `choices` are ids; `brief`: the short form, as when a question is asked again."""

    key: str
    values: Mapping[str, str] = field(default_factory=lambda: _NOTHING, repr=False)
    choices: tuple[str, ...] = ()
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message, ready to go out. `choices` only where the channel has buttons; elsewhere they stand in the text."""

    text: str = field(repr=False)
    choices: tuple[Choice, ...] = ()


def choices_of(replies: Sequence[Reply]) -> tuple[str, ...]:
    """The choices that a turn ends with."""
    return next((reply.choices for reply in reversed(replies) if reply.choices), ())


def labels(ids: Sequence[str], language: Language) -> Mapping[str, str]:
    """Choices by id, with what they are called, in order."""
    names = texts()[language].choices
    return {name: names[name] for name in ids if name in names}


def render(replies: Sequence[Reply], shape: Shape, language: Language) -> tuple[Rendered, ...]:
    """The messages of one turn; empty when there are no replies. Raises KeyError for a key that is no text."""
    pieces = [piece for reply in replies if (piece := _words(reply, shape, language))]
    choices = tuple(Choice(name, label) for name, label in labels(choices_of(replies), language).items())
    if shape not in BUTTONS:
        numbered = "\n".join(f"{number} = {choice.label}" for number, choice in enumerate(choices, start=1))
        if numbered and pieces:
            pieces[-1] = (
                f"{_cut(pieces[-1], shape, LIMITS[shape] - _length(numbered, shape) - 1)}\n{_set(numbered, shape)}"
            )
        choices = ()
    messages = _packed([_cut(piece, shape, LIMITS[shape]) for piece in pieces], shape)
    last = len(messages) - 1
    return tuple(Rendered(text, choices if place == last else ()) for place, text in enumerate(messages))


def _words(reply: Reply, shape: Shape, language: Language) -> str:
    short = reply.brief or shape not in BUTTONS
    values = {
        name: value if name in _WHOLE else _excerpt(value, _LONGEST[shape]) for name, value in reply.values.items()
    }
    filled = fill(
        parsed(reply.key, language, short=short),
        {**dict.fromkeys(KEYS[reply.key], ""), **house_values(language), **values},
        flags_of(values, reply.key, shape, brief=reply.brief),
    )
    return _set(filled, shape)


def _set(text: str, shape: Shape) -> str:
    return plain_for_sms(text) if shape == "sms" else text


def _length(text: str, shape: Shape) -> int:
    return len(text) + (sum(sign in GSM7_DOUBLE for sign in text) if shape == "sms" else 0)


def _excerpt(text: str, most: int) -> str:
    """The text on one line, or its beginning when it is longer than `most`."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _cut(text: str, shape: Shape, most: int) -> str:
    """The text, or as many whole sentences of it as fit, or words where not even one does."""
    if _length(text, shape) <= most:
        return text
    kept = text
    while _length(kept, shape) > most - 3:
        kept = kept[: min(len(kept) - 1, most - 3)]
    sentence = max(kept.rfind(end) for end in (". ", "! ", "? ", ".\n"))
    if sentence > most // 3:
        return kept[: sentence + 1]
    return kept.rsplit(" ", 1)[0].rstrip(" ,.;:") + "..."


def _packed(pieces: Sequence[str], shape: Shape) -> list[str]:
    """As few messages as hold all pieces in order."""
    between = "\n" if shape == "sms" else "\n\n"
    messages: list[str] = []
    for piece in pieces:
        joined = f"{messages[-1]}{between}{piece}" if messages else piece
        if messages and _length(joined, shape) <= LIMITS[shape]:
            messages[-1] = joined
        else:
            messages.append(piece)
    return messages
