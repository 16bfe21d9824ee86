"""Taking what a line tells into the facts, whatever was asked: nothing that the member said is lost.

What answers the open question goes to its place, what identifies them to its own, and every line that says more than that is
kept whole in the story.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from chatbot.events import Said
from chatbot.everyday import everyday
from chatbot.kin import on_behalf
from chatbot.state import Facts, State
from chatbot.understanding import Meaning, tokens_of, understand, wish_in, without
from classifier.classification import Identity, OnBehalf

# The questions whose open answer may replace what is known already.
_REPLACING: Final = frozenset({"ask.name", "ask.contact", "ask.correction", "sum_up", "ask.address"})
_NAME_WORDS: Final = 5
_LONGEST_NAME: Final = 80
_WORD: Final = re.compile(r"[^\W\d_][^\W\d_’'.\-]*(?:[’'.\-][^\W\d_]+)*\.?")
_NAME_ENDS: Final = re.compile(
    r"[,;:\n(!?/]|\b(?:pour|voor|for|für|fuer|et|en|und|and|mais|maar|but|aber|de la part|namens|"
    r"mon|mijn|mein|meine|gsm|tel|téléphone|email|mail|e-mail)\b|\d|\S+@",
    re.IGNORECASE,
)
_MEMBER_NUMBER: Final = re.compile(r"(?<![\d@])\d(?:[ .\-]?\d){5,12}(?!\d)")
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
# A Belgian number as it is written at home: 0470 00 11 03, 02/555.01.22.
_PHONE: Final = re.compile(r"(?<![\d@])(?:0|(?:\+|00)32[ ./\-]?)([1-9](?:[ ./\-]{0,2}\d){7,8})(?!\d)")
# More words than these without a comma, and nothing that leads to a name, tell a story: "ma fille de 8 ans a été refusée …".
_LONGEST_UNLED: Final = 10
_PARTICLES: Final = frozenset({"de", "du", "des", "le", "la", "van", "den", "der", "von", "el", "al", "di", "da"})
_PARTS: Final = re.compile(r"[,;\n]")
_LONGEST_ANSWER: Final = 600
_LONGEST_COMMAND: Final = 120
_WORDS_AROUND: Final = 1
_AROUND_COMMANDS: Final = (
    "person",
    "status",
    "anonymous",
    "filler",
    "asking",
    "wish",
    "greeting",
    "small",
    "yes",
    "no",
)
_IN_NO_NAME: Final = ("told", "but", "no_name", "number_word")
_SMALL_TALK: Final = ("filler", "thanks", "greeting", "small", "yes", "no", "correction", "name_lead", "contact_lead")


def absorb(state: State, said: Said, meaning: Meaning) -> State:
    """The state with what this line tells. Commands and choices tell nothing. Its files were taken in before."""
    facts = state.facts
    if (meaning.pure and not meaning.empty) or only_asks(said.text, meaning):
        return state
    may_replace = meaning.correction or state.step in _REPLACING
    who = _answered_identity(state, said, meaning)
    facts, taken = _identified(facts, who, _behalf(who, said.text), may_replace=may_replace)
    if said.text.strip():
        facts = _told(facts, state, said.text, taken, question=meaning.question)
    asked = dict(state.asked)
    if facts != state.facts:
        # Something new was told, so the summary is another one.
        asked.pop("sum_up", None)
    return replace(state, facts=facts, asked=asked)


def only_asks(text: str, meaning: Meaning) -> bool:
    """True for "can I talk to a human please": a command in a sentence around it that tells nothing."""
    if not meaning.command or len(text) > _LONGEST_COMMAND:
        return False
    return len(without(tokens_of(text), *_AROUND_COMMANDS)) <= _WORDS_AROUND


def addresses_in(text: str) -> tuple[str, ...]:
    """Every mail address that a text holds, in order, whosever it is."""
    return tuple(dict.fromkeys(found.lower() for found in _MAIL.findall(text[:_LONGEST_ANSWER])))


def bare_name(text: str) -> str:
    """The name in an answer to "what is your name?", or "" when it looks like something else."""
    if "?" in text or understand(text).command:
        return ""
    if len(tokens_of(text)) > _LONGEST_UNLED and not _PARTS.search(text) and _leads(text)[:1] == [text.strip()]:
        return ""
    first, *others = _PARTS.split(text.strip(), maxsplit=_NAME_WORDS) or [""]
    # Behind a comma only what is said to be a name is one: "call me on 0470 00 11 08, I'm Emma Clarke".
    led = [lead for part in others for lead in _leads(part) if lead != part.strip()]
    for lead in (*_leads(first), *led):
        cut = _NAME_ENDS.split(lead, maxsplit=1)[0]
        words = _WORD.findall(cut)
        tokens = tokens_of(cut)
        if words and len(words) <= _NAME_WORDS and without(tokens, *_IN_NO_NAME) == tokens and not everyday(tokens):
            return written(" ".join(words))[:_LONGEST_NAME]
    return ""


def signed_name(text: str, *, reached: bool) -> str:
    """The name in a line that is made of it, where no name was asked for: behind "I am", or beside a way to reach them.

    Two words at least, all capitalised: "I'm Olivia Hughes", "Bart Simons, bart@mail.example".
    """
    name = bare_name(text)
    words = name.split()
    named = reached or (bool(_leads(text)) and _leads(text)[0] == name)
    plain = all(word[:1].isupper() or word in _PARTICLES for word in words)
    return name if len(words) > 1 and plain and named and name in " ".join(text.split()) else ""


def written(name: str) -> str:
    """A name typed all small or all large, as names are written."""
    name = " ".join(name.split())
    return name.title() if name.islower() or (name.isupper() and len(name) > 3) else name


def _leads(text: str) -> list[str]:
    """The text without the words that lead to a name ("bonjour, je m'appelle"), and without anything taken away."""
    rest = text.strip()
    for _ in range(4):
        for end in range(min(5, len(rest.split())), 0, -1):
            head = " ".join(rest.split()[:end])
            tokens = tokens_of(head)
            if tokens and not without(tokens, "name_lead", "greeting", "yes", "no", "filler", "correction"):
                rest = " ".join(rest.split()[end:]).lstrip(" ,:;-")
                break
        else:
            break
    return [rest] if rest else []


def _answered_identity(state: State, said: Said, meaning: Meaning) -> Identity:
    """Who they say they are in this line, with what only the open question makes recognisable."""
    who = said.identity
    tokens = tokens_of(said.text[:200])
    named = state.step in _REPLACING and (without(tokens, "name_word") != tokens or _completes(state, said.text))
    # The classifier repeats the name that it was given as known.
    unnamed = who.name in ("", state.facts.name)
    if (state.step == "ask.name" or named) and unnamed and not said.files:
        who = replace(who, name=bare_name(said.text) or who.name)
    elif not who.name and not state.facts.name and len(said.text) <= _LONGEST_COMMAND:
        who = replace(who, name=signed_name(said.text, reached=bool(who.emails or who.phones)))
    numbered = without(tokens, "number_word") != tokens
    asked_contact = state.step in ("ask.contact", "ask.correction") or (meaning.correction and numbered)
    if not asked_contact or who.phones or who.emails or who.member_number or meaning.reference:
        return who
    # "L'adresse de ma fille, …": somebody else's, and all the same where they want to be reached.
    if mails := addresses_in(said.text):
        return replace(who, emails=mails)
    if phone := _PHONE.search(said.text):
        return replace(who, phones=(f"+32{re.sub(r'[^0-9]', '', phone.group(1))}",))
    number = _MEMBER_NUMBER.search(said.text)
    return replace(who, member_number=re.sub(r"\D", "", number.group())) if number else who


def _completes(state: State, text: str) -> bool:
    """True for "Karim Benali" below a summary that says "Karim"."""
    return bool(state.facts.name) and bare_name(text).startswith(f"{state.facts.name} ")


def _behalf(who: Identity, text: str) -> OnBehalf | None:
    """For whom it is: as the classifier found, or as people say it in a chat."""
    if who.on_behalf and who.on_behalf.name:
        return who.on_behalf
    return on_behalf(text) or who.on_behalf


def _identified(
    facts: Facts, who: Identity, behalf: OnBehalf | None, *, may_replace: bool
) -> tuple[Facts, tuple[str, ...]]:
    """The facts with this identity, and everything in it; what it replaces, or does not, is kept as `earlier`."""
    given = (
        ("name", written(who.name)),
        ("email", who.emails[-1] if who.emails else ""),
        ("phone", who.phones[-1] if who.phones else ""),
        ("member_number", who.member_number),
    )
    earlier = list(facts.earlier)
    changes: dict[str, str] = {}
    for field, value in given:
        known = getattr(facts, field)
        if not value or value == known:
            continue
        if known and not may_replace:
            earlier.append(value)
            continue
        if known:
            earlier.append(known)
        changes[field] = value
    earlier += [value for value in (*who.emails[:-1], *who.phones[:-1]) if value not in (facts.email, facts.phone)]
    if behalf and not facts.represented:
        changes |= {"represented": written(behalf.name), "relation": behalf.relation}
    taken = tuple(value for _, value in given if value) + who.phones + who.emails
    return replace(facts, earlier=tuple(dict.fromkeys(earlier)), **changes), taken  # type: ignore[arg-type]


def _told(facts: Facts, state: State, text: str, taken: tuple[str, ...], *, question: bool) -> Facts:
    words = text.strip()
    if not _rest(words, taken):
        return facts
    if state.step == "ask.wish" and not question:
        return replace(facts, wish=(*facts.wish, words))
    wish = wish_in(words) if not facts.wish else ""
    return replace(facts, story=(*facts.story, words), wish=(wish,) if wish else facts.wish)


def _rest(text: str, taken: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a line that are no identity and no small talk. Everything, when nothing was taken from it."""
    if not taken:
        return tokens_of(text)
    known = {token for value in taken for token in tokens_of(value)}
    figures = {re.sub(r"\D", "", value)[-9:] for value in taken} - {""}
    left = [token for token in without(tokens_of(text), *_SMALL_TALK) if token not in known]
    numbers = "".join(token for token in left if token.isdigit())
    if numbers and any(figure in numbers or numbers.lstrip("0") in figure for figure in figures):
        left = [token for token in left if not token.isdigit()]
    return tuple(left)
