"""Makes a message fit to learn from: whoever is in it is replaced by nobody, the rest stays as it is written.

Every finder counts, for every person: who wrote, who is written about, what the register knows of the member. Rather too
much is replaced than too little. What stands in its place is neutral and of the same kind (a full name for a full name, a
valid number for a valid one), so that what a model learns about named and nameless senders stays true.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Final, NamedTuple

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban
from stdnum.be import bis, nn

from classifier import births, corpus, identity, masking, names, relations, small_words
from classifier.classification import Identity, Text
from classifier.lexicon import fold, load

GIVEN, FAMILY = "Camille", "Nomen"
_FULL: Final = f"{GIVEN} {FAMILY}"
_NO_PERSON: Final = "Nuage 77"
# Nobody's: a person born on no day, the first day of 1900, the bank account of every handbook, a subscriber number of zeros.
_NATIONAL: Final = "00.00.00-001.28"
_BORN_ON: Final = "01/01/1900"
_ACCOUNT: Final = "BE68 5390 0754 7034"
_PHONE: Final = "0470 00 00 00"
_LINK: Final = "https://www.example"
_ADDRESSES: Final = {
    "name": "camille.nomen@mail.example",
    "unclear": "blauwe.vogel@mail.example",
    "pseudonym": "nuage77@mail.example",
    "role": "info@mail.example",
}
_NAMES: Final = ("name", "on_behalf")
# Shorter numbers are amounts, ages and 112; a run of five digits may already be somebody's.
_FEWEST_DIGITS: Final = 5

_WEB: Final = re.compile(r"(?:https?://|www\.)\S{1,2000}", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.%+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,5}")
_IBAN: Final = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?:[ .\-]?[A-Za-z0-9]){8,30}")
_DIGITS: Final = re.compile(r"\+?\d(?:[ .,/()\-]{0,2}\d)*")
_MIXED: Final = re.compile(r"\b(?=[^\W\d_]{0,40}\d)(?=\d{0,40}[^\W\d_])\w{6,80}\b")
_CAPITAL: Final = r"[^\W\d_a-zà-öø-ÿ][^\W\d_]*(?:['’\-][^\W\d_]+)*"
_PARTICLE: Final = r"(?:van|von|de|der|den|du|des|le|la|el|al|ten|ter|te|'t|d['’])"
# "rue de l'Abattoir 12", "Kerkstraat 3", "Am Markt 5 b" after its kind of street; and "4000 Liège" on a line or behind a comma.
_STREET: Final = re.compile(
    r"\b(?:rue|avenue|av\.|boulevard|bd|chauss[ée]e|place|impasse|quai|all[ée]e|clos|square|drève)[ \t]"
    r"(?P<french>[^\d\n,;:!?]{2,60}?),?[ \t]{0,2}(?:n[°o][ \t]?)?\d{1,4}\b"
    r"|\b(?P<joined>[^\W\d_]{2,40}(?:straat|laan|steenweg|plein|weg|dreef|lei|stra(?:ß|ss)e|platz|allee|gasse))"
    r"[ \t]{1,2}\d{1,4}\b",
    re.IGNORECASE,
)
_TOWN: Final = re.compile(
    rf"(?:^|[,\n][ \t]{{0,3}})(?:B-)?[1-9]\d{{3}}[ \t](?P<town>{_CAPITAL}(?:[ \t]{_CAPITAL}){{0,2}})"
)
_TITLED: Final = re.compile(
    r"\b(?i:monsieur|madame|mademoiselle|mr|mme|mlle|m\.|dr|docteur|doctoresse|ma[îi]tre|me\.?|prof|professeur|"
    r"mevrouw|mevr|meneer|mijnheer|dhr|dokter|herr|herrn|frau|doktor|mrs|ms|miss|sir)\.?[ \t]{1,2}"
    rf"(?P<name>(?:{_PARTICLE}[ \t]?){{0,3}}{_CAPITAL}(?:[ \t](?:{_PARTICLE}[ \t]?){{0,2}}{_CAPITAL}){{0,3}})"
)
_TITLE: Final = re.compile(r"(?P<word>[^\W\d_]+)\.?[ \t]{1,2}")
_CAPITALS: Final = re.compile(rf"{_CAPITAL}(?:[ \t](?:(?:{_PARTICLE})[ \t]?){{0,2}}{_CAPITAL}){{0,3}}")
_WORD: Final = re.compile(r"[^\W\d_]+")
_BETWEEN: Final = re.compile(r"[ \t\-]{1,2}")
# A word with what parts it from the next one of a name; and the last word of a text.
_NEXT_WORD: Final = re.compile(r"[^\W\d_]{1,40}(?:['’\-][^\W\d_]{1,40}){0,3}(?![\w@])(?:[ \t]{1,2}|(?=\W|$))")
_LAST_WORD: Final = re.compile(r"(?<![\w@'’\-])[^\W\d_]{1,40}(?:['’\-][^\W\d_]{1,40}){0,3}[ \t,(]{0,3}$")
_MOST_WORDS: Final = 4
# A word that so many messages of the corpus write in small letters is language, and nobody's name.
_LANGUAGE: Final = 2
# Of a message so many characters are read at all, and many more than are learnt from (`pipeline.capped`).
_MOST: Final = 20_000


class _Span(NamedTuple):
    start: int
    end: int
    stand_in: str


def masked(text: Text, known: Iterable[str] = ()) -> Text:
    """The message with neutral stand-ins for everybody in it. `known`: what the register knows the member by (names,
    addresses, numbers). Pure: the same message gives the same."""
    facts = tuple(known)
    said = identity.find(text)
    shown = names.person(text.from_name, lower_case=True) or text.from_name
    parts = _parts_of_names([said.name, shown, *facts])
    literal = [fact for fact in facts if fact.strip() and not names.person(fact, lower_case=True)]
    return replace(
        text,
        text=_without_persons(text.text[:_MOST], said, parts, literal),
        subject=_without_persons(text.subject, replace(said, found=()), parts, literal),
        from_name=_shown(text.from_name),
        from_address=_address(text.from_address, text.from_name),
    )


def _shown(from_name: str) -> str:
    if not from_name.strip():
        return ""
    person = names.person(from_name, lower_case=True)
    if not person:
        return _NO_PERSON
    return _FULL if names.full(person) else GIVEN if names.given(person) else FAMILY


def _address(address: str, from_name: str = "") -> str:
    if not address.strip():
        return ""
    if "@" not in address:
        return _PHONE
    kind = names.address_kind(address)
    shown = names.person(from_name, lower_case=True)
    return _ADDRESSES["name" if shown and names.names_address(shown, address) else kind]


def _parts_of_names(found: Iterable[str]) -> frozenset[str]:
    """The words of names, folded, by which their bearers are found wherever they stand."""
    words = (word for name in found if "@" not in name for word in _WORD.findall(name))
    return frozenset(
        fold(word)
        for word in words
        if len(word) >= 3 and fold(word) not in names.PARTICLES and not names.is_title(word)
    )


def _without_persons(text: str, said: Identity, parts: frozenset[str], literal: list[str]) -> str:
    kept: list[_Span] = []
    taken = bytearray(len(text))
    for span in _found(text, said, parts, literal):
        free = [hit.span() for hit in re.finditer(rb"\0+", taken[span.start : span.end])]
        # Of two that overlap, what only the second saw goes, too.
        stand_in = span.stand_in if free == [(0, span.end - span.start)] else ""
        kept += [_Span(span.start + start, span.start + end, stand_in) for start, end in free]
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    out, at = [], 0
    for span in sorted(kept):
        out += [text[at : span.start], span.stand_in]
        at = span.end
    return "".join([*out, text[at:]])


def _found(text: str, said: Identity, parts: frozenset[str], literal: list[str]) -> Iterator[_Span]:
    """What is replaced, the surest first: of two that overlap the first counts."""
    found = list(masking.spans(text, said))
    for fact in literal:
        yield from (_Span(*hit.span(), FAMILY) for hit in re.finditer(re.escape(fact), text, re.IGNORECASE))
    yield from (_Span(*hit.span(), _LINK) for hit in _WEB.finditer(text))
    yield from (_Span(*hit.span(), _address(hit.group())) for hit in _MAIL.finditer(text))
    for hit in _IBAN.finditer(text):
        if span := _account(hit):
            yield span
    yield from (_Span(*hit.span(), re.sub(r"[^\W\d_]", "x", _zeros(hit.group()))) for hit in _MIXED.finditer(text))
    yield from _numbers(text)
    for pattern in (_STREET, _TOWN):
        for hit in pattern.finditer(text):
            yield from (_Span(*hit.span(group), FAMILY) for group in hit.groupdict() if hit.group(group))
    for start, end, kind in found:
        if kind == "birth_date":
            yield _Span(start, end, _BORN_ON)
        elif kind not in _NAMES:
            written = text[start:end]
            yield _Span(start, end, _address(written) if kind == "email" else _zeros(written))
    yield from _persons(
        text, parts, [(_behind_title(text, start, end), end) for start, end, kind in found if kind in _NAMES]
    )


def _account(hit: re.Match[str]) -> _Span | None:
    """The longest beginning of what was found that has the check digits of an account."""
    for end in range(len(hit.group()), 14, -1):
        if iban.is_valid(hit.group()[:end].replace(".", ""), check_country=False):
            return _Span(hit.start(), hit.start() + end, _ACCOUNT)
    return None


def _numbers(text: str) -> Iterator[_Span]:
    if sum(char.isdigit() for char in text) >= 8:
        for phone in PhoneNumberMatcher(text, "BE", leniency=Leniency.VALID, max_tries=50):
            digits = re.sub(r"\D", "", phone.raw_string)
            if not (nn.is_valid(digits) or bis.is_valid(digits)):
                yield _Span(phone.start, phone.end, _PHONE)
    for hit in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", hit.group())
        if len(digits) >= _FEWEST_DIGITS:
            own = len(digits) == 11 and (nn.is_valid(digits) or bis.is_valid(digits))
            yield _Span(*hit.span(), _NATIONAL if own else _zeros(hit.group()))


def _zeros(number: str) -> str:
    return re.sub(r"\d", "0", number)


def _persons(text: str, parts: frozenset[str], found: list[tuple[int, int]]) -> Iterator[_Span]:
    """Names, each whole: what several finders found of one is one."""
    start = end = -1
    for begins, ends in sorted([*found, *_titled(text), *_known(text, parts), *_given(text), *_in_small_letters(text)]):
        touches = end >= 0 and (begins <= end or _BETWEEN.fullmatch(text[end:begins]) is not None)
        if not touches:
            if end >= 0:
                yield _called(text, start, end)
            start = begins
        end = max(end, ends)
    if end >= 0:
        yield _called(text, start, end)


def _behind_title(text: str, start: int, end: int) -> int:
    """Where the name itself begins: that somebody is "Mme" tells nobody who they are."""
    while (title := _TITLE.match(text, start, end)) and names.is_title(title["word"]):
        start = title.end()
    return start


def _titled(text: str) -> Iterator[tuple[int, int]]:
    return (hit.span("name") for hit in _TITLED.finditer(text))


def _known(text: str, parts: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Those whose name is known, however it is written."""
    return (word.span() for word in _WORD.finditer(text) if fold(word.group()) in parts)


