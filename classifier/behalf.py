"""For whom somebody writes: "pour ma mère Jeanne Collin", "namens mijn cliënt", "als Betreuer von Herrn Lux".

Only what is said counts: a daughter who is mentioned is not represented. Who somebody writes for may need another
mandate, another letter, another address; a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from classifier import names, numbers, relations
from classifier.classification import OnBehalf, Relation
from classifier.names import Named
from classifier.numbers import few

# Words that say "in the name of"; what follows is a person, related or not.
_FORMAL: Final = re.compile(
    r"\b(?:au nom (?:et pour le compte )?de|pour le compte de|à la demande de|avec (?:la )?procuration de|"
    r"namens|in naam van|in opdracht van|op vraag van|met (?:een )?volmacht van|"
    r"im namen|im auftrag|in vertretung|mit vollmacht|stellvertretend für|"
    r"on behalf of|in the name of|at the request of|acting for|p/o|o\.b\.o\.)[ \t]{1,2}(?:(?:von|d['’]un|"
    r"d['’]une)[ \t]{1,2})?"
    r"(?:(?:de|der|den|des|dem|the|la|le)[ \t]{1,2})?(?=[^\W\d_])",
    re.IGNORECASE,
)
_REPRESENTS: Final = re.compile(
    r"\b(?:je représente|ik vertegenwoordig|ich vertrete|i represent|i act for)[ \t]{1,2}(?:(?:de|den|the)[ \t]{1,2})?",
    re.IGNORECASE,
)
_IN_WHOSE_NAME: Final[tuple[tuple[re.Pattern[str], Relation], ...]] = ((_FORMAL, "somebody"), (_REPRESENTS, "client"))
# What somebody is to whom they stand for, by office.
_OFFICES: Final[Mapping[Relation, str]] = {
    "ward": (
        r"(?:administrat(?:eur|rice)(?: provisoire| judiciaire)?(?: de(?:s)? (?:la personne|"
        r"biens?)(?: et (?:de la personne|des biens))?)?"
        r"|tut(?:eur|rice)(?: légale?)?|curat(?:eur|rice)"
        r"|(?:voorlopig )?bewindvoerder(?: over de (?:persoon|goederen)(?: en de (?:persoon|goederen))?)?|"
        r"bewindvoerster|voogd(?:es)?"
        r"|(?:gesetzliche[rn]? )?(?:betreuer(?:in)?|vormund|verwalter(?:in)?|vertreter(?:in)?)"
        r"|(?:legal |court-appointed )?(?:guardian|administrator|attorney|deputy))"
    ),
    "client": (
        r"(?:avocate?|conseil|mandataire|assistante? sociale?|référente?|délégué[e]? (?:syndicale?)?|"
        r"médiat(?:eur|rice) de dettes"
        r"|advoca(?:at|te)|raads(?:man|vrouw)|maatschappelijk (?:werker|werkster|assistent(?:e)?)|"
        r"volmacht(?:houder|drager)|schuldbemiddelaar"
        r"|(?:rechts)?anw(?:alt|ältin)|sozialarbeiter(?:in)?|bevollmächtigte[r]?"
        r"|lawyer|solicitor|barrister|social worker|case worker|caseworker|legal representative)"
    ),
    "somebody": r"(?:aidante? proche|mantelzorg(?:er|ster)|pflegende angehörige|carer|caregiver)",
}
_OFFICE: Final = re.compile(
    r"\b(?:"
    + "|".join(f"(?P<{relation}>{words})" for relation, words in _OFFICES.items())
    + r")[ \t]{1,2}(?:de|du|d['’]|van|over|voor|von|für|of|for)[ \t]{0,2}(?:(?:de|der|den|des|dem|the)[ \t]{1,2})?",
    re.IGNORECASE,
)
# "Pour", "voor", "für", "for" and a relation: "ma mère". A dialect "veur" too.
_FOR: Final = re.compile(
    r"\b(?:pour|concernant|concerne|objet ?:|dossier de|demande de|voor|veur|betreft ?:?|betreffende|"
    r"inzake|dossier van|"
    r"für|betrifft ?:?|betreff ?:?|betr\.? ?:?|for|regarding|concerning|re ?:|it['’]s about|"
    r"c['’]est pour)[ \t]{1,2}(?=[^\W\d_])",
    re.IGNORECASE,
)
# "Je suis la fille de Mme Collin": what the writer is.
_I_AM: Final = re.compile(
    r"\b(?:je suis|ik ben|ich bin|i am|i['’]m)[ \t]{1,2}(?:la|le|l['’]|de|het|die|der|das|the)[ \t]{0,2}"
    r"(?:[^\W\d_]{2,14}[ \t]{1,2})?(?P<word>[^\W\d_]{3,15})[ \t]{1,2}(?:de|du|d['’]|van|von|"
    r"of)[ \t]{0,2}(?:(?:de|der|den|the)[ \t]{1,2})?",
    re.IGNORECASE,
)
# "Ma mère, Jeanne Collin, née le …": a full name, or facts that only who is represented needs.
_APPOSED: Final = re.compile(r"[ \t]{0,2},?[ \t]{0,2}(?=[^\W\d_])")
# Friends and colleagues are spoken of; nobody writes about their matters without saying so.
_ONLY_KNOWN: Final = frozenset(["friend", "employee"])
_ARTICLE: Final = re.compile(r"(?:un|une|een|ne|nen|ein|a|an)[a-z]{0,2}\b", re.IGNORECASE)
_THANKS: Final = re.compile(r"(?:merci|bedankt|dank|danke|thanks?|thank you)[^.!?\n]{0,30}$", re.IGNORECASE)


class Represented(NamedTuple):
    """Whom somebody writes for, and where that stands: the name, or the words for the relation where there is none."""

    on_behalf: OnBehalf
    start: int
    end: int


def represented(text: str, *, noted: bool, signer: Named | None) -> Represented | None:
    """The first person, in the order of how plainly it is said. `noted`: an agent typed it, and "sa "
    "mère" is the caller's."""
    for found in (
        *_offices(text),
        *_formal(text),
        *_signing_for(text, signer),
        *_being(text),
        *_for(text, noted=noted),
    ):
        if not signer or found.on_behalf.name != signer.name:
            return found
    return next(iter(_apposed(text, signer)), None)


