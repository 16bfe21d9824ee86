"""One update of the Bot API as facts: what kind of event it is, in which chat, who, and what is in it.

It is read field by field and never refused for a field that we do not know or did not expect: Telegram adds kinds of
messages several times a year, and a complaint must not fail for the sticker beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from channels.telegram_bot.json_fields import Fields, fields, line, number, object_of, text, token
from channels.telegram_bot.media import Media, Note, media_of, notes_of
from channels.telegram_bot.press import Press, press_of

# "talk": a person, one to one. "group", "channel": said before others. "bot": written by a programme. "blocked" and
# "unblocked": a person shut us out or let us in again. "system": nothing that anybody said.
Situation = Literal["talk", "group", "channel", "bot", "blocked", "unblocked", "system"]
Command = Literal["/start", "/help", "/stop"]

COMMANDS: Final[tuple[Command, ...]] = get_args(Command)
_LONGEST_NAME: Final = 120
# Telegram's own notices in a chat: nobody said anything. A message with one of these and nothing else is passed over.
_NOTICES: Final = frozenset(
    {"new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "group_chat_created",
     "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id",
     "migrate_from_chat_id", "pinned_message", "write_access_allowed", "chat_background_set", "boost_added",
     "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "video_chat_started",
     "video_chat_ended", "video_chat_scheduled", "video_chat_participants_invited", "connected_website"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Update:
    """What one update says. `chat` is "" where it belongs to none; ids of messages count within their chat.

    `text` is what the person wrote (a caption, the label of the pressed button included), `notes` is what came beside it
    and has to be put in words, `media` what can be fetched. `changed`: the person edited an earlier message.
    """

    id: int
    situation: Situation
    chat: str = ""
    name: str = ""
    language_code: str = ""
    message_id: int = 0
    replies_to: int = 0
    sent_at: int | None = None
    changed: bool = False
    text: str = ""
    command: Command | None = None
    argument: str = ""
    press: Press | None = None
    media: tuple[Media, ...] = ()
    notes: tuple[Note, ...] = ()
    # The person's own number, where they shared it by Telegram's button; a claim like every other.
    own_phone: str = ""
    # Pictures sent together come one by one, under one name.
    album: str = ""


def read_update(body: bytes) -> Update | None:
    """Read the bytes of one update; None when they are no JSON object with an update id. Raises nothing."""
    found = object_of(body)
    return update_of(found) if found is not None else None


def id_of(found: Fields) -> int | None:
    """The id of an update, None for an object that has none."""
    given = number(found.get("update_id"))
    return given if given is not None and given >= 0 else None


def update_of(found: Fields) -> Update | None:
    """Read an update that is JSON already; None when it has no id."""
    update_id = id_of(found)
    if update_id is None:
        return None
    for name in ("message", "edited_message", "channel_post", "edited_channel_post"):
        if message := fields(found.get(name)):
            return _message(update_id, message, changed=name.startswith("edited"))
    if query := fields(found.get("callback_query")):
        return _pressed(update_id, query)
    if member := fields(found.get("my_chat_member")):
        return _membership(update_id, member)
    return Update(update_id, "system")


def _message(update_id: int, message: Fields, *, changed: bool) -> Update:
    person = fields(message.get("from"))
    written = text(message.get("text")) or text(message.get("caption"))
    command, argument = _command(written)
    contact = fields(message.get("contact"))
    shared = number(contact.get("user_id"))
    own = shared is not None and shared == number(person.get("id"))
    media, notes = media_of(message), notes_of(message)
    silent = not written and not media and not notes
    return Update(
        update_id,
        _situation(message, person, silent=silent),
        chat=_chat(message),
        name=_name(person),
        language_code=token(person.get("language_code"), 35),
        message_id=number(message.get("message_id")) or 0,
        replies_to=number(fields(message.get("reply_to_message")).get("message_id")) or 0,
        sent_at=number(message.get("edit_date")) if changed else number(message.get("date")),
        changed=changed,
        text=written,
        command=command,
        argument=argument,
        media=media,
        notes=notes or ((Note("unknown"),) if silent else ()),
        own_phone=line(contact.get("phone_number"), 40) if own else "",
        album=token(message.get("media_group_id")),
    )


def _situation(message: Fields, person: Fields, *, silent: bool) -> Situation:
    kind = fields(message.get("chat")).get("type")
    if kind == "channel":
        return "channel"
    if not _chat(message):
        return "system"
    if silent and not _NOTICES.isdisjoint(message):
        return "system"
    if person.get("is_bot") is True:
        return "bot"
    return "talk" if kind == "private" else "group"


def _pressed(update_id: int, query: Fields) -> Update:
    """A button: it acts only in its own chat, which is that of the person who pressed it (rule H3)."""
    person, message = fields(query.get("from")), fields(query.get("message"))
    press = press_of(query)
    facts = Update(
        update_id,
        _situation(message, person, silent=False),
        chat=_chat(message),
        name=_name(person),
        language_code=token(person.get("language_code"), 35),
        replies_to=number(message.get("message_id")) or 0,
        text=press.label if press else "",
        press=press,
    )
    if facts.situation == "talk" and press is None:
        return Update(update_id, "system", chat=facts.chat)
    return facts


def _membership(update_id: int, member: Fields) -> Update:
    person, chat = fields(member.get("from")), fields(member.get("chat"))
    status = fields(member.get("new_chat_member")).get("status")
    situation: Situation = "system"
    if chat.get("type") == "private":
        situation = "blocked" if status == "kicked" else "unblocked" if status == "member" else "system"
    elif chat.get("type") in ("group", "supergroup") and status in ("member", "administrator"):
        situation = "group"
    return Update(
        update_id,
        situation,
        chat=_chat(member),
        name=_name(person),
        language_code=token(person.get("language_code"), 35),
        sent_at=number(member.get("date")),
    )


def _chat(holder: Fields) -> str:
    found = number(fields(holder.get("chat")).get("id"))
    return str(found) if found else ""


def _name(person: Fields) -> str:
    first, last = line(person.get("first_name"), _LONGEST_NAME), line(person.get("last_name"), _LONGEST_NAME)
    return f"{first} {last}".strip()[:_LONGEST_NAME].strip()


def _command(written: str) -> tuple[Command | None, str]:
    """A command that we know, with what stands behind it. "/help@our_bot" is "/help"."""
    first, _, rest = written.partition(" ")
    typed = first.partition("@")[0].lower()
    found = next((command for command in COMMANDS if command == typed), None)
    return (found, rest.strip()) if found else (None, "")
