"""What members read stays easy: short sentences, short words, a reading score, and none of the words of an office.

The figures of today are in docs/decisions.md; `python -m tests.config.reading` prints them. The limits below leave some
room: a new text may be a little harder than those beside it, not a text of another kind.
"""

from __future__ import annotations

import re
from itertools import chain, product
from typing import Final

import pytest

from channels.web import texts
from config.departments import departments
from config.directory import directory
from config.letter import letter_words
from config.quality import policies
from config.vocabulary import LANGUAGES, Language
from tests.config import reading

KINDS: Final = ("pages", "policy", "answers", "chat")
KINDS: Final = ("pages", "policy", "answers", "knowledge")

# The house writes about 12 words a sentence and never more than 20; proper names are one word (reading.NAMES).
LONGEST_SENTENCE: Final = 20
WORDS_A_SENTENCE: Final = 10
LONG_WORDS: Final[dict[Language, float]] = {"fr": 0.03, "nl": 0.02, "de": 0.03, "en": 0.02}
SCORE: Final[dict[Language, float]] = {"fr": 82, "nl": 75, "de": 64, "en": 76}

# Words of an office, words that blame, words that are said otherwise here, and words that address men only or too
# closely.
NEVER: Final[dict[Language, str]] = {
    "fr": "susmentionnée?s?|susvisée?s?|ci-après|par la présente|nonobstant|afférente?s?|le cas échéant|en vertu de|conformément"
    "|dans les meilleurs délais|à cet effet|y afférent|eu égard|moyennant|veuillez|malheureusement|irrecevable|forclusion"
    "|doléances?|griefs?|affiliée?s?|clientes?|clients?|pièces? jointes?|échéance|portail|cliquez|tu|toi|tes|courriel"
    "|(?:êtes|êtes-vous|êtes pas) (?:très )?satisfaite?s?|très satisfaite?s?|vous seule?|sûre?s?",
    "nl": "teneinde|middels|alsmede|dienaangaande|derhalve|onderhavige?|bovenvermelde?|voormelde?|hierbij|krachtens|ingevolge"
    "|overeenkomstig|desgevallend|desbetreffende?|in kwestie|betreffende|omtrent|gelieve|helaas|onontvankelijk|klanten?"
    "|zorgverzekeraar|ontvangstbewijs|mandaat|je|jij|jouw|jullie|klik",
    "de": "hiermit|diesbezüglich\\w*|bezüglich|zwecks|mittels|gemäß|hinsichtlich|seitens|anbei|betreffs|o\\. g\\.|unverzüglich"
    "|obig\\w*|vorgenannt\\w*|leider|unzulässig|Kund(?:e|en|in|innen)|Aktenzeichen|Vorgang|Vorgänge|Werktage?n?"
    "|Empfangsbestätigung|klicken|du|dein\\w*|dir|dich|Eine Person",
    "en": "hereby|pursuant|aforementioned|herein|thereof|notwithstanding|aforesaid|in accordance with|with regard to|utili[sz]e"
    "|prior to|in respect of|unfortunately|inadmissible|kindly|customers?|tickets?|deadlines?|acknowledgements?|click",
}


