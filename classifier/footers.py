"""Where a text stops being what its writer says: disclaimers of firms, quoted history, lines that telephones add.

Told by formula words in four languages and by position: what a message begins with is always its own. Linear in the text.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from classifier import lexicon

# How firms' disclaimers and notes on printing begin. Each alternative begins with a fixed word, so none backtracks.
_DISCLAIMER: Final = re.compile(
    r"\b(?:"
    r"(?:ce|le présent|cet) (?:message|courriel|e-?mail|mail|courrier électronique|transfert)"
    r"(?: électronique)?,? (?:et|ainsi que|ainsi|est (?:confidentiel|strictement|exclusivement|destiné|établi)|"
    r"(?:peut|pourrait|est susceptible de) conteni?r?|contient (?:des informations|une information)|s['’]adresse)"
    r"|les informations contenues dans (?:ce|cet|le présent) "
    r"|si vous n['’]êtes pas (?:le|la) (?:bon |bonne |véritable )?(?:destinataire|personne)"
    r"|si vous avez reçu ce (?:message|courriel|mail) par erreur"
    r"|avis de confidentialité|clause de (?:confidentialité|non-responsabilité)"
    r"|avant d['’]imprimer|pensez à l['’]environnement|n['’]imprimez ce"
    r"|(?:dit|deze|de inhoud van (?:dit|deze)) (?:bericht|e-?mail(?:bericht)?|mail)"
    r"(?: \(?(?:en|met inbegrip van|inclusief)\b|,? (?:evenals|alsook|alsmede)| (?:is|"
    r"zijn) (?:uitsluitend|vertrouwelijk|"
    r"enkel bestemd|alleen bestemd|strikt|bestemd)| (?:bevat|kan|kunnen) (?:mogelijk )?(?:vertrouwelijke|informatie))"
    r"|de informatie in (?:dit bericht|deze e-?mail|dit e-?mailbericht)"
    r"|(?:indien|als|mocht) u (?:niet de (?:geadresseerde|bedoelde|bestemmeling|beoogde)|"
    r"dit bericht (?:per vergissing|ten onrechte)|"
    r"deze e-?mail (?:per vergissing|ten onrechte))"
    r"|denk aan het milieu|vertrouwelijkheidsclausule|disclaimer\b"
    r"|diese (?:e-?mail|nachricht|mail|mitteilung)"
    r"(?: (?:und|samt|einschließlich)| (?:enthält|kann|ist) (?:möglicherweise |"
    r"eventuell )?(?:vertrauliche|ausschließlich|vertraulich|"
    r"nur für|rechtlich|und))"
    r"|der inhalt dieser (?:e-?mail|nachricht)"
    r"|(?:wenn|falls|sollten) sie nicht der (?:richtige|beabsichtigte|vorgesehene|angegebene) (?:adressat|empfänger)"
    r"|bitte denken sie an die umwelt"
    r"|th(?:is|e information (?:contained )?in this) (?:e-?mail|message|communication|transmission)"
    r"(?:,? (?:and|including|together with)| (?:is|are|contains|may contain) (?:intended|confidential|"
    r"solely|strictly|privileged|"
    r"for the|only))"
    r"|if you (?:are not the (?:intended|named) |(?:have )?received? this (?:e-?mail|message|"
    r"communication) (?:in error|by mistake))"
    r"|confidentiality notice|please consider the environment|think before (?:you print|printing)"
    r")",
    re.IGNORECASE,
)
# Where quoted history begins that a channel left in the text.
_HISTORY: Final = re.compile(
    r"^[ \t]{0,8}(?:>"
    r"|[-_=]{2,40}[ \t]{0,3}(?:original message|forwarded message|message (?:transféré|d['’]origine|original)|"
    r"oorspronkelijk bericht|doorgestuurd bericht|origineel bericht|ursprüngliche nachricht|weitergeleitete nachricht)"
    r"|(?:le|op|am|on)\b[^\n]{5,120}\b(?:a écrit|schreef|schrieb|wrote)\b[^\n:]{0,100}:[ \t]{0,3}$)",
    re.IGNORECASE | re.MULTILINE,
)
_PASSED_ON: Final = re.compile(
    r"forwarded message|message (?:transféré|réexpédié)|doorgestuurd bericht|weitergeleiteten? nachricht", re.IGNORECASE
)
_PHONE: Final = re.compile(
    r"^[ \t]{0,8}(?:envoyé (?:de(?:puis)?|à partir|avec)|verzonden (?:vanaf|vanuit|vanop|met|via)|"
    r"verstuurd (?:vanaf|vanuit|met)|"
    r"sent (?:from|with)|get outlook|télécharge[rz] outlook|outlook (?:voor|pour|für|for)|von meine[mr] |"
    r"gesendet (?:von|mit|aus))"
    r"[^\n]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)
# What a firm's disclaimer says within its first sentences, and somebody's own words about their message seldom.
_LEGAL: Final = re.compile(
    r"confiden|vertrouwelijk|vertraulich|destinataire|geadresseerde|bestemmeling|adressat|empfänger|recipient|addressee|"
    r"par erreur|vergissing|irrtum|in error|by mistake|privileg|annexe|bijlage|anlage|anhang|attachment|imprim|print|druck|"
    r"milieu|umwelt|environment|environnement|exclusi|uitsluitend|ausschließlich|strictly|privacy",
    re.IGNORECASE,
)
_FORMULA_REACH: Final = 300
_FORMULA_LENGTH: Final = 6_000
_MYSELF: Final = re.compile(
    r"\b(?:je|j['’]\w|m['’]\w|mon|ma|mes|moi|ik|mij|mijn|ich|mich|mir|mein\w{0,2}|i|i['’](?:m|ve|d|ll)|my|me)\b",
    re.IGNORECASE,
)
# What says that something was received, understood or welcome.
_ANSWER: Final = re.compile(
    r"\b(?:ok[eé]{0,2}|okay|merci|bedankt|dank|danke|thanks?|reçu|ontvangen|erhalten|received|begrepen|compris|noted|super|top|oui|"
    r"ja|yes|non|nee|nein|no)\b",
    re.IGNORECASE,
)
_LOOKED_AT: Final = 400
_EXACT: Final = re.compile(r"[@<]|\d{1,2} ?[:h.] ?\d\d\b")
# Beyond so many beginnings that were none, a text is no mail with a footer.
_MOST: Final = 60
# Nor is one whose own words go on for longer than a book chapter.
_SEARCHED: Final = 200_000
# So many letters must stand before it, else it is what the message is about.
_FEWEST_LETTERS: Final = 2
# What may stand between the end of a sentence and a formula: "*** Disclaimer ***", "_Ce message…_".
_MARKS: Final = " \t*_-–—=#|[(«\"'“„"


def own_end(text: str) -> int:
    """Where the writer's own words end: the place of the first disclaimer or quotation that begins a sentence or a line
    behind some words of their own; the length of the text where there is none."""
    return history_begin(text, disclaimer_begin(text))


def disclaimer_begin(text: str) -> int:
    """Where a firm's disclaimer begins behind some words of the writer's own; the length of the text where none does."""
    begins = _words_begin(text)
    for found in islice(_DISCLAIMER.finditer(text, 0, _SEARCHED), _MOST):
        start = _begin(text, found.start())
        if start is not None and start >= begins and _for_nobody_in_particular(text, found):
            # Whatever speaks of "me" below is no firm's.
            below = text[start : history_begin(text, min(len(text), start + _FORMULA_LENGTH), after=start)]
            return len(text) if _MYSELF.search(below) else start
    return len(text)


def history_begin(text: str, end: int, *, after: int = 0) -> int:
    """Where quoted history begins between `after` and `end`, behind some words of the writer's own; `end` where none does."""
    begins = _words_begin(text)
    last_own: int | None = None
    for found in islice(_HISTORY.finditer(text, after, min(end, _SEARCHED)), _MOST):
        start = _begin(text, found.start())
        if start is None or start < begins:
            continue
        if not found.group().lstrip().startswith(">"):
            if not _head_of_a_mail(text, found):
                continue
            # Below it all is quoted.
            return start
        if last_own is None:
            last_own = _last_own_line(text, end)
        if last_own < found.start():
            return start
    return end


