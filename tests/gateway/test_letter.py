"""The letter to the coordinating doctor: offered in the acknowledgement, made from the member's words, fetched by link."""

from __future__ import annotations

import re

import pytest

from gateway.case_door import CaseDoor
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
    # The letter says what the member wrote about their health: whoever has only the link does not get it.
    assert await gateway.door.letter(token) is None
    door = CaseDoor(gateway.house)
    await door.send_code(token, "open", "this browser")
    await gateway.work()
    code = re.search(r"^(\d{6})$", gateway.sink.sent[-1].text, re.MULTILINE)
    assert code
    opened = await door.unlock(token, "this browser", code.group(1))
    view = await gateway.door.case_view(opened)
    assert view is not None
    assert view.has_letter
    pdf = await gateway.door.letter(opened)
    assert pdf is not None
    assert pdf.startswith(b"%PDF-")


@pytest.mark.parametrize("token", ["", "x" * 22])
async def test_no_link_no_letter(gateway: Gateway, token: str) -> None:
    assert await gateway.door.letter(token) is None


async def test_other_cases_have_no_letter(gateway: Gateway) -> None:
    await gateway.mail(MEDICAL.replace("médecin-conseil", "remboursement").replace("examen", "dossier"))
    token = gateway.sink.sent[0].text.partition("/fr/c/")[2][:22]
    assert await gateway.door.letter(token) is None
