"""Where a writer's own words end: at a firm's formula or at quoted history, and never before words of their own."""

import time

import pytest

from classifier import pipeline

OWN = "Mon remboursement de la kiné n'est toujours pas arrivé, pouvez-vous vérifier ?"


@pytest.mark.parametrize(
    "below",
    [
        "\n\nCe message et ses annexes sont confidentiels et réservés à leur destinataire.",
        "\n\nDit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.",
        "\n\nLe 3 mars, Service Paiements a écrit :\n> Votre plan est accepté.\n> Merci.",
        "\n\n> Votre plan est accepté.\n> Merci.",
        "\n-----Original Message-----\nFrom: x\nYour plan was accepted.",
    ],
)
def test_what_stands_below_is_not_the_writers(below: str) -> None:
    assert OWN + below[: pipeline.own_length(OWN + below) - len(OWN)].strip() == OWN


@pytest.mark.parametrize(
    "text",
    [
        f"{OWN} Ce message est destiné à la médiation et à personne d'autre.",
        f"{OWN}\n> Votre plan est accepté.\nAccepté, mais par qui ?",
        "FYI\n\n-----Original Message-----\nFrom: x\nMy refund is late.",
        "Voor u.\n\nBegin doorgestuurd bericht:\n\n> Mijn terugbetaling blijft uit.",
        "Zur Info\n\nAnfang der weitergeleiteten Nachricht:\n\n> Meine Erstattung fehlt seit drei Monaten.",
        "Bonjour.\nCe message est strictement confidentiel. Mon mari me frappe et votre guichet lui a donné ma nouvelle adresse.",
        "Bonjour,\nLe 3 mars votre service m'a écrit :\nvous devez 900 euros.\nJe n'ai plus rien à manger, mes enfants non plus.",
        f"{OWN}\nLe 3 mars votre service m'a écrit :\nvous devez 900 euros.\nJe n'ai plus rien à manger.",
        f"{OWN}\nDit bericht is vertrouwelijk en niet voor mijn man bestemd: ik ben bang voor hem.",
        "Klacht!\nDit bericht is bestemd voor de ombudsdienst. Door uw vergissing ben ik mijn terugbetaling kwijt.",
        'Beste,\n\nOp 3 maart schreef uw dienst mij:\n"U hebt geen recht".\nDat klopt niet, ik betaal al tien jaar.',
        "Plainte\n> Mon remboursement n'est pas arrivé.\n> Votre guichet m'a insultée.",
        "Bonjour\n\nLe 3 mars à 09:14, Jan <jan@mail.example> a écrit :\n> Mon remboursement manque.",
        "Ok\n> je veux moruir",
        f"{OWN}\n\nDit bericht is vertrouwelijk.\n> ik wil niet meer leven",
    ],
)
def test_own_words_below_are_kept(text: str) -> None:
    assert pipeline.own_length(text) == len(text)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        # A few words of an answer are an answer, however much stands below.
        ("Ok merci\n\nLe 3 mars, Service Paiements a écrit :\n> Votre plan est accepté.", "Ok merci"),
        ("Ok\n\n--\nDit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.", "Ok"),
        ("Merci\n______\nCe message et ses annexes sont confidentiels.", "Merci"),
    ],
)
def test_a_few_words_are_all_that_was_said(text: str, own: str) -> None:
    assert text[: pipeline.own_length(text)] == own


@pytest.mark.parametrize(
    "text",
    [
        "1\n" + ">\n" * 400_000,
        "ab cd\n" + ">a\n" * 190_000 + "b\n" + "c\n" * 200_000,
        "ab\n" + ">a\nb\n" * 200_000,
        "a>" * 400_000,
        "Ce message et " * 60_000,
        "\n>a" * 300_000,
    ],
)
def test_a_megabyte_is_looked_through_in_a_moment(text: str) -> None:
    began = time.process_time()
    pipeline.own_length(text)
    assert time.process_time() - began < 2
