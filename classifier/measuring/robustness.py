"""What a classifier loses when messages come in worse shape: without accents, shouted, mistyped, with a legal footer in
another language, or with another matter quoted underneath. In points against the same messages as they were."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from classifier.classification import Classification, Text
from classifier.corpus import Record
from classifier.measuring import labels, scores
from classifier.measuring.bootstrap import Resampling
from config.vocabulary import Language

Classify = Callable[[Sequence[Text]], list[Classification]]
Progress = Callable[[str], None]

SWAPPED: Final = 0.1
# About two hundred words each, as law firms and administrations put them under every mail.
_FRENCH_FOOTER: Final = """--
AVIS DE CONFIDENTIALITÉ. Ce message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de \
leurs destinataires. Si vous avez reçu ce message par erreur, merci d'en avertir immédiatement l'expéditeur par retour de \
courrier électronique, de le détruire et de n'en conserver aucune copie. Toute lecture, utilisation, diffusion ou \
publication, totale ou partielle, est interdite, sauf autorisation expresse. L'internet ne permettant pas d'assurer \
l'intégrité de ce message, l'expéditeur décline toute responsabilité au cas où il aurait été altéré, déformé ou falsifié. \
Les opinions exprimées n'engagent que leur auteur et ne représentent pas nécessairement celles de son employeur. Aucun \
engagement contractuel ne peut résulter de cet échange à défaut de confirmation écrite et signée par une personne dûment \
habilitée à cet effet. Il appartient au destinataire de vérifier l'absence de virus avant d'ouvrir les fichiers transmis ; \
nous ne pourrons être tenus responsables d'aucun dommage, direct ou indirect, causé par un logiciel malveillant. Les données \
à caractère personnel que contient ce courriel sont traitées conformément au règlement général sur la protection des données \
et à notre déclaration de confidentialité, disponible sur simple demande. Pensez à l'environnement : n'imprimez ce courriel \
que si cela est vraiment nécessaire, et préférez le papier recyclé. Nous vous remercions de votre compréhension."""
_DUTCH_FOOTER: Final = """--
VERTROUWELIJKHEIDSCLAUSULE. Dit bericht en alle bijlagen zijn vertrouwelijk en uitsluitend bestemd voor de geadresseerde. \
Hebt u dit bericht per vergissing ontvangen, gelieve dan de afzender onmiddellijk per kerende te verwittigen, het bericht te \
vernietigen en er geen enkele kopie van te bewaren. Elke lezing, elk gebruik en elke verspreiding of bekendmaking, geheel of \
gedeeltelijk, is verboden zonder uitdrukkelijke toestemming. Aangezien het internet niet toelaat de volledigheid van dit \
bericht te verzekeren, wijst de afzender elke aansprakelijkheid af indien het werd gewijzigd, vervormd of vervalst. De \
standpunten in dit bericht verbinden alleen de auteur en geven niet noodzakelijk die van zijn werkgever weer. Uit deze \
briefwisseling kan geen enkele contractuele verbintenis voortvloeien zonder schriftelijke bevestiging, ondertekend door een \
daartoe gemachtigde persoon. De ontvanger dient zelf na te gaan of de bijlagen vrij zijn van virussen voor hij ze opent; wij \
kunnen niet aansprakelijk worden gesteld voor enige schade, rechtstreeks of onrechtstreeks, die door kwaadaardige software \
wordt veroorzaakt. De persoonsgegevens in deze e-mail worden verwerkt in overeenstemming met de algemene verordening \
gegevensbescherming en met onze privacyverklaring, die op eenvoudig verzoek verkrijgbaar is. Denk aan het milieu: druk deze \
e-mail alleen af als het echt nodig is en gebruik bij voorkeur gerecycleerd papier. Wij danken u voor uw begrip."""
_QUOTED: Final[dict[Language, str]] = {
    "fr": "Le 3 novembre 2026 à 09:14, quelqu'un a écrit :",
    "nl": "Op 3 november 2026 om 09:14 schreef iemand:",
    "de": "Am 3. November 2026 um 09:14 schrieb jemand:",
    "en": "On 3 November 2026 at 09:14, somebody wrote:",
}


