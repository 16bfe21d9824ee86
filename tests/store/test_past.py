"""Past cases come back as the rules met them, with and without what their members wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classifier.classification import Text
from gateway.classifying import unclassified
from store import cases, past
from store.database import Store
from tests.store.registered import NOW, case, contact, decision


async def fill(store: Store, *defects: tuple[str, ...]) -> None:
    """A case of one person for each of these defects, a day apart."""
    async with store.write() as tx:
        who = await contact(tx)
        for day, each in enumerate(defects):
            at = NOW + timedelta(days=day)
            case_id = await case(tx, contact=who, now=at)
            message = cases.NewMessage(
                case_id=case_id,
                inbox_id=None,
                contact_id=who.id,
                direction="in",
                channel="email",
                account="ombudsman@partenamut.example",
                sender_name="Marie",
                subject="Mes soins",
                text="Bonjour, toujours rien.",
                reply="Toujours rien." if day else "",
                at=at,
                defects=each,
            )
            message_id = await cases.add_message(tx, message)
            said = unclassified(Text(channel="email", text="Toujours rien."))
            await cases.add_classification(tx, message_id, case_id, said, now=at)
            await cases.add_decision(tx, message_id, case_id, decision(), now=at)


@pytest.mark.parametrize("words", [True, False])
async def test_a_message_is_read_as_far_as_rules_ask(store: Store, words: bool) -> None:
    await fill(store, (), ("cut", "deep"), ())
    since, until = NOW - timedelta(hours=1), NOW + timedelta(days=9)
    read = [part async for part in past.parts(store, since, until, words=words, size=2)]
    assert [len(part) for part in read] == [2, 1]
    found = [one for part in read for one in part]
    assert [one.earlier for one in found] == [0, 1, 2]
    first, second, _ = (one.message() for one in found)
    assert (first.defects, second.defects) == ((), ("cut", "deep"))
    assert second.sender is not None
    assert second.sender.address == "marie@mail.example"
    assert (first.subject, first.reply or first.text) == (
        ("Mes soins", "Bonjour, toujours rien.") if words else ("", "")
    )
    assert (second.reply or second.text) == ("Toujours rien." if words else "")
    assert found[0].classification().language == "fr"
