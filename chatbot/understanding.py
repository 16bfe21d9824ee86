"""What a line of a member means besides its story: yes, no, skip, a person please, a language, a number, a code.

Each meaning is a list of phrases in `config/chat/words.yaml`. A line means "yes" only when it is made of such phrases and of
small words: "oui, c'est ça, merci" does, "oui mais mon numéro est faux" does not. What asks for something that may never
be missed (a person, where a case is) may stand among a few other words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from channels.reference import find_references, parse_reference
from chatbot.phrases import Phrase, Phrases
from config.chat import Meant, chat_words
from config.vocabulary import LANGUAGES, Language

Command = Literal[
    "", "yes", "no", "skip", "back", "stop", "person", "help", "status", "change", "anonymous", "about_you", "transcript",
    "add", "done", "thanks", "greeting", "small", "insult", "not_you",
]  # fmt: skip

# In this order: "non merci" is done before it is no, "merci" thanks before it is a small word.
_WHOLE: Final[tuple[Literal[
    "done", "thanks", "greeting", "stop", "back", "skip", "help", "change", "person", "status", "add", "transcript",
    "anonymous", "about_you", "no", "yes", "small",
], ...]] = (
    "done", "greeting", "stop", "back", "skip", "help", "change", "person", "status", "add", "transcript", "anonymous",
    "about_you", "no", "yes", "thanks", "small",
)  # fmt: skip
# What counts among other words, and in a line of how many words at most.
_WITHIN: Final[
    tuple[tuple[Literal["person", "status", "anonymous", "not_you", "about_you", "transcript"], int], ...]
] = (
    ("person", 12),
    ("status", 14),
    ("anonymous", 14),
    ("not_you", 8),
    ("about_you", 12),
    ("transcript", 12),
)
_LANGUAGE_WORDS: Final = 6
_YES_WORDS: Final = 8
_NO_WORDS: Final = 12
# What ends or leads on, also behind "ok" or "et": there is no more in such a line than in the bare word.
_AFTER_NO: Final[tuple[tuple[Literal["stop", "done", "fine"], Literal["stop", "done"]], ...]] = (
    ("stop", "stop"),
    ("done", "done"),
    ("fine", "done"),
)
_AROUND_ANOTHER: Final[tuple[Meant, ...]] = ("another", "filler", "yes", "no", "linking", "wish", "has")
_LED_TO: Final = frozenset({"done", "stop", "back", "skip"})
_QUESTION_WORDS: Final = 40
# From so many characters on a line was pasted, or written elsewhere and brought here.
LONG: Final = 2000
# Longer than any command: what is beyond is not looked at for one.
_READ: Final = 600
_AGREEING: Final = Phrases({("oui",), ("ja",), ("yes",)})
_TOKEN: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\s*[(#]?\s*(\d{1,2})\s*[.)]?\s*")
_CODE: Final = re.compile(r"(?<!\d)(\d{3})[ .\-]?(\d{3})(?!\d)")
_REFERENCE_LIKE: Final = re.compile(r"(?<![^\W_])pm[\s\-./]{0,3}\d{4}", re.IGNORECASE)
_FOLDED: Final = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_REPEATED: Final = re.compile(r"([^\W\d_])\1{2,}")
_SENTENCE: Final = re.compile(r"[^.!?;\n]+[.!?;]*")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one line means.

    `command` is what the whole line is, or asks for; `pure` is True when it says nothing else. `choice`: the id of the choice
    that it picks, pressed, numbered or typed. `refusal`: it begins with a plain no. `another`: it speaks of one more
    complaint. `reference` is canonical, `reference_like` something meant as one that is none.
    """

    command: Command = ""
    pure: bool = False
    choice: str = ""
    language: Language | None = None
    question: bool = False
    correction: bool = False
    refusal: bool = False
    another: bool = False
    signs_only: bool = False
    empty: bool = False
    long: bool = False
    reference: str = ""
    reference_like: bool = False
    code: str = ""


