"""What happens when nobody speaks: one reminder where that is polite, then an end that loses nothing."""

from __future__ import annotations

from datetime import datetime

from chatbot.actions import Close
from chatbot.outcome import Outcome
from chatbot.people import nobody_came
from chatbot.questions import again
from config.chat import manners
from config.hours import BRUSSELS


def time_passed(out: Outcome, now: datetime) -> Outcome:
    """What is due by now; nothing most of the time."""
    state = out.state
    if state.hand == "taken" or state.step in ("closed", "registering"):
        return out
    if state.hand == "waiting":
        return nobody_came(out) if state.hand_until is not None and now >= state.hand_until else out
    if state.heard_at is None:
        return out
    silent = now - state.heard_at
    if silent.total_seconds() >= manners().close_after * 60:
        return abandoned(out)
    reminder = manners().reminder(state.shape)
    if reminder is None or state.reminded or state.reference or silent < reminder or not _polite(now):
        return out
    return again(out.say("reminder")).at(reminded=True)


def abandoned(out: Outcome) -> Outcome:
    """Close after silence: a matter is registered, an answered question stays answered."""
    state = out.state
    if state.registered or state.reference:
        return out.close(Close("registered" if state.registered else "answered"))
    if state.step == "ask.answered":
        return out.close(Close("answered"))
    if state.facts.matter:
        return out.say("abandoned", matter="yes").register("abandoned").close(Close("abandoned"))
    return out.say("abandoned", matter="").close(Close("nothing"))


def left(out: Outcome) -> Outcome:
    """The member can no longer be written to: as abandoned, without a word. A person who has it keeps it."""
    state = out.state
    if "left" not in state.told:
        out = out.telling("left")
    if state.hand == "taken" or state.step == "closed":
        return out
    if state.facts.matter and not state.registered:
        return out.register("abandoned").close(Close("abandoned"))
    return out.close(Close("registered" if state.registered else "nothing"))


def _polite(now: datetime) -> bool:
    at = now.astimezone(BRUSSELS).time()
    return manners().remind_from <= at < manners().remind_until
