"""What a colleague is asked about once before an answer leaves: it never keeps anybody from sending."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

from config.health_words import health_words
from config.ready_texts import BLANK
from config.vocabulary import Language
from console.contract import Particular, Way
from router.wordlists import folded

# In another language than the member's; with a blank of a ready text left; "attached" is written, and answers carry no files;
# a number or address that is not the member's, a name that is not, the reference of somebody else's case; health in a text
# message; nothing about what they asked; a decision stands, and not a word of the time limits of the courts.
# Those of a recommendation that is made together with a closing stand for themselves.
Wished = Literal["wish_blank", "wish_attachment"]
Unfinished = Literal["blank", "attachment"]
Kind = Unfinished | Literal["language", "number", "name", "reference", "health", "question", "courts"] | Wished
DOUBTS: Final[tuple[Kind, ...]] = tuple(kind for part in get_args(Kind) for kind in get_args(part))
_OF_A_WISH: Final[dict[Kind, Wished]] = {"blank": "wish_blank", "attachment": "wish_attachment"}
# What lies open on the screen of a telephone.
TEXT_WAYS: Final[frozenset[Way]] = frozenset({"whatsapp", "telegram"})
# Fewer letters of one's own say nothing of a language.
_FEWEST_LETTERS: Final = 30
_ATTACHED: Final = re.compile(
    r"\b(?:ci-joints?|ci-jointes?|en annexe|pi[eè]ces? jointes?|in bijlage|bijgevoegd|als bijlage|anbei|im anhang|beigef[uü]gt"
    r"|attached|attachment|enclosed)\b",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"\bPM-\d{4}-\d{6}-\d{2}\b", re.IGNORECASE)
_COURTS: Final = {
    "fr": re.compile(r"\btribuna(?:l|ux)\b", re.IGNORECASE),
    "nl": re.compile(r"\w*rechtbank(?:en)?\b", re.IGNORECASE),
    "de": re.compile(r"\w*gericht(?:e|s|es)?\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:courts?|tribunals?)\b", re.IGNORECASE),
}
_GREETING: Final = re.compile(
    r"(?:bonjour|bonsoir|ch[eè]re?|beste|geachte|dag|goeiedag|hallo|sehr geehrter?|guten tag|liebe[rs]?|dear|hello)\b(.{0,80})",
    re.IGNORECASE,
)
_TITLES: Final = frozenset(
    {
        "madame",
        "monsieur",
        "mademoiselle",
        "mme",
        "mlle",
        "mr",
        "mevrouw",
        "mijnheer",
        "meneer",
        "de",
        "heer",
        "mevr",
        "dhr",
    }
    | {"frau", "herr", "herrn", "mrs", "ms", "sir", "madam"}
)
_QUESTION: Final = re.compile(r"[^.!?\n]{3,300}\?")
# Words of content begin with so many letters that endings do not matter; politeness says nothing about what was asked.
_BEGINNING: Final = 5
_CONTENT: Final = re.compile(r"[^\W\d_]{5,}")
_POLITE: Final = frozenset(
    {
        "bonjo",
        "merci",
        "madam",
        "monsi",
        "cordi",
        "salut",
        "veuil",
        "messa",
        "votre",
        "notre",
        "avoir",
        "conce",
        "repon",
        "dossi",
    }
    | {
        "beste",
        "geach",
        "mevro",
        "menee",
        "vrien",
        "groet",
        "bedan",
        "beric",
        "antwo",
        "hello",
        "thank",
        "regar",
        "since",
    }
    | {"reply", "answe", "pleas", "guten", "danke", "freun", "gruss", "gruse", "nachr", "geehr"}
)
_LAST_DIGITS: Final = 8
# A place for a name that stands in a text instead of the name.
_UNFILLED: Final = re.compile(r"\{[a-z_]{2,20}\}")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing to look at; `what` are the words of the answer that it is about."""

    kind: Kind
    what: str = ""

    @property
    def key(self) -> str:
        """What the form says when its writer is sure of this, and of nothing else."""
        if not self.what:
            return self.kind
        return f"{self.kind}-{hashlib.sha256(self.what.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of whom an answer goes to: all that they wrote, their addresses and numbers, their own cases. `others` are
    the names of people whom it would be a mistake to name; `asked` is what they wrote since they were last answered."""

    name: str
    language: Language
    way: Way
    wrote: str
    references: frozenset[str]
    others: Sequence[str] = ()
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What the house found in an answer: the language that it surely is in, particulars of people, and numbers in it by which
    we know somebody else."""

    spoken: Language | None = None
    particulars: Sequence[Particular] = ()
    strangers: Sequence[str] = ()


