"""What is said beside the form while it is written: by words only, and of nobody's own doctor."""

from __future__ import annotations

import pytest

from classifier import corpus
from gateway.noticing import noticed


@pytest.mark.parametrize(
    "text",
    [
        "Le médecin-conseil m'a mal reçue.",
        "De adviserend arts luisterde niet.",
        "Der Vertrauensarzt hat mich nicht untersucht.",
        "The medical adviser shouted at me in the hospital.",
    ],
)
def test_the_medical_adviser_is_noticed_in_each_language(text: str) -> None:
    found = noticed(text, "fr")
    assert found.medical_adviser
    assert found.other_body == ""


@pytest.mark.parametrize("text", ["", "Votre docteur est gentil.", "Uw dokter zei niets.", "Ihr Arzt war da."])
def test_somebodys_own_doctor_is_not(text: str) -> None:
    assert not noticed(text, "fr").medical_adviser


def test_another_body_is_named_with_a_way_to_reach_it() -> None:
    found = noticed("La facture de l'hôpital Saint-X est fausse, l'hôpital ne répond pas.", "fr")
    assert found.other_body
    assert found.other_body_contact
    assert noticed("Mon remboursement n'arrive pas.", "fr").other_body == ""


def test_distress_is_noticed() -> None:
    assert noticed("Je pense au suicide.", "fr").distress
    assert not noticed("Je suis en colère.", "fr").distress


@pytest.mark.parametrize(
    "text",
    [
        "J'attends le remboursement de mes séances de kinésithérapie depuis le mois d'août.",
        "Mijn terugbetaling van het ziekenhuis is nog niet gestort, het getuigschrift is al lang bij jullie.",
        "My hospital insurance, Hospitalia, has not paid the bill of the hospital.",
    ],
)
def test_nobody_who_writes_about_our_work_is_sent_to_somebody_else(text: str) -> None:
    assert noticed(text, "fr").other_body == ""


def test_few_who_write_about_us_are_told_of_somebody_else() -> None:
    """Of the messages of the corpus that are about us, and of those that are not (see `docs/decisions.md`)."""
    records = corpus.read()
    ours = [record.message.text for record in records if "off_scope" not in record.flags]
    others = [record.message.text for record in records if "off_scope" in record.flags]
    wrong = sum(bool(noticed(text, "fr").other_body) for text in ours) / len(ours)
    right = sum(bool(noticed(text, "fr").other_body) for text in others) / len(others)
    assert wrong <= 0.035
    assert right >= 0.17
