"""Invented people: names, addresses at example domains, telephone numbers that nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from classifier.lexicon import fold
from config.vocabulary import Language

_GIVEN: Final[dict[Language, tuple[str, ...]]] = {
    "fr": (
        "Marie",
        "Luc",
        "Sofia",
        "Karim",
        "Élodie",
        "Benoît",
        "Nadia",
        "Julien",
        "Chantal",
        "Omar",
        "Anaïs",
        "Didier",
    ),
    "nl": ("Jan", "Els", "Pieter", "Fatma", "Hilde", "Wout", "Greet", "Youssef", "Lieve", "Bram", "Sofie", "Dirk"),
    "de": ("Karin", "Jürgen", "Petra", "Uwe", "Monika"),
    "en": ("Alex", "Emma", "Rajesh", "Grace", "Oliver", "Maeve"),
}
_FAMILY: Final[dict[Language, tuple[str, ...]]] = {
    "fr": ("Dubois", "Lambert", "Haddad", "Lejeune", "Mercier", "Bertrand", "Renard", "Collard", "Moreau", "Piron"),
    "nl": ("Peeters", "Janssens", "Maes", "Claes", "Wouters", "De Smet", "Yilmaz", "Goossens", "Mertens", "Aerts"),
    "de": ("Schmitz", "Müller", "Hoffmann", "Krings"),
    "en": ("Clarke", "Novak", "Patel", "Murphy", "Baker"),
}
PLACES: Final[dict[Language, tuple[str, ...]]] = {
    "fr": ("Namur", "Liège", "Charleroi", "Mons", "Ixelles", "Nivelles"),
    "nl": ("Gent", "Leuven", "Antwerpen", "Hasselt", "Brugge", "Schaarbeek"),
    "de": ("Eupen", "Sankt Vith"),
    "en": ("Ixelles", "Etterbeek", "Waterloo"),
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes to the house, with one mail address and one number of their own."""

    name: str
    language: Language
    mail: str
    phone: str


def writer(number: int, language: Language, rng: Random) -> Writer:
    """The person with this number."""
    given, family = rng.choice(_GIVEN[language]), rng.choice(_FAMILY[language])
    local = fold(f"{given}.{family}").replace(" ", "")
    # The range +32 460 00 … is given to nobody.
    return Writer(f"{given} {family}", language, f"{local}{number}@mail.example", f"+324600{number:05}")
