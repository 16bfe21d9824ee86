"""What a member says once there is a case: added to it, never lost; a copy by mail; the date; and goodbye."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from chatbot import status
from chatbot.absorbing import addresses_in
from chatbot.actions import AddToCase, Close, SendTranscript
from chatbot.events import CopyAnswered, Registered
from chatbot.heard import Heard, answered, no_words, with_files
from chatbot.outcome import Outcome
from chatbot.people import hand_over
from chatbot.questions import again, ask, goodbye, put
from chatbot.state import CLAIMED
from chatbot.understanding import tokens_of
from config.dates import in_full


def registered(out: Outcome, event: Registered) -> Outcome:
    """Tell the reference, the date and what happens next. Who has left is told nothing."""
    state = out.state
    out = out.at(
        reference=event.reference,
        due_on=event.due_on.isoformat() if event.due_on else "",
        case_url=event.case_url,
        owed=(),
    )
    for text in state.owed:
        out = out.do(AddToCase(event.reference, text))
    if "left" in state.told or state.hand == "taken":
        return out
    out = out.say(
        "registered",
        reference=event.reference,
        due_on=in_full(event.due_on, state.language) if event.due_on else "",
        case_url=event.case_url,
        answers_by=event.answers_by,
        mediation="yes" if event.mediation else "",
        letter_url=event.letter_url,
        sent_to=event.sent_to,
    )
    if state.step == "closed":
        return out
    if state.resume == "ask.stop":
        return out.close(Close("registered"))
    return ask(out.at(asked={}), "ask.more")


def hear(out: Outcome, heard: Heard) -> Outcome:
    """The answer to one line after a case was made or proven."""
    if out.state.step == "registering":
        return _while_registering(out, heard)
    return _wanted(out, heard) or _said(out, heard)


def _while_registering(out: Outcome, heard: Heard) -> Outcome:
    text = heard.said.text.strip()
    return out if heard.meaning.pure or not text else out.at(owed=(*out.state.owed, text))


def _wanted(out: Outcome, heard: Heard) -> Outcome | None:
    wants, pure = heard.wants, heard.meaning.pure
    if heard.meaning.language:
        return again(out.say("switched"))
    if wants == "person" or heard.asks_for_person():
        return hand_over(out if pure else _added(out, heard), heard.house, heard.now)
    if wants == "status" or heard.meaning.reference:
        return _status(out, heard)
    if wants in ("help", "other"):
        return again(out.say("help"))
    answer = _ANSWERS.get(out.state.step, _to_more)
    return answer(out, heard)


def _to_more(out: Outcome, heard: Heard) -> Outcome | None:
    state, wants = out.state, heard.wants
    if heard.said.files or not (heard.meaning.pure or wants == "transcript"):
        return None
    # A thumb up below "it is registered" is no wish to add something.
    thumb = wants == "yes" and not tokens_of(heard.said.text) and state.step == "ask.more"
    if wants in ("done", "no", "stop", "thanks", "ok") or thumb:
        return goodbye(out, "registered" if state.registered else "answered")
    if wants == "transcript":
        given = (*heard.said.identity.emails, *addresses_in(heard.said.text))
        # More may be meant than this conversation ("a copy of my file"): a person reads it too.
        return _transcript(out if heard.meaning.pure else _added(out, heard), given[-1] if given else state.facts.email)
    return put(out, "ask.addition") if wants in ("add", "yes") else None


def _said(out: Outcome, heard: Heard) -> Outcome:
    if (done := no_words(out, heard)) is not None:
        return done
    if heard.meaning.pure and not heard.said.files:
        return ask(out, "ask.more")
    entry = heard.entry(out.state)
    if entry is not None:
        return put(answered(out, entry), "ask.more", brief=True)
    # A question on which the knowledge is silent is not left without a word.
    unknown = out.say("unknown") if heard.meaning.question else out
    added = _added(unknown, heard).say("added", reference=out.state.reference)
    return put(with_files(added, heard) if _voice(heard) else added, "ask.more", brief=True)


def _added(out: Outcome, heard: Heard) -> Outcome:
    """The words, in the case. A mail address or a name in them is for a person to put right there."""
    return out.do(AddToCase(out.state.reference, heard.said.text.strip()))


def _voice(heard: Heard) -> bool:
    return any(file.kind == "voice" for file in heard.said.files)


def _address(out: Outcome, heard: Heard) -> Outcome:
    mails = heard.said.identity.emails or addresses_in(heard.said.text)
    if mails:
        return _transcript(out, mails[-1])
    if heard.meaning.pure and not heard.said.files:
        return put(out, "ask.more", brief=True) if heard.wants in ("no", "skip", "back", "done", "stop") else again(out)
    return _said(out, heard)


_ANSWERS: Final[MappingProxyType[str, Callable[[Outcome, Heard], Outcome | None]]] = MappingProxyType(
    {"ask.code": status.to_code, "ask.reference": status.to_reference, "ask.address": _address}
)


def _transcript(out: Outcome, email: str) -> Outcome:
    if not email:
        return ask(out, "ask.address")
    # What is said of it depends on what the house may do.
    return out.do(SendTranscript(email))


def copy_answered(out: Outcome, event: CopyAnswered) -> Outcome:
    """Say what was done about a copy. Only an address that something went to is one to go by the next time."""
    if event.outcome == "sent":
        facts = replace(out.state.facts, email=out.state.facts.email or event.address)
        out = out.at(facts=facts).say("transcript", email=event.address)
    else:
        out = out.say(f"transcript.{event.outcome}", email=event.address)
    return put(out, "ask.more", brief=True)


def _status(out: Outcome, heard: Heard) -> Outcome:
    state = out.state
    if heard.meaning.reference not in ("", state.reference):
        return status.begin(out, heard)
    claimed = state.shape in CLAIMED
    if claimed and "doctor" in state.flags:
        return put(out.say("status.unknown"), "ask.more", brief=True)
    due_on = in_full(date.fromisoformat(state.due_on), state.language) if state.due_on else ""
    case_url = "" if claimed else state.case_url
    said = out.say("status.own", reference=state.reference, due_on=due_on, case_url=case_url)
    return put(said, "ask.more", brief=True)