def _given(text: str) -> Iterator[tuple[int, int]]:
    """Anybody else: capitals from a given name on."""
    given = load().given_names
    for hit in _CAPITALS.finditer(text):
        words = list(re.finditer(r"\S+", hit.group()))
        at = next((word for word in words if any(fold(part) in given for part in word.group().split("-"))), None)
        if at is None:
            continue
        start, alone = hit.start() + at.start(), at is words[-1]
        # A short word alone that opens a sentence is more often a word ("An", "Rose") than somebody.
        if not alone or len(at.group()) > 4 or not _opens_sentence(text, start):
            yield start, hit.end()


def _in_small_letters(text: str) -> Iterator[tuple[int, int]]:
    """Those of whom the text says "mijn zoon" before or "né le" behind: there any word that is not language is a name."""
    for possessed in relations.possessed(text, None):
        start = end = relations.behind(text, possessed)
        for _ in range(_MOST_WORDS):
            word = _NEXT_WORD.match(text, end)
            if not word or not (_strange(word.group()) or (end > start and names.is_particle(word.group().strip()))):
                break
            end = word.end()
        yield from _trimmed(text, start, end)
    for birth in births.births(text, None):
        start = end = birth.said
        for _ in range(_MOST_WORDS):
            word = _LAST_WORD.search(text[max(0, start - 200) : start])
            if not word or not (_strange(word.group()) or (start < end and names.is_particle(word.group().strip()))):
                break
            start -= len(word.group())
        yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The same without what parts a name from its neighbours, when anything is left."""
    end = start + len(text[start:end].rstrip(" \t,("))
    if start < end:
        yield start, end


def _strange(written: str) -> bool:
    """True for a word that no message writes in small letters, and for a given name."""
    word = fold(written.strip(" \t,("))
    if word in small_words.words() or len(word) == 1:
        return False
    return word in load().given_names or not all(part in _language() for part in _WORD.findall(word))


@cache
def _language() -> frozenset[str]:
    """The words, folded, that several messages of the corpus write in small letters."""
    seen: Counter[str] = Counter()
    for record in corpus.read():
        seen.update({fold(word) for word in _WORD.findall(record.message.text) if word.islower()})
    return frozenset(word for word, messages in seen.items() if messages >= _LANGUAGE)


def _called(text: str, start: int, end: int) -> _Span:
    words = _WORD.findall(text[start:end])
    name = _FULL if len(words) > 1 else GIVEN if names.given(words[0]) else FAMILY
    return _Span(start, end, name)


def _opens_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip(" \t")
    return not before or before[-1] in ".!?…\n:"
