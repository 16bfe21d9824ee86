"""What is still missing, and asking for it: one thing at a time, the same thing at most twice, then a person is offered."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from chatbot.actions import Close
from chatbot.outcome import Outcome
from chatbot.state import State
from chatbot.texts import KEYS, texts

ORDER: Final = ("ask.story", "ask.wish", "ask.name", "ask.contact", "ask.mandate")
OPENING: Final = ("complaint", "status", "other")
CHOICES: Final = MappingProxyType(
    {
        "ask.wish": ("skip",),
        "ask.mandate": ("yes", "no"),
        "sum_up": ("yes", "change", "person"),
        "ask.person": ("person", "skip", "stop"),
        "ask.answered": ("yes", "no", "person"),
        "ask.more": ("add", "transcript", "done"),
        "ask.stop": ("yes", "no"),
        "scope": ("about_you", "ok", "person"),
        "anonymous": ("name", "anonymous", "stop"),
    }
)
TWICE: Final = 2
_NOTING: Final = frozenset({"files", "voice", "long", "noted", "unknown", "doctor"})


def missing(state: State) -> str:
    """The key of the next question; "sum_up" when nothing is missing."""
    facts = state.facts
    needed = {
        # A voice or a picture alone tells the robot nothing: the member is asked for words too.
        "ask.story": not facts.story,
        "ask.wish": state.kind == "complaint" and not facts.wish,
        "ask.name": not facts.name and not facts.anonymous,
        "ask.contact": not (facts.email or facts.phone or facts.member_number or state.reachable or facts.anonymous),
        "ask.mandate": bool(facts.represented or facts.relation) and not facts.mandate,
    }
    return next((key for key in ORDER if needed[key] and key not in state.skipped), "sum_up")


def ask_next(out: Outcome) -> Outcome:
    """Ask what is missing, or sum up. What was asked twice in vain is given up after a person was offered."""
    return ask(out, missing(out.state))


def ask(out: Outcome, key: str) -> Outcome:
    """Put this question, and count it."""
    state = out.state
    times = state.asked.get(key, 0)
    if times >= TWICE:
        return _given_up(out, key) if f"person:{key}" in state.told else _offer_person(out, key)
    # "Thank you, noted" is not said twice in one breath.
    thanked = key == "ask.wish" and any(reply.key in _NOTING for reply in out.replies)
    return put(out.at(asked={**state.asked, key: times + 1}), key, brief=times > 0 or thanked)


def put(out: Outcome, key: str, *, brief: bool = False) -> Outcome:
    """Say the question and leave it open."""
    values = summary(out.state) if key == "sum_up" else {}
    if key in ("ask.name", "ask.mandate"):
        values = {"represented": represented(out.state)}
    if key == "ask.code":
        values = {"proving": out.state.proving}
    return out.say(key, choices=CHOICES.get(key, ()), brief=brief, **values).at(step=key)


def again(out: Outcome) -> Outcome:
    """The open question once more, in one line; it does not count as asking."""
    key = out.state.step
    if key not in KEYS or key in ("scope", "anonymous"):
        return ask_next(out)
    # The summary itself was read; only its question is asked again.
    return put(out, key, brief=True)


def summary(state: State) -> dict[str, str]:
    """What will be registered, for the text that asks for a yes."""
    facts = state.facts
    return {
        "story": _in_a_row(facts.story),
        "wish": _in_a_row(facts.wish),
        "name": facts.name,
        "contact": contact(state),
        "represented": represented(state),
        "files": str(len(facts.files)) if facts.files else "",
        "anonymous": "yes" if facts.anonymous and not facts.name else "",
    }


def _in_a_row(lines: tuple[str, ...]) -> str:
    """The lines one after the other, each ended by a dot where another follows an open one."""
    ended = [line if line.rstrip()[-1:] in ".!?…:;," else f"{line.rstrip()}." for line in lines[:-1]]
    return " ".join((*ended, *lines[-1:]))


def contact(state: State) -> str:
    """How the member is reached, as they gave it."""
    facts = state.facts
    return ", ".join(way for way in (facts.email, facts.phone, facts.member_number) if way)


def answered_at(state: State) -> str:
    """Where a person's answer finds who has left this window; "" when it arrives in the conversation itself."""
    facts = state.facts
    return "" if state.reachable else ", ".join(way for way in (facts.email, facts.phone) if way)


def represented(state: State) -> str:
    """For whom the member writes: a name, or what that person is to them; "" when they write for themselves."""
    facts = state.facts
    return facts.represented or texts()[state.language].relations.get(facts.relation, "")


def _offer_person(out: Outcome, key: str) -> Outcome:
    return put(out.telling(f"person:{key}").at(resume=key), "ask.person")


def _given_up(out: Outcome, key: str) -> Outcome:
    if key == "ask.story" and not out.state.facts.matter:
        return goodbye(out, "nothing")
    if key in ORDER:
        return ask_next(out.at(skipped=(*out.state.skipped, key)))
    return put(out, key, brief=True)


def goodbye(out: Outcome, reason: str) -> Outcome:
    """The last word of a conversation that ends in good order."""
    ending = {
        "registered": Close("registered"),
        "answered": Close("answered"),
        "declined": Close("declined"),
        "nothing": Close("nothing"),
    }[reason]
    # Who only asked where their case is has told us nothing to be thanked for.
    return out.say("goodbye", reference=out.state.reference if out.state.registered else "").close(ending)