class Loss(NamedTuple):
    """One sort of damage: on how many messages, and the points lost on each figure (negative: gained)."""

    damage: str
    messages: int
    points: dict[str, float]


def measure(records: Sequence[Record], classify: Classify, *, seed: int, progress: Progress) -> tuple[Loss, ...]:
    """Every damage on every message for which it makes sense, against the same messages clean."""
    clean = labels.given(classify([record.message for record in records]))
    truth = labels.truth(records)
    random = np.random.default_rng(seed)
    damages: dict[str, list[Text | None]] = {
        "accents stripped": [_with(record, without_accents) for record in records],
        "all capitals": [_with(record, str.upper) for record in records],
        "a tenth of the letters swapped": [_with(record, lambda text: swapped(text, random)) for record in records],
        "a legal footer in the other language": [_footed(record) for record in records],
        "another matter quoted below": quoting(records, random),
    }
    losses: list[Loss] = []
    for name, texts in damages.items():
        progress(f"robustness: {name}")
        rows = np.array([place for place, text in enumerate(texts) if text is not None], dtype=np.int64)
        if not len(rows):
            continue
        damaged = labels.given(classify([text for text in texts if text is not None]))
        before = headlines(truth.take(rows), clean.take(rows))
        after = headlines(truth.take(rows), damaged)
        losses.append(Loss(name, len(rows), {figure: 100 * (before[figure] - after[figure]) for figure in before}))
    return tuple(losses)


def headlines(truth: labels.Labels, found: labels.Given) -> dict[str, float]:
    """The figures that robustness is told by: department top-1, kind macro F1, F1 of each flag (those that occur)."""
    alone = Resampling(["-"] * len(truth.kind), seed=0, rounds=1)
    _, macro = scores.score_group("kind", truth, found.labels, alone)
    flags, _ = scores.score_group("flags", truth, found.labels, alone)
    right, of = scores.shares(truth, found)["department_top_1"]
    figures = {"department_top_1": float(right.sum() / max(1.0, of.sum())), "kind_macro_f1": macro.value}
    return figures | {score.label: score.f1 for score in flags if score.wanted}


def words_of(figure: str) -> str:
    """The name of one of these figures for people."""
    return {"department_top_1": "department, first", "kind_macro_f1": "kind, macro F1"}.get(figure, f"{figure}, F1")


def without_accents(text: str) -> str:
    """As typed on a keyboard that has none."""
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if not unicodedata.combining(char)))


def swapped(text: str, random: np.random.Generator) -> str:
    """About a tenth of the letters stand where their neighbour stood; each is moved once at most."""
    chars = list(text)
    lots = random.random(len(chars))
    place = 0
    while place < len(chars) - 1:
        # Two letters move with each swap, and a swap needs two letters in a row.
        if lots[place] < SWAPPED / 2 and chars[place].isalpha() and chars[place + 1].isalpha():
            chars[place], chars[place + 1] = chars[place + 1], chars[place]
            place += 1
        place += 1
    return "".join(chars)


def _with(record: Record, change: Callable[[str], str]) -> Text:
    message = record.message
    return replace(message, subject=change(message.subject), text=change(message.text))


def _footed(record: Record) -> Text | None:
    footers: dict[Language, str] = {"nl": _FRENCH_FOOTER, "fr": _DUTCH_FOOTER}
    if record.language not in footers:
        return None
    return replace(record.message, text=f"{record.message.text}\n\n{footers[record.language]}")


def quoting(records: Sequence[Record], random: np.random.Generator) -> list[Text | None]:
    """Under each message, quoted, one in the same language by somebody else about another department."""
    texts: list[Text | None] = []
    for record in records:
        others = [
            other
            for other in records
            if other.language == record.language
            and other.author != record.author
            and other.department not in (None, record.department)
        ]
        if not others:
            texts.append(None)
            continue
        old = others[int(random.integers(len(others)))].message.text
        quoted = "\n".join(f"> {line}" for line in old.splitlines())
        texts.append(replace(record.message, text=f"{record.message.text}\n\n{_QUOTED[record.language]}\n{quoted}"))
    return texts
