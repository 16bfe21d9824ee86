"""The dialogue: one event in, and out come the new state, what the robot says and what the house must do.

Pure: no clock, no chance, no I/O. Whichever process handles the next event needs the state and nothing else.

    free text ▸ what is missing, one thing at a time ▸ sum up ▸ yes ▸ registered ▸ anything else? ▸ goodbye
                a person, stop, skip, back, help, another language, a question: at any step
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from chatbot import afterwards, people, silence, status
from chatbot.absorbing import absorb
from chatbot.actions import AddToCase, Close
from chatbot.events import (
    CodeChecked,
    CodeSent,
    CopyAnswered,
    Event,
    GivenBack,
    House,
    Left,
    Opened,
    Registered,
    Said,
    StatusKnown,
    StatusUnknown,
    TakenOver,
    TimePassed,
)
from chatbot.heard import Heard
from chatbot.hearing import hear, opening
from chatbot.knowledge import Knowledge
from chatbot.outcome import Outcome
from chatbot.questions import goodbye
from chatbot.replies import choices_of, labels
from chatbot.state import Facts, State
from chatbot.understanding import Meaning, tokens_of, understand
from classifier.classification import Classification
from config.vocabulary import Kind, Language

# A conversation has at most so many turns of the robot; from the first number on it is brought to its end.
MOST_TURNS: Final = 40
_LAST_TURNS: Final = 34
_SENTENCE_WORDS: Final = 4
_SURE_OF_DISTRESS: Final = 0.95
# The entry of the knowledge that is found by what people in despair write.
_DESPAIR: Final = "despair"
_SURE_OF_PRAISE: Final = 0.9
_PERHAPS_COMPLAINT: Final = 0.3
# After a goodbye these begin nothing.
_PARTING: Final = frozenset({"thanks", "done", "yes", "no", "small", "ok", "stop"})


def step(state: State, event: Event, knowledge: Knowledge, house: House, now: datetime) -> Outcome:
    """What comes of `event`. Total: every event is answered in every state, also one that comes late or twice."""
    out = _step(Outcome(state), event, knowledge, house, now)
    out = _bounded(out, house, now)
    if not out.replies:
        return out
    return out.at(turns=out.state.turns + 1, offered=choices_of(out.replies))


def _step(out: Outcome, event: Event, knowledge: Knowledge, house: House, now: datetime) -> Outcome:
    match event:
        case Said():
            return _said(out, event, knowledge, house, now)
        case TakenOver():
            out = out.at(hand="taken", hand_until=None)
        case GivenBack():
            out = _given_back(out)
        case TimePassed():
            out = silence.time_passed(out, now)
        case Left():
            out = silence.left(out)
        case Registered():
            out = afterwards.registered(out, event) if out.state.registered and not out.state.reference else out
        case CopyAnswered():
            ours = out.state.reference and not out.state.hand and out.state.step not in ("closed", "registering")
            out = afterwards.copy_answered(out, event) if ours else out
        case Opened():
            out = opening(_greeted(out, house)) if out.state.step == "new" and not out.state.hand else out
        case _:
            out = _told_by_house(out, event)
    return out


def _given_back(out: Outcome) -> Outcome:
    """The robot goes on, unless the member has left meanwhile: then it ends without a word."""
    if not out.state.hand:
        return out
    return silence.left(out.at(hand="", hand_until=None)) if "left" in out.state.told else people.given_back(out)


def _told_by_house(out: Outcome, event: CodeSent | CodeChecked | StatusKnown | StatusUnknown) -> Outcome:
    """An answer of the house to an order. Who is silent, or has ended, or asked for nothing, says nothing to it."""
    if out.state.hand or not out.state.proving or out.state.step in ("closed", "registering"):
        return out
    match event:
        case CodeSent():
            return status.code_sent(out)
        case CodeChecked():
            return status.code_checked(out, event)
        case StatusKnown():
            return status.known(out, event)
        case StatusUnknown():
            return status.unknown(out)


def _said(out: Outcome, said: Said, knowledge: Knowledge, house: House, now: datetime) -> Outcome:
    state = out.state
    meaning = understand(said.text, choice=said.choice, offered=labels(state.offered, state.language))
    if state.step == "closed" and not state.hand:
        if (meaning.pure and (meaning.command in _PARTING or meaning.signs_only or meaning.empty)) and not said.files:
            return out.at(heard_at=said.at)
        state = _once_more(state)
    if state.reference and meaning.another and not state.hand and state.step != "registering":
        # "I have another complaint" begins a case of its own; nobody has to say goodbye first.
        state = replace(_once_more(replace(state, closed="registered")), step="ask.story")
    said = _despairing(said, meaning, knowledge)
    # Files count whatever the line beside them means.
    facts = replace(state.facts, files=(*state.facts.files, *said.files))
    # Who speaks is there again.
    told = tuple(key for key in state.told if key != "left")
    state = _noticed(replace(state, facts=facts, told=told, heard_at=said.at, reminded=False), said, meaning)
    new_distress = _urgent(said) and "urgent" not in state.told
    if state.hand:
        silent = _kept_silently(Outcome(state), said, meaning)
        # Until a person is there, nobody else tells the help lines.
        return people.urgent(silent, said, house, now) if state.hand == "waiting" and new_distress else silent
    out = Outcome(state)
    if new_distress:
        return people.urgent(_kept_silently(out, said, meaning), said, house, now)
    heard = Heard(said, meaning, knowledge, house, now)
    if state.step != "new":
        return hear(out, heard)
    greeted = _greeted(out, house).at(step="ask.story")
    nothing_told = meaning.pure and not said.files and meaning.command not in ("person", "status", "stop", "insult")
    return opening(greeted) if nothing_told and not meaning.choice else hear(greeted, heard)


def _greeted(out: Outcome, house: House) -> Outcome:
    """Who the robot is, and what a member should know before they write: a way to us that does not work, for example."""
    out = out.say("greet")
    for sentence in house.announced.get(out.state.language, ()):
        out = out.say("announced", sentence=sentence)
    return out


def _once_more(state: State) -> State:
    """The conversation after a closed one: a case that came of silence is gone on with, anything else begins anew."""
    if state.closed == "abandoned" and state.reference:
        return replace(state, step="ask.more", closed="", asked={}, turns=0)
    known = state.facts
    facts = Facts(name=known.name, email=known.email, phone=known.phone, member_number=known.member_number)
    return replace(
        State(state.shape, state.language, state.language_chosen, state.reachable, facts=facts), beyond=state.beyond
    )


def _noticed(state: State, said: Said, meaning: Meaning) -> State:
    """The state with what the classifier and the words say of kind, flags and language."""
    found = said.found
    # "Weet ik niet meer" is no cry for help: what is only a command says nothing of the matter.
    new = [] if meaning.pure and not state.facts.story else [flag for flag, holds in found.flags.items() if holds]
    flags = dict.fromkeys((*state.flags, *new))
    if said.outright:
        flags["urgent"] = None
    if meaning.language:
        return replace(state, language=meaning.language, language_chosen=True, flags=tuple(flags))
    kind = _kind_of(found)
    if meaning.pure and not state.facts.story:
        kind = state.kind
    skipped = state.skipped
    if not state.asked.get("ask.wish") and not meaning.pure:
        skipped = tuple(key for key in skipped if key != "ask.wish")
        skipped = (*skipped, "ask.wish") if _perhaps_praise(found) else skipped
    return replace(state, flags=tuple(flags), kind=kind, skipped=skipped, language=_spoken(state, said, meaning))


def _perhaps_praise(found: Classification) -> bool:
    """Whether a wish would be a strange thing to ask for: praise needs none, also where a person has yet to confirm that it is
    praise and no bitter thanks."""
    likely: Mapping[str, float] = found.probabilities.get("kind", {})
    return found.kind == "compliment" and likely.get("complaint", 0.0) < _PERHAPS_COMPLAINT


def _kind_of(found: Classification) -> Kind:
    """The kind that the dialogue goes by. What is not surely something else is a complaint until a person says otherwise: who is
    thanked for a complaint, or answered to it as to a question, has lost it."""
    likely: Mapping[str, float] = found.probabilities.get("kind", {})
    if "kind" in found.abstained:
        return "complaint"
    if found.kind == "compliment" and likely.get("compliment", 1.0) < _SURE_OF_PRAISE:
        return "complaint"
    if found.kind == "question" and likely.get("complaint", 0.0) >= _PERHAPS_COMPLAINT:
        return "complaint"
    return found.kind


def _spoken(state: State, said: Said, meaning: Meaning) -> Language:
    """The language to answer in: the one that was asked for, else that of the member's last sentence."""
    words = sum(token.isalpha() for token in tokens_of(said.text[:600]))
    # What is answered to these is names and addresses, which are in any language.
    if state.language_chosen or meaning.choice or not words or state.step in ("ask.name", "ask.contact"):
        return state.language
    if words >= _SENTENCE_WORDS and not meaning.pure:
        return said.language or (state.language if state.facts.story else said.found.language)
    return said.found.language if state.step == "new" else state.language


