"""Nobody is refused who cannot be told: the refusal that nobody hears of is a lost complaint."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from classifier.classification import Classification, Text
from store import schema
from tests.gateway.conftest import Gateway

HOSPITAL = """From: Marie Dubois <marie.dubois@mail.example>
To: plaintes@partenamut.example
Subject: Hopital {number}
Message-ID: <h{number}@mail.example>

L'hôpital Sainte-Anne m'a facturé une chambre {number} que je n'ai jamais eue. Marie Dubois
"""


class SurelyNotOurs:
    """A classifier that is sure of one thing."""

    async def classify(self, texts: Sequence[Text]) -> list[Classification]:
        return [
            Classification(
                language="fr",
                kind="complaint",
                flags={"off_scope": True},
                department=None,
                departments=(),
                probabilities={"kind": {"complaint": 0.99}, "off_scope": 0.99},
                abstained=(),
                evidence=(),
                model="sure",
            )
            for _ in texts
        ]

    def follow(self, version: str) -> None:
        """There is no other version of this one."""


async def refusals(gateway: Gateway) -> list[tuple[str, str, str]]:
    async with gateway.house.store.read() as tx:
        rows = await tx.conn.execute(select(schema.cases).order_by(schema.cases.c.id))
    return [(row.state, row.refused, row.queue) for row in rows]


async def test_beyond_the_limit_of_automatic_mail_people_decide(gateway: Gateway) -> None:
    gateway.intake.classifying = SurelyNotOurs()  # type: ignore[assignment]  # the one method that is used
    for number in range(7):
        await gateway.mail(HOSPITAL.format(number=number), to="plaintes@partenamut.example")
    found = await refusals(gateway)
    assert found[:5] == [("closed", "off_scope", "triage")] * 5
    assert found[5:] == [("open", "", "triage")] * 2
    assert len(gateway.sink.sent) == 5
    async with gateway.house.store.read() as tx:
        due = (await tx.conn.execute(select(schema.cases.c.due_on).order_by(schema.cases.c.id))).scalars().all()
    assert all(due[5:])


async def test_an_address_that_bounces_is_not_refused_in_silence(gateway: Gateway) -> None:
    gateway.intake.classifying = SurelyNotOurs()  # type: ignore[assignment]  # the one method that is used
    await gateway.mail(HOSPITAL.format(number=1), to="plaintes@partenamut.example")
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(update(schema.contacts).values(unreachable=True))
    await gateway.mail(HOSPITAL.format(number=2), to="plaintes@partenamut.example")
    assert (await refusals(gateway))[1] == ("open", "", "triage")
