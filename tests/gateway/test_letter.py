"""The letter to the coordinating doctor: offered in the acknowledgement, made from the member's words, fetched by link."""

from __future__ import annotations

import pytest

from tests.gateway.conftest import Gateway

MEDICAL = """From: Marie Dubois <marie.dubois@mail.example>
To: ombudsman@partenamut.example
Subject: Plainte
Message-ID: <m1@mail.example>

Le médecin-conseil de Partenamut a été humiliant pendant mon examen, il a dit que je simulais. Je veux déposer plainte
contre le médecin-conseil de la mutuelle.

Marie Dubois
"""


async def test_the_letter_of_a_medical_case_can_be_fetched(gateway: Gateway) -> None:
    await gateway.mail(MEDICAL)
    (sent,) = gateway.sink.sent
    assert "?to=letter" in sent.text
    token = sent.text.partition("/fr/c/")[2][:22]
    view = await gateway.door.case_view(token)
    assert view is not None
    assert view.has_letter
    pdf = await gateway.door.letter(token)
    assert pdf is not None
    assert pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("token", ["", "x" * 22])
async def test_no_link_no_letter(gateway: Gateway, token: str) -> None:
    assert await gateway.door.letter(token) is None


async def test_other_cases_have_no_letter(gateway: Gateway) -> None:
    await gateway.mail(MEDICAL.replace("médecin-conseil", "remboursement").replace("examen", "dossier"))
    token = gateway.sink.sent[0].text.partition("/fr/c/")[2][:22]
    assert await gateway.door.letter(token) is None
