"""From updates to messages: every kind that people send, and every JSON that nobody should (H3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import UnreadableError
from channels.message import Bounce, Robot, Sender
from channels.registry import parser_of
from channels.telegram_bot.parse import language_of, parse
from channels.telegram_bot.update import read_update
from config.telegram import SHIPPED, telegram_words
from config.vocabulary import LANGUAGES
from tests.channels.telegram_bot.updates import BUTTONS, CHAT, GROUP, NOW, PERSON, PRIVATE, message, parsed, press, raw


def test_a_message_is_what_was_written_by_whom_and_when() -> None:
    found = parsed(message=message("Bonjour,\nmon dossier PM-2026-004217-75 traîne."))
    assert found.sender == Sender("telegram", str(CHAT), "Léa Exemple")
    assert found.text == found.reply == "Bonjour,\nmon dossier PM-2026-004217-75 traîne."
    assert found.sent_at == datetime.fromtimestamp(1_795_687_200, UTC)
    assert (found.received_at, found.external_id, found.account) == (NOW, "900000001", "7700110300")
    assert found.thread.message_id == f"telegram:{CHAT}:42"
    assert found.thread.quoted_references == ("PM-2026-004217-75",)
    assert found.language_hint == "fr"
    assert (found.robot, found.bounce, found.choice, found.edit_of, found.defects) == (None, None, "", "", ())


def test_the_registry_knows_the_parser() -> None:
    found = parser_of("telegram")(raw({"message": message("Bonjour")}), frozenset(), "")
    assert found.text == "Bonjour"


def test_an_edited_message_says_which_one_it_stands_for() -> None:
    found = parsed(edited_message=message("Bonjour, corrigé", edit_date=1_795_687_300))
    assert found.edit_of == f"telegram:{CHAT}:42"
    assert found.text == "Bonjour, corrigé"
    assert found.sent_at == datetime.fromtimestamp(1_795_687_300, UTC)


def test_an_answer_to_a_message_names_it() -> None:
    found = parsed(message=message("Oui", reply_to_message={"message_id": 17, "chat": PRIVATE, "date": 1}))
    assert found.thread.in_reply_to == (f"telegram:{CHAT}:17",)


def test_a_pressed_button_is_its_label_and_its_choice() -> None:
    found = parsed(callback_query=press("yes"))
    assert (found.text, found.reply, found.choice) == ("Oui, c’est juste", "Oui, c’est juste", "yes")
    assert found.thread.in_reply_to == (f"telegram:{CHAT}:41",)
    assert found.robot is None
    update = read_update(raw({"callback_query": press("yes")}).body)
    assert update
    assert update.press
    assert (update.press.query_id, update.press.chat, update.press.message_id) == ("998877", CHAT, 41)


@pytest.mark.parametrize(
    "query",
    [
        press("yes", by={**PERSON, "id": 5550001}),
        press("yes", chat={**PRIVATE, "id": 5550001}),
        press("never-offered"),
        press("x" * 65),
        press(None),
        press("yes", message=None, inline_message_id="AAA"),
        press("yes", id=None),
    ],
    ids=["pressed by another", "in another chat", "no such button", "too long", "a game", "no chat", "no query"],
)
def test_a_button_acts_in_its_own_chat_and_as_it_was_offered_only(query: dict[str, Any]) -> None:
    found = parsed(callback_query=query)
    assert found.choice == ""
    assert found.text == ""
    assert found.robot == Robot("system", "telegram system")


def test_in_a_group_nobody_presses_for_the_bot_s_member() -> None:
    found = parsed(callback_query=press("yes", chat=GROUP))
    assert found.choice == ""
    assert found.robot == Robot("list", "telegram group")


def test_a_button_of_a_message_that_is_no_longer_shown_stands_for_itself() -> None:
    gone = {"message_id": 41, "chat": PRIVATE, "date": 0}
    found = parsed(callback_query=press("yes", message=gone))
    assert (found.text, found.choice) == ("yes", "yes")


@pytest.mark.parametrize(
    ("typed", "command", "argument"),
    [
        ("/start", "/start", ""),
        ("/start case-7f3a", "/start", "case-7f3a"),
        ("/START", "/start", ""),
        ("/help@guichet_bot", "/help", ""),
        ("/stop", "/stop", ""),
        ("/stopping", None, ""),
        ("stop", None, ""),
        ("voir /stop", None, ""),
    ],
)
def test_commands(typed: str, command: str | None, argument: str) -> None:
    update = read_update(raw({"message": message(typed)}).body)
    assert update
    assert (update.command, update.argument) == (command, argument)
    found = parsed(message=message(typed))
    assert found.choice == (command or "")
    assert found.text == typed


PHOTO = [
    {"file_id": "small", "file_unique_id": "s", "file_size": 1200, "width": 90, "height": 67},
    {"file_id": "large", "file_unique_id": "l", "file_size": 240_000, "width": 1280, "height": 960},
    {"file_id": "middle", "file_unique_id": "m", "file_size": 18_000, "width": 320, "height": 240},
]
PDF = {
    "file_id": "pdf",
    "file_unique_id": "p",
    "file_name": "../facture\u202e.pdf",
    "mime_type": "application/pdf",
    "file_size": 9,
}


@pytest.mark.parametrize(
    ("beside", "words", "media"),
    [
        ({"photo": PHOTO}, "[Photo]", ("photo", "large", "image/jpeg", 240_000, "")),
        ({"document": PDF}, "[Document : facture.pdf]", ("document", "pdf", "application/pdf", 9, "facture.pdf")),
        (
            {"voice": {"file_id": "v", "duration": 12, "mime_type": "audio/ogg", "file_size": 5}},
            "[Message vocal, 12 s]",
            ("voice", "v", "audio/ogg", 5, ""),
        ),
        ({"video_note": {"file_id": "n", "duration": 4, "length": 240}}, "[Vidéo, 4 s]", ("video_note", "n", "video/mp4", 0, "")),
        ({"sticker": {"file_id": "k", "emoji": "😡", "type": "regular"}}, "[Image 😡]", None),
        ({"location": {"latitude": 50.8467, "longitude": 4.3525}}, "[Lieu : 50.84670, 4.35250]", None),
        (
            {
                "venue": {"title": "Agence", "address": "Rue de l’Exemple 1", "location": {}},
                "location": {"latitude": 50.8, "longitude": 4.3},
            },
            "[Lieu : Agence, Rue de l’Exemple 1]",
            None,
        ),
        (
            {"contact": {"phone_number": "32470001103", "first_name": "Jan", "user_id": 5}},
            "[Contact : Jan, 32470001103]",
            None,
        ),
        (
            {"poll": {"question": "Fâché ?", "options": [{"text": "Oui"}, {"text": "Non"}]}},
            "[Sondage : Fâché ? Oui / Non]",
            None,
        ),
        ({"dice": {"emoji": "🎲", "value": 3}}, "[Image 🎲]", None),
    ],
)  # fmt: skip
def test_what_has_no_words_is_put_in_words_and_can_be_fetched(
    beside: dict[str, Any], words: str, media: tuple[Any, ...] | None
) -> None:
    found = parsed(message=message(**beside))
    assert (found.text, found.reply, found.robot) == (words, "", None)
    update = read_update(raw({"message": message(**beside)}).body)
    assert update
    got = [(each.kind, each.file_id, each.type, each.size, each.name) for each in update.media]
    assert got == ([media] if media else [])


def test_a_caption_is_what_was_written() -> None:
    found = parsed(message=message(photo=PHOTO, caption="La facture", media_group_id="77"))
    assert found.reply == "La facture"
    assert found.text == "La facture\n[Photo]"
    update = read_update(raw({"message": message(photo=PHOTO, media_group_id="77")}).body)
    assert update
    assert update.album == "77"


def test_an_animation_is_one_file() -> None:
    animation = {"file_id": "a", "duration": 3, "mime_type": "video/mp4"}
    update = read_update(raw({"message": message(animation=animation, document=animation)}).body)
    assert update
    assert [media.kind for media in update.media] == ["animation"]


@pytest.mark.parametrize("number", ["32470001103", "+32470001103"])
def test_the_own_number_is_another_way_to_reach_them(number: str) -> None:
    found = parsed(message=message(contact={"phone_number": number, "first_name": "Léa", "user_id": CHAT}))
    assert found.other_contacts == (Sender("phone", "+32470001103", "Léa Exemple"),)
    other = parsed(message=message(contact={"phone_number": number, "first_name": "Jan", "user_id": 5}))
    assert other.other_contacts == ()


def test_a_kind_of_message_that_is_not_known_is_kept_and_said() -> None:
    found = parsed(message=message(hologram={"file_id": "h"}))
    assert found.text == "[Un message que nous ne pouvons pas afficher]"
    assert found.defects == ("unknown kind of message",)
    assert found.robot is None


@pytest.mark.parametrize(
    ("update", "robot"),
    [
        ({"message": message("Bonjour", chat=GROUP)}, Robot("list", "telegram group")),
        ({"my_chat_member": {"chat": GROUP, "from": PERSON, "date": 1, "new_chat_member": {"status": "member"}}},
         Robot("list", "telegram group")),
        ({"channel_post": message("Nouvelles", chat={"id": -100, "type": "channel"})}, Robot("bulk", "telegram channel")),
        ({"message": message("Bip", **{"from": {**PERSON, "is_bot": True}})}, Robot("auto_reply", "telegram bot")),
        ({"my_chat_member": {"chat": PRIVATE, "from": PERSON, "date": 1, "new_chat_member": {"status": "member"}}},
         Robot("system", "telegram unblocked")),
        ({"my_chat_member": {"chat": GROUP, "from": PERSON, "date": 1, "new_chat_member": {"status": "left"}}},
         Robot("system", "telegram system")),
        ({"message": message(pinned_message=message("x"))}, Robot("system", "telegram system")),
        ({"message": message(new_chat_members=[PERSON], chat=GROUP)}, Robot("system", "telegram system")),
        ({"message_reaction": {"chat": PRIVATE}}, Robot("system", "telegram system")),
        ({}, Robot("system", "telegram system")),
        ({"message": {"message_id": 1}}, Robot("system", "telegram system")),
    ],
)  # fmt: skip
def test_what_is_no_person_alone_with_us_is_named(update: dict[str, Any], robot: Robot) -> None:
    assert parsed(**update).robot == robot


def test_who_blocks_us_cannot_be_reached_any_more() -> None:
    found = parsed(
        my_chat_member={"chat": PRIVATE, "from": PERSON, "date": 1_795_687_200, "new_chat_member": {"status": "kicked"}}
    )
    assert found.bounce == Bounce(str(CHAT), permanent=True, status="403")
    assert found.robot == Robot("bounce", "telegram blocked")


def test_a_group_is_answered_in_the_group() -> None:
    found = parsed(message=message("Bonjour", chat=GROUP))
    assert found.sender == Sender("telegram", str(GROUP["id"]), "Léa Exemple")


@pytest.mark.parametrize(
    ("code", "language"),
    [("fr", "fr"), ("nl-BE", "nl"), ("de_AT", "de"), ("EN", "en"), ("frk", None), ("", None), ("it", None)],
)
def test_the_telephone_s_language_is_a_hint(code: str, language: str | None) -> None:
    assert language_of(code) == language


def test_text_can_always_be_stored_and_shown() -> None:
    found = parsed(
        message=message(
            "a\x00b\ud83d\r\nc\ud83d\ude00",
            **{"from": {**PERSON, "first_name": "L\u202e\né\x1b[31m", "last_name": None}},
        )
    )
    assert found.text == "ab\ufffd\nc😀"
    assert found.sender
    assert found.sender.name == "L é[31m"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b"\xff\xfe", b'{"update_id": true}', b'{"update_id": "7"}', b'{"update_id": -1}',
     b'{"update_id": 9223372036854775808}',
     b"[" * 100_000, b'{"update_id":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_bytes_that_are_no_update_are_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse(raw(body))


# Any JSON, with the names that the parser looks for often enough to reach into its corners.
NAMES = st.sampled_from(
    ["message", "edited_message", "callback_query", "my_chat_member", "channel_post", "from", "chat", "id", "type", "text",
     "caption", "date", "edit_date", "message_id", "photo", "document", "voice", "venue", "location", "latitude", "longitude",
     "contact", "poll", "options", "phone_number", "user_id", "file_id", "file_size", "file_name", "width", "height", "duration",
     "reply_markup", "inline_keyboard", "callback_data", "data", "new_chat_member", "status", "language_code", "first_name",
     "is_bot", "reply_to_message", "media_group_id", "sticker", "emoji", "update_id"]
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["private", "group", "channel", "kicked", "member", "yes", CHAT, 2**62, 10**18, -1])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=6)
)
# Shapes near real ones: a message or a press with some of its fields replaced by anything.
NEAR = st.builds(
    lambda kind, base, other: {"update_id": 1, kind: {**base, **other}},
    st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]),
    st.sampled_from([message("Bonjour"), press("yes"), message(photo=PHOTO), message(reply_markup=BUTTONS)]),
    st.dictionaries(NAMES, ANYTHING, max_size=5),
)


@given(ANYTHING | NEAR | st.dictionaries(NAMES, ANYTHING, max_size=4).map(lambda found: {"update_id": 1, **found}))
def test_any_json_is_a_message_or_unreadable_and_nothing_else(update: Any) -> None:
    try:
        found = parse(raw(json.dumps(update).encode()))
    except UnreadableError:
        assert (
            not isinstance(update, dict)
            or type(update.get("update_id")) is not int
            or not 0 <= update["update_id"] < 2**63
        )
        return
    for text in (found.text, found.reply, found.choice, found.edit_of, found.sender.name if found.sender else ""):
        assert "\x00" not in text
        assert text.encode("utf-8").decode("utf-8") == text
    assert found.sender is None or int(found.sender.address) != 0
    if found.choice and not found.choice.startswith("/"):
        query = update["callback_query"]
        assert query["message"]["chat"]["id"] == query["from"]["id"]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_unreadable(body: bytes) -> None:
    try:
        parse(raw(body))
    except UnreadableError:
        return


def test_every_word_is_there_in_every_language() -> None:
    words = telegram_words()
    assert SHIPPED.is_file()
    for language in LANGUAGES:
        assert words.group.in_language(language)
        for name in type(words.notes).model_fields:
            values = {
                "name": "{number}",
                "number": "2",
                "seconds": "3",
                "emoji": "x",
                "place": "y",
                "question": "q",
                "options": "o",
            }
            said = words.note(name, language, values)  # type: ignore[arg-type]  # the names of the model are those of the type
            # A value that looks like a hole stays as it was typed (rule R1).
            assert said.replace("{number}", "").count("{") == 0
