"""Nobody is left in what a model learns from, and what a sender looks like stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import features, identity, names
from classifier.anonymising import masked
from classifier.classification import Text

LETTER = """Bonjour Madame Vandenberghe,
Je m'appelle marie dubois, née le 12/03/1954, numéro national 85.07.30-033 28, mon compte BE71 0961 2345 6769.
Mon médecin, le Dr. Jean-Luc Van den Broeck, a envoyé le certificat. Tél 0475 12 34 56 ou marie.dubois@mail.example.
J'habite rue de l'Abattoir 12, 4000 Liège. Kerkstraat 33, 9000 Gent. Mon fils Lucas Dubois-Peeters a 12 ans.
Remboursement de 45 EUR pour le dossier AB12345C, voir https://drive.example/marie?x=1
DUBOIS Marie, membre depuis longtemps. Appelez le 112 !
Cordialement
Marie"""
WRITTEN = Text("email", LETTER, "Remboursement Dubois", "Marie DUBOIS", "marie.dubois@mail.example")
PERSONAL = (
    "dubois marie lucas peeters broeck jean vandenberghe abattoir kerkstraat liège gent 1954 8507 0961 6769 0475 "
    "ab12345c drive"
)


@pytest.mark.parametrize("word", PERSONAL.split())
def test_nobody_is_left(word: str) -> None:
    found = masked(WRITTEN)
    whole = "\n".join((found.text, found.subject, found.from_name, found.from_address)).lower()
    assert word not in whole


def test_the_rest_is_kept() -> None:
    text = masked(WRITTEN).text
    for words in (
        "Bonjour Madame",
        "Mon médecin, le Dr",
        "a envoyé le certificat",
        "Remboursement de 45 EUR",
        "le 112",
    ):
        assert words in text


def test_what_a_sender_looks_like_stays() -> None:
    for message in (
        WRITTEN,
        Text("email", "Uw site werkt niet.", "", "nachtvlinder", "nachtvlinder88@mail.example"),
        Text("webform", "Ich warte auf mein Geld.", "", "Hans Schmitz", ""),
        Text("email", "Bonjour, je ne donne pas mon nom.", "", "", "zzz@mail.example"),
    ):
        after = masked(message)
        before_sender, sender = identity.find(message), identity.find(after)
        assert names.full(sender.name) == names.full(before_sender.name), message
        assert bool(sender.national_number) == bool(before_sender.national_number)
        assert bool(sender.iban) == bool(before_sender.iban)
        assert features.nobody(after, sender) == features.nobody(message, before_sender), message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ma fille emma janssens attend toujours", "ma fille Camille Nomen attend toujours"),
        ("mijn zoon wout peeters heeft koorts", "mijn zoon Camille Nomen heeft koorts"),
        ("meine Tochter lieselot wartet auf Geld", "meine Tochter Nomen wartet auf Geld"),
        ("mijn man Wout Van den Eynde belde gisteren", "mijn man Camille Nomen belde gisteren"),
        ("kevin vandenbroucke né le 3 mai 1999", "Camille Nomen né le 01/01/1900"),
        ("C'est pour emma janssens, née le 3/5/99.", "C'est pour Camille Nomen, née le 01/01/1900."),
        ("mon fils a vu Mme Lenoir hier", "mon fils a vu Mme Nomen hier"),
        ("son gsm 0475\u00a012\u00a034\u00a056 sonne", "son gsm 0470 00 00 00 sonne"),
    ],
)
def test_names_in_small_letters_and_days_of_birth_go_too(written: str, expected: str) -> None:
    for around in ("{}", "Bonjour, on attend depuis lundi.\n{}\nMerci d'avance."):
        assert masked(Text("email", around.format(written))).text == around.format(expected)
    assert masked(Text("email", "Merci.", subject=written)).subject == expected


@pytest.mark.parametrize(
    "written",
    [
        "ma fille est malade et attend toujours",
        "mijn zoon heeft al weken koorts",
        "mon fils souffre depuis lundi",
        "my mother called you twice",
        "je suis né en 1999",
    ],
)
def test_what_is_said_of_somebody_without_a_name_is_kept(written: str) -> None:
    assert masked(Text("email", written)).text == written


def test_what_the_register_knows_is_found_too() -> None:
    text = Text("sms", "Ici toujours rien pour zoubida, qui attend. Dossier K-77.")
    assert masked(text, ["Zoubida El Amrani", "K-77"]).text == (
        "Ici toujours rien pour Nomen, qui attend. Dossier Nomen."
    )


def test_a_masked_message_is_masked() -> None:
    once = masked(WRITTEN)
    assert masked(once) == once


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_masked(text: str) -> None:
    masked(Text("email", text, text[:50], text[:30], text[:40]), [text[:20]])


_NUMBERS = st.sampled_from(
    ["85073003328", "BE71096123456769", "0475123456", "+32475123456", "00317009876", "417005322"]
)


@settings(max_examples=150, deadline=None)
@given(
    _NUMBERS, st.sampled_from(["", " ", ".", "-", "/"]), st.integers(1, 4), st.text(alphabet="ab ,.:;\n", max_size=10)
)
def test_no_number_survives_however_it_is_written(number: str, between: str, every: int, around: str) -> None:
    written = between.join(number[at : at + every] for at in range(0, len(number), every))
    found = masked(Text("email", f"{around} {written} {around}")).text
    digits = re.sub(r"\D", "", number)
    assert digits not in re.sub(r"\D", "", found)
