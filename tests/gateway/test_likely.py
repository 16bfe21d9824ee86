"""The department that is named while somebody writes: rarely, and then rightly."""

from __future__ import annotations

import time

import pytest

from classifier import corpus
from config.vocabulary import DEPARTMENTS
from gateway import hint_figures
from gateway.noticing import noticed


@pytest.mark.parametrize(
    ("text", "department"),
    [
        (
            "Le remboursement de ma consultation n'arrive pas, et le ticket modérateur est faux.",
            "reimbursements",
        ),
        ("Mijn uitkering is gestopt, ik ben arbeidsongeschikt sinds maart.", "incapacity"),
        ("Ich kann mich nicht einloggen, itsme zeigt eine Fehlermeldung.", "digital"),
        ("You sent a payment reminder with a reminder fee for a contribution I had paid.", "contributions"),
    ],
)
def test_what_is_plain_is_said_in_each_language(text: str, department: str) -> None:
    assert noticed(text, "fr").department == department


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Je ne suis pas content du tout.",
        "J'ai téléphoné à l'agence, personne ne sait rien.",
        "Mijn uitkering en mijn domiciliëring: geen van beide klopt, en mijn bijdrage ook niet.",
    ],
)
def test_what_is_not_plain_is_not_said(text: str) -> None:
    assert noticed(text, "fr").department == ""


def test_who_writes_about_another_body_or_the_medical_adviser_hears_no_department() -> None:
    about = "Mes indemnités d'incapacité de travail sont arrêtées."
    assert noticed(about, "fr").department == "incapacity"
    assert noticed(f"{about} Le médecin-conseil m'a mal reçue.", "fr").department == ""


def test_it_is_right_on_messages_that_had_no_part_in_choosing_its_words() -> None:
    test = corpus.split(corpus.read(), seed=hint_figures.SEED).test
    by_language = hint_figures.measured(test)
    named = sum(one.named for one in by_language.values())
    assert sum(one.messages for one in by_language.values()) == len(test)
    assert named >= 35, "a hint that never comes is of no use"
    assert sum(one.right for one in by_language.values()) / named >= 0.85


def test_it_is_right_in_each_language_and_knows_each_department() -> None:
    records = corpus.read()
    for language, one in hint_figures.measured(records).items():
        assert one.precision >= 0.85, language
    assert {noticed(record.message.text, record.language).department for record in records} == {"", *DEPARTMENTS}


def test_a_long_text_is_read_in_a_moment() -> None:
    text = ("attestation de soins " * 2_000)[:20_000]
    noticed(text, "fr")
    started = time.perf_counter()
    noticed(text, "fr")
    assert time.perf_counter() - started < 2


def test_the_figures_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    hint_figures.main()
    assert "precision" in capsys.readouterr().out
