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
        f"{OWN}\n\nDit bericht is vertrouwelijk.\n> ik wil niet meer leven",
    ],
)
def test_own_words_below_are_kept(text: str) -> None:
    assert pipeline.own_length(text) == len(text)


@pytest.mark.parametrize("text", ["1\n" + ">\n" * 400_000, "a>" * 400_000, "Ce message et " * 60_000, "\n>a" * 300_000])
def test_a_megabyte_is_looked_through_in_a_moment(text: str) -> None:
    began = time.process_time()
    pipeline.own_length(text)
    assert time.process_time() - began < 6
