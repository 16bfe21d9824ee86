"""Who stands how to whom: "ma mère", "mijn cliënt", "ihres Sohnes". Third persons are told from the writer by these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from classifier.classification import Relation
from classifier.lexicon import fold
from classifier.numbers import MOST, few

_WORDS: Final[dict[Relation, str]] = {
    "child": "fils fille enfant enfants bébé gamin gamine fiston ado zoon dochter kind kinderen zoontje "
    "dochtertje baby sohn sohnes"
    " tochter kindes kinder kindern son daughter child children kid kids",
    "parent": "mère père maman papa parents moeder vader mama papa ouders mutter vater vaters eltern "
    "mother father mum mom dad"
    " mam moeke vake",
    "partner": "mari femme épouse époux conjoint conjointe compagnon compagne cohabitant man vrouw "
    "echtgenoot echtgenote partner"
    " mann mannes frau ehemann ehefrau gatte gattin partnerin lebensgefährte lebensgefährtin husband "
    "wife spouse fiancé fiancée",
    "sibling": "frère sœur soeur broer zus zuster bruder bruders schwester brother sister",
    "relative": "grand-mère grand-père grands-parents mamy mamie papy bonne-maman oncle tante neveu "
    "nièce cousin cousine petit-fils"
    " petite-fille beau-père belle-mère beau-frère belle-sœur grootmoeder grootvader oma opa bomma bompa "
    "nonkel neef nicht"
    " kleinzoon kleindochter kleinkind schoonmoeder schoonvader schoonbroer schoonzus schoonzoon "
    "schoondochter großmutter"
    " großvater onkel neffe nichte enkel enkelin schwiegermutter schwiegervater schwager schwägerin "
    "grandmother grandfather"
    " grandson granddaughter nan gran grandma grandpa uncle aunt nephew niece mother-in-law father-in-law",
    "friend": "ami amie voisin voisine vriend vriendin buurman buurvrouw freund freundin nachbar "
    "nachbarin nachbarn friend"
    " neighbour neighbor kennis kameraad",
    "client": "client cliente bénéficiaire usager usagère mandant mandante affilié affiliée cliënt "
    "cliënte begunstigde hulpvrager"
    " klant lid aangeslotene mandanten mandantin klient klientin klienten client clients",
    "patient": "patient patiente patiënt patiënte patientin patienten",
    "resident": "résident résidente pensionnaire bewoner bewoonster bewohner bewohnerin bewohners "
    "heimbewohner resident",
    "employee": "employé employée travailleur travailleuse collaborateur collaboratrice ouvrier ouvrière "
    "werknemer werkneemster"
    " arbeider arbeidster mitarbeiter mitarbeiterin mitarbeiters arbeitnehmer employee worker",
    "ward": "protégé protégée administré administrée pupille mündel betreuten betreute betreuter "
    "schützling beschermeling ward",
}
RELATION_OF: Final[dict[str, Relation]] = {
    fold(word): relation for relation, words in _WORDS.items() for word in words.split()
}
# What the writer is to whom they write for, when they say what they are: "je suis la fille de".
INVERSE: Final[dict[Relation, Relation]] = {
    "child": "parent",
    "parent": "child",
    "partner": "partner",
    "sibling": "sibling",
}
_OWN: Final = (
    r"mon|ma|mes|notre|nos|mijn|m['’]n|mn|mijne|onze?|meine[mnrs]?|mein|unsere[mnrs]?|unser|unseres|my|our|"
    r"une?|een|ne|nen|eine[mnrs]?|ein|an?|l['’]un(?:e)? de (?:mes|nos)|één van (?:mijn|onze)"
)
_THEIRS: Final = r"son|sa|ses|leurs?|zijn|z['’]n|haar|hun|seine[mnrs]?|sein|ihre[mnrs]?|ihr|his|her|their"
_ANY_WORD: Final = "|".join(
    sorted((re.escape(word) for words in _WORDS.values() for word in set(words.split())), key=len, reverse=True)
)
_ADJECTIVE: Final = r"(?:[^\W\d_]{2,14}[ \t]{1,2})"
# "ma mère", "mijn oude moeder", "ihrem Sohn": a possessive, at most one word between, and the relation.
POSSESSED: Final = rf"(?:(?P<own>{_OWN})|(?P<theirs>{_THEIRS}))[ \t]{{1,2}}{_ADJECTIVE}?(?P<word>{_ANY_WORD})\b"
_POSSESSED: Final = re.compile(rf"\b{POSSESSED}", re.IGNORECASE)
# Whose telephone or mailbox is named beside: somebody who treats, employs or answers the writer.
_OTHERS: Final = re.compile(
    r"\b(?:docteur|dr|médecin|dentiste|kiné|pharmacie|hôpital|clinique|employeur|patron|propriétaire|agence|avocat|"
    r"huisarts|arts|dokter|tandarts|apotheek|apotheker|ziekenhuis|kliniek|werkgever|baas|huisbaas|kantoor|advocaat|"
    r"arzt|hausarzt|zahnarzt|apotheke|krankenhaus|klinik|arbeitgeber|chef|vermieter|anwalt|"
    r"doctor|gp|dentist|pharmacy|employer|boss|landlord|lawyer|solicitor|colleague|collègue|collega|kollegin|kollege|"
    r"s['’]appelle|heet|heißt|is called|"
    rf"(?:{_THEIRS})[ \t]{{1,2}}(?:tel|tél|téléphone|telefoon|telefon|telephone|phone|gsm|handy|numéro|"
    rf"nummer|number|mobile|mail|e-?mail))\b",
    re.IGNORECASE,
)
# Post that reached the wrong house, and people whom the writer does not know.
_STRANGER: Final = re.compile(
    r"\b(?:une? certaine?|ene (?:heer|mevrouw)?|eine?[rsnm]? gewissen?|a certain|"
    r"(?:courrier|lettre|mail|attestation|dossier|brief|briefe|post|letter|mail|papieren|papiers) "
    r"(?:d['’]un|de|d['’]|du|pour|van|voor|von|für|of|for)|"
    r"destinée? à|adressée? à|gericht aan|bestemd voor|gerichtet an|addressed to|meant for)\b",
    re.IGNORECASE,
)
# What stands behind a number: "… est le numéro national de ma mère".
_IS_OF: Final = re.compile(r"[\s,)(]{0,3}(?:est|c['’]est|is|ist|van|de|von|of)\b[^.;!?\n\d]{0,40}$", re.IGNORECASE)
_ENDS: Final = re.compile(r"[.;!?\n]\s")
# What takes the word back to the writer: "… de ma mère, et mon numéro est le".
_BACK: Final = re.compile(
    r"\b(?:mon|ma|le mien|mijn|het mijne|mein|meine|my|mine|(?:ou|or|of|oder|et|and|en|und) (?:me|moi|mij|"
    r"mich))\b(?![ \t]{1,2}" + _ADJECTIVE + "?(?:" + _ANY_WORD + r")\b)",
    re.IGNORECASE,
)


def relation(word: str) -> Relation | None:
    """What a word like "mère" or "Sohnes" says; None for any other."""
    return RELATION_OF.get(fold(word))


class Possessed(NamedTuple):
    """ "Ma mère" and its end in the text; `theirs` for "sa mère": the writer speaks of two others."""

    relation: Relation
    start: int
    end: int
    theirs: bool


def possessed(text: str, most: int | None = MOST) -> Iterator[Possessed]:
    """Every "ma mère" of a text, in order."""
    return (_possessed(found) for found in few(_POSSESSED.finditer(text), most))


def possessed_at(text: str, place: int = 0) -> Possessed | None:
    """The "ma mère" that begins at a place."""
    found = _POSSESSED.match(text, place)
    return _possessed(found) if found else None


def behind(text: str, found: Possessed) -> int:
    """Where the name may begin that stands behind "ma mère"."""
    gap = text[found.end : found.end + 3]
    return found.end + len(gap) - len(gap.lstrip(" ,"))


def ends_with_possessed(text: str) -> bool:
    """True when "ma mère", perhaps with a comma, is the end of a text: the name behind it is hers."""
    *_, last = (None, *possessed(text[-60:]))
    return last is not None and not text[-60:][last.end :].strip(" ,:")


def _possessed(found: re.Match[str]) -> Possessed:
    relation = RELATION_OF[fold(found["word"])]
    return Possessed(relation, found.start(), found.end(), found["own"] is None)


def somebody_elses(text: str, start: int, end: int, *, others: bool = False) -> bool:
    """True when what stands from `start` to `end` is said to be another person's: "le numéro national de mon fils est …".

    `others` also counts doctors, employers and their like, whose telephones people name.
    """
    before = _ENDS.split(text[max(0, start - 70) : start])[-1]
    if _last_is_other(before, others=others):
        return True
    behind = text[end : end + 70]
    found = _POSSESSED.search(behind)
    return bool(found and _IS_OF.match(behind[: found.start()]))


def _last_is_other(before: str, *, others: bool) -> bool:
    places = [found.end() for pattern in (_POSSESSED, _STRANGER) for found in pattern.finditer(before)]
    if others:
        places += [found.end() for found in _OTHERS.finditer(before)]
    return bool(places) and not _BACK.search(before, max(places))
