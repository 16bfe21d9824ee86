"""What short lines of members mean, as they type them."""

from __future__ import annotations

import time

import pytest

from chatbot.absorbing import bare_name
from chatbot.understanding import understand, wish_in
from config.vocabulary import LANGUAGES

OFFERED = {"yes": "Oui", "change": "Corriger", "person": "Parler à une personne"}


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("yes", ["ouais c'est ça", "ja klopt", "ja hoor", "dat klopt", "jo, stimmt", "yes please", "yep", "OUIIII merci", "👍",
                  "da's juist", "d'accord", "oui vous pouvez l'envoyer"]),
        ("no", ["nan", "neen", "nein", "nope", "pas encore", "da's nie juist", "👎"]),
        ("skip", ["passer", "jsp", "je ne sais pas", "weet ik niet", "keine ahnung", "idk", "dont know"]),
        ("back", ["retour", "ga terug", "zurück", "go back"]),
        ("stop", ["STOP", "laissez tomber", "non laissez tomber", "laat maar zitten", "vergessen sie es", "never mind"]),
        ("person", ["une personne svp", "je voudrais parler à quelqu'un", "kan ik iemand spreken?", "met ne mens aub",
                     "ich möchte mit einem Menschen sprechen", "can I talk to a human please", "pas un robot"]),
        ("help", ["aide", "hulp", "Hilfe", "help", "???"]),
        ("status", ["où en est mon dossier ?", "hoever staat mijn dossier", "wie weit ist meine Akte?", "where is my case"]),
        ("done", ["non merci", "nee bedankt", "c'est tout", "das war alles", "that's all thanks"]),
        ("greeting", ["Bonjour", "goeiedag", "Guten Tag", "hi", "allo bonjour"]),
        ("insult", ["connard", "bande de nuls", "stomme robot", "you idiots", "ihr Betrüger",
                     "espèce de robot débile tu comprends rien", "jullie zijn allemaal oplichters en dieven",
                     "you are a bunch of useless thieves", "Sie sind doch alle unfähig und dumm"]),
        ("help", ["hallo, hoe werkt dit?", "zeg, wa is da hier allemaal", "who are you", "vous êtes un robot ?"]),
        ("anonymous", ["je veux rester anonyme", "liever anoniem", "ich will anonym bleiben"]),
        ("about_you", ["c'est bien vous", "this is about you", "het gaat over jullie"]),
        (
            "",
            [
                "la dame au guichet m'a traité d'idiot",
                "die app is stom",
                "je veux mourir con",
                "bande d'escrocs rendez-moi mes 212 euros",
                "oui mais mon numéro est faux",
                "non, mon numéro est 0470 00 11 03",
                "nee, mijn naam is Jan",
                "j'ai essayé de parler à quelqu'un au guichet hier",
                "ik heb geprobeerd iemand te spreken",
                "ma carte ne marche plus",
                "stop mijn betalingen niet zomaar",
                "12",
            ],
        ),
    ],
)  # fmt: skip
def test_a_line_means(command: str, lines: list[str]) -> None:
    assert {line: understand(line).command for line in lines} == dict.fromkeys(lines, command)


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Nederlands please", "nl"),
        ("in het Nederlands aub", "nl"),
        ("auf Deutsch bitte", "de"),
        ("en français svp", "fr"),
        ("do you speak English?", "en"),
        ("ik heb nooit een brief in het Nederlands gekregen van jullie", None),
        ("j'ai reçu une lettre en néerlandais hier", None),
    ],
)
def test_another_language_is_asked_for(line: str, language: str | None) -> None:
    assert understand(line).language == language


@pytest.mark.parametrize(
    ("line", "choice"),
    [("1", "yes"), ("2.", "change"), ("(3)", "person"), ("4", ""), ("oui", "yes"), ("corriger", "change"), ("22", "")],
)
def test_a_choice_is_picked_by_number_or_name(line: str, choice: str) -> None:
    assert understand(line, offered=OFFERED).choice == choice


def test_a_button_of_another_turn_is_read_as_its_words() -> None:
    """Buttons of old messages stay where they are and can be pressed again."""
    assert understand("Passer", choice="skip", offered=OFFERED).command == "skip"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("marie dubois", "Marie Dubois"),
        ("Bonjour, je m'appelle jean-pierre van den berg", "Jean-Pierre Van Den Berg"),
        ("Sarah O'Brien", "Sarah O'Brien"),
        ("Jef", "Jef"),
        ("PEETERS Jan", "PEETERS Jan"),
        ("naam is Jan Pieters", "Jan Pieters"),
        ("Marie Dubois, pour ma mère", "Marie Dubois"),
        ("Anna Müller anna@mail.example", "Anna Müller"),
        ("pourquoi vous voulez mon nom ?", ""),
        ("look at this letter", ""),
        ("je ne sais pas", ""),
        ("je vous l'ai déjà dit la semaine passée au téléphone", ""),
    ],
)
def test_an_answer_to_what_is_your_name(line: str, name: str) -> None:
    assert bare_name(line) == name


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("Combien de temps ça prend ?", True),
        ("bonjour comment envoyer mes documents", True),
        ("je voudrais savoir combien de temps ça prend", True),
        ("ik zou graag weten wie beslist", True),
        ("wie lange dauert das", True),
        ("mon dossier est bloqué depuis mars", False),
        ("une question", False),
    ],
)
def test_a_question_is_seen_without_its_mark(line: str, question: bool) -> None:
    assert understand(line).question == question


def test_references_and_codes() -> None:
    assert understand("mon dossier PM 2026 004217 75").reference == "PM-2026-004217-75"
    assert understand("PM-2026-004217-74").reference_like
    assert understand("c'est 123 456").code == "123456"
    assert understand("123456 et puis une longue histoire de plus de huit mots en tout").code == ""


def test_a_wish_is_found_in_a_story() -> None:
    assert wish_in("Rien reçu. Je voudrais être payée cette semaine. Merci") == "Je voudrais être payée cette semaine."
    assert wish_in("Ik wil een klacht indienen over mijn uitkering.") == ""


def test_it_takes_no_longer_than_the_text() -> None:
    """A megabyte is read in a moment, whatever is in it."""
    for text in ("oui " * 250_000, "1" * 1_000_000, "PM-" * 300_000, "a," * 500_000, "😀" * 250_000):
        begun = time.process_time()
        understand(text, offered=OFFERED)
        wish_in(text)
        assert time.process_time() - begun < 3


def test_all_languages_have_all_meanings() -> None:
    from config.chat import chat_words  # noqa: PLC0415

    for meaning, listed in chat_words().meaning.items():
        assert isinstance(listed, tuple) or set(listed) == set(LANGUAGES), meaning
