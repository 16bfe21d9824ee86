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
from gateway.likely import likely_department, names_our_work
from router.texts import typographic
from router.wordlists import distress_in, find_body

# "Your doctor" may be anybody's: only words that name the office itself are said aloud.
_ANYBODYS: Final = frozenset({"votre", "vos", "uw", "jullie", "ihr", "ihre", "your"})


def noticed(text: str, language: Language) -> Noticed:
    """What a text seems to be about."""
    text_words = lexicon.words(text)
    hits = lexicon.load().find(text, text_words)
    adviser = _names_the_adviser(text, hits)
    # Whoever writes about our medical adviser or our work writes about us, whatever else they name: a refund of treatment by
    # a physiotherapist is ours. To send somebody away by mistake is worse than to say nothing.
    named = None if adviser else find_body(text)
    body = None if names_our_work(text_words, hits) else named
    return Noticed(
        distress=bool(distress_in(text)),
        medical_adviser=adviser,
        other_body=typographic(body.names.in_language(language), language) if body else "",
        other_body_contact=typographic(body.contact.in_language(language), language) if body else "",
        # Where the words go both ways, nothing is said at all.
        department="" if adviser or named else likely_department(text_words, hits, text),
    )


def _names_the_adviser(text: str, hits: Iterable[Hit]) -> bool:
    return any(
        hit.group == "adviser" and lexicon.words(text[hit.start : hit.end])[0].folded not in _ANYBODYS for hit in hits
    )
