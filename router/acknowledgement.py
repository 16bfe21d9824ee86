"""The automatic first answer: situation × kind × language × length, from the texts of config/texts.

It never repeats what the member wrote, neither subject nor text, and greets by name only when the name looks like one:
a complaints service that echoes chosen words to chosen addresses is a machine for sending spam.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final, Literal

from config.departments import department_name
from config.directory import directory
from config.vocabulary import DEPARTMENTS, Channel, Kind, Language
from config.wording import SituationText, Wording, wording
from router.dates import in_full
from router.decision import Decision, Facts
from router.ruleset import SITUATIONS
from router.texts import Parsed, TextError, parse, plain_for_sms, render, typographic
from router.wordlists import distress_in, find_body

Length = Literal["long", "short"]
# What is sent because the member did something on the page of their case.
# "contact": to an address, that it was joined or followed by another one, whoever changed it.
# "answer": in a text message, that a person has answered.
Asked = Literal["link", "code", "withdrawn", "contact", "access", "answer"]
ASKED: Final[tuple[Asked, ...]] = ("link", "code", "withdrawn", "contact", "access", "answer")
# What a code is for, and what happened to an address.
About = Literal["", "open", "withdraw", "copy", "access", "contact", "confirm", "add", "replace", "end"]
# "joined" is no outcome of routing: it answers a later message of a case.
TEXTS: Final[tuple[str, ...]] = (*SITUATIONS, "joined", *ASKED)
_SHORT_CHANNELS: Final[tuple[Channel, ...]] = ("sms", "whatsapp", "chat", "telegram")
# Shown on locked screens: nothing there may tell what the matter is about.
_DISCREET_CHANNELS: Final[tuple[Channel, ...]] = ("sms", "whatsapp", "telegram")
_LINK: Final = re.compile(r"://|www\.|\w\.\w{2,}", re.IGNORECASE)
_MAX_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class AckText:
    """One acknowledgement, ready to go out. A short one has a subject too, for channels that want one."""

    subject: str
    text: str
    language: Language
    length: Length


def length_for(channel: Channel) -> Length:
    """Short for SMS and chats, long for mail, letters and the form."""
    return "short" if channel in _SHORT_CHANNELS else "long"


def greeting_name(name: str) -> str:
    """The name for a greeting, or "" when it does not look like one.

    Control and direction signs go; a link, an "@", digits, other signs than letters and .'’- or more than 60 characters
    make it no name.
    """
    kept = "".join(
        " " if sign.isspace() else sign for sign in name if sign.isspace() or unicodedata.category(sign)[0] != "C"
    )
    cleaned = " ".join(kept.split())
    if not cleaned or len(cleaned) > _MAX_NAME or _LINK.search(cleaned):
        return ""
    if not all(unicodedata.category(sign)[0] in "LM" or sign in " .'’-," for sign in cleaned):
        return ""
    return cleaned if any(sign.isalpha() for sign in cleaned) else ""


def acknowledge(
    decision: Decision,
    facts: Facts,
    *,
    reference: str,
    due_on: date | None = None,
    case_url: str = "",
    letter_url: str = "",
    name: str = "",
    callback: str = "",
    channel: Channel | None = None,
    saturdays: bool = False,
) -> AckText:
    """What the member is told at once.

    `due_on` is the promised date (`router.deadlines.promised`), `callback` when somebody on duty calls ("" when nobody
    is), `channel` the one it goes out by (the message's own by default), `name` as the member gave it.
    """
    language = decision.language
    text = facts.message.reply or facts.message.text
    flags: set[str] = {"saturdays" if saturdays else "weekdays"}
    values = house_values(language)
    values |= {
        "reference": reference,
        "received_on": in_full(facts.received_on, language),
        "what": _what(decision, facts, language),
        "callback": callback,
        "letter_url": letter_url,
    }
    kind = _sure_kind(facts)
    _set(flags, "complaint", present=kind == "complaint")
    _set(flags, "question", present=kind == "question")
    _set(flags, "callback", present=bool(callback))
    _set(flags, "mediation", present=decision.queue == "mediation")
    medical = decision.queue == "medical_coordinator"
    _set(flags, "medical", present=medical)
    _set(flags, "letter", present=bool(letter_url) and medical)
    _set(flags, "decision", present=medical and decision.department is not None)
    if decision.situation == "urgent":
        kinds = distress_in(text)
        # Where the words do not say what kind of distress it is, everything is offered.
        _set(flags, "suicide", present="suicide" in kinds or not kinds)
        _set(flags, "need", present="need" in kinds or not kinds)
    named = decision.queue if decision.queue in DEPARTMENTS else ""
    _set(flags, "department", present=bool(named))
    values["department"] = next((department_name(d, language) for d in DEPARTMENTS if d == named), "")
    body = find_body(text) if decision.situation == "off_scope" else None
    _set(flags, "body", present=body is not None)
    values["about"] = typographic(body.about.in_language(language), language) if body else ""
    values["body"] = typographic(body.names.in_language(language), language) if body else ""
    values["body_contact"] = typographic(body.contact.in_language(language), language) if body else ""
    # Nobody's name is known to an anonymous message, whatever its address may suggest.
    greeted = "" if decision.situation == "anonymous" else name
    _dates_and_links(flags, values, due_on, case_url, language)
    return _compose(decision.situation, language, channel or facts.message.channel, values, flags, greeted)


def joined(
    language: Language,
    channel: Channel,
    *,
    reference: str,
    due_on: date | None = None,
    case_url: str = "",
    name: str = "",
) -> AckText:
    """The short receipt for a later message: it was added to the case. It tells nothing of the case itself."""
    flags: set[str] = set()
    values = house_values(language) | {"reference": reference}
    _dates_and_links(flags, values, due_on, case_url, language)
    return _compose("joined", language, channel, values, flags, name)


def asked_for(
    what: Asked,
    language: Language,
    channel: Channel,
    *,
    reference: str,
    case_url: str = "",
    code: str = "",
    about: About = "",
    changed_on: date | None = None,
    name: str = "",
) -> AckText:
    """What a member asked for on our pages: a new link, a code for one purpose, or the word that a case is withdrawn; and that
    an address was changed, on `changed_on`."""
    flags = {f"to_{about}"} if about else set()
    values = house_values(language) | {"reference": reference, "code": code}
    values["changed_on"] = in_full(changed_on, language) if changed_on else ""
    _dates_and_links(flags, values, None, case_url, language)
    return _compose(what, language, channel, values, flags, name)


def missing_texts() -> list[str]:
    """Which situation has no usable text in which language; empty when every cell is there."""
    problems = []
    for language, words in wording().items():
        for situation in TEXTS:
            if situation not in words.situations:
                problems.append(f"{language}: there is no text for '{situation}'")
                continue
            text = words.situations[situation]
            for part, source in (("subject", text.subject), ("long", text.long), ("short", text.short)):
                try:
                    parse(source, language)
                except TextError as error:
                    problems.append(f"{language}, '{situation}', {part}: {error}")
    return problems


def _set(flags: set[str], flag: str, *, present: bool) -> None:
    # Each condition has its opposite; texts use what they need of the two.
    flags.add(flag if present else f"no_{flag}")


def _dates_and_links(
    flags: set[str], values: dict[str, str], due_on: date | None, case_url: str, language: Language
) -> None:
    _set(flags, "due", present=due_on is not None)
    _set(flags, "case", present=bool(case_url))
    values["due_on"] = in_full(due_on, language) if due_on else ""
    values["case_url"] = case_url


def _what(decision: Decision, facts: Facts, language: Language) -> str:
    """ "Your complaint", "your question", or "your message" where the kind is not sure."""
    words = wording()[language].what
    kind = _sure_kind(facts)
    if decision.sealed or kind not in ("complaint", "question"):
        return words["other"]
    return words["complaint"] if kind == "complaint" else words["question"]


def _sure_kind(facts: Facts) -> Kind | None:
    return None if "kind" in facts.classification.abstained else facts.classification.kind


@cache
def _house_values(language: Language) -> tuple[tuple[str, str], ...]:
    known = directory()
    office = known.office
    values = {
        "office": office.name,
        "phone": office.phone,
        "mail": office.mail,
        "post": office.post.in_language(language),
        "coordinator": known.coordinator.in_text.in_language(language),
    }
    values |= {
        name: known.line(name).number
        for name in ("emergency", "suicide_fr", "suicide_nl", "talk_fr", "talk_nl", "talk_de", "talk_en")
    }
    # A number does not wrap in the middle.
    values |= {name: values[name].replace(" ", "\u00a0") for name in ("phone", "suicide_fr", "talk_en")}
    return tuple(values.items())


def house_values(language: Language) -> dict[str, str]:
    """What every text may name of the house: its name, telephone, addresses and the help lines."""
    return dict(_house_values(language))


def _compose(
    situation: str, language: Language, channel: Channel, values: dict[str, str], flags: set[str], name: str
) -> AckText:
    return compose(wording()[language], wording()[language].situations[situation], channel, values, flags, name)


def compose(
    words: Wording, text: SituationText, channel: Channel, values: dict[str, str], flags: set[str], name: str
) -> AckText:
    """A text of the house with its holes filled, for one channel. Raises TextError, and KeyError for a missing value."""
    language = words.language
    flags.add("discreet" if channel in _DISCREET_CHANNELS else "open")
    subject = _capitalised(render(parse(text.subject, language), values, flags))
    length = length_for(channel)
    if length == "short":
        body = render(parse(text.short, language), values, flags)
        return AckText(subject, plain_for_sms(body) if channel == "sms" else body, language, length)
    body = "\n\n".join(
        (
            _greeting(words, greeting_name(name)),
            render(parse(text.long, language), values, flags),
            render(_signature(words, text), values, flags),
        )
    )
    return AckText(subject, body, language, length)


def _greeting(words: Wording, name: str) -> str:
    if not name:
        return words.greeting.plain
    return render(parse(words.greeting.named, words.language), {"name": name}, frozenset())


def _signature(words: Wording, text: SituationText) -> Parsed:
    return parse(words.signatures[text.signature], words.language)


def _capitalised(subject: str) -> str:
    return subject[:1].upper() + subject[1:]
