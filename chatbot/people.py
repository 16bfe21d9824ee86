"""Handing a conversation to a person: what is said, the silence after it, and what happens when nobody comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from chatbot.actions import HandOver
from chatbot.events import House, Said
from chatbot.outcome import Outcome
from chatbot.questions import again, answered_at, ask_next, goodbye, put
from config.chat import manners
from config.dates import in_full, time_of_day
from config.hours import BRUSSELS
from config.vocabulary import Language


def hand_over(
    out: Outcome, house: House, now: datetime, reason: Literal["asked", "stuck", "long"] = "asked"
) -> Outcome:
    """Put it before people and say how long that takes; from then on the robot is silent."""
    state = out.state
    day, time = _opens(house, state.language)
    said = out.say(
        "handover",
        day=day,
        time=time,
        wait=str(house.wait_minutes) if house.open and house.wait_minutes else "",
        contact=answered_at(state),
        here="yes" if state.reachable else "",
        reference=state.reference,
    )
    return _waiting(said.do(HandOver(reason, urgent="urgent" in state.flags)), house, now)


def urgent(out: Outcome, said: Said, house: House, now: datetime) -> Outcome:
    """The help lines at once and a person as soon as one can; no questions."""
    kinds = said.distress
    # Where the words do not say what kind of distress it is, everything is offered; but a quarrel with neighbours that keeps
    # somebody awake is answered without a word of suicide.
    elsewhere = said.found.flags.get("off_scope", False)
    spoken = out.say(
        "urgent",
        suicide="yes" if "suicide" in kinds or not (kinds or elsewhere) else "",
        need="yes" if "need" in kinds or not kinds else "",
        contact=out.state.facts.phone or ("yes" if out.state.reachable else ""),
    ).telling("urgent")
    return _waiting(spoken.do(HandOver("urgent", urgent=True)).at(hand_urgent=True), house, now)


def given_back(out: Outcome) -> Outcome:
    """The person is done: the robot says that it is back, and goes on with what is open."""
    state = out.state
    back = out.at(hand="", hand_until=None).say("back")
    if state.step == "closed":
        return back.at(step="ask.story", closed="") if not state.reference else put(back.at(closed=""), "ask.more")
    if state.reference:
        return put(back, "ask.more", brief=True)
    return again(back) if state.facts.matter and state.step != "ask.person" else ask_next(back)


def nobody_came(out: Outcome) -> Outcome:
    """Say so, and register what there is: a wait in vain is an abandonment, and it was ours."""
    state = out.state
    matter = state.facts.matter and not state.registered
    said = out.say("nobody", matter="yes" if matter else "", reference=state.reference)
    said = said.at(hand="", hand_until=None)
    if matter:
        return said.register("abandoned")
    return goodbye(said, "registered" if state.registered else "nothing")


def _waiting(out: Outcome, house: House, now: datetime) -> Outcome:
    patience = manners()
    is_urgent = out.state.hand_urgent
    minutes = patience.wait_for_person_urgent if is_urgent else patience.wait_for_person
    # In distress nobody waits until the morning: a case is made soon, which people find by its priority.
    begins = now if is_urgent or house.opens_at is None else max(now, house.opens_at)
    step = "ask.story" if out.state.step == "new" else out.state.step
    return out.at(hand="waiting", hand_until=begins + timedelta(minutes=minutes), step=step)


def _opens(house: House, language: Language) -> tuple[str, str]:
    """The day and the time from which the team is there again; both empty while it is there."""
    if house.opens_at is None:
        return "", ""
    return in_full(house.opens_at.astimezone(BRUSSELS).date(), language), time_of_day(house.opens_at, language)
