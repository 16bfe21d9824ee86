"""What members send by SMS and WhatsApp, read from the form that Twilio posts."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import UnreadableError
from channels.message import InboundMessage, MediaLink, RawMessage, Robot, Sender
from channels.reference import format_reference
from channels.registry import parser_of
from channels.twilio_sms.parse import parse
from tests.servers.twilio import MEMBER, SID, SMS_NUMBER, inbound, sid

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def raw(body: bytes, channel: str = "sms") -> RawMessage:
    return RawMessage(channel, SMS_NUMBER, sid(1), body, NOW, {"address": MEMBER})  # type: ignore[arg-type]


def read(text: str = "Bonjour", *, whatsapp: bool = False, **more: str) -> InboundMessage:
    fields = inbound(text, whatsapp=whatsapp, **more)
    return parse(raw(urlencode(fields).encode(), "whatsapp" if whatsapp else "sms"))


def test_an_sms() -> None:
    message = read("  Mijn terugbetaling is er nog niet.\r\nAl 3 maanden!\x07 ")
    assert message.sender == Sender("phone", MEMBER)
    assert message.text == message.reply == "Mijn terugbetaling is er nog niet.\nAl 3 maanden!"
    assert (message.channel, message.account, message.external_id) == ("sms", SMS_NUMBER, sid(1))
    assert (message.received_at, message.subject, message.robot, message.defects) == (NOW, "", None, ())
    assert message.thread.message_id == sid(1)


def test_a_whatsapp_message_says_who_writes() -> None:
    message = read(whatsapp=True, ProfileName="  Marie \u202eDubois\n", WaId="32470001103")
    assert message.sender == Sender("phone", MEMBER, "Marie Dubois")


def test_what_was_answered_and_what_was_quoted_is_a_claim() -> None:
    reference = format_reference(2026, 4217)
    message = read(f"Où en est {reference.lower()} ?", whatsapp=True, OriginalRepliedMessageSid=sid(9))
    assert message.thread.in_reply_to == (sid(9),)
    assert message.thread.quoted_references == (reference,)
    assert read(OriginalRepliedMessageSid="SM<9>").thread.in_reply_to == ()


@pytest.mark.parametrize(
    ("fields", "text", "choice"),
    [
        ({"ButtonText": "Oui, c’est juste", "ButtonPayload": "confirm-yes"}, "Oui, c’est juste", "confirm-yes"),
        ({"ListTitle": "Mediation", "ListId": "queue-2"}, "Mediation", "queue-2"),
        ({"ButtonText": "Oui"}, "Oui", ""),
        ({"ButtonPayload": "x" * 500}, "Oui", "x" * 200),
    ],
)
def test_a_button_is_its_label_and_its_choice(fields: dict[str, str], text: str, choice: str) -> None:
    message = read("Oui", whatsapp=True, MessageType="button", **fields)
    assert (message.text, message.choice) == (text, choice)


def test_a_place_is_said_in_words() -> None:
    message = read(
        "",
        whatsapp=True,
        MessageType="location",
        Latitude="50.8466",
        Longitude="4.3528",
        Label="Agence",
        Address="Rue 1",
    )
    assert message.text == "Lieu / Plaats / Ort / Place: Agence; Rue 1; 50.8466, 4.3528"


def test_a_visiting_card_is_named_and_fetched() -> None:
    message = read(
        "",
        whatsapp=True,
        MessageType="contacts",
        MediaUrl0="https://api.example/ME1",
        MediaContentType0="text/vcard",
        NumMedia="1",
    )
    assert message.text == "Carte de visite / Visitekaartje / Visitenkarte / Visiting card"
    assert message.media == (MediaLink("https://api.example/ME1", "text/vcard"),)


def test_an_unknown_kind_is_named_and_a_known_one_is_left_to_its_file() -> None:
    assert read("", MessageType="order").text.endswith("Message without text (order)")
    assert read("", MessageType="<b>").text.endswith("Message without text")
    assert read("", MessageType="audio", MediaUrl0="https://api.example/ME1", NumMedia="1").text == ""
    assert read("12", MessageType="order").text == "12"


def test_files_are_listed_and_not_fetched() -> None:
    name = sid(5, "ME")
    url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/{sid(1, 'MM')}/Media/{name}"
    message = read(
        "voici", MediaUrl0=url, MediaContentType0="Image/JPEG", MediaUrl1="https://x.example/2", NumMedia="2"
    )
    assert message.media == (MediaLink(url, "image/jpeg", name), MediaLink("https://x.example/2"))
    assert message.attachments == ()
    assert message.defects == ()
    assert read("voici", MediaUrl0=url, NumMedia="3").defects == ("media_missing",)


@pytest.mark.parametrize(
    ("sender", "robot"),
    [
        ("8810", Robot("bulk", "sender")),
        ("Proximus", Robot("bulk", "sender")),
        ("bpost info", Robot("bulk", "sender")),
        (SMS_NUMBER, Robot("own", "sender")),
        # Nobody knows who this is; a person looks, and nothing is sent.
        ("", None),
        ("+0", None),
        ("client:someone-else-entirely", None),
        ("+32 470 00 11 03 44 55 66 77 88", None),
    ],
)
def test_who_is_no_telephone_is_answered_never(sender: str, robot: Robot | None) -> None:
    message = read(From=sender)
    assert message.robot == robot
    assert message.sender is None or robot is not None


@pytest.mark.parametrize("body", [b"", b"&&&", b"&".join(b"f%d=1" % number for number in range(500))])
def test_what_is_no_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse(raw(body))


NAMES = [name for name, _ in inbound()]
NAMES += ["MediaUrl0", "MediaContentType0", "ButtonPayload", "Latitude", "MessageType", "ProfileName", "Label"]
FORMS = st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=200)))


@given(st.one_of(st.binary(max_size=3000), FORMS.map(lambda pairs: urlencode(pairs, errors="replace").encode())))
def test_any_body_is_a_message_or_unreadable(body: bytes) -> None:
    try:
        message = parse(raw(body))
    except UnreadableError:
        return
    assert message.external_id == sid(1)
    # All of it can be kept and shown.
    (message.text + message.choice + (message.sender.name if message.sender else "")).encode("utf-8")
    assert "\x00" not in message.text
    assert all(len(link.declared_type) <= 100 for link in message.media)


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_the_house_finds_the_parser(channel: str) -> None:
    body = urlencode(inbound()).encode()
    assert parser_of(channel)(raw(body, channel), frozenset(), "").text == "Bonjour"  # type: ignore[arg-type]