def _offices(text: str) -> Iterator[Represented]:
    for found in few(_OFFICE.finditer(text)):
        relation = next(name for name in _OFFICES if found[name])
        yield from _somebody(text, found.end(), relation, anybody=True)


def _formal(text: str) -> Iterator[Represented]:
    for pattern, relation in _IN_WHOSE_NAME:
        for found in few(pattern.finditer(text)):
            yield from _somebody(text, found.end(), relation, anybody=True)


def _somebody(text: str, place: int, relation: Relation, *, anybody: bool) -> Iterator[Represented]:
    """Who stands at this place: a relation with or without a name, or, where anybody will do, a name."""
    if possessed := relations.possessed_at(text, place):
        named = _apposition(text, possessed.end)
        known = relation if relation not in ("somebody", "client") else possessed.relation
        if named:
            yield Represented(OnBehalf(known, named.name), named.start, named.end)
        else:
            yield Represented(OnBehalf(known), possessed.start, possessed.end)
    elif anybody and (named := names.leading(text, place, lower_case=True)) and _person(named):
        yield Represented(OnBehalf(relation, named.name), named.start, named.end)


def _person(named: Named) -> bool:
    return named.titled or names.full(named.name) or names.given(named.name)


def _apposition(text: str, end: int) -> Named | None:
    """The name right behind "ma mère", with or without a comma."""
    gap = _APPOSED.match(text, end)
    named = names.leading(text, gap.end(), lower_case=True) if gap else None
    if named and (names.full(named.name) or names.given(named.name) or "," not in (gap.group() if gap else "")):
        return named
    return None


