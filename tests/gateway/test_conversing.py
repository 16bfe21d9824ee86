"""Conversations through the real intake: a member writes, the robot answers, a case comes of it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.web.body import Upload
from chatbot.knowledge import Entry
from classifier import pipeline
from classifier.classification import Classification, Text
from config.vocabulary import Language
from gateway import classifying
from gateway.chat_door import ChatDoor
from gateway.classifying import Line
from gateway.conversation_clock import look_at_conversations
from gateway.house import active_rules
from store import conversations, schema
from store.staging import LIFE
from tests.gateway.conftest import Gateway

STORY = "Bonjour, mes remboursements de kiné n'arrivent pas depuis trois mois et personne ne répond au téléphone."


async def rows(gateway: Gateway, table: object) -> list:  # type: ignore[type-arg]
    async with gateway.house.store.read() as tx:
        return list((await tx.conn.execute(select(table).order_by(table.c.id))).all())  # type: ignore[arg-type,attr-defined]


async def test_a_text_message_becomes_a_case_after_a_yes(gateway: Gateway) -> None:
    await gateway.text(STORY)
    assert [message.channel for message in gateway.sink.sent] == ["sms"]
    assert await rows(gateway, schema.cases) == []
    await gateway.text("Je veux être remboursée")
    await gateway.text("Marie Dubois, marie.dubois@mail.example")
    assert "Marie Dubois" in gateway.sink.sent[-1].text
    assert await rows(gateway, schema.cases) == []
    await gateway.text("oui")
    (case,) = await rows(gateway, schema.cases)
    assert case.reference in gateway.sink.sent[-1].text
    assert sorted(message.channel for message in gateway.sink.sent[-2:]) == ["email", "sms"]
    messages = await rows(gateway, schema.messages)
    assert {message.case_id for message in messages} == {case.id}
    fates = {item.fate for item in await rows(gateway, schema.inbox)}
    assert fates == {"conversing"}


async def test_by_text_nothing_is_told_of_a_case_that_a_colleague_has_sealed_since(gateway: Gateway) -> None:
    for line in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui"):
        await gateway.text(line)
    (case,) = await rows(gateway, schema.cases)
    await gateway.text("où en est mon dossier ?")
    assert case.reference in gateway.sink.sent[-1].text
    assert "https:" not in gateway.sink.sent[-1].text
    async with gateway.house.store.write() as tx:
        await tx.conn.execute(schema.cases.update().values(sealed=True))
    await gateway.text("où en est mon dossier ?")
    assert case.reference not in gateway.sink.sent[-1].text


async def test_the_web_chat_keeps_a_line_before_it_is_answered(gateway: Gateway) -> None:
    door = ChatDoor(gateway.house, gateway.door)
    key, conversation = await door.begin("nl", "https://www.partenamut.example")
    assert await door.resume(key) == conversation
    assert await door.resume(key + "x") is None
    line = await door.say(
        conversation, "c1", "Hallo, mijn dossier blijft al weken liggen en niemand belt terug.", "", []
    )
    assert [shown.client_id for shown in await door.since(conversation, 0)] == ["c1"]
    assert await door.say(conversation, "c1", "Hallo", "", []) == line
    await gateway.work()
    lines = await door.since(conversation, 0)
    assert [shown.who for shown in lines] == ["you", "bot"]
    assert lines[0].id == line
    for number, said in enumerate(("Ik wil dat iemand mij belt", "Jan Peeters, jan.peeters@mail.example", "ja")):
        await door.say(conversation, f"d{number}", said, "", [])
        await gateway.work()
    (case,) = await rows(gateway, schema.cases)
    told = "\n".join(shown.text for shown in await door.since(conversation, 0) if shown.who == "bot")
    assert case.reference in told
    assert [message.channel for message in gateway.sink.sent] == ["email"]
    (deadline,) = [row for row in await rows(gateway, schema.deadlines) if row.clock == "acknowledgement"]
    assert deadline.state == "met"


@pytest.mark.parametrize("words", [STORY, ""])
@pytest.mark.parametrize("tidied", [False, True])
async def test_a_file_that_waited_too_long_is_asked_for_again(gateway: Gateway, words: str, tidied: bool) -> None:
    door, house = ChatDoor(gateway.house, gateway.door), gateway.house
    _, conversation = await door.begin("fr", "https://www.partenamut.example")
    old = await door.stage(conversation, Upload("facture.txt", "text/plain", b"84 euros"))
    long_ago = (house.now() - LIFE - timedelta(minutes=1)).timestamp()
    for path in house.staging.folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    if tidied:
        house.staging.forget_old(now=house.now())
    young = await door.stage(conversation, Upload("lettre.txt", "text/plain", b"bonjour"))
    await door.say(conversation, "c1", words, "", [old.token, young.token])
    await gateway.work()
    lines = await door.since(conversation, 0)
    assert [file.name for file in lines[0].files] == ["lettre.txt"]
    assert "facture.txt" in lines[1].text
    assert "encore une fois" in lines[1].text
    # The dialogue goes on as ever.
    assert len(lines) > 2
    assert lines[-1].choices or "?" in lines[-1].text


async def test_a_new_matter_after_the_goodbye_is_a_case_of_its_own(gateway: Gateway) -> None:
    for said in (STORY, "Je veux être remboursée", "Marie Dubois, marie.dubois@mail.example", "oui", "non merci"):
        await gateway.text(said)
    await gateway.text("merci")
    before = len(gateway.sink.sent)
    assert len(await rows(gateway, schema.conversations)) == 1
    await gateway.text(
        "Encore autre chose : votre agence de Namur était fermée hier sans avertissement, c'est inadmissible."
    )
    assert len(gateway.sink.sent) == before + 1
    for said in ("des excuses", "oui", "oui"):
        await gateway.text(said)
        if len(await rows(gateway, schema.cases)) == 2:
            break
    first, second = await rows(gateway, schema.cases)
    texts = {row.id: row.case_id for row in await rows(gateway, schema.messages)}
    assert set(texts.values()) == {first.id, second.id}


async def test_silence_registers_what_was_told(gateway: Gateway) -> None:
    await gateway.text(STORY)
    rules = await active_rules(gateway.house)
    now = gateway.house.now()
    assert await look_at_conversations(gateway.house, rules, now=now + timedelta(minutes=2)) == 0
    assert await look_at_conversations(gateway.house, rules, now=now + timedelta(hours=22)) == 1
    assert len(await rows(gateway, schema.cases)) == 1
    assert [row.channel for row in await rows(gateway, schema.outbox)] == ["sms"] * 3
    (talk,) = await rows(gateway, schema.conversations)
    assert talk.stage == "ended"
    await look_at_conversations(gateway.house, rules, now=now + timedelta(hours=72))
    async with gateway.house.store.read() as tx:
        assert await conversations.look(tx, "sms", "+32460001100", "+32470001103") is None
    assert not re.search(
        r"/c/[\w-]{16}",
        "".join(message.text.decode(errors="replace") for message in await rows(gateway, schema.messages)),
    )


def test_what_was_read_is_not_read_again(model: pipeline.Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    class Counting:
        def classify(self, texts: Sequence[Text]) -> list[Classification]:
            read.extend(text.text for text in texts)
            return model.classify(texts)

    monkeypatch.setattr(classifying, "_classifier", Counting())
    monkeypatch.setattr(classifying, "_read", {})
    monkeypatch.setattr(classifying, "_MOST_READ", 3)
    line = Line(Text(channel="chat", text="oui", language_hint="fr"), STORY, "sum_up")
    first, second = classifying.understand_all([line]) + classifying.understand_all([line])
    assert read == ["oui", STORY]
    assert first == second
    classifying.understand_all([Line(Text(channel="chat", text=f"non {number}")) for number in range(5)])
    assert len(classifying._read) == 3


def test_an_entry_is_found_once_for_the_same_words(model: pipeline.Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    class Counting:
        def find_both(self, text: str, language: Language) -> Entry | None:
            asked.append((language, text))
            return Entry(f"e-{language}", "", "") if text == "Combien de temps ?" else None

    monkeypatch.setattr(classifying, "_classifier", model)
    monkeypatch.setattr(classifying, "_finder", Counting())
    monkeypatch.setattr(classifying, "_entries", {})
    monkeypatch.setattr(classifying, "_MOST_READ", 3)
    lines = [Line(Text(channel="chat", text=text, language_hint="fr")) for text in ("oui", "Combien de temps ?", "oui")]
    for _ in range(2):
        assert [found.entry for found in classifying.understand_all(lines)] == ["", "e-fr", ""]
    assert asked == [("fr", "oui"), ("fr", "Combien de temps ?")]
    # The same words in another language are another question.
    assert classifying._entry_for("Combien de temps ?", "en") == "e-en"
    classifying.understand_all([Line(Text(channel="chat", text=f"non {number}")) for number in range(5)])
    assert len(classifying._entries) == 3
