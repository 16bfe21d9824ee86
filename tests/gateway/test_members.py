"""Members who talk to the robot as people do, through the real classifier and the real finder of answers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pytest

from chatbot.state import State
from config.vocabulary import Language
from gateway.chat_door import ChatDoor
from store import conversations, schema
from tests.gateway.conftest import Gateway
from tests.gateway.test_conversing import rows


@dataclass
class Told:
    """What came of a conversation: what the robot knows, the cases, and every word that it said."""

    state: State
    cases: list  # type: ignore[type-arg]
    said: list[str]


async def talk(gateway: Gateway, language: Language, *lines: str) -> Told:
    """A member says these lines in the web chat, one after the other."""
    door = ChatDoor(gateway.house, gateway.door)
    _, conversation = await door.begin(language, "https://www.partenamut.example")
    for line in lines:
        await door.say(conversation, uuid4().hex, line, "", [])
        await gateway.work()
    async with gateway.house.store.write() as tx:
        held = await conversations.held(tx, int(conversation.id))
    assert held is not None
    shown = await door.since(conversation, 0)
    return Told(
        State.from_json(held.state["dialogue"]),
        await rows(gateway, schema.cases),
        [line.text for line in shown if line.who == "bot"],
    )


@pytest.mark.parametrize(
    ("language", "lines", "name", "queue"),
    [
        (
            "en",
            (
                "hi, ive been waitng 3 months for my reimbursment of physio and noone answers my mails",
                "i want my money back asap",
                "john smith",
                "john@mail.example",
                "yes thats right",
            ),
            "John Smith",
            "reimbursements",
        ),
        (
            "de",
            (
                "guten tag ich warte seit 8 wochen auf die erstattung meiner brille",
                "ich möchte mein geld",
                "hans müller",
                "hans.mueller@mail.example",
                "ja stimmt",
            ),
            "Hans Müller",
            "reimbursements",
        ),
        (
            "nl",
            (
                "ik word hier gek van al 3 keer gebeld en nooit iemand die weet waar mijn dossier is",
                "dat iemand mij terugbelt",
                "An De Smet, 0470 00 11 03",
                "ja",
            ),
            "An De Smet",
            "contact_center",
        ),
        (
            "nl",
            (
                "hoelang duurt da eigenlijk voor ge antwoordt op ne klacht?",
                "oke. den app crasht elke keer als ik een attest wil insturen",
                "dat de app werkt",
                "Tom Wouters tom@mail.example",
                "hoelang duurt da dan?",
                "joa das juist",
            ),
            "Tom Wouters",
            "digital",
        ),
    ],
)
async def test_a_complaint_stays_one_until_the_yes(
    gateway: Gateway, language: Language, lines: tuple[str, ...], name: str, queue: str
) -> None:
    told = await talk(gateway, language, *lines)
    (case,) = told.cases
    assert (case.kind, case.queue, case.language) == ("complaint", queue, language)
    assert told.state.facts.name == name
    assert case.reference in told.said[-1]


async def test_what_is_no_name_is_none_and_a_corrected_number_counts(gateway: Gateway) -> None:
    told = await talk(
        gateway,
        "nl",
        "Mijn lidnummer is 12345678, ik heb een factuur gekregen voor de hospitalisatieverzekering die ik al lang heb opgezegd",
        "dat die factuur geschrapt wordt",
        "nee wacht mijn nummer is 12345687",
        "gewoon terugbetalen",
        "Peter Maes",
        "klopt",
    )
    facts = told.state.facts
    assert (facts.name, facts.member_number, facts.earlier) == ("Peter Maes", "12345687", ("12345678",))
    assert len(told.cases) == 1


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "ce délai me tue, 4 mois que j'attends mon remboursement de dentiste !!!"),
        ("fr", "je veux en finir avec ce dossier, 8 mois que ça traîne"),
        ("nl", "ik word hier gek van, al 3 keer gebeld"),
        ("nl", "laten we er een einde aan maken aan deze discussie, betaal gewoon"),
        ("nl", "mijn buurman maakt elke nacht lawaai en ik slaap niet meer"),
        ("en", "this waiting is killing me, 5 weeks for a simple card"),
        ("de", "diese Warterei bringt mich um, wo bleibt mein Geld"),
    ],
)
async def test_a_manner_of_speaking_gets_no_word_of_suicide(gateway: Gateway, language: Language, line: str) -> None:
    told = await talk(gateway, language, line)
    assert not any(number in text for text in told.said for number in ("0800 32 123", "1813"))


@pytest.mark.parametrize(
    ("language", "line", "number"),
    [
        ("fr", "je serais mieux morte, vous ne répondez jamais", "0800"),
        ("nl", "ik spring onder de trein", "1813"),
        ("nl", "mijn man slaat mij en leest mijn post van de mutualiteit", "112"),
        ("fr", "mon mari me frappe et lit mes courriers", "112"),
        ("en", "we will be evicted on friday because you dont pay", "112"),
        ("de", "ich will nicht mehr leben", "112"),
    ],
)
async def test_distress_said_outright_is_answered_whatever_the_model_thinks(
    gateway: Gateway, language: Language, line: str, number: str
) -> None:
    told = await talk(gateway, language, line)
    assert any(number in text for text in told.said)
    assert told.state.hand == "waiting"
    assert told.state.hand_urgent
    assert "urgent" in told.state.flags


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "personne"),
        ("fr", "passe moi un humain"),
        ("nl", "kan ik ni gewoon ne mens spreken in plaats van een robot"),
        ("en", "hey can someone just call me pls"),
        ("de", "kann ich bitte mit jemandem reden"),
    ],
)
async def test_a_person_is_asked_for_in_many_ways(gateway: Gateway, language: Language, line: str) -> None:
    assert (await talk(gateway, language, line)).state.hand == "waiting"


async def test_nobody_answers_is_no_call_for_a_person(gateway: Gateway) -> None:
    told = await talk(gateway, "fr", "personne ne répond au téléphone depuis lundi")
    assert (told.state.hand, told.state.step) == ("", "ask.wish")


async def test_another_complaint_is_a_case_of_its_own(gateway: Gateway) -> None:
    told = await talk(
        gateway,
        "fr",
        "l'application plante tout le temps depuis la mise à jour, je n'arrive plus à envoyer mes attestations",
        "corriger l'app",
        "Denis Fontaine, denis@mail.example",
        "oui",
        "j'ai une autre plainte",
        "l'agence de Mons était fermée hier alors que c'était indiqué ouvert",
        "des excuses",
        "oui",
        "non c bon merci",
    )
    assert [case.queue for case in told.cases] == ["digital", "branches"]
    assert told.state.facts.name == "Denis Fontaine"
    assert told.state.step == "closed"
    messages = await rows(gateway, schema.messages)
    assert {message.case_id for message in messages if message.direction == "in"} == {case.id for case in told.cases}