def answered(text: str, begin: int) -> bool:
    """True when the little that stands above what begins there is an answer ("ok merci"), and all below is quoted: no
    salutation, no word of a matter."""
    above = lexicon.words(text[:begin])
    if not (_ANSWER.search(text, 0, begin) and lexicon.load().is_contentless(above)):
        return False
    head, _, rest = text[begin:].lstrip().partition("\n")
    quoted = text[begin:] if head.startswith(">") else rest
    return all(not line.strip() or line.lstrip().startswith(">") for line in quoted.splitlines()[:_LOOKED_AT])


def passed_on(text: str, begin: int) -> bool:
    """True when a mail program says beside what begins there that it was forwarded."""
    return bool(_PASSED_ON.search(text, max(0, begin - 80), begin + 80))


def phone_lines(text: str) -> list[tuple[int, int]]:
    """The lines that telephones and mail programs write themselves: "Envoyé de mon iPhone"."""
    return [found.span() for found in _PHONE.finditer(text)]


def _begin(text: str, place: int) -> int | None:
    """Where the sentence of a formula begins; None when the formula stands in the middle of one."""
    start = place
    while start > max(0, place - 40) and text[start - 1] in _MARKS:
        start -= 1
    # Where all line breaks were lost, a capital letter behind a name is all that tells of a new sentence.
    apart = start == 0 or text[start - 1] in "\n\r.!?…:;,)" or text[place].isupper()
    return start if apart else None


def _words_begin(text: str) -> int:
    """Where enough letters have stood for something to be behind them."""
    letters = 0
    for place, char in enumerate(text[:400]):
        letters += char.isalpha()
        if letters == _FEWEST_LETTERS:
            return place + 1
    return len(text) + 1


def _for_nobody_in_particular(text: str, found: re.Match[str]) -> bool:
    """False where somebody says for whom their own message is: "ce message est destiné à la médiation". A firm's formula goes
    on for lines, and speaks of confidence, errors or addressees."""
    return bool(_LEGAL.search(text, found.start(), found.start() + _FORMULA_REACH))


def _head_of_a_mail(text: str, found: re.Match[str]) -> bool:
    """A mail program's line says when to the minute, or from which address, or stands above quoted lines; somebody who
    tells that "le 3 mars, votre service m'a écrit :" goes on telling."""
    line = found.group().strip()
    return (
        line[0] in "-_=" or bool(_EXACT.search(line)) or text[found.end() : found.end() + 200].lstrip().startswith(">")
    )


def _last_own_line(text: str, end: int) -> int:
    """Where the last line before `end` begins that is neither blank nor quoted; -1 when there is none."""
    place = end
    while place > 0:
        begin = text.rfind("\n", 0, place) + 1
        line = text[begin:place].strip()
        if line and not line.startswith(">"):
            return begin
        place = begin - 1
    return -1
