"""Which words are a person's name: in a signature, a display name, or after "je m'appelle".

No list of first names is used: a name is told by its shape (capitals, particles, length) and by what it does not hold
(`not_a_name` in the lexicon). Everything here is a guess about a claim; a person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from classifier.lexicon import fold, load

AddressKind = Literal["name", "unclear", "pseudonym", "role"]

# One part of a name: "Anne-Sophie", "D'Hondt", "O’Neill", "J.". Letters with single joints: each sign has one way to match.
_PART: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
PARTICLES: Final = frozenset(
    [
        "van",
        "der",
        "den",
        "de",
        "du",
        "des",
        "le",
        "la",
        "von",
        "zu",
        "zum",
        "vom",
        "te",
        "ter",
        "ten",
        "el",
        "al",
        "bin",
        "ben",
        "ibn",
        "da",
        "di",
        "dos",
        "del",
        "y",
        "e",
        "d",
        "l",
        "t",
        "op",
        "'t",
        "of",
    ]
)
_TITLES: Final = frozenset(
    [
        "m",
        "mr",
        "mme",
        "mlle",
        "mrs",
        "ms",
        "dr",
        "dhr",
        "mevr",
        "mw",
        "mijnheer",
        "meneer",
        "mevrouw",
        "monsieur",
        "madame",
        "mademoiselle",
        "herr",
        "frau",
        "miss",
        "docteur",
        "dokter",
        "doktor",
        "prof",
        "em",
        "maître",
        "meester",
        "me",
        "fam",
        "familie",
        "famille",
        "family",
    ]
)
_MOST_PARTS: Final = 6
# Addresses that any mail program or office uses for nobody in particular.
_ROLE_LOCALS: Final = frozenset(
    [
        "info",
        "contact",
        "no-reply",
        "noreply",
        "mail",
        "admin",
        "support",
        "service",
        "sales",
        "post",
        "office",
        "secretariat",
        "secretariaat",
        "factures",
        "facturation",
        "hello",
        "bonjour",
        "team",
        "news",
        "newsletter",
        "marketing",
        "robot",
        "mailer-daemon",
        "postmaster",
    ]
)


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
    proper = [token for token in tokens if fold(token) not in PARTICLES]
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
    return sum(1 for token in name.split() if fold(token.rstrip(".")) not in PARTICLES) >= 2


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