def understand(text: str, *, choice: str = "", offered: Mapping[str, str] | None = None) -> Meaning:
    """What a line means. `offered`: the choices of the last turn in order, id to label. Linear in the length of the text."""
    offered = offered or {}
    picked = choice if choice in offered else _picked(text, tuple(offered), offered)
    if picked:
        return Meaning(choice=picked, pure=True)
    tokens = tokens_of(text[:_READ])
    references = find_references(text)
    alone = parse_reference(text) if len(text) < 60 else None
    if not tokens:
        return _signs(text)
    language = _language(tokens)
    command, pure = _command(tokens) if len(text) <= _READ else ("", False)
    if language:
        command, pure = "", True
    code = _CODE.search(text)
    return Meaning(
        command=command,
        pure=pure,
        language=language,
        question=is_question(text, tokens),
        correction=_corrects(tokens),
        refusal=len(tokens) <= _NO_WORDS and _starts(tokens, _phrases("no")),
        another=len(text) <= _READ and _within(tokens, _phrases("another")),
        long=len(text) > LONG,
        reference=alone or (references[0] if references else ""),
        reference_like=not references and not alone and bool(_REFERENCE_LIKE.search(text)),
        code="".join(code.groups()) if code and len(tokens) <= 8 else "",
    )


def folded(text: str) -> str:
    """Lower case without accents, apostrophes made straight, letters typed thrice or more made single."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_FOLDED))
    return _REPEATED.sub(r"\1", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))


def tokens_of(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, folded, in order."""
    return tuple(_TOKEN.findall(folded(text)))


def is_question(text: str, tokens: Sequence[str]) -> bool:
    """True for a line that asks something: a question mark, a word that begins a question, "I would like to know"."""
    if len(tokens) > _QUESTION_WORDS:
        return False
    asked = _after(tokens, "greeting", "linking")
    begins = len(asked) > 2 and _starts(asked, _phrases("asking"))
    return text.rstrip().endswith("?") or begins or (len(asked) > 4 and _within(asked, _phrases("wondering")))


def _after(tokens: Sequence[str], *meant: Meant) -> Sequence[str]:
    """The words behind those that a line begins with: "ok, et …" asks no less than without them."""
    phrases = [_phrases(meaning) for meaning in meant]
    while length := max(_longest(tokens, 0, listed) for listed in phrases):
        tokens = tokens[length:]
    return tokens


def wish_in(text: str) -> str:
    """The first sentence that says what the member wants of us, as they wrote it; "" when none does."""
    for sentence in _SENTENCE.finditer(text[:6000]):
        tokens = tokens_of(sentence.group())
        if _within(tokens, _phrases("wish")) and not _within(tokens, _phrases("no_wish")) and len(tokens) > 3:
            return sentence.group().strip()
    return ""


def without(tokens: Sequence[str], *meant: Meant) -> tuple[str, ...]:
    """The words that are left when phrases of these meanings are taken out."""
    phrases = [_phrases(meaning) for meaning in meant]
    left: list[str] = []
    place = 0
    while place < len(tokens):
        length = max((_longest(tokens, place, listed) for listed in phrases), default=0)
        if not length:
            left.append(tokens[place])
        place += length or 1
    return tuple(left)


def _picked(text: str, ids: tuple[str, ...], offered: Mapping[str, str]) -> str:
    number = _NUMBER.fullmatch(text)
    if number and 1 <= int(number.group(1)) <= len(ids):
        return ids[int(number.group(1)) - 1]
    said = tokens_of(text[:80])
    return next((name for name, label in offered.items() if said and said == tokens_of(label)), "")


def _signs(text: str) -> Meaning:
    signs = text.strip()
    if not signs:
        return Meaning(empty=True, pure=True)
    words = chat_words()
    for command, listed in (("yes", words.phrases("signs_yes")), ("no", words.phrases("signs_no"))):
        if signs.startswith(listed):
            return Meaning(command="yes" if command == "yes" else "no", pure=True)
    # "?" and "???" are an impatient question, everything else signs without words.
    return Meaning(command="help", pure=True) if set(signs) == {"?"} else Meaning(signs_only=True, pure=True)


