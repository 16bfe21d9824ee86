"""Invented values with which texts are looked at before a member gets them: each as long as it gets."""

from __future__ import annotations

from datetime import date
from typing import Final

from config.departments import department_name
from config.vocabulary import DEPARTMENTS, Language
from config.wording import wording
from router.dates import in_full

REFERENCE: Final = "PM-2026-004217-75"
NAME: Final = "Marie Dubois"
_URL: Final = "https://guichet.example.org/{language}/c/AbCdEfGhIjKlMnOpQrStUv"
# A Wednesday in September has the longest name in most languages.
DUE: Final = date(2026, 9, 23)
RECEIVED: Final = date(2026, 8, 24)
_CALLBACK: Final[dict[Language, str]] = {
    "fr": "aujourd’hui",
    "nl": "vandaag",
    "de": "heute",
    "en": "today",
}


def sample_values(language: Language) -> dict[str, str]:
    """Every name that a text may fill, besides those of the house."""
    url = _URL.format(language=language)
    longest = max((department_name(one, language) for one in DEPARTMENTS), key=len)
    return {
        "reference": REFERENCE,
        "due_on": in_full(DUE, language),
        "received_on": in_full(RECEIVED, language),
        "written_on": in_full(RECEIVED, language),
        "changed_on": in_full(RECEIVED, language),
        "name": NAME,
        "what": wording()[language].what["complaint"],
        "department": longest,
        "case_url": url,
        "code": "123456",
        "letter_url": f"{url}?to=letter",
        "about": {"fr": "un hôpital", "nl": "een ziekenhuis", "de": "ein Krankenhaus", "en": "a hospital"}[language],
        "body": {
            "fr": "la médiation de l’hôpital",
            "nl": "de ombudsdienst van het ziekenhuis",
            "de": "die Ombudsstelle des Krankenhauses",
            "en": "the ombudsperson of the hospital",
        }[language],
        "body_contact": "ombudsman.example.org",
        "callback": _CALLBACK[language],
    }
