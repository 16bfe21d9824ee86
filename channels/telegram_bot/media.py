"""What came beside the words of a message: files that can be fetched, and things that have to be put in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from channels.telegram_bot.json_fields import Fields, fields, line, number, objects, text, token
from config.telegram import NoteName

MediaKind = Literal["photo", "document", "voice", "audio", "video", "video_note", "animation"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_LONGEST_NAME: Final = 200
# What the Bot API does not say because it is always so.
_TYPES: Final[Mapping[MediaKind, str]] = MappingProxyType(
    {
        "photo": "image/jpeg",
        "voice": "audio/ogg",
        "video_note": "video/mp4",
        "video": "video/mp4",
        "animation": "video/mp4",
    }
)


@dataclass(frozen=True, slots=True)
class Media:
    """A file that can still be fetched. `type` and `name` are the sender's word, `size` is 0 where nobody said it."""

    kind: MediaKind
    file_id: str
    type: str
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something without words, by the name of its words in config/telegram.yaml, and what goes into these."""

    name: NoteName
    values: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


def media_of(message: Fields) -> tuple[Media, ...]:
    """The files of a message, each once. Of a photograph, which comes in several sizes, the largest."""
    found = [media for kind in get_args(MediaKind) if (media := _media(kind, message.get(kind)))]
    # An animation is named a second time as a document, for programmes that know no animations.
    animated = any(media.kind == "animation" for media in found)
    return tuple(media for media in found if not (animated and media.kind == "document"))


def notes_of(message: Fields) -> tuple[Note, ...]:
    """What a message holds beside its words, in the order in which it is told."""
    notes = [_of_media(media, fields(message.get(media.kind))) for media in media_of(message)]
    if sticker := fields(message.get("sticker")):
        notes.append(Note("sticker", {"emoji": line(sticker.get("emoji"), 20)}))
    if dice := fields(message.get("dice")):
        notes.append(Note("sticker", {"emoji": line(dice.get("emoji"), 20)}))
    notes += _places(message)
    if contact := fields(message.get("contact")):
        notes.append(Note("contact", {"name": _full_name(contact), "number": line(contact.get("phone_number"), 40)}))
    if poll := fields(message.get("poll")):
        options = " / ".join(line(option.get("text"), 100) for option in objects(poll.get("options")))
        notes.append(Note("poll", {"question": text(poll.get("question"))[:300], "options": options[:1200]}))
    return tuple(notes)


def _media(kind: MediaKind, value: Any) -> Media | None:
    if kind == "photo":
        sizes = [size for size in objects(value) if token(size.get("file_id"))]
        value = max(sizes, key=_area, default=None)
    found = fields(value)
    file_id = token(found.get("file_id"))
    if not file_id:
        return None
    return Media(
        kind,
        file_id,
        type=line(found.get("mime_type"), 100).lower() or _TYPES.get(kind, ""),
        size=max(0, number(found.get("file_size")) or 0),
        name=line(text(found.get("file_name")).replace("\\", "/").rpartition("/")[2], _LONGEST_NAME),
    )


def _area(size: Fields) -> int:
    return (number(size.get("width")) or 0) * (number(size.get("height")) or 0)


def _of_media(media: Media, found: Fields) -> Note:
    match media.kind:
        case "voice" | "audio" | "video" | "video_note":
            name: NoteName = "voice" if media.kind in ("voice", "audio") else "video"
            return Note(name, {"seconds": str(max(0, number(found.get("duration")) or 0))})
        case "document":
            return Note("document", {"name": media.name})
        case _:
            return Note("photo")


def _places(message: Fields) -> list[Note]:
    """A place by its name where it has one (a venue comes with its location too), else by its coordinates."""
    if venue := fields(message.get("venue")):
        return [
            Note("place", {"place": f"{line(venue.get('title'), 200)}, {line(venue.get('address'), 200)}".strip(", ")})
        ]
    location = fields(message.get("location"))
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return []
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return []
    return [Note("place", {"place": f"{latitude:.5f}, {longitude:.5f}"})]


def _full_name(contact: Fields) -> str:
    return f"{line(contact.get('first_name'), 100)} {line(contact.get('last_name'), 100)}".strip()