@pytest.mark.parametrize(("language", "kind"), list(product(LANGUAGES, KINDS)))
def test_texts_are_easy_to_read(language: Language, kind: str) -> None:
    figures = reading.measured(reading.collections(language)[kind], language)
    assert figures.sentences > 50
    assert len(reading.words(figures.longest)) <= LONGEST_SENTENCE, figures.longest
    assert figures.words_a_sentence <= WORDS_A_SENTENCE
    assert figures.long_words <= LONG_WORDS[language]
    assert figures.score >= SCORE[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_an_office_are_never_used(language: Language) -> None:
    known = directory()
    others = [
        *(entry.names.in_language(language) for entry in departments().values()),
        *(text.in_language(language) for body in known.bodies for text in (body.about, body.names)),
        *letter_words(language).model_dump().values(),
    ]
    for text in chain(others, *reading.collections(language).values()):
        assert not _never(language, text), text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Par la présente, nous vous répondons."),
        ("fr", "Êtes-vous satisfait de notre réponse ?"),
        ("nl", "Teneinde uw dossier te behandelen"),
        ("nl", "Vul je naam in."),
        ("de", "Bezüglich Ihrer Akte"),
        ("de", "Eine Person liest es."),
        ("en", "Your complaint is hereby closed."),
        ("en", "Click here."),
    ],
)
def test_a_word_of_an_office_is_found(language: Language, text: str) -> None:
    assert _never(language, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_courts_are_spoken_of_in_the_same_words_everywhere(language: Language) -> None:
    """Who misses a time limit loses a right: two versions of the sentence would be one too many."""
    (policy,) = [section for section in policies()[language].sections if section.id == "courts"]
    page = texts.pages()[language]["courts.text"].replace("\u00a0", " ")
    answers = "\n".join(reading.collections(language)["answers"])
    assert list(policy.text) == [page]
    assert page in answers


def _never(language: Language, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<![\w-])({NEVER[language]})(?![\w-])", text, re.IGNORECASE)


OFFICIAL: Final[dict[Language, str]] = {
    "fr": "Nonobstant l’introduction préalable d’une réclamation auprès du médiateur institutionnel, les délais applicables à la "
    "contestation juridictionnelle des décisions administratives notifiées continuent à courir à l’égard des affiliés.",
    "nl": "Niettegenstaande de voorafgaande indiening van een klacht bij de institutionele ombudsdienst blijven de termijnen van "
    "toepassing op de gerechtelijke betwisting van de betekende administratieve beslissingen onverminderd doorlopen.",
    "de": "Ungeachtet der vorherigen Einreichung einer Beschwerde bei der institutionellen Ombudsstelle laufen die für die "
    "gerichtliche Anfechtung zugestellter Verwaltungsentscheidungen geltenden Rechtsbehelfsfristen unverändert weiter.",
    "en": "Notwithstanding the prior submission of a complaint to the institutional ombudsman, the limitation periods applicable "
    "to the judicial contestation of administrative decisions notified to beneficiaries continue to run uninterrupted.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_official_sentence_passes_none_of_the_limits(language: Language) -> None:
    figures = reading.measured([OFFICIAL[language]], language)
    assert len(reading.words(figures.longest)) > LONGEST_SENTENCE
    assert figures.words_a_sentence > WORDS_A_SENTENCE
    assert figures.long_words > LONG_WORDS[language]
    assert figures.score < 20


@pytest.mark.parametrize(
    ("language", "counted"),
    [
        ("fr", "plainte=1 médiation=3 ouvrables=2 réponse=2 d’accord=2 passée=2 examinent=3 document=3 Écrivez-nous=4"),
        ("nl", "klacht=1 bemiddeling=4 tijd=1 geïnformeerd=4 werkdagen=3 bijvoorbeeld=3"),
        ("de", "Beschwerde=3 Akte=2 Feiertage=3 Krankenkasse=4 Eingangsbestätigung=6 genau=2"),
        ("en", "complaint=2 handled=2 people=2 table=2 receive=2 closed=1 needed=2"),
    ],
)
def test_syllables(language: Language, counted: str) -> None:
    for pair in counted.split():
        word, count = pair.split("=")
        assert reading.syllables(word, language) == int(count), word


def test_what_a_sentence_and_a_word_are() -> None:
    text = "Voici l’adresse : {mail}. Le 02 444 41 11 (en français), l’Union Nationale des Mutualités Libres.\nFin"
    assert [reading.words(sentence) for sentence in reading.sentences(text)] == [
        ["Voici", "l’adresse"],
        ["{mail}"],
        ["Le", "02", "444", "41", "11", "en", "français", "l", "1"],
        ["Fin"],
    ]
