"""After warming up, no file is read in the middle of a conversation."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import yaml

from gateway.chat_door import ChatDoor
from tests.gateway.conftest import Gateway

# The classifier loads its own in its child.
_OURS = ("channels", "chatbot", "config", "gateway", "router")
_SAID = {
    "fr": ("Mes remboursements de kiné n'arrivent pas.", "Je veux mon argent", "Marie Dubois, 0470 00 11 03", "oui"),
    "de": ("Meine Erstattung kommt nicht.", "Ich will mein Geld", "Jan Peeters, 0470 00 11 03", "ja"),
}


def _forget() -> None:
    """Everything that was loaded once, as at the start of a process."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _OURS:
            for each in list(vars(module).values()):
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


@pytest.mark.parametrize("language", _SAID)
async def test_no_turn_reads_a_file_of_words(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, language: Any) -> None:
    door = ChatDoor(gateway.house, gateway.door)
    _, conversation = await door.begin(language, "https://www.partenamut.example")
    # The rules and what the classifier's child knows have been loaded by then.
    await gateway.text("Bonjour, mes remboursements n'arrivent pas depuis trois mois.")
    _forget()
    await gateway.intake.warm()
    read: list[str] = []
    load = yaml.load

    def noting(text: Any, Loader: Any) -> Any:  # noqa: N803 (its name there)
        read.append(str(text)[:80])
        return load(text, Loader)

    monkeypatch.setattr(yaml, "load", noting)
    for number, said in enumerate(_SAID[language]):
        await door.say(conversation, f"c{number}", said, "", [])
        while await gateway.intake.work_once():
            pass
    lines = await door.since(conversation, 0)
    assert [line.who for line in lines].count("bot") >= len(_SAID[language])
    assert read == []