def own_words(text: str, opening: str) -> str:
    """What somebody wrote between the greeting and the signature that stood there before."""
    given = {line.strip() for line in opening.splitlines()}
    return "\n".join(line for line in text.splitlines() if line.strip() not in given)


def says_enough(words: str) -> bool:
    """Whether there are enough letters to tell a language by."""
    return sum(sign.isalpha() for sign in words) >= _FEWEST_LETTERS


def doubts(words: str, member: Member, read: Read, *, decided: bool = False) -> tuple[Doubt, ...]:
    """What is odd about an answer. `decided`: it ends a dispute about a decision which stands, at least partly."""
    found: list[Doubt] = []
    if read.spoken is not None and read.spoken != member.language:
        found.append(Doubt("language"))
    found += unfinished(words)
    found += [Doubt("number", one) for one in _numbers_of_others(member, read)]
    found += [Doubt("name", one) for one in (*greeted(words, member), *names_in(words, member.others, member))]
    found += [
        Doubt("reference", one)
        for one in dict.fromkeys(_REFERENCE.findall(words))
        if one.upper() not in member.references and one.upper() not in member.wrote.upper()
    ]
    if member.way in TEXT_WAYS:
        found += [Doubt("health", one) for one in health_in(words)[:3]]
    if (question := unanswered(words, member)) is not None:
        found.append(Doubt("question", question))
    if decided and not _COURTS[member.language].search(words):
        found.append(Doubt("courts"))
    return tuple(dict.fromkeys(found))


def unfinished(words: str) -> tuple[Doubt, ...]:
    """What is odd about any text that leaves the house, to whomever it goes: a blank, or word of files, which none carries."""
    found: list[Doubt] = []
    if BLANK in words or _UNFILLED.search(words):
        found.append(Doubt("blank"))
    if _ATTACHED.search(words):
        found.append(Doubt("attachment"))
    return tuple(found)


def unfinished_wish(words: str) -> tuple[Doubt, ...]:
    """The same of a recommendation that leaves together with an answer."""
    return tuple(Doubt(_OF_A_WISH[doubt.kind]) for doubt in unfinished(words))


def _numbers_of_others(member: Member, read: Read) -> list[str]:
    """Numbers and addresses that the member never wrote and that we do not know them by, as they stand in the answer."""
    mine, digits = member.wrote.lower(), re.sub(r"\D", "", member.wrote)
    strange = [
        one.written
        for one in read.particulars
        if (one.value not in mine if "@" in one.value else re.sub(r"\D", "", one.value)[-_LAST_DIGITS:] not in digits)
    ]
    return list(dict.fromkeys((*strange, *read.strangers)))


def names_in(words: str, others: Sequence[str], member: Member) -> list[str]:
    """Which of these people an answer names in full. Whom the member named first, and namesakes, are no mistake."""
    read, wrote = f" {_plain(words)} ", f" {_plain(member.wrote)} "
    own = set(_plain(member.name).split())
    found: list[str] = []
    for name in others:
        plain = _plain(name)
        parts = plain.split()
        if len(parts) < 2 or own.issuperset(parts):
            continue
        if f" {plain} " in read and f" {plain} " not in wrote:
            found.append(name)
    return found


def greeted(words: str, member: Member) -> list[str]:
    """Whom the first line greets, where that is nobody whom we know the member as and no name that they gave."""
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")
    greeting = _GREETING.match(first)
    if greeting is None or not member.name:
        return []
    named = [word for word in re.findall(r"[^\W\d_]{2,}", greeting[1]) if word[0].isupper()]
    plain = {folded(word) for word in named} - _TITLES
    if not plain or plain & {*_plain(member.name).split(), *_plain(member.wrote).split()}:
        return []
    return [" ".join(named)]


def health_in(words: str) -> list[str]:
    """Words about health in an answer, as they stand there."""
    return list(dict.fromkeys(found.group() for found in _health().finditer(folded(words))))


def unanswered(words: str, member: Member) -> str | None:
    """A question of the member where the answer shares no word of content with anything that they wrote; None else. It may be
    answered in other words: so it takes an answer that is about nothing they said."""
    asked = [found.group().strip() for found in _QUESTION.finditer(member.asked)]
    if not asked:
        return None
    said = _content(words)
    if said & _content(member.wrote):
        return None
    return asked[-1]


def _content(text: str) -> set[str]:
    return {word[:_BEGINNING] for word in _CONTENT.findall(folded(text))} - _POLITE


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", folded(text)))


@cache
def _health() -> re.Pattern[str]:
    """All words in one pattern without anything that could backtrack: alternatives and endings of letters."""
    every = [
        re.escape(folded(word.removesuffix("*"))) + (r"[^\W\d_]*" if word.endswith("*") else "")
        for word in health_words().every()
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(every)})(?!\w)")
