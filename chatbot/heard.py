"""One line of a member with all that is needed to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chatbot.events import House, Said
from chatbot.knowledge import Entry, Knowledge
from chatbot.outcome import Outcome
from chatbot.questions import again, ask
from chatbot.state import State
from chatbot.understanding import Meaning, tokens_of

_WORDS_OF_A_CALL: Final = 12


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, what it means, and whom one can ask. `wants` is the choice or command in one word."""

    said: Said
    meaning: Meaning
    knowledge: Knowledge
    house: House
    now: datetime

    @property
    def wants(self) -> str:
        """The choice that was picked, or the command."""
        return self.meaning.choice or self.meaning.command

    def asks_for_person(self) -> bool:
        """Whether a short line asks for a person in words of its own: the knowledge knows many ways, the list of words few."""
        if self.wants or len(tokens_of(self.said.text)) > _WORDS_OF_A_CALL:
            return False
        found = self.knowledge.find(self.said.text, "en")
        return found is not None and found.id == "person"

    def entry(self, state: State) -> Entry | None:
        """What the knowledge answers, when this line asks something."""
        if not self.meaning.question or self.meaning.pure:
            return None
        return self.knowledge.find(self.said.text, state.language)


def answered(out: Outcome, entry: Entry) -> Outcome:
    """The entry, in the form that fits the channel, and behind it the one that answers a second question."""
    text = entry.short if entry.short and out.state.shape in ("sms", "whatsapp") else entry.answer
    said = out.say("answer", answer=text)
    return answered(said, entry.second) if entry.second else said


def no_words(out: Outcome, heard: Heard) -> Outcome | None:
    """What is answered to signs, insults and empty lines before the open question is put again; None for words."""
    meaning = heard.meaning
    if meaning.command == "insult":
        return _once_more(out.say("calm"))
    if meaning.signs_only or (meaning.empty and not heard.said.files):
        return _once_more(out.say("emoji"))
    return None


def with_files(out: Outcome, heard: Heard) -> Outcome:
    """What is said about files: a voice cannot be heard, anything else is kept."""
    kinds = {file.kind for file in heard.said.files}
    if "voice" in kinds:
        return out.say("voice")
    return out.say("files") if kinds else out


def _once_more(out: Outcome) -> Outcome:
    step = out.state.step
    return ask(out, step) if step.startswith("ask.") else again(out)
