"""What the words of a story say while it is still being written: distress, the mutual's medical adviser, another body, and the
department that it is most likely for.

By listed words only, without the model, which the process that serves pages does not have. It changes nothing: whatever was
noticed, the message is sent as its writer wants, and judged later like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from channels.form.contract import Noticed
from classifier import lexicon
from classifier.lexicon import Hit
from config.vocabulary import Language
from gateway.likely import likely_department
from router.wordlists import distress_in, find_body

# "Your doctor" may be anybody's: only words that name the office itself are said aloud.
_ANYBODYS: Final = frozenset({"votre", "vos", "uw", "jullie", "ihr", "ihre", "your"})


def noticed(text: str, language: Language) -> Noticed:
    """What a text seems to be about."""
    text_words = lexicon.words(text)
    hits = lexicon.load().find(text, text_words)
    adviser = _names_the_adviser(text, hits)
    # Whoever writes about our medical adviser writes about us, whatever else they name.
    body = None if adviser else find_body(text)
    return Noticed(
        distress=bool(distress_in(text)),
        medical_adviser=adviser,
        other_body=body.names.in_language(language) if body else "",
        other_body_contact=body.contact.in_language(language) if body else "",
        department="" if adviser or body else likely_department(text_words, hits, text),
    )


def _names_the_adviser(text: str, hits: Iterable[Hit]) -> bool:
    return any(
        hit.group == "adviser" and lexicon.words(text[hit.start : hit.end])[0].folded not in _ANYBODYS for hit in hits
    )
