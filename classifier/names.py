"""Which words are a person's name: in a signature, a display name, or after "je m'appelle".

No list of first names is used: a name is told by its shape (capitals, particles, length) and by what it does not hold
(`not_a_name` in the lexicon). Everything here is a guess about a claim; a person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from classifier import small_words
from classifier.lexicon import fold, load

AddressKind = Literal["name", "unclear", "pseudonym", "role"]

# One part of a name: "Anne-Sophie", "D'Hondt", "O’Neill", "J.". Letters with single joints: each sign has one way to match.
_PART: Final = re.compile(r"['’]?[^\W\d_]+(?:\.?['’-][^\W\d_]+)*\.?")
# The same in a running text, with what parts it from the next.
_NEXT: Final = re.compile(_PART.pattern + r"(?=[\s,;:!?)(»”\"“/|…\u2013\u2014\-\d.]|$)")
_GAP: Final = re.compile(r"[ \t\u00a0]{1,3}")
PARTICLES: Final = frozenset([
    "van", "der", "den", "de", "du", "des", "le", "la", "von", "zu", "zum", "vom", "te", "ter", "ten", "el",
    "al", "bin", "ben", "ibn", "da", "di", "dos", "del", "y", "e", "d", "l", "t", "op", "'t", "of", "v",
])  # fmt: skip
_TITLES: Final = frozenset([
    "m", "mr", "mme", "mlle", "mrs", "ms", "dr", "dhr", "mevr", "mw", "mijnheer", "meneer", "mevrouw",
    "monsieur", "madame", "mademoiselle", "herr", "herrn", "frau", "miss", "docteur", "dokter", "doktor",
    "prof", "em", "apr", "ra", "rain", "rechtsanwalt", "rechtsanwältin", "pfarrer", "pastoor", "notaire",
    "notaris", "ir", "ing", "maître", "meester", "me", "fam", "familie", "famille", "family",
])  # fmt: skip
_MOST_PARTS: Final = 6
# No part of a name is longer; a text of one endless word is looked at no further.
_LONGEST_PART: Final = 60
# Addresses that any mail program or office uses for nobody in particular.
_ROLE_LOCALS: Final = frozenset([
    "info", "contact", "no-reply", "noreply", "mail", "admin", "support", "service", "sales", "post",
    "office", "secretariat", "secretariaat", "factures", "facturation", "hello", "bonjour", "team", "news",
    "newsletter", "marketing", "robot", "mailer-daemon", "postmaster",
])  # fmt: skip


def parts_of(words: str) -> tuple[str, list[str]]:
    """The last title before a possible name, and its parts; no parts when anything else than names and spaces stands there."""
    text = words.strip().strip(",;:-–—*_\"'«»()[]").strip()
    if not text or len(text) > 60:
        return "", []
    # "Dupont, Marie" is how some mail programs write it.
    tokens = text.replace(",", " ").split()
    if len(tokens) > _MOST_PARTS or not all(_PART.fullmatch(token) for token in tokens):
        return "", []
    title = ""
    while tokens and is_title(tokens[0]):
        title, *tokens = tokens
    return title, tokens


def is_title(token: str) -> bool:
    """True for "Mme", "dhr.", "Herr" and their like."""
    return fold(token.rstrip(".")) in _TITLES


def _holds_other_words(tokens: Sequence[str]) -> bool:
    banned = load().not_a_name
    return any(
        fold(piece) in banned and fold(piece) not in PARTICLES
        for token in tokens
        for piece in re.split(r"['’.-]", token)
        if piece
    )


def person(words: str, *, least: int = 1, lower_case: bool = False) -> str:
    """The name that `words` are, or "" when they are not one.

    `least`: how many parts beside particles it must have; `lower_case`: accept "marie dupont", as people type on a phone.
    A title is left out, except before a family name alone, which it makes a full name: "Mme Van Damme".
    """
    title, tokens = parts_of(words)
    if not tokens or _holds_other_words(tokens):
        return ""
    while not title and tokens[0].islower() and fold(tokens[0]) in PARTICLES and len(tokens) > 1:
        tokens = tokens[1:]
    proper = [token for token in tokens if not is_particle(token)]
    if not any(len(token.rstrip(".")) > 1 for token in proper):
        return ""
    if title and len(proper) == 1 and proper[0][0].isupper() and not given(proper[0]):
        return f"{title} {' '.join(tokens)}".rstrip(",")
    if len(proper) < least or (not lower_case and not all(token[0].isupper() for token in proper)):
        return ""
    if lower_case and not all(token[0].isupper() for token in proper):
        # Without capitals only a known given name tells a name from a few last words.
        known = any(fold(token) in load().given_names for token in proper)
        if not known or not 2 <= len(tokens) <= 4:
            return ""
    return " ".join(tokens).rstrip(",")


def full(name: str) -> bool:
    """True for a name with a family name or an initial of one beside the first name."""
    return sum(1 for token in name.split() if not is_particle(token)) >= 2


def given(name: str) -> bool:
    """True when a part of the name is a known given name."""
    return any(fold(part) in load().given_names for token in name.split() for part in token.split("-"))


def address_kind(address: str) -> AddressKind:
    """What a mail address says of its owner: "name" (`marie.dupont@`, `o.vanhove@`), "pseudonym" (`nuage77@`), "role"
    (`facturation@`), or "unclear": two words of which none is a known given name (`mouette.grise@`, `lieselot.claes@`)."""
    local = address.lower().partition("@")[0]
    if not local or local in _ROLE_LOCALS:
        return "role"
    pieces = [piece for piece in re.split(r"[._\-+]+", fold(local)) if piece and not piece.isdigit()]
    if any(piece.isalpha() and piece in load().given_names for piece in pieces) and len(pieces) >= 2:
        return "name"
    if len(pieces) < 2 or not all(piece.isalpha() for piece in pieces) or _holds_other_words(pieces):
        return "pseudonym"
    if len(pieces) == 2 and len(pieces[0]) <= 2 and len(pieces[1]) >= 4:
        return "name"
    return "unclear"


def names_address(name: str, address: str) -> bool:
    """True when the address holds a part of the name, of three letters or more: it does not hide who writes."""
    squeezed = fold(address)
    return any(len(fold(token)) >= 3 and fold(token) in squeezed for token in name.split() if token.isalpha())


class Named(NamedTuple):
    """A name in a running text, and the characters from `start` to `end` in which it stands. `titled`: behind "Mme"."""

    name: str
    start: int
    end: int
    titled: bool = False


def leading(text: str, place: int = 0, *, lower_case: bool = False) -> Named | None:
    """The name that begins at this place of a text: a title perhaps, then capitals and particles, until anything else.

    `lower_case`: "marie dupont" counts too, by its known given name. A single part behind no title may be any word: the
    caller must know why it is a name.
    """
    tokens = list(_run(text, place))
    title = ""
    began = tokens[0].start() if tokens else place
    while tokens and is_title(tokens[0].group()):
        title = tokens.pop(0).group()
    taken: list[re.Match[str]] = []
    for token in tokens:
        word = token.group()
        particle = is_particle(word)
        if not (_capital(word) or (particle and (taken or len(tokens) > 1))) or not may_be_name(
            word, inside=bool(taken)
        ):
            break
        taken.append(token)
        if word.endswith(".") and not is_initial(word):
            break
    while taken and is_particle(taken[-1].group()):
        taken.pop()
    if lower_case and all(is_particle(token.group()) for token in taken):
        taken = _in_small_letters(tokens)
    proper = [token for token in taken if not is_particle(token.group())]
    if not any(len(token.group().rstrip(".")) > 1 for token in proper) or len(taken) > _MOST_PARTS:
        return None
    words = [_unstopped(token.group()) for token in taken]
    family_alone = bool(title) and len(proper) == 1 and not given(proper[0].group())
    start = began if family_alone else taken[0].start()
    end = taken[-1].start() + len(words[-1])
    return Named(" ".join([title, *words] if family_alone else words), start, end, bool(title))


def may_be_name(word: str, *, inside: bool = False) -> bool:
    """False for the words that no name holds: formulas, services, and the small words of four languages.

    `inside`: a name began before it, so "Vos" and "Petit" are names, though not in capitals throughout.
    """
    if word == "I":
        return False
    for piece in re.split(r"['’.-]", word):
        folded = fold(piece)
        if not folded or (len(folded) == 1 and piece.isupper()) or folded in PARTICLES or folded in load().given_names:
            continue
        small = len(folded) > 1 and folded in small_words.words() and not (inside and word.istitle())
        if small or folded in load().not_a_name:
            return False
    return True


def is_particle(word: str) -> bool:
    """True for "van" and "De"; "T." is an initial."""
    bare = word.rstrip(".")
    return fold(bare) in PARTICLES and not (len(bare) == 1 and bare.isupper())


def _run(text: str, place: int) -> Sequence[re.Match[str]]:
    """The words from a place on that nothing but spaces part."""
    found: list[re.Match[str]] = []
    while len(found) <= _MOST_PARTS + 2 and (token := _NEXT.match(text, place, place + _LONGEST_PART + 1)):
        if len(token.group()) > _LONGEST_PART:
            break
        found.append(token)
        gap = _GAP.match(text, token.end())
        if not gap:
            break
        place = gap.end()
    return found


def _in_small_letters(tokens: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """A given name and what follows it, up to the next word that is none: "marie van damme"."""
    first = fold(tokens[0].group()) if tokens else ""
    # "An opera singer": small letters make an article of a given name.
    if first not in load().given_names or first in small_words.words():
        return []
    taken = [tokens[0]]
    for token in tokens[1:4]:
        if not may_be_name(token.group()):
            break
        taken.append(token)
        if not is_particle(token.group()):
            break
    while is_particle(taken[-1].group()):
        taken.pop()
    return taken if len(taken) > 1 else []


def is_initial(word: str) -> bool:
    """True for "J.", "J.-P." and "Ch.": a full stop behind these shortens a name, and ends no sentence."""
    return all(len(piece) <= 2 for piece in re.split(r"['’.-]", word))


def is_part(word: str) -> bool:
    """True for a word that may stand in a name: with a capital, or a particle."""
    bare = word.strip(',;:!?"“”«»()')
    return bool(_PART.fullmatch(bare)) and (_capital(bare) or fold(bare) in PARTICLES)


def _capital(word: str) -> bool:
    return word.lstrip("'’")[:1].isupper() or (word[1:2] in "'’" and word[2:3].isupper())


def _unstopped(word: str) -> str:
    return word if is_initial(word) else word.rstrip(".")
