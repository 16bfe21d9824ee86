"""How people sign: behind a closing formula, in a line of their own, or with the last words of all.

Somebody who is thanked there, or spoken of, does not sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from classifier import footers, names, relations
from classifier.lexicon import fold
from classifier.names import Named
from classifier.numbers import few

_CLOSING: Final = re.compile(
    r"\b(?:(?:bien |très |amicalement et )?cordialement|bien à (?:vous|toi)|bien a vous|amicalement|"
    r"salutations(?: distinguées| cordiales| respectueuses)?|sentiments (?:distingués|respectueux|les meilleurs)|"
    r"respectueusement|sincèrement|d['’]avance merci|merci d['’]avance|merci(?: beaucoup| bien)?|"
    r"bonne journée|belle journée|bonne soirée|bon week-?end|bàv|bav|cdlt|cdt|slts|"
    r"(?:vriendelijke|beleefde|hartelijke|beste|lieve) groet(?:en|jes)?|groet(?:en|jes|ekes)?|"
    r"gr(?:oe)?tjes|grts|hoogachting|"
    r"hoogachtend|mvg|gr\.?|dank bij voorbaat|met dank|alvast bedankt|bedankt|dank u(?: wel)?|"
    r"dank je(?: wel)?|dankuwel|"
    r"prettige dag|fijne dag|"
    r"(?:freundlich(?:en?|em)|lieb(?:en?|er)|best(?:en?|er)|schön(?:en?|er)|viel(?:en?)|herzlich(?:en?|"
    r"er)) gr(?:ü|u|ue)(?:ß|ss)e?n?|"
    r"gr(?:ü|ue)(?:ß|ss)e|gru(?:ß|ss)|hochachtungsvoll|hochachtung|mfg|vg|lg|(?:vielen |herzlichen |"
    r"besten )?danke?(?: im voraus)?|^ihre?(?= [^\W\d_]\.)|"
    r"(?:kind|best|warm|kindest) regards|regards|rgds|(?:yours )?(?:sincerely|faithfully|truly)|yours|"
    r"best wishes|all the best|"
    r"many thanks|thank you|thanks|thx|cheers|god bless|xx?x?)(?![\w'’])",
    re.IGNORECASE,
)
_ON_BEHALF: Final = re.compile(
    r"\s*(?:pour|p/o|au nom de|namens|voor|i\.?o\.?|im namen|im auftrag|für|on behalf|for|o\.?b\.?o\.?)\b", re.I
)
# Who signs in an office: "i.A. Christine Fickers" is Christine Fickers.
_DEPUTY: Final = re.compile(r"(?:i\.\s?[av]\.|ppa\.?)\s{0,2}", re.IGNORECASE)
# "Bedankt aan Sofie Claes", "ich danke der Dame": the name is who is thanked. In small letters: An is a first name.
_THANKED: Final = re.compile(r"\s*(?:à|au|aux|aan|to|an|der|dem|den|die|voor|pour|für|for)\s")
_THANKS: Final = re.compile(
    r"(?:d['’]avance merci|merci.*|.*bedankt|dank.*|met dank|vielen dank.*|many thanks|thank.*|thx)", re.IGNORECASE
)
_NEVER_THANKS: Final = re.compile(
    r"(?:d['’]avance merci|merci d['’]avance|alvast bedankt|dank bij voorbaat|.*im voraus)", re.I
)
# What stands behind a signing name in its own line: a comma, a bracket, a bar, a dash between spaces, a digit.
_BEHIND: Final = re.compile(r"[ \t]{0,3}(?:[,;(|/•·\d+]|(?:et|en|und|and|&) [^\W\d_]|[-–—]\s|\s{2}|$)")
_COLLEAGUE: Final = re.compile(
    r"\b(?:votre|vos|uw|jullie|ihre?|your|collègue|collega|kollege|kollegin|colleague|qui|die|who|m['’]a|"
    r"heeft|hat|has|was|est|is)\b",
    re.IGNORECASE,
)
_SENTENCE_END: Final = ".!?…:;)”»\"“’'"
_MOST_LINES: Final = 9
_LONGEST_SIGNATURE: Final = 60


class Line(NamedTuple):
    text: str
    start: int


def last_lines(own: str) -> list[Line]:
    """The last lines that are the writer's, without quotation marks around and what telephones add."""
    added = footers.phone_lines(own)
    lines: list[Line] = []
    end = len(own)
    while end > 0 and len(lines) < _MOST_LINES:
        start = own.rfind("\n", 0, end) + 1
        line = own[start:end]
        end = start - 1
        bare = line.strip()
        if bare and not bare.startswith(">") and not any(first <= start < last for first, last in added):
            lines.append(Line(bare, start + line.index(bare)))
    return lines[::-1]


def behind_closing(lines: list[Line], shown: str) -> Named | None:
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        closing = _last_closing(line.text)
        if closing is None:
            continue
        candidates = list(lines[index + 1 : index + 4])
        rest = line.text[closing.end() :]
        if rest.strip(" ,.!-–:;") and not _thanks_somebody(closing.group(), rest, shown):
            bare = rest.lstrip(" \t,.!-–—:;*_")
            candidates.insert(0, Line(bare, line.start + len(line.text) - len(bare)))
        for candidate in candidates:
            if not _ON_BEHALF.match(candidate.text) and (named := _signed(candidate)):
                return named
    return None


def _last_closing(line: str) -> re.Match[str] | None:
    *_, last = (None, *few(_CLOSING.finditer(line, max(0, len(line) - 200))))
    return last