def _despairing(said: Said, meaning: Meaning, knowledge: Knowledge) -> Said:
    """The line as one that says it outright, where by its meaning somebody would rather not live. There are more ways to say that
    than any list of words holds; to miss one is worse than a needless help line."""
    if meaning.pure or said.outright or said.in_jest:
        return said
    found = knowledge.find(said.text, "en")
    if found is None or found.id != _DESPAIR:
        return said
    return replace(said, outright=True, distress=said.distress | {"suicide"})


def _urgent(said: Said) -> bool:
    """Whether to break off and give the help lines. Words that say it outright need no classifier. A flag that is merely likely,
    without a word of distress, makes the case a priority and no more: who wants to be called back must not be told of suicide."""
    if said.outright:
        return True
    if not said.found.flags.get("urgent") or said.in_jest:
        return False
    return bool(said.distress) or said.found.probabilities.get("urgent", 1.0) >= _SURE_OF_DISTRESS


def _kept_silently(out: Outcome, said: Said, meaning: Meaning) -> Outcome:
    """What is said while a person has it, or is being fetched, is in the facts, or in the case that there is."""
    if out.state.reference and not meaning.pure and said.text.strip():
        return out.do(AddToCase(out.state.reference, said.text.strip()))
    # No question is open between the member and a person, as far as the robot knows: everything is story.
    kept = absorb(replace(out.state, step="ask.story"), said, meaning)
    return replace(out, state=replace(kept, step=out.state.step))


def _bounded(out: Outcome, house: House, now: datetime) -> Outcome:
    """Bring a conversation that has gone on for very long to its end: a person, or a goodbye."""
    state = out.state
    if not out.replies or state.turns < _LAST_TURNS or state.hand or state.step in ("closed", "registering"):
        return out
    quiet = replace(out, replies=())
    if state.reference:
        return goodbye(quiet, "registered" if state.registered else "answered")
    if "long" not in state.told:
        return people.hand_over(quiet.telling("long"), house, now, "long")
    if state.facts.matter:
        return quiet.say("abandoned", matter="yes").register("abandoned").close(Close("abandoned"))
    return goodbye(quiet, "nothing")
