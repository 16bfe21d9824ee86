"""Where is my case: a reference, then a proof by a code, and only then what is known.

For a reference that does not exist the robot says the very same: references can be counted through (rule W6).
"""

from __future__ import annotations

from dataclasses import replace

from chatbot.absorbing import absorb
from chatbot.actions import CheckCode, SendCode
from chatbot.events import CodeChecked, StatusKnown
from chatbot.heard import Heard, no_words
from chatbot.outcome import Outcome
from chatbot.questions import again, ask, ask_next, put
from chatbot.understanding import tokens_of
from config.dates import in_full

# More words than this are a story, whatever was asked.
_STORY_WORDS = 6
_TRIES = 2


def begin(out: Outcome, heard: Heard) -> Outcome:
    """Somebody asks where their case is."""
    reference = heard.meaning.reference
    if reference:
        return _prove(out, reference)
    if heard.meaning.reference_like:
        return ask(out.say("not_reference"), "ask.reference")
    return ask(out, "ask.reference")


def to_reference(out: Outcome, heard: Heard) -> Outcome | None:
    """An answer to "what is your reference?"; None when it is a story after all."""
    if heard.meaning.reference:
        return _prove(out, heard.meaning.reference)
    if heard.wants == "complaint":
        return put(out, "ask.story")
    if heard.meaning.reference_like or sum(map(str.isdigit, heard.said.text)) >= 8:
        return ask(out.say("not_reference"), "ask.reference")
    return _not_it(out, heard, "ask.reference")


def to_code(out: Outcome, heard: Heard) -> Outcome | None:
    """An answer to "which code did you get?"."""
    if heard.meaning.code:
        return out.do(CheckCode(out.state.proving, heard.meaning.code))
    if heard.meaning.reference:
        return _prove(out, heard.meaning.reference)
    return _not_it(out, heard, "ask.code")


def code_sent(out: Outcome) -> Outcome:
    """A code is on its way, if there is such a case."""
    return ask(out, "ask.code") if out.state.proving else out


def code_checked(out: Outcome, event: CodeChecked) -> Outcome:
    """The wrong code may be typed again once; then a person is offered. After the right one the status follows."""
    if event.ok:
        return out
    tries = out.state.asked.get("tries", 0) + 1
    out = out.say("code.wrong").at(asked={**out.state.asked, "tries": tries})
    if tries >= _TRIES:
        return put(out.at(resume="ask.reference"), "ask.person")
    return put(out, "ask.code", brief=True)


def known(out: Outcome, event: StatusKnown) -> Outcome:
    """Say where the case stands. With a story of their own still open, that goes on; else this case may be added to."""
    due_on = in_full(event.due_on, out.state.language) if event.due_on else ""
    out = out.say(
        "status",
        reference=event.reference,
        stage=event.stage,
        due_on=due_on,
        next_step=event.next_step,
        case_url=event.case_url,
    ).at(proving="")
    if out.state.facts.matter and not out.state.registered:
        return ask_next(out)
    due = event.due_on.isoformat() if event.due_on else ""
    return put(out.at(reference=event.reference, due_on=due, case_url=event.case_url), "ask.more")


def unknown(out: Outcome) -> Outcome:
    """Nothing can be told here, and why is not told either."""
    out = out.say("status.unknown").at(proving="")
    return put(out, "ask.more", brief=True) if out.state.reference else ask_next(out)


def give_up(out: Outcome) -> Outcome:
    """The member has no reference or got no code: other ways, and on with what they want to tell."""
    return unknown(out)


def _prove(out: Outcome, reference: str) -> Outcome:
    asked = {key: times for key, times in out.state.asked.items() if key not in ("ask.code", "tries")}
    return out.do(SendCode(reference)).at(proving=reference, asked=asked, step="ask.code")


def _not_it(out: Outcome, heard: Heard, key: str) -> Outcome | None:
    if (done := no_words(out, heard)) is not None:
        return done
    if heard.wants in ("no", "done"):
        return give_up(out)
    entry = heard.entry(out.state)
    if entry is not None:
        return None
    if heard.meaning.pure:
        return ask(out, key)
    kept = replace(out, state=absorb(out.state, heard.said, heard.meaning))
    if len(tokens_of(heard.said.text)) > _STORY_WORDS:
        return ask_next(kept) if kept.state.facts.matter else again(kept)
    return ask(kept, key)