def _signing_for(text: str, signer: Named | None) -> Iterator[Represented]:
    """ "Pour Madame Germaine Dubois" and "son fils Éric Dubois" in the lines of a signature."""
    if not signer:
        return
    begin = max(0, signer.start - 150)
    before = text[begin : signer.start]
    relation: Relation = "somebody"
    *_, kin = (None, *relations.possessed(before[-40:]))
    if kin and kin.theirs and not before[-40:][kin.end :].strip(" ,:"):
        relation = relations.INVERSE.get(kin.relation, "somebody")
    behind = relations.possessed_at(
        text, signer.end + len(text[signer.end :]) - len(text[signer.end :].lstrip(" \t,(\n-–"))
    )
    if behind and behind.theirs and behind.start - signer.end < 6:
        relation = relations.INVERSE.get(behind.relation, "somebody")
    for found in re.finditer(
        r"^[ \t]{0,4}(?:pour|namens|voor|für|for|p/o|i\.?o\.?|i\.a\.)[ \t]{1,2}",
        text[begin:],
        re.IGNORECASE | re.MULTILINE,
    ):
        yield from _somebody(text, begin + found.end(), relation, anybody=True)
    if relation != "somebody" and kin:
        yield Represented(
            OnBehalf(relation), signer.start - len(before[-40:]) + kin.start, signer.start - len(before[-40:]) + kin.end
        )


def _being(text: str) -> Iterator[Represented]:
    for found in few(_I_AM.finditer(text)):
        kin = relations.relation(found["word"])
        named = names.leading(text, found.end(), lower_case=True) if kin else None
        if kin and named and _person(named):
            yield Represented(OnBehalf(relations.INVERSE.get(kin, "somebody"), named.name), named.start, named.end)


def _for(text: str, *, noted: bool) -> Iterator[Represented]:
    for found in few(_FOR.finditer(text)):
        possessed = relations.possessed_at(text, found.end())
        if not possessed:
            yield from _named_first(text, found.end())
        if (
            not possessed
            or (possessed.theirs and not noted)
            or _THANKS.search(text[max(0, found.start() - 40) : found.start()])
        ):
            continue
        # "Een patiënt" may be anybody's; "voor een bewoner" of a home is who the letter is about.
        if _ARTICLE.match(text, possessed.start) and possessed.relation not in ("client", "patient", "resident"):
            continue
        yield from _somebody(text, found.end(), "somebody", anybody=False)


def _named_first(text: str, place: int) -> Iterator[Represented]:
    """ "Pour Jeanne Dupont, ma mère"."""
    named = names.leading(text, place)
    gap = _APPOSED.match(text, named.end) if named else None
    kin = relations.possessed_at(text, gap.end()) if gap else None
    if named and kin and not kin.theirs:
        yield Represented(OnBehalf(kin.relation, named.name), named.start, named.end)


def _apposed(text: str, signer: Named | None) -> Iterator[Represented]:
    """ "Ma mère, Jeanne Collin, attend": named in full, or with a number, though nobody says "pour"."""
    for possessed in relations.possessed(text):
        named = None if possessed.theirs or possessed.relation in _ONLY_KNOWN else _apposition(text, possessed.end)
        if (
            named
            and (not signer or named.start != signer.start)
            and (names.full(named.name) or _facts_behind(text, named.end))
        ):
            yield Represented(OnBehalf(possessed.relation, named.name), named.start, named.end)


def _facts_behind(text: str, end: int) -> bool:
    behind = text[end : end + 40]
    return bool(
        re.match(r"[ \t]{0,2}[,(]?[ \t]{0,2}(?:née?|geb|born|°|nn|rr|\d{2}[./]\d{2})", behind, re.IGNORECASE)
    ) or any(number.start < 12 for number in numbers.national_numbers(behind))
