"""Every text exists in every language and fits every channel, whatever fills its holes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest

from chatbot.questions import CHOICES as CHOICES_OF
from chatbot.replies import BUTTONS, LIMITS, Reply, render
from chatbot.state import Shape
from chatbot.texts import CHOICES, KEYS, load_texts
from config.chat import SHIPPED
from config.gsm7 import GSM7, GSM7_DOUBLE
from config.strict_yaml import DataError
from config.typography import sms_parts
from config.vocabulary import LANGUAGES, Language

SHAPES = get_args(Shape)
# Values as long as any may become: links, the longest body of the directory, somebody who writes a book.
LONG = {
    "case_url": "https://complaints.example/nl/case/" + "a" * 40,
    "letter_url": "https://complaints.example/nl/letter/" + "a" * 40,
    "story": "Sinds augustus wacht ik op mijn terugbetaling. " * 100,
    "answer": "U krijgt binnen 21 werkdagen een antwoord. " * 40,
    "body_contact": "jur@ocm-cdz.be, Sterrenkundelaan 1, 1210 Brussel",
    "body": "de klachtendienst van dat ziekenfonds en daarna de Controledienst voor de Ziekenfondsen",
    "wait": "45",
    "reference": "PM-2026-004217-75",
    "due_on": "donderdag 17 december 2026",
    "day": "donderdag 17 december 2026",
    "time": "14.30 uur",
    "sentence": "U kunt ons niet bereiken per sms. " * 8,
}
# Without these a text is not said.
ALWAYS = {
    "answer": ("answer",),
    "announced": ("sentence",),
    "files.late": ("names",),
    "ask.code": ("proving",),
    "ask.mandate": ("represented",),
    "registered": ("reference",),
    "added": ("reference",),
    "status": ("reference", "stage"),
    "status.own": ("reference",),
    "transcript": ("email",),
    "transcript.guarded": ("email",),
    "transcript.not_now": ("email",),
}


def replies_of(key: str) -> list[Reply]:
    """The text with everything known, with nothing known, and each of the two asked again."""
    everything = {name: LONG.get(name, "Jan Peeters-Vandenbroucke {x} [y: z] €") for name in KEYS[key]}
    nothing = {name: LONG.get(name, "Ja.") if name in ALWAYS.get(key, ()) else "" for name in KEYS[key]}
    choices = CHOICES_OF.get(key, ())
    return [Reply(key, values, choices, brief) for values in (everything, nothing) for brief in (False, True)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_every_text_fits_every_channel(key: str, language: Language, shape: Shape) -> None:
    for reply in replies_of(key):
        messages = render([reply], shape, language)
        assert messages
        for message in messages:
            assert message.text.strip() == message.text
            assert len(message.text) <= LIMITS[shape]
            assert "  " not in message.text
            assert "\n\n\n" not in message.text
            if shape == "sms":
                assert set(message.text) <= GSM7 | GSM7_DOUBLE
                assert sms_parts(message.text) <= 3
        if reply.choices:
            shown = messages[-1]
            assert [choice.id for choice in shown.choices] == (list(reply.choices) if shape in BUTTONS else [])
            assert (f"{len(reply.choices)} = " in shown.text) == (shape not in BUTTONS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["registered", "urgent", "handover", "scope", "status"])
def test_a_text_message_is_not_cut_where_it_matters(key: str, language: Language) -> None:
    """With values as they are in life nothing ends in dots: a half link or number helps nobody."""
    given = {name: LONG.get(name, "Reimbursements") for name in KEYS[key]} | {"stage": "A person reads it."}
    (message,) = render([Reply(key, given)], "sms", language)
    assert not message.text.endswith("...")
    if "case_url" in given and key == "status":
        assert LONG["case_url"] in message.text


def test_what_a_member_wrote_is_never_read_as_a_text() -> None:
    reply = Reply("sum_up", {"story": "{name} [open: x] {{7*7}}", "name": "{phone}"})
    text = render([reply], "chat", "en")[0].text
    assert "{name} [open: x] {{7*7}}" in text
    assert "Name: {phone}" in text


def test_the_story_is_not_repeated_where_others_may_read_it() -> None:
    reply = Reply("sum_up", {"story": "ma chimio", "wish": "payer ma chimio", "name": "Marie Dubois"})
    for shape in SHAPES:
        shown = "".join(message.text for message in render([reply], shape, "fr"))
        assert ("chimio" in shown) == (shape == "chat")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_lines_are_in_the_urgent_text_of_every_channel(language: Language) -> None:
    lines = {"fr": ("112", "0800 32 123"), "nl": ("112", "1813"), "de": ("112", "108"), "en": ("112", "1813")}
    for shape in SHAPES:
        (message,) = render([Reply("urgent", {"suicide": "yes", "need": "yes", "contact": ""})], shape, language)
        assert all(number in message.text.replace("\u00a0", " ") for number in lines[language])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("ask.name:", "ask.naam:"), "there is no text 'ask.name'"),
        (("{stage}", "{stages}"), "status, long: there is no name 'stages'"),
        (("[files: Files", "[file: Files"), "sum_up, long: there is no condition 'file'"),
        (("  skip: Skip\n", ""), "there is no choice 'skip'"),
        (("{answer}", "{answer"), "a '{' stands alone"),
        (("language: en", "language: fr"), "says it is fr"),
    ],
)
def test_texts_that_are_wrong_are_refused(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    folder = tmp_path / "chat"
    shutil.copytree(SHIPPED, folder)
    english = folder / "en.yaml"
    text = english.read_text(encoding="utf-8")
    assert change[0] in text
    english.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(DataError, match=complaint):
        load_texts(folder)


def test_every_choice_that_is_offered_has_a_name() -> None:
    assert {choice for choices in CHOICES_OF.values() for choice in choices} <= set(CHOICES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_message_asks_for_a_word_that_the_provider_keeps_for_itself(language: Language) -> None:
    """STOP, END, QUIT and CANCEL cut the member off at the provider: what is written large must be none of them."""
    (message,) = render([Reply("help")], "sms", language)
    assert not {"STOP", "END", "QUIT", "CANCEL", "UNSUBSCRIBE", "STOPALL"} & set(message.text.replace(".", " ").split())
