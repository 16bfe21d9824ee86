"""How hard the words of the house are to read: sentences, words, syllables and a score, by language and kind of text.

`python -m tests.config.reading` prints the figures. They say whether texts become harder, not whether they are good:
short words in short sentences can still be wrong, cold or empty.

The score is Flesch's reading ease, in its form for each language, from about 0 (a law) to 100 (a picture book):

    French   207     - 1.015 × words a sentence - 73.6 × syllables a word   (Kandel and Moles, 1958)
    Dutch    206.84  - 0.93  × words a sentence - 77   × syllables a word   (Douma, 1960)
    German   180     -         words a sentence - 58.5 × syllables a word   (Amstad, 1978)
    English  206.835 - 1.015 × words a sentence - 84.6 × syllables a word   (Flesch, 1948)

Scores of two languages are not comparable. Syllables are counted as groups of vowels, which is a few in a hundred wrong,
the same way every time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from channels.web import texts
from config.chat import load_chat_texts
from config.knowledge import answers_as_written
from config.quality import policies
from config.vocabulary import LANGUAGES, Language
from config.wording import wording

# Proper names cannot be shortened: each stands for one word of its sentence and is not counted otherwise.
NAMES: Final = (
    "Union Nationale des Mutualités Libres",
    "Landesverband der Freien Krankenkassen",
    "Landsbond van de Onafhankelijke Ziekenfondsen",
    "Centre de Prévention du Suicide",
    "Office de contrôle des mutualités",
    "Controledienst voor de Ziekenfondsen",
    "Kontrollamt der Krankenkassen",
    "Comité de Direction",
    "Executive Committee",
    "Service Center",
)

# Addresses are not sentences; the others are answers to programs that send JSON, not to members.
NOT_FOR_READING: Final = re.compile(
    r"house\..*|trouble\.(language|not_text|not_object|key|key_conflict)|error\.(415|431)\..*"
)

# A long word has more letters than this: Dutch and German write in one word what the others write in two or three.
LONG: Final[dict[Language, int]] = {"fr": 10, "nl": 12, "de": 12, "en": 10}

_WEIGHTS: Final[dict[Language, tuple[float, float, float]]] = {
    "fr": (207, 1.015, 73.6),
    "nl": (206.84, 0.93, 77),
    "de": (180, 1, 58.5),
    "en": (206.835, 1.015, 84.6),
}
_VOWELS: Final[dict[Language, re.Pattern[str]]] = {
    "fr": re.compile(r"[éèêà]|[aeiouyâîôûëïüœ]+"),
    "nl": re.compile(r"ij|[ëïöü]|[aeiouyé]+"),
    "de": re.compile(r"[aeiouyäöü]+"),
    "en": re.compile(r"[aeiouy]+"),
}
# What is written and not said: the last e of "membre", "made" and their like.
_SILENT: Final[dict[Language, re.Pattern[str]]] = {
    "fr": re.compile(r"(?<=[^aeiouyéèêàâîôûëïü])(e|es|(?<!m)ent)$|(?<=[iuyéï])(e|es)$"),
    "en": re.compile(r"(?<=[^aeiouyl])(e|es|(?<![dt])ed)$|(?<=[aeiou]l)(e|es|ed)$"),
}
_WORD: Final = re.compile(r"[^\W\d_]+(?:[’-][^\W\d_]+)*|\{\w+\}|\d+(?:[.,:/-]?\w+)*")
# A colon ends a sentence as well: what follows is an address, an example, or a sentence that could stand alone.
_END: Final = re.compile(r"(?<=[.?:])[\s\]]+|\n+")


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one kind of text in one language. Averages are of whole sentences, not of labels and titles."""

    sentences: int
    words_a_sentence: float
    syllables_a_word: float
    long_words: float
    score: float
    longest: str


def collections(language: Language) -> dict[str, list[str]]:
    """Every text that members read, by kind, with plain spaces and with its {names} still in braces."""
    pages = texts.pages()[language]
    policy = policies()[language]
    chat = load_chat_texts()[language]
    answers = wording()[language].situations.values()
    found = {
        "pages": [text for key, text in pages.items() if not NOT_FOR_READING.fullmatch(key)],
        "policy": [
            policy.title,
            policy.lede,
            *(line for s in policy.sections for line in (s.title, *s.text, *s.points)),
        ],
        "answers": [text for answer in answers for text in (answer.subject, _whole(answer.long), _whole(answer.short))],
        "chat": [
            *chat.choices.values(),
            *(_whole(form) for text in chat.texts.values() for form in (text.long, text.short) if form),
        ],
        "knowledge": list(answers_as_written(language)),
    }
    return {kind: [text.replace("\u00a0", " ") for text in each] for kind, each in found.items()}


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text; a title or a label is one too."""
    for name in NAMES:
        text = text.replace(name, "1")
    yield from (part for part in _END.split(text) if _WORD.search(part))


def words(sentence: str) -> list[str]:
    """The words of a sentence; a number and a {name} are words too, as whoever reads finds one there."""
    return _WORD.findall(sentence)


def syllables(word: str, language: Language) -> int:
    """How many syllables a word has, about: its groups of vowels, less a silent end."""
    silent = _SILENT.get(language)
    count = 0
    for part in re.split("[’-]", word.lower()):
        said = silent.sub("", part) if silent else part
        count += len(_VOWELS[language].findall(said))
    return max(1, count)


def measured(each: list[str], language: Language) -> Measured:
    """The figures of some texts of one language."""
    every = [sentence for text in each for sentence in sentences(text)]
    whole = [sentence for sentence in every if sentence.rstrip("])”’» ").endswith((".", "?"))]
    spoken = [[word for word in words(sentence) if word[0].isalpha()] for sentence in whole]
    count = sum(len(sentence) for sentence in spoken)
    flat = [word for sentence in spoken for word in sentence]
    a_sentence = sum(len(words(sentence)) for sentence in whole) / len(whole)
    a_word = sum(syllables(word, language) for word in flat) / count
    base, by_sentence, by_word = _WEIGHTS[language]
    return Measured(
        sentences=len(whole),
        words_a_sentence=a_sentence,
        syllables_a_word=a_word,
        long_words=sum(len(word) > LONG[language] for word in flat) / count,
        score=base - by_sentence * a_sentence - by_word * a_word,
        longest=max(every, key=lambda sentence: len(words(sentence))),
    )


def _whole(source: str) -> str:
    """A text of the house with all its parts, as if every flag were set; conditions go, words stay."""
    return re.sub(r"\[[a-z_+]+: ?", " ", source).replace("]", " ")


def main() -> None:
    """Print the figures."""
    write = sys.stdout.write
    write("                sentences  words  longest  syllables  long words  score\n")
    for language in LANGUAGES:
        for kind, each in collections(language).items():
            figures = measured(each, language)
            write(
                f"{language}  {kind:10} {figures.sentences:10} {figures.words_a_sentence:6.1f} {len(words(figures.longest)):8}"
                f" {figures.syllables_a_word:10.2f} {figures.long_words:11.1%} {figures.score:6.0f}\n"
            )


if __name__ == "__main__":
    main()
