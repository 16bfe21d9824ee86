"""A button that was pressed under one of our messages (Bot API: CallbackQuery)."""

from __future__ import annotations

from dataclasses import dataclass

from channels.telegram_bot.json_fields import Fields, fields, line, number, objects, text, token

_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Press:
    """One press. `query_id` is what stops the button from turning; `chat` and `message_id` name the message below which
    it stands; `choice` is ours, `label` is what the person read on it."""

    query_id: str
    chat: int
    message_id: int
    choice: str
    label: str


def press_of(query: Fields) -> Press | None:
    """The press of a callback query; None when it is not one of ours to act on.

    The chat of the button must be that of the person who pressed it (rule H3): in a group anybody could press for anybody.
    A programme may send any data for any message, so data that no button of the message carries is no press. When Telegram
    no longer shows the message or its buttons, nothing can be compared and the choice stands for its own label: whoever
    acts on a choice must look whether it was offered.
    """
    person, message = fields(query.get("from")), fields(query.get("message"))
    chat = number(fields(message.get("chat")).get("id"))
    choice = token_of_ours(query.get("data"))
    query_id = token(query.get("id"))
    if not chat or chat != number(person.get("id")) or not choice or not query_id:
        return None
    labels = _labels(message)
    if labels and choice not in labels:
        return None
    return Press(query_id, chat, number(message.get("message_id")) or 0, choice, labels.get(choice) or choice)


def token_of_ours(data: object) -> str:
    """What we put on a button: at most 64 bytes of text on one line; "" for anything else."""
    found = text(data)
    return found if found == data and "\n" not in found and len(found.encode()) <= 64 else ""


def _labels(message: Fields) -> dict[str, str]:
    """The labels of the message's buttons by their data."""
    rows = fields(message.get("reply_markup")).get("inline_keyboard")
    buttons = [button for row in (rows if isinstance(rows, list) else ()) for button in objects(row)]
    return {
        data: line(button.get("text"), _LONGEST_LABEL)
        for button in buttons
        if (data := token_of_ours(button.get("callback_data")))
    }
