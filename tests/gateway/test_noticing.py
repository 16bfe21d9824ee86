"""What is said beside the form while it is written: by words only, and of nobody's own doctor."""

from __future__ import annotations

import pytest

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