def _language(tokens: Sequence[str]) -> Language | None:
    if len(tokens) > _LANGUAGE_WORDS:
        return None
    for language in LANGUAGES:
        phrases = _languages()[language]
        longest = [length for place in range(len(tokens)) if (length := _longest(tokens, place, phrases))]
        if longest and len(tokens) - max(longest) <= 4 and not _within(tokens, _phrases("told")):
            return language
    return None


def _command(tokens: Sequence[str]) -> tuple[Command, bool]:
    # "Hallo, hoe werkt dit" asks no less than without its greeting.
    tokens = tokens[_longest(tokens, 0, _phrases("greeting")) :] or tokens
    if whole := _whole(tokens):
        return whole, True
    for meaning, most in _WITHIN:
        # "J'ai essayé de parler à quelqu'un hier" tells a story, and asks for nobody.
        if len(tokens) <= most and _within(tokens, _phrases(meaning)) and not _within(tokens, _phrases("told")):
            return meaning, False
    return ("yes", False) if _agrees(tokens) else ("", False)


def _whole(tokens: Sequence[str]) -> Command:
    """What a line means that says nothing else."""
    if _made_of(tokens, _phrases("person_alone")):
        return "person"
    # "Non, laissez tomber" is no answer, but an end; so is "nee, da's alles merci".
    refused = tokens[_longest(tokens, 0, _phrases("no")) :]
    if len(refused) < len(tokens):
        for ending, ends in _AFTER_NO:
            if _made_of(refused, _phrases(ending)):
                return ends
    led_to = _after(tokens, "linking")
    for meaning in _WHOLE:
        if _made_of(led_to if meaning in _LED_TO else tokens, _phrases(meaning)):
            return meaning
    if _within(tokens, _phrases("insult")) and not without(tokens, "insult", "scold", "filler", "small"):
        return "insult"
    # "I have another complaint" begins one, as "I have a complaint" does.
    return "small" if _within(tokens, _phrases("another")) and not without(tokens, *_AROUND_ANOTHER) else ""


def _agrees(tokens: Sequence[str]) -> bool:
    """True for a short line that begins with a plain yes, and takes nothing of it back."""
    if len(tokens) > _YES_WORDS or any(token.isdigit() for token in tokens):
        return False
    return _starts(tokens, _AGREEING) and not _within(tokens, _phrases("but"))


def _corrects(tokens: Sequence[str]) -> bool:
    return _starts(tokens, _phrases("no")) or _within(tokens[:12], _phrases("correction"))


@cache
def _phrases(meant: Meant) -> Phrases:
    return Phrases(_read(chat_words().phrases(meant)))


@cache
def _languages() -> dict[Language, Phrases]:
    return {language: Phrases(_read(listed)) for language, listed in chat_words().languages.items()}


def _read(listed: Sequence[str]) -> frozenset[Phrase]:
    # A * is kept at the end of the last word: no word of a text holds one.
    return frozenset(
        (*tokens[:-1], tokens[-1] + ("*" if phrase.endswith("*") else ""))
        for phrase in listed
        if (tokens := tokens_of(phrase))
    )


def _longest(tokens: Sequence[str], place: int, phrases: Phrases) -> int:
    return phrases.longest(tokens, place) if place < len(tokens) else 0


def _starts(tokens: Sequence[str], phrases: Phrases) -> bool:
    return bool(tokens) and _longest(tokens, 0, phrases) > 0


def _within(tokens: Sequence[str], phrases: Phrases) -> bool:
    return any(_longest(tokens, place, phrases) for place in range(len(tokens)))


def _made_of(tokens: Sequence[str], phrases: Phrases) -> bool:
    """True when the words are phrases of the list and small words, with one phrase at least."""
    place, found = 0, False
    while place < len(tokens):
        if length := _longest(tokens, place, phrases):
            found = True
        else:
            length = _longest(tokens, place, _phrases("filler"))
        if not length:
            return False
        place += length
    return found
