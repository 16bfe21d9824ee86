"""What a member says before there is a case: taken in, answered, and followed by the one question that is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Literal

from chatbot import afterwards, status
from chatbot.absorbing import absorb
from chatbot.heard import Heard, answered, no_words, with_files
from chatbot.outcome import Outcome
from chatbot.people import hand_over
from chatbot.questions import CHOICES, OPENING, ORDER, TWICE, again, ask, ask_next, goodbye, missing, put
from chatbot.state import State
from chatbot.understanding import tokens_of
from config.directory import directory

# What may be left out, and is then not asked again.
_OPTIONAL: Final = frozenset({"ask.wish", "ask.contact", "ask.mandate"})
_BEGINNING_WORDS: Final = 6
# What is asked in the middle of a story, and from how many words on an answer that is none tells more of it.
_AMID_STORY: Final = frozenset({"ask.name", "ask.contact"})
_STORY_WORDS: Final = 6
_CORRECTABLE: Final = ("name", "email", "phone", "member_number")


def hear(out: Outcome, heard: Heard) -> Outcome:
    """The answer to one line, in a conversation that the robot leads."""
    if out.state.reference or out.state.step == "registering":
        return afterwards.hear(out, heard)
    for way in (_always, _to_the_question):
        if (done := way(out, heard)) is not None:
            return done
    return _content(out, heard)


def _always(out: Outcome, heard: Heard) -> Outcome | None:
    """What works at every step: another language, a person, stop, help, back, skip, where is my case."""
    if heard.meaning.language:
        # In the first line it needs no word of its own: the greeting is in that language.
        return ask_next(out) if out.replies else again(out.say("switched"))
    if heard.asks_for_person():
        return _person(out, heard)
    meant = heard.meaning.reference or heard.meaning.reference_like
    if heard.wants == "status" or (meant and not out.state.facts.matter and not out.state.proving):
        return status.begin(out, heard)
    way = _WAYS.get(heard.wants)
    return way(out, heard) if way else None


def _person(out: Outcome, heard: Heard) -> Outcome:
    reason: Literal["stuck", "asked"] = "stuck" if out.state.step == "ask.person" else "asked"
    return hand_over(_kept(out, heard), heard.house, heard.now, reason)


def _help(out: Outcome, _heard: Heard) -> Outcome:
    return again(out.say("help"))


def _stop(out: Outcome, _heard: Heard) -> Outcome:
    """An end that is asked for: what was told is registered only if the member wants that."""
    if out.state.facts.matter and not out.state.registered and out.state.step != "ask.stop":
        return put(out, "ask.stop")
    return goodbye(out, "declined" if out.state.facts.matter else "nothing")


def _back(out: Outcome, _heard: Heard) -> Outcome:
    """The question before the open one, put again; what was answered stays until something else is said."""
    step = out.state.step
    before = ORDER[: ORDER.index(step)] if step in ORDER else ORDER
    put_once = [key for key in before if out.state.asked.get(key) or key in out.state.skipped]
    key = put_once[-1] if put_once else "ask.story"
    return put(out.at(skipped=tuple(name for name in out.state.skipped if name != key)), key, brief=True)


def _skip(out: Outcome, _heard: Heard) -> Outcome:
    state = out.state
    key = state.resume if state.step == "ask.person" else state.step
    if state.step == "anonymous":
        return ask_next(out.at(facts=replace(state.facts, anonymous=True)))
    if key == "ask.name" and state.step == "ask.name" and not state.facts.member_number:
        return _explain_anonymous(out)
    if key in _OPTIONAL or (key in ("ask.name", "ask.story") and state.facts.matter):
        anonymous = state.facts.anonymous or key == "ask.name"
        return ask_next(
            out.at(skipped=(*state.skipped, key), facts=replace(state.facts, anonymous=anonymous))
            if not state.facts.member_number
            else out.at(skipped=(*state.skipped, key))
        )
    if key in ("ask.reference", "ask.code"):
        return status.give_up(out)
    if state.step == "ask.person":
        # "Go on without": what could not be left out is put once more, and no third time.
        return goodbye(out, "nothing") if key == "ask.story" and not state.facts.matter else ask_next(out)
    return ask(out, key) if key == "ask.story" else ask_next(out)


def _to_the_question(out: Outcome, heard: Heard) -> Outcome | None:
    """An answer to the open question that is one of its choices; None when the line has to be read as words."""
    answer = _ANSWERS.get(out.state.step)
    return answer(out, heard) if answer else None


def _to_greeting(out: Outcome, heard: Heard) -> Outcome | None:
    return put(out, "ask.story") if heard.wants == "complaint" else None


def _to_sum_up(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants == "yes":
        return out.register("yes")
    if heard.wants in ("no", "change") and heard.meaning.pure:
        return ask(out, "ask.correction")
    return None


def _to_correction(out: Outcome, heard: Heard) -> Outcome | None:
    return ask_next(out) if heard.wants in ("no", "yes", "done") and heard.meaning.pure else None


def _to_mandate(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants == "yes":
        return ask_next(out.at(facts=replace(out.state.facts, mandate="yes")))
    if heard.wants == "no" or heard.meaning.refusal:
        kept = _kept(out, heard)
        return ask_next(kept.at(facts=replace(kept.state.facts, mandate="no")).say("mandate.later"))
    return None


def _to_person_offer(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants == "yes":
        return hand_over(out, heard.house, heard.now, "stuck")
    if heard.wants == "no":
        return _skip(out, heard)
    # Anything else answers what was asked before.
    answer = _ANSWERS.get(out.state.resume)
    resumed = out.at(step=out.state.resume or "ask.story")
    done = answer(resumed, heard) if answer else None
    return done if done is not None else _content(resumed, heard)


def _to_answered(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants in ("yes", "thanks", "done"):
        return goodbye(out, "answered")
    return ask_next(out) if heard.wants == "no" else None


def _to_scope(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants in ("ok", "thanks", "done", "not_you"):
        return goodbye(out, "answered")
    # A bare "yes" may answer "am I wrong?": it must not end a complaint.
    if heard.meaning.pure and heard.wants not in ("about_you", "no", "yes"):
        return None
    # Whatever else is said here may mean that we misunderstood: nobody is refused by mistake.
    kept = _kept(out, heard)
    return ask_next(kept.at(facts=replace(kept.state.facts, contested=True)))


def _to_anonymous(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants in ("anonymous", "no"):
        return ask_next(_kept(out, heard).at(facts=replace(out.state.facts, anonymous=True)))
    if heard.wants in ("name", "yes"):
        return put(out, "ask.name")
    return None


def _to_stop(out: Outcome, heard: Heard) -> Outcome | None:
    if heard.wants == "yes":
        return out.register("yes").at(resume="ask.stop")
    return goodbye(out, "declined") if heard.wants in ("no", "done", "thanks") else None


_WAYS: Final[MappingProxyType[str, Callable[[Outcome, Heard], Outcome]]] = MappingProxyType(
    {"person": _person, "stop": _stop, "help": _help, "other": _help, "back": _back, "skip": _skip}
)
_ANSWERS: Final[MappingProxyType[str, Callable[[Outcome, Heard], Outcome | None]]] = MappingProxyType(
    {
        "ask.story": _to_greeting,
        "sum_up": _to_sum_up,
        "ask.correction": _to_correction,
        "ask.mandate": _to_mandate,
        "ask.person": _to_person_offer,
        "ask.answered": _to_answered,
        "scope": _to_scope,
        "anonymous": _to_anonymous,
        "ask.stop": _to_stop,
        "ask.reference": status.to_reference,
        "ask.code": status.to_code,
    }
)


def _content(out: Outcome, heard: Heard) -> Outcome:
    """Words that tell something: taken in, noted, explained where they need it, and the next question."""
    if (done := no_words(out, heard)) is not None:
        return done
    if heard.meaning.pure and not heard.said.files:
        step = out.state.step
        if heard.wants in ("done", "thanks") and step in ORDER and out.state.facts.matter:
            # "That's all, thanks": whether what there is should be registered is the only question left.
            return put(out, "ask.stop")
        return ask(out, step) if step in ORDER else again(out)
    entry = heard.entry(out.state)
    if entry is not None:
        return _side_question(out, heard, answered(out, entry))
    if out.state.step == "ask.answered" and not heard.meaning.refusal:
        out = _done_with(out)
    before = out.state
    kept = with_files(_kept(out, heard), heard)
    if heard.meaning.long:
        kept = kept.say("long")
    if _corrected(before, kept.state):
        kept = kept.say("noted")
    if _unanswered(before, heard) and not _needs_doctor(kept.state, heard):
        kept = kept.say("unknown")
    if _only_begins(before, heard):
        return ask(kept, "ask.story")
    kept = _not_counted(before, kept, heard)
    return _explained(kept, heard) or ask_next(kept)


def _not_counted(before: State, kept: Outcome, heard: Heard) -> Outcome:
    """Who goes on with the story where the name or a contact was asked has not failed to answer: it is asked again without
    counting, twice at most, so that the same question does not go on for ever."""
    key, story = before.step, kept.state.facts.story
    told = f"told:{key}"
    times = before.asked.get(told, 0)
    tells = len(story) > len(before.facts.story) and len(tokens_of(heard.said.text)) >= _STORY_WORDS
    if key not in _AMID_STORY or not tells or heard.meaning.question or times >= TWICE:
        return kept
    asked = {**kept.state.asked, key: max(0, kept.state.asked.get(key, 0) - 1), told: times + 1}
    return kept.at(asked=asked)


def _only_begins(before: State, heard: Heard) -> bool:
    """ "Bonjour, j'ai un problème": a beginning that the classifier makes nothing of. What happened is asked once more."""
    told_little = not before.facts.matter and len(tokens_of(heard.said.text)) <= _BEGINNING_WORDS
    unclear = heard.said.found.kind == "other" and not any(heard.said.found.flags.values())
    return told_little and unclear and before.asked.get("ask.story", 0) < TWICE


def _kept(out: Outcome, heard: Heard) -> Outcome:
    return replace(out, state=absorb(out.state, heard.said, heard.meaning))


def _corrected(before: State, after: State) -> bool:
    """True when something else is known now than before: not when something is known that was not."""
    told = [(getattr(before.facts, name), getattr(after.facts, name)) for name in _CORRECTABLE]
    return any(was and was != now for was, now in told) or (before.step == "ask.correction" and before != after)


def _unanswered(before: State, heard: Heard) -> bool:
    """A question on which the knowledge is silent. A grievance put as a question is a complaint, and asks for no answer; what is
    asked once the story is told, is asked of us."""
    aside = bool(before.facts.story) and before.step in ("ask.name", "ask.contact", "sum_up")
    return heard.meaning.question and (aside or heard.said.found.kind == "question")


def _side_question(out: Outcome, heard: Heard, spoken: Outcome) -> Outcome:
    """After an answer from the knowledge: what was open before, or whether that was all."""
    if out.state.facts.matter or out.state.step not in ("ask.story", "ask.answered"):
        facts = out.state.facts
        return again(spoken.at(facts=replace(facts, questions=(*facts.questions, heard.said.text.strip()))))
    # The question is kept as their matter, in case the answer does not do.
    return put(_kept(spoken, heard), "ask.answered")


def _done_with(out: Outcome) -> Outcome:
    """A question that was answered, once the member goes on with something else: it is no part of that matter."""
    facts = out.state.facts
    return out.at(facts=replace(facts, questions=(*facts.questions, *facts.story), story=(), wish=()))


def _explained(out: Outcome, heard: Heard) -> Outcome | None:
    """What has to be said once before going on; None when the next question follows."""
    state, found = out.state, heard.said.found
    sure = {flag for flag, holds in found.flags.items() if holds and flag not in found.abstained}
    if "off_scope" in sure and state.facts.story and not state.facts.contested and "scope" not in state.told:
        return _explain_scope(out, heard)
    if _needs_doctor(state, heard):
        out = out.say("doctor").telling("doctor")
    nameless = not state.facts.name and not state.facts.anonymous
    if ("anonymous" in sure or heard.meaning.command == "anonymous") and nameless and "anonymous" not in state.told:
        return _explain_anonymous(out)
    return ask_next(out) if out.state != state else None


def _needs_doctor(state: State, heard: Heard) -> bool:
    """Whether the way to complain about a medical adviser has yet to be explained; it answers a question on that too."""
    found = heard.said.found
    return bool(found.flags.get("doctor")) and "doctor" not in (*found.abstained, *state.told)


def _explain_scope(out: Outcome, heard: Heard) -> Outcome:
    language = out.state.language
    body = next((body for body in directory().bodies if body.id == heard.said.body), None)
    return (
        out.telling("scope")
        .say(
            "scope",
            choices=CHOICES["scope"],
            about=body.about.in_language(language) if body else "",
            body=body.names.in_language(language) if body else "",
            body_contact=body.contact.in_language(language) if body else "",
        )
        .at(step="scope")
    )


def _explain_anonymous(out: Outcome) -> Outcome:
    if "anonymous" in out.state.told:
        facts = replace(out.state.facts, anonymous=True)
        return ask_next(out.at(facts=facts))
    return put(out.telling("anonymous"), "anonymous")


def opening(out: Outcome) -> Outcome:
    """The first words of the robot, before anything was told."""
    first = out.say("ask.story", choices=OPENING)
    return first.at(step=missing(out.state), asked={**out.state.asked, "ask.story": 1})
