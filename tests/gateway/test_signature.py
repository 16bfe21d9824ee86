"""Who signs is known: the signature is no part of the story, and says who tells it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from store import people, schema
from tests.gateway.conftest import PLAINTES, Gateway

STORIES = {
    "fr": (
        (
            "Bonjour,\n\nMon indemnité du mois d'octobre n'est toujours pas versée et je n'ai plus de quoi vivre.\n\n"
            "Cordialement,\nMarie Dupont\nN° de membre 123456789012\n"
        ),
        "Marie Dupont",
    ),
    "nl": (
        (
            "Beste,\n\nMijn uitkering van oktober is nog altijd niet gestort. Wanneer komt ze?\n\n"
            "Met vriendelijke groeten,\nPieter Janssens\n"
        ),
        "Pieter Janssens",
    ),
    "en": (
        "Hello,\n\nMy benefit for October has still not been paid. When will it come?\n\nKind regards,\nAnn Holloway\n",
        "Ann Holloway",
    ),
}


@pytest.mark.parametrize("language", STORIES)
async def test_whoever_signs_is_not_anonymous(gateway: Gateway, language: str) -> None:
    story, name = STORIES[language]
    await gateway.mail(
        f"From: soleil99@mail.example\nTo: {PLAINTES}\nSubject: Question\nMessage-ID: <s{language}@mail.example>\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{story}",
        to=PLAINTES,
        sender="soleil99@mail.example",
    )
    async with gateway.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
        person = await people.person_of(tx, case.person_id)
    assert (case.state, case.refused) == ("open", "")
    assert person.name == name