def _thanks_somebody(closing: str, rest: str, shown: str) -> bool:
    """True when the name behind "merci" is who is thanked: "bedankt aan Sofie Claes", "merci madame "
    "Peeters", "thanks Tom!"."""
    if not _THANKS.fullmatch(closing) or _NEVER_THANKS.fullmatch(closing):
        return False
    first, *others = rest.split() or [""]
    if _THANKED.match(rest) or names.is_title(first) or rest.rstrip().endswith("!"):
        return True
    apart = rest[:1] in ",.;:-–" or not others
    return not apart and bool(shown) and not _shares(rest, shown)


def _signed(line: Line) -> Named | None:
    """The name that a line of a signature begins with, when nothing but what a signature holds stands behind it."""
    text = line.text
    if relation := relations.possessed_at(text):
        # "Son fils Éric Dubois" signs for somebody; "ma fille Julie" is somebody else.
        if not relation.theirs:
            return None
        named = names.leading(text, relation.end + len(text[relation.end :]) - len(text[relation.end :].lstrip(" ,:")))
    else:
        begin = len(text) - len(text.lstrip(" \t*_-–—(\"“„«'"))
        if deputy := _DEPUTY.match(text, begin):
            begin = deputy.end()
        named = names.leading(text, begin, lower_case=True)
    if not named or not _ends_well(text, named.end) or not _plausible(text, named):
        return None
    return _moved(named, line.start)


def _ends_well(text: str, end: int) -> bool:
    rest = text[end:].lstrip(".!*_ \t\"”»“)'😊🙂🙏x")
    return (
        not rest
        or bool(_BEHIND.match(text, end))
        or rest[:1] in ",;(|/-–—•"
        or rest[:1].isdigit()
        or not rest[:1].isalnum()
    )


def _plausible(text: str, named: Named) -> bool:
    """Shouted lines and single words need a known given name or a title: they may be anything."""
    if named.titled or names.given(named.name):
        return True
    if text.isupper() and len(text) > 25:
        return False
    return parts(named) >= 2 or (named.name[0].isupper() and len(text) <= 25)


def at_the_end(lines: list[Line], shown: str) -> Named | None:
    """A name without a closing formula: a line of its own near the end, or the last words behind a full stop."""
    if not lines:
        return None
    for line in lines[-4:] if len(lines) > 1 else []:
        if len(line.text) > _LONGEST_SIGNATURE or _ON_BEHALF.match(line.text) or _last_closing(line.text):
            continue
        named = None if line is lines[0] else _signed(line)
        known = named and (names.full(named.name) or names.given(named.name) or _shares(named.name, shown))
        if named and known and not _COLLEAGUE.search(line.text[named.end - line.start :]):
            return named
    last = lines[-1]
    return _last_words(last, shown) or _last_sentence(last)


def _last_words(line: Line, shown: str) -> Named | None:
    text = line.text.rstrip(" \t\"”»“)'")
    text = text.rstrip(" !") if names.is_initial(text[-3:].strip()) else text.rstrip(" .!")
    named = trailing(text, line.start)
    if not named or named.start == line.start:
        return None
    before = line.text[: named.start - line.start].rstrip()
    if relations.ends_with_possessed(before):
        return None
    sure = _shares(named.name, shown)
    if before[-1:] in _SENTENCE_END or before[-1:] in "-–—/":
        # Shouted text ends in capitals whatever it says; one word is only a name when it is a known one.
        shouted = line.text.isupper() and not names.given(named.name)
        return named if sure or (not shouted and (names.full(named.name) or names.given(named.name))) else None
    return named if sure or (before[-1:] == "," and names.full(named.name) and names.given(named.name)) else None


def _last_sentence(line: Line) -> Named | None:
    """ "… s'il vous plaît. Rita Goris, Lier": the last sentence is a name and where to find its owner."""
    *_, begin = (0, *(found.end() for found in re.finditer(r"[.!?…][ \t]{1,3}(?=[^\W\d_])", line.text)))
    for place in _starts(line.text, begin):
        named = names.leading(line.text, place)
        rest = line.text[named.end :] if named else ""
        if named and place and names.full(named.name) and rest[:1] in ",(" and len(rest.split()) <= 12:
            return None if _COLLEAGUE.search(rest) else _moved(named, line.start)
    return None


def _starts(text: str, last: int) -> Iterator[int]:
    """Where the last sentence may begin: initials end in full stops, too."""
    yield last
    before = [found.end() for found in re.finditer(r"[.!?…][ \t]{1,3}(?=[^\W\d_])", text[:last])]
    yield from (place for place in before[-2:] if place < last)


def trailing(text: str, start: int) -> Named | None:
    """The name that a text ends with: capitals, initials and particles, as far back as they go."""
    tokens = list(re.finditer(r"[^\s]+", text[-120:]))
    offset = max(0, len(text) - 120)
    first = len(tokens)
    while first > 0 and len(tokens) - first < 6:
        word = tokens[first - 1].group()
        last = first == len(tokens)
        if not last and word[-1] in ".,;:!?…)”»" and not (names.is_initial(word) or names.is_title(word)):
            break
        if not (names.is_part(word) or names.is_title(word)) or not (names.may_be_name(word) or names.is_title(word)):
            break
        first -= 1
    while first < len(tokens):
        place = offset + tokens[first].start()
        named = names.leading(text, place)
        if named and named.end >= len(text):
            return _moved(named, start)
        first += 1
    return None


def parts(named: Named) -> int:
    return sum(1 for token in named.name.split() if not names.is_particle(token))


def _shares(words: str, shown: str) -> bool:
    """True when a word of three letters or more stands in both."""
    known = {fold(token) for token in re.split(r"[\s.,'’-]", shown) if len(token) > 2} - names.PARTICLES
    return any(fold(token) in known for token in re.split(r"[\s.,'’-]", words) if len(token) > 2)


def _moved(named: Named, by: int) -> Named:
    return named._replace(start=named.start + by, end=named.end + by)
